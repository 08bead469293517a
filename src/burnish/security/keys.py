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
from burnish.principal import Principal, Right, Role, acting
from burnish.security.audit import AsyncAudit
from burnish.security.giving import check_giving
from burnish.storage.api_keys import ApiKey
from burnish.storage.store import Store

# What a key begins with, so that whoever scans texts for secrets knows one.
_MARK = "bk"
KEY_MARK = f"{_MARK}_"
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._@-]{0,63}")
_TOLD_EVERY = timedelta(minutes=1)
# Compared with where no key is found, so that the answer takes as long.
_NOBODY = "0" * 64


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
        secret = secrets.token_urlsafe(32)
        await (await self._open_store()).api_keys.add(about, _hash(secret))
        await self._audit.record("keys.create", name, after={"id": about.id, **_rights(about)})
        return NewKey(key=f"{_MARK}_{UUID(about.id).hex}_{secret}", about=about)

    async def list(self) -> list[ApiKey]:
        """The newest first, with those that have ended; within a project, its own."""
        project = acting().project
        found = await (await self._open_store()).api_keys.all()
        return [each for each in found if each.project == project or not project]

    async def revoke(self, key: str) -> ApiKey:
        """Refuses it from now on, in every process. `key` is its name or its id. Raises
        NotFound."""
        store = await self._open_store()
        named = (each.id for each in await self.list() if key in {each.id, each.name})
        key_id = next(named, None)
        found = key_id and await store.api_keys.revoke(key_id, self._now())
        if not found:
            raise NotFound(f"no key is named {key[:64]!r}", hint="see keys list", subject=key[:64])
        await self._audit.record("keys.revoke", found.name, before={"id": found.id})
        return found

    async def verify(self, key: str) -> Principal:
        """Whoever holds it. Raises NotAuthenticated, whatever is wrong in the same words."""
        key_id, secret = _parts(key)
        store = await self._open_store()
        found = await store.api_keys.find(key_id) if key_id else None
        about, expected = found or (None, _NOBODY)
        same = hmac.compare_digest(_hash(secret), expected)
        now = self._now()
        if about is None or not same or _ended(about, now):
            raise NotAuthenticated(
                "this key is not valid", hint="ask whoever runs the server for one"
            )
        if about.last_used_at is None or now - about.last_used_at >= _TOLD_EVERY:
            await store.api_keys.use(about.id, now)
        return Principal(
            kind="service",
            id=about.id,
            name=about.name,
            role=about.role,
            scopes=about.rights,
            project=about.project,
        )


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
