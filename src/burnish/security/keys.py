"""API keys: made once, kept as a hash, refused from the moment they are revoked."""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime, timedelta
from uuid import UUID

import msgspec

from burnish.errors import NotAuthenticated, NotFound, UsageError
from burnish.principal import RIGHTS, Principal, Right, Role, acting
from burnish.security.audit import AsyncAudit
from burnish.security.giving import check_giving
from burnish.security.sessions import own_id
from burnish.storage.account import User
from burnish.storage.api_keys import ApiKey
from burnish.storage.store import Store

# What a key begins with, so that whoever scans texts for secrets knows one.
_MARK = "bk"
KEY_MARK = f"{_MARK}_"
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._@-]{0,63}")
_TOLD_EVERY = timedelta(minutes=1)
# Compared with where no key is found, so that the answer takes as long.
_NOBODY = "0" * 64
_OWN_KEYS = 50
_ALL = ", ".join(RIGHTS)


class NewKey(msgspec.Struct, frozen=True, kw_only=True):
    """`key` is told this once; nobody can read it later."""

    key: str
    about: ApiKey


class AsyncKeys:
    """`p.keys`: what programs show to a server that asks who they are."""

    def __init__(
        self,
        open_store: Callable[[], Awaitable[Store]],
        audit: AsyncAudit,
        who: Callable[[], str],
        new_id: Callable[[], str],
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._open_store = open_store
        self._audit = audit
        self._who = who
        self._new_id = new_id
        self._now = now

    async def create(
        self,
        name: str,
        *,
        role: Role = "viewer",
        rights: Sequence[Right] = (),
        days: float | None = None,
    ) -> NewKey:
        """A key whose holder acts under `name`, in the project that it is made in. A viewer reads
        and runs, an editor writes, too, an admin may do everything; `rights` are given beside the
        role, such as `publish` to an editor. After so many `days` it ends.

        Raises UsageError for a value that cannot be, Conflict for a name that is or was taken,
        NotPermitted for more than whoever makes it may do.
        """
        _check(name, days)
        check_giving(role, rights)
        now = self._now()
        about = ApiKey(
            id=self._new_id(),
            name=name,
            role=role,
            rights=tuple(dict.fromkeys(rights)),
            project=acting().project,
            created_by=self._who(),
            created_at=now,
            expires_at=None if days is None else now + timedelta(days=days),
        )
        return await self._kept(about, "keys.create", name)

    async def create_own(
        self, name: str, *, rights: Sequence[Right] = ("read", "run"), days: float | None = None
    ) -> NewKey:
        """A key of one's own, for a program that acts for oneself: it may do what stands in
        `rights` as long as one may do it oneself, wherever one may, and ends with one's account.

        Raises UsageError for a value that cannot be, Conflict for a name that one has or had
        already, NotPermitted where it is no person who asks.
        """
        user = await self._user(own_id())
        _check(name, days)
        _check_own(rights)
        store = await self._open_store()
        now = self._now()
        if sum(not _ended(each, now) for each in await store.api_keys.all(user.id)) >= _OWN_KEYS:
            raise UsageError(f"nobody has more than {_OWN_KEYS} keys", hint="revoke one")
        about = ApiKey(
            id=self._new_id(),
            name=name,
            role=user.role,
            rights=tuple(dict.fromkeys(rights)),
            owner=user.id,
            created_by=user.email,
            created_at=now,
            expires_at=None if days is None else now + timedelta(days=days),
        )
        return await self._kept(about, "keys.create_own", about.id)

    async def list_own(self) -> list[ApiKey]:
        """One's own, the newest first, with those that have ended. Raises NotPermitted where it is
        no person who asks."""
        return await (await self._open_store()).api_keys.all(own_id())

    async def revoke_own(self, key: str) -> ApiKey:
        """Refuses one's own key from now on. `key` is its name or its id. Raises NotFound, and
        NotPermitted where it is no person who asks."""
        meant = (each for each in await self.list_own() if key in {each.id, each.name})
        return await self._revoked(key, next(meant, None), "keys.revoke_own")

    async def list(self) -> list[ApiKey]:
        """The newest first, with those that have ended; within a project, its own. Those of people
        have an `owner`."""
        project = acting().project
        found = await (await self._open_store()).api_keys.all()
        return [each for each in found if each.project == project or not project]

    async def revoke(self, key: str) -> ApiKey:
        """Refuses it from now on, in every process. `key` is its name or its id; that of a key
        that somebody made for themselves is its id. Raises NotFound."""
        among = await self.list()
        meant = (e for e in among if key == e.id or (key == e.name and not e.owner))
        return await self._revoked(key, next(meant, None), "keys.revoke")

    async def verify(self, key: str) -> Principal:
        """Whoever holds it. Raises NotAuthenticated, whatever is wrong in the same words."""
        key_id, secret = _parts(key)
        store = await self._open_store()
        found = await store.api_keys.find(key_id) if key_id else None
        about, expected = found or (None, _NOBODY)
        same = hmac.compare_digest(_hash(secret), expected)
        now = self._now()
        if about is None or not same or _ended(about, now):
            raise _invalid()
        holder = await _owned(store, about) if about.owner else _service(about)
        if about.last_used_at is None or now - about.last_used_at >= _TOLD_EVERY:
            await store.api_keys.use(about.id, now)
        return holder

    async def _kept(self, about: ApiKey, action: str, named: str) -> NewKey:
        secret = secrets.token_urlsafe(32)
        await (await self._open_store()).api_keys.add(about, _hash(secret))
        await self._audit.record(action, named, after={"id": about.id, **_rights(about)})
        return NewKey(key=f"{_MARK}_{UUID(about.id).hex}_{secret}", about=about)

    async def _revoked(self, key: str, meant: ApiKey | None, action: str) -> ApiKey:
        keys = (await self._open_store()).api_keys
        found = meant and await keys.revoke(meant.id, self._now())
        if not found:
            raise NotFound(f"no key is named {key[:64]!r}", hint="see keys list", subject=key[:64])
        # What people name their own is theirs, and the log keeps it for ever.
        told = found.id if found.owner else found.name
        await self._audit.record(action, told, before={"id": found.id})
        return found

    async def _user(self, user_id: str) -> User:
        user = await (await self._open_store()).users.by_id(user_id)
        if user is None:
            raise _invalid()
        return user


def _service(about: ApiKey) -> Principal:
    return Principal(
        kind="service",
        id=about.id,
        name=about.name,
        role=about.role,
        scopes=about.rights,
        project=about.project,
    )


async def _owned(store: Store, about: ApiKey) -> Principal:
    """What its owner may do now bounds it. Raises NotAuthenticated where they may not come in."""
    user = await store.users.by_id(about.owner)
    if user is None or user.disabled_at is not None:
        raise _invalid()
    return Principal(
        kind="key",
        id=user.id,
        name=user.email,
        role=user.role,
        scopes=about.rights,
        owner_scopes=user.rights,
        tier=user.tier,
        key_id=about.id,
        learn=user.learn,
    )


def _invalid() -> NotAuthenticated:
    return NotAuthenticated("this key is not valid", hint="ask whoever runs the server for one")


def _rights(about: ApiKey) -> dict[str, object]:
    told: dict[str, object] = {
        "role": about.role,
        "rights": about.rights,
        "expires_at": about.expires_at,
    }
    return told | {"project": about.project} if about.project else told


def _check(name: str, days: float | None) -> None:
    if not _NAME.fullmatch(name):
        hint = "use up to 64 letters, digits, dots, dashes, underscores and @"
        raise UsageError(f"{name[:80]!r} is no name for a key", hint=hint)
    if days is not None and not 0 < days <= 3660:
        raise UsageError(f"a key cannot last {days:g} days", hint="give more than 0, at most 3660")


def _check_own(rights: Sequence[Right]) -> None:
    """Some, and none that whoever makes it does not have."""
    if not rights:
        raise UsageError("a key without a right can do nothing", hint=f"use some of {_ALL}")
    check_giving("viewer", rights)


def _parts(key: str) -> tuple[str, str]:
    """Its id, empty where it cannot be one, and its secret."""
    mark, _, rest = key.partition("_")
    plain, _, secret = rest.partition("_")
    if mark != _MARK or not re.fullmatch(r"[0-9a-f]{32}", plain):
        return "", secret
    return str(UUID(plain)), secret


def _hash(secret: str) -> str:
    """256 random bits need no slow hash."""
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()


def _ended(about: ApiKey, now: datetime) -> bool:
    is_over = about.expires_at is not None and about.expires_at <= now
    return is_over or about.revoked_at is not None
