"""The sync face of keys, people, the audit log and webhooks."""

from __future__ import annotations

from burnish._sync import SyncFace, blocking
from burnish.security.audit import AsyncAudit
from burnish.security.keys import AsyncKeys
from burnish.security.oidc import AsyncOidc
from burnish.security.projects import AsyncProjects
from burnish.security.sessions import AsyncSessions
from burnish.security.users import AsyncUsers
from burnish.webhooks import AsyncWebhooks


class Keys(SyncFace[AsyncKeys]):
    """`platform.keys` of the sync face."""

    create = blocking(AsyncKeys.create)
    list = blocking(AsyncKeys.list)
    revoke = blocking(AsyncKeys.revoke)
    create_own = blocking(AsyncKeys.create_own)
    list_own = blocking(AsyncKeys.list_own)
    revoke_own = blocking(AsyncKeys.revoke_own)
    verify = blocking(AsyncKeys.verify)


class Oidc(SyncFace[AsyncOidc]):
    """`platform.oidc` of the sync face."""

    begin = blocking(AsyncOidc.begin)
    finish = blocking(AsyncOidc.finish)


class Projects(SyncFace[AsyncProjects]):
    """`platform.projects` of the sync face."""

    create = blocking(AsyncProjects.create)
    list = blocking(AsyncProjects.list)
    members = blocking(AsyncProjects.members)
    grant = blocking(AsyncProjects.grant)
    withdraw = blocking(AsyncProjects.withdraw)


class Audit(SyncFace[AsyncAudit]):
    """`platform.audit` of the sync face."""

    record = blocking(AsyncAudit.record)
    list = blocking(AsyncAudit.list)
    verify = blocking(AsyncAudit.verify)
    export = blocking(AsyncAudit.export)


class Users(SyncFace[AsyncUsers]):
    """`platform.users` of the sync face."""

    create = blocking(AsyncUsers.create)
    register = blocking(AsyncUsers.register)
    invite = blocking(AsyncUsers.invite)
    list = blocking(AsyncUsers.list)
    get = blocking(AsyncUsers.get)
    change = blocking(AsyncUsers.change)
    reset_token = blocking(AsyncUsers.reset_token)
    reset = blocking(AsyncUsers.reset)
    verify = blocking(AsyncUsers.verify)
    verify_again = blocking(AsyncUsers.verify_again)
    forgot = blocking(AsyncUsers.forgot)
    set_verified = blocking(AsyncUsers.set_verified)
    mail_test = blocking(AsyncUsers.mail_test)
    remove = blocking(AsyncUsers.remove)
    data = blocking(AsyncUsers.data)
    erase = blocking(AsyncUsers.erase)
    me = blocking(AsyncUsers.me)
    change_me = blocking(AsyncUsers.change_me)
    set_password = blocking(AsyncUsers.set_password)
    history = blocking(AsyncUsers.history)


class Sessions(SyncFace[AsyncSessions]):
    """`platform.sessions` of the sync face."""

    login = blocking(AsyncSessions.login)
    refresh = blocking(AsyncSessions.refresh)
    logout = blocking(AsyncSessions.logout)
    list = blocking(AsyncSessions.list)
    end = blocking(AsyncSessions.end)
    verify = blocking(AsyncSessions.verify)


class Webhooks(SyncFace[AsyncWebhooks]):
    """`platform.webhooks` of the sync face."""

    add = blocking(AsyncWebhooks.add)
    list = blocking(AsyncWebhooks.list)
    get = blocking(AsyncWebhooks.get)
    enable = blocking(AsyncWebhooks.enable)
    disable = blocking(AsyncWebhooks.disable)
    remove = blocking(AsyncWebhooks.remove)
    test = blocking(AsyncWebhooks.test)
    deliveries = blocking(AsyncWebhooks.deliveries)
    redeliver = blocking(AsyncWebhooks.redeliver)
    deliver = blocking(AsyncWebhooks.deliver)
    begin = blocking(AsyncWebhooks.begin)
