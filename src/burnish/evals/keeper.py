"""Results on their way to the store: gathered for a moment, then written together."""

from __future__ import annotations

import asyncio
from types import TracebackType
from typing import Self

import msgspec

from burnish.storage.evaluation import Evaluation, Evaluations, Numbered
from burnish.storage.result import Result

# A kill loses what was gathered since; a commit for each answer would cost ten times as much where
# many are asked at once. Of few, fewer answers come in the same time.
_WINDOW_S = 0.015
_MANY = 50
_MOST = 500
# So many results of one run are worth the memory that saves reading them again.
_KNOWN = 1_000
_KNOWN_CHARACTERS = 1_000_000


class Keeper:
    """Takes results, and ends with all of them written. `room` waits while many are not, and
    raises the StoreError for which they could not be."""

    def __init__(self, evaluations: Evaluations, evaluation: Evaluation) -> None:
        self._evaluations = evaluations
        self._id = evaluation.id
        self._window_s = _WINDOW_S * min(1.0, evaluation.concurrency / _MANY)
        self._waiting: list[Numbered] = []
        self._wake = asyncio.Event()
        self._idle = asyncio.Event()
        self._idle.set()
        self._ending = False
        self._task: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        self._task = asyncio.create_task(self._write(), name="burnish-results")
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

    def keep(self, numbered: Numbered) -> None:
        self._waiting.append(numbered)
        self._wake.set()
        if len(self._waiting) >= _MOST:
            self._idle.clear()

    async def room(self) -> None:
        if self._idle.is_set() and self._task is not None and not self._task.done():
            return
        if self._task is not None and self._task.done():
            self._task.result()
        await self._idle.wait()

    async def _write(self) -> None:
        try:
            while True:
                await self._wake.wait()
                if not self._ending:
                    await asyncio.sleep(self._window_s)
                self._wake.clear()
                some, self._waiting = self._waiting, []
                self._idle.set()
                await self._evaluations.put(self._id, some)
                if self._ending and not self._waiting:
                    return
        finally:
            # Who waits for room learns from the task why there is none.
            self._idle.set()


class Known:
    """All results of an evaluation, as long as they came from one run and are few: its report need
    not read them again. Encoded they take a third of the memory."""

    def __init__(self) -> None:
        self._found: list[tuple[int, bytes]] | None = []
        self._characters = 0

    def add(self, numbered: Numbered) -> None:
        if self._found is None:
            return
        self._found.append((numbered.cell, msgspec.msgpack.encode(numbered.result)))
        self._characters += len(numbered.result.output)
        if len(self._found) > _KNOWN or self._characters > _KNOWN_CHARACTERS:
            self.forget()

    def forget(self) -> None:
        self._found = None

    @property
    def results(self) -> list[Result] | None:
        """In the order in which they were asked for; None where they are not all known."""
        if self._found is None:
            return None
        decoder = msgspec.msgpack.Decoder(Result)
        return [decoder.decode(each) for _, each in sorted(self._found)]
