"""Many ideas, a few at a time, each done once even where the batch is killed and taken up again."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Awaitable, Callable, Iterator, Sequence
from pathlib import Path
from typing import IO, Literal, Self

import msgspec

from burnish.errors import BurnishError, Conflict, UsageError
from burnish.generation.batch_items import Numbered
from burnish.shapes import decode

MAX_WORKERS = 64


class BatchResult(msgspec.Struct, frozen=True, kw_only=True):
    """One item's outcome, a line of the batch's journal. `key` knows the item again."""

    number: int
    key: str
    status: Literal["done", "failed"]
    idea: str
    reference: str = ""
    text: str = ""
    error: str = ""
    code: str = ""


class BatchReport(msgspec.Struct, frozen=True, kw_only=True):
    """`resumed` items were done before. `results` are in the order of the items."""

    total: int
    done: int
    failed: int
    resumed: int
    left: int
    journal: str
    results: tuple[BatchResult, ...] = ()


class Progress(msgspec.Struct, frozen=True, kw_only=True):
    total: int
    done: int
    failed: int
    last: BatchResult | None = None


Make = Callable[[Numbered], Awaitable[tuple[str, str]]]
"""Makes an item's prompt: its reference in the library, and its text."""


class Journal:
    """A file of finished items, one JSON object a line, each on the disk before the next begins.

    A line that a kill cut off is dropped; its item is done again.
    """

    def __init__(self, path: Path, *, resume: bool) -> None:
        self.path = path
        self.was_there = path.exists()
        if self.was_there and not resume:
            raise Conflict(
                f"{path} is there already",
                hint="add --resume to go on with that batch, or name another file with --output",
                subject=str(path),
            )
        self.before = {result.key: result for result in self._read()}
        self._file: IO[bytes] | None = None

    def __enter__(self) -> Self:
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            self._file = self.path.open("ab")
            _lock(self._file, self.path)
            self._cut_torn_line()
        except OSError as error:
            raise UsageError(
                f"{self.path} cannot be written: {error.strerror}",
                hint="name another with --output",
            ) from None
        return self

    def __exit__(self, *_: object) -> None:
        if self._file is not None:
            self._file.close()

    def write(self, result: BatchResult) -> None:
        assert self._file is not None
        self._file.write(msgspec.json.encode(result) + b"\n")
        self._file.flush()
        os.fsync(self._file.fileno())

    def _read(self) -> Iterator[BatchResult]:
        if not self.was_there:
            return
        try:
            lines = self.path.read_bytes().split(b"\n")
        except OSError as error:
            raise UsageError(
                f"{self.path} cannot be read: {error.strerror}", hint="name another with --output"
            ) from None
        for number, line in enumerate(lines[:-1], start=1):
            try:
                yield decode(line, BatchResult)
            except msgspec.DecodeError as error:
                raise UsageError(
                    f"line {number} of {self.path} is no result of a batch: {error}",
                    hint="name the journal of this batch with --output",
                ) from None

    def _cut_torn_line(self) -> None:
        if self.path.exists():
            content = self.path.read_bytes()
            whole = content.rfind(b"\n") + 1
            if whole < len(content):
                os.truncate(self.path, whole)


def _lock(file: IO[bytes], path: Path) -> None:
    """Two batches on one journal would do each item twice. The lock ends with its process, however
    that ends; Windows has none of the kind."""
    if sys.platform == "win32":
        return
    import fcntl

    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        file.close()
        raise Conflict(
            f"another batch writes {path} now",
            hint="wait for it, or name another file with --output",
            subject=str(path),
        ) from None


async def run_batch(
    items: Sequence[Numbered],
    make: Make,
    journal: Journal,
    *,
    workers: int = 4,
    skip_errors: bool = False,
    progress: Callable[[Progress], None] | None = None,
) -> BatchReport:
    """Raises the first error, after the items under way have ended, unless `skip_errors`."""
    if not 1 <= workers <= MAX_WORKERS:
        raise UsageError(f"{workers} workers", hint=f"use 1 to {MAX_WORKERS}")
    finished = {key: r for key, r in journal.before.items() if r.status == "done"}
    here = {each.key for each in items}
    resumed = len(finished.keys() & here)
    waiting = iter([each for each in items if each.key not in finished])
    failures: list[BurnishError] = []
    done = resumed

    async def work() -> None:
        nonlocal done
        for each in waiting:
            if failures and not skip_errors:
                return
            result, error = await _outcome(each, make)
            journal.write(result)
            finished[each.key] = result
            if error is None:
                done += 1
            else:
                failures.append(error)
            if progress is not None:
                told = Progress(total=len(items), done=done, failed=len(failures), last=result)
                progress(told)

    tasks = [asyncio.ensure_future(work()) for _ in range(min(workers, len(items)))]
    try:
        await asyncio.gather(*tasks)
    finally:
        # Nothing goes on when one ends otherwise than by an error that is noted.
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
    if failures and not skip_errors:
        raise _stopped(failures[0], done, len(items))
    return _report(items, finished, resumed, journal)


def _stopped(error: BurnishError, done: int, total: int) -> BurnishError:
    """The error, with how far the batch came and how to go on."""
    error.hint = (
        f"{error.hint}; {done} of {total} are done, and --resume goes on with the rest"
    ).removeprefix("; ")
    return error


async def _outcome(each: Numbered, make: Make) -> tuple[BatchResult, BurnishError | None]:
    try:
        reference, text = await make(each)
    except BurnishError as error:
        failed = BatchResult(
            number=each.number,
            key=each.key,
            status="failed",
            idea=each.item.idea,
            error=str(error),
            code=error.code,
        )
        return failed, error
    done = BatchResult(
        number=each.number,
        key=each.key,
        status="done",
        idea=each.item.idea,
        reference=reference,
        text=text,
    )
    return done, None


def _report(
    items: Sequence[Numbered], finished: dict[str, BatchResult], resumed: int, journal: Journal
) -> BatchReport:
    results = tuple(
        msgspec.structs.replace(finished[each.key], number=each.number)
        for each in items
        if each.key in finished
    )
    failed = sum(result.status == "failed" for result in results)
    return BatchReport(
        total=len(items),
        done=len(results) - failed,
        failed=failed,
        resumed=resumed,
        left=len(items) - len(results),
        journal=str(journal.path),
        results=results,
    )
