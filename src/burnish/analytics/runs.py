"""Runs as people use them: listed, shown, taken out and in as lines of JSON, forgotten."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Awaitable, Callable, Iterable, Sequence
from datetime import UTC, datetime

import msgspec

from burnish.errors import BurnishError, Conflict, NotFound, StoreError, UsageError
from burnish.shapes import decoder
from burnish.storage.run import Run, RunCursor, RunFilter
from burnish.storage.store import Store

MAX_PAGE = 1000
_STEP = 500
_NAMED_LINES = 1000


class RunPage(msgspec.Struct, frozen=True, kw_only=True):
    """`next` continues the list; None at its end."""

    items: tuple[Run, ...]
    next: str | None = None


class RunImport(msgspec.Struct, frozen=True, kw_only=True):
    """How many runs came in, were there already, and how many lines hold no run; `corrupt_lines`
    are the numbers of the first thousand of these, from 1. `unlinked` runs came in without the
    prompt version that they name, which is not in this store."""

    imported: int = 0
    present: int = 0
    unlinked: int = 0
    corrupt: int = 0
    corrupt_lines: tuple[int, ...] = ()


class AsyncRuns:
    """`platform.runs`. `opener` gives the store, with everything recorded so far in it."""

    def __init__(self, opener: Callable[[], Awaitable[Store]]) -> None:
        self._open = opener

    async def page(
        self, where: RunFilter | None = None, *, limit: int = 50, cursor: str | None = None
    ) -> RunPage:
        """Newest first. `cursor` is the `next` of the page before."""
        if not 1 <= limit <= MAX_PAGE:
            raise UsageError(f"a page of {limit} is not possible", hint=f"ask for 1 to {MAX_PAGE}")
        after = None if cursor is None else _read(cursor)
        store = await self._open()
        # One more than asked for tells whether the list goes on.
        items = await store.runs.page(where or RunFilter(), limit + 1, after)
        goes_on = len(items) > limit
        del items[limit:]
        return RunPage(items=tuple(items), next=_write(items[-1]) if goes_on else None)

    async def count(self, where: RunFilter | None = None) -> int:
        return await (await self._open()).runs.count(where or RunFilter())

    async def get(self, run_id: str) -> Run:
        """By the whole id, or a beginning of it that no other run has. Raises NotFound, or
        Conflict when several ids begin so."""
        store = await self._open()
        if found := await store.runs.by_id(run_id):
            return found
        near = await store.runs.by_prefix(run_id, 2) if run_id else []
        if len(near) > 1:
            raise Conflict(
                f"more than one run has an id that begins with {run_id!r}", hint="give more of it"
            )
        if not near:
            raise NotFound(
                f"no run has the id {run_id!r}", hint="see burnish runs list", subject=run_id
            )
        return near[0]

    async def export(self, write: Callable[[bytes], object], where: RunFilter | None = None) -> int:
        """Hands each run to `write` as a line of JSON, oldest first; tells how many they were.
        Reads page by page, so that any number of runs fits."""
        store = await self._open()
        where = where or RunFilter()
        # What is recorded meanwhile does not keep it going for ever.
        until = where.until or datetime.now(UTC)
        where = msgspec.structs.replace(where, until=until)
        count, after = 0, None
        while page := await store.runs.page(where, _STEP, after, oldest_first=True):
            write(_ENCODER.encode_lines(page))
            count += len(page)
            after = RunCursor(page[-1].created_at, page[-1].id)
        return count

    async def import_(self, lines: Iterable[bytes]) -> RunImport:
        """Takes in lines as `export` writes them. A line that holds no run is skipped and
        counted, as is a run that is there already.

        Runs that were forgotten count again in statistics when they come back.
        """
        incoming = _Incoming(await self._open())
        for number, line in enumerate(lines, start=1):
            if line.strip():
                incoming.take(number, line)
            if len(incoming.waiting) >= _STEP:
                await incoming.put()
        await incoming.put()
        return incoming.result()

    async def forget(self, before: datetime) -> int:
        """Deletes the runs made before that; tells how many. Statistics keep them."""
        if before.tzinfo is None:
            raise UsageError(
                f"the time {before.isoformat()} has no time zone", hint="give an aware time"
            )
        return await (await self._open()).runs.forget(before)


class _Incoming:
    """Runs of an import, put into the store in groups."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self.waiting: list[tuple[int, Run]] = []
        self._versions: dict[str, bool] = {}
        self._imported = self._present = self._unlinked = self._corrupt = 0
        self._corrupt_lines: list[int] = []

    def take(self, number: int, line: bytes) -> None:
        try:
            self.waiting.append((number, _DECODER.decode(line)))
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            self._is_corrupt(number)

    async def put(self) -> None:
        """What of the group is new. Others may add the same runs at the same time, so it looks
        again when the store refuses."""
        group, self.waiting = self.waiting, []
        while group:
            known = await self._store.runs.known([run.id for _, run in group])
            new: dict[str, tuple[int, Run]] = {}
            for number, run in group:
                if run.id not in known:
                    new.setdefault(run.id, (number, run))
            self._present += len(group) - len(new)
            group = list(new.values())
            try:
                await self._store.runs.add([await self._linked(run) for _, run in group])
            except Conflict:
                continue
            except StoreError:
                raise
            except BurnishError:
                # One of them is more than a store can keep.
                await self._one_by_one(group)
            else:
                self._count(group)
            return

    async def _one_by_one(self, group: Sequence[tuple[int, Run]]) -> None:
        for number, run in group:
            try:
                await self._store.runs.add([await self._linked(run)])
            except Conflict:
                self._present += 1
            except UsageError:
                self._is_corrupt(number)
            else:
                self._count([(number, run)])

    def _count(self, group: Sequence[tuple[int, Run]]) -> None:
        self._imported += len(group)
        links = (run.version_id for _, run in group if run.version_id is not None)
        self._unlinked += sum(not self._versions[link] for link in links)

    async def _linked(self, run: Run) -> Run:
        version_id = run.version_id
        if version_id is None:
            return run
        if version_id not in self._versions:
            found = await self._store.versions.by_id(version_id)
            self._versions[version_id] = found is not None
        if self._versions[version_id]:
            return run
        return msgspec.structs.replace(run, version_id=None)

    def _is_corrupt(self, number: int) -> None:
        self._corrupt += 1
        if len(self._corrupt_lines) < _NAMED_LINES:
            self._corrupt_lines.append(number)

    def result(self) -> RunImport:
        return RunImport(
            imported=self._imported,
            present=self._present,
            unlinked=self._unlinked,
            corrupt=self._corrupt,
            corrupt_lines=tuple(sorted(self._corrupt_lines)),
        )


_DECODER = decoder(Run)
_ENCODER = msgspec.json.Encoder()
_CURSOR = decoder(tuple[datetime, str])


def _write(last: Run) -> str:
    return base64.urlsafe_b64encode(_ENCODER.encode((last.created_at, last.id))).decode()


def _read(text: str) -> RunCursor:
    try:
        return RunCursor(*_CURSOR.decode(base64.urlsafe_b64decode(text.encode())))
    except (binascii.Error, msgspec.DecodeError, UnicodeError) as error:
        raise UsageError(
            f"{text[:40]!r} continues no list", hint="take it from the page before"
        ) from error
