"""What a search is told, on its way to the store and back."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from types import TracebackType
from typing import Any, Self

import msgspec

from burnish.errors import BurnishError
from burnish.optimizers.ask import Measured, Pair
from burnish.optimizers.drive import Drafted
from burnish.shapes import convert
from burnish.storage.optimization import Found, Optimization, Optimizations, Step

# A kill loses what was gathered since; a commit for each answer would cost ten times as much where
# many are measured at once.
_WINDOW_S = 0.015
_MOST = 500
_LONGEST = 4_000
_MARK = "\n[… {} characters left out …]\n"
_SAME = tuple(name for name in Measured.__struct_fields__ if name in Found.__struct_fields__)


class StoredLog:
    """A search's log in the store. `known`, `drafted` and `ended` tell what was there when it was
    loaded.

    As an async context manager it writes scores within milliseconds, and ends with all of them
    written; without that, `flush` writes them. Where they cannot be written they wait: `room` tells
    why, and `flush`, `drafts` and `end` try again, and raise the StoreError if they cannot either.
    Texts that are very long are cut for keeping.
    """

    def __init__(
        self,
        optimizations: Optimizations,
        optimization: Optimization,
        known: Mapping[Pair, Measured],
        steps: Mapping[int, Drafted],
    ) -> None:
        self._optimizations = optimizations
        self._id = optimization.id
        self._known = known
        self._steps = steps
        self._ended = (optimization.ended_step, optimization.ended_why)
        self._waiting: list[Found] = []
        self._made: list[Step] = []
        self._writing = asyncio.Lock()
        self._wake = asyncio.Event()
        self._idle = asyncio.Event()
        self._idle.set()
        self._timed: asyncio.TimerHandle | None = None
        self._failed: BurnishError | None = None
        self._ending = False
        self._written_at = 0.0
        self._task: asyncio.Task[None] | None = None

    @classmethod
    async def load(cls, optimizations: Optimizations, optimization: Optimization) -> Self:
        """`optimization` as it is stored now."""
        known: dict[Pair, Measured] = {}
        async for each in optimizations.found(optimization.id):
            known[Pair(each.candidate, each.example, each.repeat)] = _measured(each)
        steps = {
            each.step: convert(each.drafted, Drafted)
            for each in await optimizations.steps(optimization.id)
        }
        return cls(optimizations, optimization, known, steps)

    def known(self, pair: Pair) -> Measured | None:
        return self._known.get(pair)

    def drafted(self, step: int) -> Drafted | None:
        return self._steps.get(step)

    def ended(self, step: int) -> str:
        last, why = self._ended
        return why if last is not None and step >= last else ""

    def score(self, pair: Pair, measured: Measured) -> None:
        self._waiting.append(_found(pair, measured))
        if len(self._waiting) >= _MOST:
            self._idle.clear()
            self._wake.set()
        else:
            self._soon()

    def _soon(self) -> None:
        if self._timed is None:
            self._timed = asyncio.get_running_loop().call_later(_WINDOW_S, self._wake.set)

    async def room(self) -> None:
        """Waits while many are not written, or for long. Raises the StoreError for which they
        cannot be."""
        await self._written()
        if self._task is not None and self._waiting and self._is_late():
            self._idle.clear()
            self._wake.set()
            await self._written()

    async def _written(self) -> None:
        await self._idle.wait()
        if self._failed is not None:
            raise self._failed
        if self._task is not None and self._task.done():
            self._task.result()

    def note(self, step: int, drafted: Drafted) -> None:
        operator = drafted.candidates[0].operator if drafted.candidates else ""
        plain: dict[str, Any] = msgspec.to_builtins(drafted)
        row = Step(step=step, operator=operator, drafted=plain, at=datetime.now(UTC))
        self._made.append(row)
        self._soon()

    async def drafts(self, step: int, drafted: Drafted) -> None:
        """Written when it returns; where something was written just before, soon after."""
        self.note(step, drafted)
        if self._task is None or self._is_late():
            await self.flush()

    async def end(self, step: int, why: str) -> None:
        await self.flush()
        await self._optimizations.change(self._id, ended_step=step, ended_why=why)

    def _is_late(self) -> bool:
        return time.monotonic() - self._written_at > _WINDOW_S

    async def flush(self) -> None:
        async with self._writing:
            if self._timed is not None:
                self._timed.cancel()
                self._timed = None
            try:
                while self._waiting or self._made:
                    some, made = self._waiting[:_MOST], self._made[:]
                    await self._optimizations.put(self._id, some, made)
                    # Only now: what could not be written waits for the next time.
                    del self._waiting[: len(some)]
                    del self._made[: len(made)]
            finally:
                # Who waits for room learns why there is none.
                self._idle.set()
            self._failed = None
            self._written_at = time.monotonic()

    async def _write(self) -> None:
        try:
            while not self._ending:
                await self._wake.wait()
                self._wake.clear()
                try:
                    await self.flush()
                except BurnishError as error:
                    self._failed = error
        finally:
            self._idle.set()

    async def __aenter__(self) -> Self:
        self._written_at = time.monotonic()
        self._task = asyncio.create_task(self._write(), name="burnish-measurements")
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._ending = True
        self._wake.set()
        assert self._task is not None
        await self._task
        try:
            await self.flush()
        except BurnishError as failed:
            if error is None:
                raise
            # What went wrong first is what is raised.
            error.add_note(f"the last measurements are not kept: {failed}")


def kept(text: str) -> str:
    """The text, or of a very long one its head and its tail, without what no store keeps: NUL, and
    halves of surrogate pairs."""
    if not text:
        return text
    if len(text) > _LONGEST:
        mark = _MARK.format(len(text) - _LONGEST)
        text = f"{text[: _LONGEST // 2]}{mark}{text[-_LONGEST // 2 :]}"
    if text.isascii():
        return text.replace("\0", "\\0") if "\0" in text else text
    return text.replace("\0", "\\0").encode(errors="replace").decode()


def _found(pair: Pair, measured: Measured) -> Found:
    return Found(
        candidate=pair.candidate,
        example=pair.example,
        repeat=pair.repeat,
        value=measured.value,
        cost_usd=measured.cost_usd,
        latency_ms=measured.latency_ms,
        input_tokens=measured.input_tokens,
        output_tokens=measured.output_tokens,
        calls=measured.calls,
        error=kept(measured.error),
        output=kept(measured.output),
        notes=kept(measured.notes),
        run_id=measured.run_id,
        paid_usd=measured.paid_usd,
        unpriced=measured.unpriced,
    )


def _measured(found: Found) -> Measured:
    return Measured(**{name: getattr(found, name) for name in _SAME})
