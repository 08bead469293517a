"""The port to the keys that programs show to the server."""

from __future__ import annotations

from datetime import datetime
from typing import Protocol

import msgspec

from burnish.principal import Right, Role


class ApiKey(msgspec.Struct, frozen=True, kw_only=True):
    """`name` stands beside what is done with it. `rights` are beside those of its role. With a
    `project` it is let in there alone. Without `expires_at` it never ends by itself.

    With an `owner`, the id of whoever made it for themselves, it may do what `rights` and its
    owner's own have in common, and their address stands beside what is done with it."""

    id: str
    name: str
    role: Role
    rights: tuple[Right, ...] = ()
    project: str = ""
    owner: str = ""
    created_by: str = ""
    created_at: datetime
    expires_at: datetime | None = None
    last_used_at: datetime | None = None
    revoked_at: datetime | None = None


class ApiKeys(Protocol):
    async def add(self, key: ApiKey, secret_hash: str) -> None:
        """Raises Conflict where there is or was one of that name."""
        ...

    async def find(self, key_id: str) -> tuple[ApiKey, str] | None:
        """With the hash of its secret."""
        ...

    async def all(self, owner: str | None = None) -> list[ApiKey]:
        """The newest first, revoked ones too."""
        ...

    async def revoke(self, key_id: str, at: datetime) -> ApiKey | None:
        """None where there is no such key; one that was revoked before stays as it is."""
        ...

    async def use(self, key_id: str, at: datetime) -> None: ...
