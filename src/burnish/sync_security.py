"""The sync face of keys and of the audit log."""

from __future__ import annotations

from burnish._sync import SyncFace, blocking
from burnish.security.audit import AsyncAudit
from burnish.security.keys import AsyncKeys


class Keys(SyncFace[AsyncKeys]):
    """`platform.keys` of the sync face."""

    create = blocking(AsyncKeys.create)
    list = blocking(AsyncKeys.list)
    revoke = blocking(AsyncKeys.revoke)
    verify = blocking(AsyncKeys.verify)


class Audit(SyncFace[AsyncAudit]):
    """`platform.audit` of the sync face."""

    record = blocking(AsyncAudit.record)
    list = blocking(AsyncAudit.list)
    verify = blocking(AsyncAudit.verify)
    export = blocking(AsyncAudit.export)
