"""The people who use a server."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
from msgspec.structs import replace

from burnish.errors import Conflict, NotAuthenticated, NotFound, NotPermitted, UsageError
from burnish.principal import RIGHTS, Principal, Right, Role, acting
from burnish.security.audit import AsyncAudit, AuditPage
from burnish.security.by_mail import ByMail
from burnish.security.giving import check_giving
from burnish.security.passwords import check_password, hash_of, is_right
from burnish.security.plain import plain_email, plain_name
from burnish.security.privacy import Erased, PersonData, Privacy
from burnish.security.sessions import own_id, someone
from burnish.security.tokens import hash_of_token, opaque
from burnish.settings.account_groups import AccountsSettings
from burnish.storage.account import OneTime, Purpose, User
from burnish.storage.audit import AuditFilter, Someone
from burnish.storage.store import Store

_MARK = "bo"
_INVITED, _RESET = timedelta(days=7), timedelta(hours=2)
# What the log does not hold, for it can never be taken out of it.
_PERSONAL = frozenset({"name", "preferences"})
_PREFERENCES_BYTES = 10_000


class Allowed(msgspec.Struct, frozen=True, kw_only=True):
    """`token` is told this once: hand it to whoever has the address. It is good once."""

    token: str
    email: str
    ends_at: datetime


class Me(msgspec.Struct, frozen=True, kw_only=True):
    """Whoever asks: `rights` are all that they have, `user` is theirs where it is a person, and
    `verified` whether they have shown that the e-mail address is."""

    kind: str
    name: str
    role: Role
    rights: tuple[Right, ...]
    user: User | None = None
    verified: bool = False


class AsyncUsers:
    """`p.users`: create, invite, list, get, change, reset_token, remove, data,
    erase, set_verified, mail_test; register, verify, verify_again, forgot, reset; me,
    change_me, set_password, history. A user is named by the address, or by the id."""

    def __init__(
        self,
        open_store: Callable[[], Awaitable[Store]],
        audit: AsyncAudit,
        settings: AccountsSettings,
        privacy: Privacy,
        by_mail: ByMail,
        *,
        who: Callable[[], str],
        new_id: Callable[[], str],
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._open_store = open_store
        self._audit = audit
        self._settings = settings
        self._privacy = privacy
        self._by_mail = by_mail
        self._who = who
        self._new_id = new_id
        self._now = now

    async def create(
        self,
        email: str,
        password: str,
        *,
        name: str = "",
        role: Role = "viewer",
        rights: Sequence[Right] = (),
    ) -> User:
        """Raises UsageError for a value that cannot be, Conflict for an address that is taken,
        NotPermitted for more than whoever does it may do."""
        check_giving(role, rights)
        user = self._new(email, name, role, tuple(dict.fromkeys(rights)), self._who())
        user = replace(user, verified_at=user.created_at)
        await self._add(user, password)
        await self._audit.record("users.create", about=someone(user), after=_shown(user))
        return user

    async def register(
        self, email: str, password: str, *, name: str = "", invitation: str = ""
    ) -> User:
        """An account of one's own, where that is open or one was invited. Raises NotPermitted
        where it is neither, and Conflict for an address that is taken. With `accounts.verify` and
        mail, a taken one gets the answer that a free one gets, and its owner is told by mail."""
        email = plain_email(email)
        self._by_mail.check(email)
        check_password(password, email)
        once = await self._invited(email, invitation)
        role, by = (once.role, once.created_by) if once else ("viewer", email)
        user = self._new(email, name, role, (), by)
        if once:
            user = replace(user, verified_at=user.created_at)
            await self._use(invitation, "invite")
        hides = once is None and self._settings.verify and self._by_mail.is_on
        try:
            await self._add(user, password)
        except Conflict:
            if not hides:
                raise
            return await self._taken(user)
        await self._audit.record("users.register", about=someone(user), after=_shown(user))
        self._by_mail.verifying(email)
        return user

    async def verify(self, token: str) -> None:
        """Of the address that the token was sent to. Raises NotAuthenticated for a token that is
        not good, or no more."""
        once = await self._allows(token, "verify")
        await self._use(token, "verify")
        await self.set_verified(once.email)

    async def verify_again(self, email: str) -> None:
        """Another letter, where an account waits for it. Raises NotPermitted where no mail is
        sent. Nothing tells whether there is such an account."""
        self._by_mail.check_on()
        self._by_mail.verifying(plain_email(email))

    async def forgot(self, email: str) -> None:
        """A letter with a token for `reset`, where there is such an account; nothing tells whether
        there is. Raises NotPermitted where no mail is sent."""
        self._by_mail.check_on()
        self._by_mail.forgotten(plain_email(email))

    async def set_verified(self, user: str) -> User:
        """The address is theirs, whoever has found that out."""
        found = await self.get(user)
        if found.verified_at is not None:
            return found
        return await self._changed(found, {"verified_at": self._now()}, "users.verify")

    async def mail_test(self, address: str) -> None:
        """One letter, as others are sent. Raises UsageError where no mail is set up, and
        Unavailable with what went wrong."""
        await self._by_mail.test(plain_email(address))

    async def invite(self, email: str, *, role: Role = "viewer") -> Allowed:
        """A token with which whoever has the address can register within a week."""
        check_giving(role, ())
        email = plain_email(email)
        allowed = await self._allowed("invite", email, role, _INVITED)
        await self._audit.record("users.invite", about=_invited(email), after={"role": role})
        return allowed

    async def list(self) -> list[User]:
        """In the order of their addresses."""
        return await (await self._open_store()).users.all()

    async def get(self, user: str) -> User:
        """Raises NotFound."""
        users = (await self._open_store()).users
        found = await users.by_email(user.strip().casefold())
        known = found[0] if found else await users.by_id(user)
        if known is None:
            raise NotFound(f"there is no user {user[:80]!r}", hint="see users list", subject=user)
        return known

    async def change(
        self,
        user: str,
        *,
        name: str | None = None,
        role: Role | None = None,
        rights: Sequence[Right] | None = None,
        tier: str | None = None,
        disabled: bool | None = None,
    ) -> User:
        """What is given. Who is disabled is signed out everywhere, at once."""
        old = await self.get(user)
        given: dict[str, Any] = {"name": name, "role": role, "tier": tier}
        changes = {key: value for key, value in given.items() if value is not None}
        if rights is not None:
            changes["rights"] = tuple(dict.fromkeys(rights))
        check_giving(role or old.role, changes.get("rights", old.rights))
        if disabled is not None and disabled != (old.disabled_at is not None):
            changes["disabled_at"] = self._now() if disabled else None
        if not changes:
            return old
        return await self._changed(old, changes, "users.change", end=bool(disabled))

    async def reset_token(self, user: str) -> Allowed:
        """A token with which they can choose another password within two hours."""
        found = await self.get(user)
        allowed = await self._allowed("reset", found.email, found.role, _RESET)
        await self._audit.record("users.reset_token", about=someone(found))
        return allowed

    async def reset(self, token: str, password: str) -> None:
        """Another password, by a token of an admin or a letter; ends all sessions. Raises
        NotAuthenticated for a token that is not good, or no more."""
        store = await self._open_store()
        once = await self._allows(token, "reset")
        check_password(password, once.email)
        found = await store.users.by_email(once.email)
        if found is None:
            raise _no_token()
        await self._use(token, "reset")
        # Whoever has the token has the address, or an admin's word for it.
        verified_at = found[0].verified_at or self._now()
        await store.users.change(found[0].id, {"verified_at": verified_at})
        await self._set_password(store, found[0], password, "users.reset")

    async def remove(self, user: str) -> User:
        """With their sessions. What they did stays in histories and in the audit log."""
        found = await self.get(user)
        await (await self._open_store()).users.remove(found.id)
        await self._audit.record("users.remove", about=someone(found), before=_shown(found))
        return found

    async def data(self, user: str = "") -> PersonData:
        """All that is kept of a person; of oneself where nobody is named."""
        if not user or user == acting().name:
            return await self._privacy.data(await self.get(own_id()))
        acting().check("admin", "what is kept of others")
        return await self._privacy.data(await self.get(user))

    async def erase(self, user: str) -> Erased:
        """Takes them out of everything: the account and its sessions, their runs, what they wrote
        in feedback, and their name wherever it stands. What they made stays, without a name. Texts
        of prompts are not searched. It cannot be undone."""
        found = await self.get(user)
        return await self._privacy.erase(found)

    async def me(self) -> Me:
        """Whoever asks."""
        by = acting()
        user = None
        if by.kind == "person":
            user = await (await self._open_store()).users.by_id(by.id)
        return Me(
            kind=by.kind,
            name=by.name or self._who(),
            role=by.role,
            rights=_sorted(by),
            user=user,
            verified=user is not None and user.verified_at is not None,
        )

    async def change_me(
        self,
        *,
        name: str | None = None,
        preferences: dict[str, Any] | None = None,
        learn: bool | None = None,
    ) -> User:
        """One's own name, preferences (any JSON object), and whether what one says and does may be
        learned from."""
        old = await self.get(own_id())
        given: dict[str, Any] = {"name": name, "preferences": preferences, "learn": learn}
        changes = {key: value for key, value in given.items() if value is not None}
        if len(msgspec.json.encode(preferences)) > _PREFERENCES_BYTES:
            raise UsageError(
                "the preferences are too long", hint=f"at most {_PREFERENCES_BYTES:,} bytes"
            )
        return await self._changed(old, changes, "users.change_me") if changes else old

    async def set_password(self, old: str, new: str) -> None:
        """One's own; ends one's other sessions. Raises NotAuthenticated where the old one is
        wrong."""
        store = await self._open_store()
        user = await self.get(own_id())
        found = await store.users.by_email(user.email)
        if not await is_right(old, found[1] if found else ""):
            raise NotAuthenticated("the old password is wrong", hint="ask an admin for a reset")
        check_password(new, user.email)
        await self._set_password(store, user, new, "users.set_password")

    async def history(self, *, limit: int = 50, cursor: str | None = None) -> AuditPage:
        """What one has done oneself, the newest first."""
        return await self._audit.page(AuditFilter(who_id=own_id()), limit, cursor)

    def _new(self, email: str, name: str, role: Role, rights: tuple[Right, ...], by: str) -> User:
        return User(
            id=self._new_id(),
            email=plain_email(email),
            name=plain_name(name),
            role=role,
            rights=rights,
            created_at=self._now(),
            created_by=by,
        )

    async def _add(self, user: User, password: str) -> None:
        check_password(password, user.email)
        await (await self._open_store()).users.add(user, await hash_of(password))

    async def _taken(self, user: User) -> User:
        """The answer that somebody new gets."""
        found = await self.get(user.email)
        await self._audit.record("users.register_taken", about=someone(found))
        self._by_mail.taken(user.email)
        return user

    async def _allowed(self, purpose: Purpose, email: str, role: Role, lasts: timedelta) -> Allowed:
        now, token = self._now(), opaque(_MARK)
        once = OneTime(
            purpose=purpose,
            email=email,
            role=role,
            created_by=acting().name or self._who(),
            created_at=now,
            ends_at=now + lasts,
        )
        await (await self._open_store()).users.allow(hash_of_token(token), once)
        return Allowed(token=token, email=email, ends_at=once.ends_at)

    async def _invited(self, email: str, invitation: str) -> OneTime | None:
        """Raises NotPermitted for who may not register."""
        how = self._settings.registration
        if how == "closed":
            raise NotPermitted("nobody can register here", hint="ask an admin for an account")
        if not invitation and how == "invited":
            raise NotPermitted(
                "nobody can register here without an invitation",
                hint="ask an admin of this server for one",
            )
        if not invitation:
            return None
        once = await self._allows(invitation, "invite")
        if once.email != email:
            raise NotPermitted("this invitation is for another address", subject=email)
        return once

    async def _allows(self, token: str, purpose: Purpose) -> OneTime:
        users = (await self._open_store()).users
        once = await users.allowed(hash_of_token(token), purpose, self._now())
        if once is None:
            raise _no_token()
        return once

    async def _use(self, token: str, purpose: Purpose) -> None:
        """Of several at once one can."""
        users = (await self._open_store()).users
        if await users.use(hash_of_token(token), purpose, self._now()) is None:
            raise _no_token()

    async def _set_password(self, store: Store, user: User, password: str, action: str) -> None:
        changes = {"password_hash": await hash_of(password), "failures": 0, "locked_until": None}
        await store.users.change(user.id, changes)
        kept = acting().session
        await store.sessions.end_all(user.id, "the password was changed", self._now(), kept)
        await self._audit.record(action, about=someone(user))

    async def _changed(
        self, old: User, changes: dict[str, Any], action: str, *, end: bool = False
    ) -> User:
        if "name" in changes:
            changes["name"] = plain_name(changes["name"])
        store = await self._open_store()
        new = await store.users.change(old.id, changes)
        if new is None:
            raise NotFound(f"there is no user {old.email!r}", hint="see users list")
        if end:
            await store.sessions.end_all(new.id, "the account was disabled", self._now())
        told = [key for key in changes if key not in _PERSONAL]
        await self._audit.record(
            action,
            about=someone(new),
            before={key: getattr(old, key) for key in told},
            after={key: changes[key] for key in told},
        )
        return new


def _shown(user: User) -> dict[str, Any]:
    return {"role": user.role, "rights": user.rights}


def _invited(email: str) -> Someone:
    return Someone(kind="invited", name=email)


def _sorted(by: Principal) -> tuple[Right, ...]:
    return tuple(each for each in RIGHTS if each in by.rights)


def _no_token() -> NotAuthenticated:
    return NotAuthenticated(
        "this token is not valid, or was used already", hint="ask an admin for another one"
    )
