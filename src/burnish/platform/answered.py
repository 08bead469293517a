"""Requests that have a key of their sender: each is done once, however often it is sent."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta

from burnish.principal import acting
from burnish.storage.requests import KeyedRequest
from burnish.storage.store import Store

_KEPT = timedelta(days=1)
# Nothing that is asked for over HTTP works longer than this: what does is a job.
_UNFINISHED = timedelta(minutes=15)


class Answered:
    """Of whoever acts: two senders may use the same key."""

    def __init__(self, open_store: Callable[[], Awaitable[Store]]) -> None:
        self._open_store = open_store

    async def begin(self, key: str, request_hash: str) -> KeyedRequest | None:
        """None: it is to be done now. Else what was begun under that key within a day."""
        now = datetime.now(UTC)
        request = KeyedRequest(who=acting().owner, key=key, request_hash=request_hash, begun_at=now)
        store = await self._open_store()
        return await store.requests.begin(
            request, kept_since=now - _KEPT, unfinished_since=now - _UNFINISHED
        )

    async def finish(self, key: str, status: int, answer: bytes, media_type: str) -> None:
        done = KeyedRequest(
            who=acting().owner,
            key=key,
            request_hash="",
            begun_at=datetime.now(UTC),
            status=status,
            answer=answer,
            media_type=media_type,
        )
        await (await self._open_store()).requests.finish(done)

    async def forget(self, key: str) -> None:
        """Nothing was done: it may be sent again."""
        await (await self._open_store()).requests.forget(acting().owner, key)

    async def forget_old(self) -> int:
        """What is kept no longer; tells how many that were."""
        return await (await self._open_store()).requests.forget_old(datetime.now(UTC) - _KEPT)
