"""The people who use a server."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec

from burnish.errors import NotAuthenticated, NotFound, NotPermitted, UsageError
from burnish.principal import RIGHTS, Principal, Right, Role, acting
from burnish.security.audit import AsyncAudit, AuditPage
from burnish.security.giving import check_giving
from burnish.security.passwords import check_password, hash_of, is_right
from burnish.security.privacy import Erased, PersonData, Privacy
from burnish.security.sessions import own_id, someone
from burnish.security.tokens import hash_of_token, opaque
from burnish.settings.account_groups import AccountsSettings
from burnish.storage.account import OneTime, Purpose, User
from burnish.storage.audit import AuditFilter, Someone
from burnish.storage.store import Store

_EMAIL = re.compile(r"[^@\s\x00-\x1f\x7f]{1,64}@[^@\s\x00-\x1f\x7f]{1,190}")
_MARK = "bo"
_INVITED, _RESET = timedelta(days=7), timedelta(hours=2)
_NAME_CHARS = 100
# What the log does not hold, for it can never be taken out of it.
_PERSONAL = frozenset({"name", "preferences"})
_PREFERENCES_BYTES = 10_000


class Allowed(msgspec.Struct, frozen=True, kw_only=True):
    """`token` is told this once: hand it to whoever has the address. It is good once."""

    token: str
    email: str
    ends_at: datetime


class Me(msgspec.Struct, frozen=True, kw_only=True):
    """Whoever asks: `rights` are all that they have, `user` is theirs where it is a person."""

    kind: str
    name: str
    role: Role
    rights: tuple[Right, ...]
    user: User | None = None


class AsyncUsers:
    """`p.users`: create, invite, list, get, change, reset_token, remove, data,
    erase; register, reset; me,
    change_me, set_password, history. A user is named by the address, or by the id."""

    def __init__(
        self,
        open_store: Callable[[], Awaitable[Store]],
        audit: AsyncAudit,
        settings: AccountsSettings,
        privacy: Privacy,
        *,
        who: Callable[[], str],
        new_id: Callable[[], str],
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._open_store = open_store
        self._audit = audit
        self._settings = settings
        self._privacy = privacy
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
        await self._add(user, password)
        await self._audit.record("users.create", about=someone(user), after=_shown(user))
        return user

    async def register(
        self, email: str, password: str, *, name: str = "", invitation: str = ""
    ) -> User:
        """An account of one's own, where that is open or one was invited. Raises NotPermitted
        where it is neither."""
        email = _checked_email(email)
        check_password(password, email)
        once = await self._invited(email, invitation)
        role, by = (once.role, once.created_by) if once else ("viewer", email)
        user = self._new(email, name, role, (), by)
        if once:
            await self._use(invitation, "invite")
        await self._add(user, password)
        await self._audit.record("users.register", about=someone(user), after=_shown(user))
        return user

    async def invite(self, email: str, *, role: Role = "viewer") -> Allowed:
        """A token with which whoever has the address can register within a week."""
        check_giving(role, ())
        email = _checked_email(email)
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
        """Another password, by a token that an admin gave; ends all sessions. Raises
        NotAuthenticated for a token that is not good, or no more."""
        store = await self._open_store()
        once = await self._allows(token, "reset")
        check_password(password, once.email)
        found = await store.users.by_email(once.email)
        if found is None:
            raise _no_token()
        await self._use(token, "reset")
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
        name = by.name or self._who()
        return Me(kind=by.kind, name=name, role=by.role, rights=_sorted(by), user=user)

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
            email=_checked_email(email),
            name=_checked_name(name),
            role=role,
            rights=rights,
            created_at=self._now(),
            created_by=by,
        )

    async def _add(self, user: User, password: str) -> None:
        check_password(password, user.email)
        await (await self._open_store()).users.add(user, await hash_of(password))

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
            changes["name"] = _checked_name(changes["name"])
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


def _checked_email(email: str) -> str:
    plain = email.strip().casefold()
    if not _EMAIL.fullmatch(plain):
        raise UsageError(f"{email[:80]!r} is no e-mail address", hint="such as ann@example.com")
    return plain


def _checked_name(name: str) -> str:
    plain = " ".join(name.split())
    if len(plain) > _NAME_CHARS or not plain.isprintable():
        raise UsageError("this is no name", hint=f"use up to {_NAME_CHARS} letters")
    return plain


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
