"""Rows on their way to the store: gathered for a moment, then written together."""

from __future__ import annotations

import asyncio
from collections import Counter, deque
from collections.abc import Awaitable, Callable, Mapping, Sequence
from itertools import islice
from typing import Generic, TypeVar

from burnish.errors import BurnishError, StoreError, UsageError

# Written in one transaction at most: others who write wait for it, some fifty milliseconds.
_BATCH = 2_000
_FIRST_REST_S, _LONGEST_REST_S = 0.05, 2.0

T = TypeVar("T")


class Recorder(Generic[T]):
    """Writes runs (or other rows: `what` says which), and uses of prompts, in groups: all that came
    within `window_s` in one commit.

    For one event loop, on whose thread all methods are called. A process that is killed loses
    what it recorded since the last commit began, about one window and the time of a commit, and
    nothing that was there before a `flush`.

    A store that cannot be written keeps the runs waiting: it is tried again, with longer and
    longer rests. A run that the store refuses for what it is (an id that is there, a version that
    is not) is dropped, as is one recorded past `capacity`; await `room()` just before `record()`
    and there is none of the latter. What is dropped is counted in `dropped`, and `report` is told
    why and how many.
    """

    def __init__(
        self,
        add: Callable[[Sequence[T]], Awaitable[None]],
        *,
        report: Callable[[str, int], None],
        use: Callable[[Mapping[str, int]], Awaitable[None]] | None = None,
        capacity: int = 10_000,
        window_s: float = 0.01,
        what: str = "runs",
    ) -> None:
        self.dropped = 0
        self._add = add
        self._use = use
        self._report = report
        self._capacity = capacity
        self._window_s = window_s
        self._what = what
        self._queue: deque[T] = deque()
        self._uses: Counter[str] = Counter()
        # They only grow, so that a flush knows what stood before it.
        self._runs_in = self._runs_out = 0
        self._uses_in = self._uses_out = 0
        self._waiting: list[tuple[Callable[[], bool], asyncio.Future[None]]] = []
        self._hurry = asyncio.Event()
        self._writer: asyncio.Task[None] | None = None
        self._closed = False

    def record(self, run: T) -> None:
        """Takes the run and returns at once."""
        if self._closed or len(self._queue) >= self._capacity:
            self._drop(
                "the recorder is closed" if self._closed else f"too many {self._what} wait", 1
            )
            return
        self._queue.append(run)
        self._runs_in += 1
        if self._writer is None:
            self._start()

    def record_use(self, prompt_id: str) -> None:
        """Counts one use of a prompt, and returns at once."""
        if self._use is None:
            raise UsageError("this recorder counts no uses", hint="construct it with `use`")
        if self._closed:
            self._drop("the recorder is closed", 1)
            return
        self._uses[prompt_id] += 1
        self._uses_in += 1
        if self._writer is None:
            self._start()

    async def room(self) -> None:
        """Waits until one more run can be taken. Raises StoreError when there is no room because
        the store cannot be written."""
        while not self._has_room():
            await self._until(self._has_room)

    async def flush(self) -> None:
        """Returns when all that was recorded before is in the store.

        Raises StoreError when it cannot be written now; it is kept and tried again.
        """
        runs, uses = self._runs_in, self._uses_in

        def done() -> bool:
            return self._runs_out >= runs and self._uses_out >= uses

        if not done():
            self._hurry.set()
            await self._until(done)

    async def close(self) -> None:
        """Writes what is left and takes no more. Raises StoreError when it cannot be written,
        after reporting how many runs are lost."""
        self._closed = True
        try:
            await self.flush()
        finally:
            if self._writer is not None:
                self._writer.cancel()
                await asyncio.wait([self._writer])
            if left := len(self._queue) + self._uses.total():
                self._drop("the store could not be written before the end", left)
                self._queue.clear()
                self._uses.clear()

    def _has_room(self) -> bool:
        return len(self._queue) < self._capacity

    def _drop(self, why: str, count: int) -> None:
        self.dropped += count
        self._report(why, count)

    def _start(self) -> None:
        self._writer = asyncio.get_running_loop().create_task(self._write_all())
        self._writer.add_done_callback(self._stopped)

    def _stopped(self, writer: asyncio.Task[None]) -> None:
        self._writer = None
        if writer.cancelled():
            return
        if fault := writer.exception():
            # No error that a store may raise: a defect. Who waits must hear of it all the same.
            error = StoreError(
                f"{self._what} could not be written: {fault!r}", hint="report this defect"
            )
            error.__cause__ = fault
            self._report(error.what, len(self._queue))
            self._wake(error)
        elif self._queue or self._uses:
            # Recorded between the writer's last look and its end.
            self._start()

    async def _write_all(self) -> None:
        clock = asyncio.get_running_loop().time
        rest_s, next_at = 0.0, 0.0
        while self._queue or self._uses:
            await self._pause(rest_s or next_at - clock())
            next_at = clock() + self._window_s
            try:
                await self._commit()
            except StoreError as error:
                if not rest_s:
                    self._report(f"{self._what} wait, because {error.what}", len(self._queue))
                rest_s = min(2 * rest_s or _FIRST_REST_S, _LONGEST_REST_S)
                self._wake(error)
            else:
                rest_s = 0.0
                self._wake()

    async def _pause(self, seconds: float) -> None:
        """Cut short by a flush."""
        if seconds > 0 and not self._hurry.is_set():
            try:
                async with asyncio.timeout(seconds):
                    await self._hurry.wait()
            except TimeoutError:
                pass
        self._hurry.clear()

    async def _commit(self) -> None:
        if self._queue:
            await self._write(list(islice(self._queue, _BATCH)))
        if self._uses and self._use is not None:
            # A copy: what is counted meanwhile stays for the next time.
            uses = Counter(self._uses)
            try:
                await self._use(uses)
            except StoreError:
                raise
            except BurnishError as error:
                self._drop(str(error), uses.total())
            self._uses -= uses
            self._uses_out += uses.total()

    async def _write(self, runs: list[T]) -> None:
        """The runs stand at the head of the queue until they are written. A refused group is
        halved until the refused run is alone."""
        try:
            await self._add(runs)
        except StoreError:
            raise
        except BurnishError as error:
            if len(runs) > 1:
                half = len(runs) // 2
                await self._write(runs[:half])
                await self._write(runs[half:])
                return
            self._drop(str(error), 1)
        for _ in runs:
            self._queue.popleft()
        self._runs_out += len(runs)

    async def _until(self, met: Callable[[], bool]) -> None:
        future = asyncio.get_running_loop().create_future()
        self._waiting.append((met, future))
        if self._writer is None:
            self._start()
        await future

    def _wake(self, error: StoreError | None = None) -> None:
        waiting, self._waiting = self._waiting, []
        for met, future in waiting:
            if future.done():
                continue
            if met():
                future.set_result(None)
            elif error is not None:
                future.set_exception(error)
            else:
                self._waiting.append((met, future))
