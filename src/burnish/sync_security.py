"""The sync face of keys."""

from __future__ import annotations

from burnish._sync import SyncFace, blocking
from burnish.security.keys import AsyncKeys


class Keys(SyncFace[AsyncKeys]):
    """`platform.keys` of the sync face."""

    create = blocking(AsyncKeys.create)
    list = blocking(AsyncKeys.list)
    revoke = blocking(AsyncKeys.revoke)
    verify = blocking(AsyncKeys.verify)
