"""The port to what was answered to requests that their senders gave a key."""

from __future__ import annotations

from datetime import datetime
from typing import Protocol

import msgspec


class KeyedRequest(msgspec.Struct, frozen=True, kw_only=True):
    """`who` sent it under `key`; `request_hash` is of all that it said. `status` is None while it
    is being worked on."""

    who: str
    key: str
    request_hash: str
    begun_at: datetime
    status: int | None = None
    answer: bytes | None = None
    media_type: str = ""


class Requests(Protocol):
    async def begin(
        self, request: KeyedRequest, *, kept_since: datetime, unfinished_since: datetime
    ) -> KeyedRequest | None:
        """None where none has begun under that key, or too long ago; it has begun then. Else the
        one that was begun. One that was not finished is kept for another time: whoever worked
        on it may have ended."""
        ...

    async def finish(self, request: KeyedRequest) -> None:
        """Keeps what it was answered."""
        ...

    async def forget(self, who: str, key: str) -> None:
        """It may be sent again: nothing was done."""
        ...

    async def forget_old(self, before: datetime) -> int: ...
