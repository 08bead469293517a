"""The examples of an evaluation as a version of a dataset, which is made where there is none."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from shlex import quote
from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec

from burnish.errors import BurnishError, Conflict, NotFound, UsageError
from burnish.evals.datasets.given import named_file, neither
from burnish.evals.datasets.names import inline_name, resolved
from burnish.evals.datasets.reading import name_of as origin_of
from burnish.evals.datasets.rows import ENDINGS
from burnish.evals.datasets.unstored import Differs, Examples, Unstored, unstored
from burnish.evals.wanted import Wanted
from burnish.platform.promptfoo import name_of
from burnish.prompts.refs import check_name
from burnish.storage.datasets import Change, Datasets, DatasetVersion
from burnish.storage.example import Example

if TYPE_CHECKING:
    from burnish.evals.datasets import AsyncDatasets
    from burnish.storage.store import Store

_PLANNED = 100


async def pinned(datasets: AsyncDatasets, wanted: Wanted) -> tuple[str, tuple[str, ...]]:
    """The version that the examples are in, as a pinned reference, and what to tell of it."""
    if there := await _named(datasets, wanted):
        return there, ()
    name, given = _given(wanted)
    done = await datasets.add(name, given, replace=True)
    if not done.new:
        return done.version.reference, ()
    differs = Differs(done.added, done.changed, done.removed)
    return done.version.reference, _changes(done.version.reference, differs, wanted)


class Looked(NamedTuple):
    """Where the examples of a plan are read, the pinned `reference` that they have or would have,
    and what to tell of it. What is `unstored` is a version only when somebody makes it one; it may
    come from a `file`."""

    examples: Examples
    reference: str
    notes: tuple[str, ...] = ()
    unstored: Unstored | None = None
    file: str = ""

    @property
    def name(self) -> str:
        """What people know them by: a version that nobody has made is none that they could find."""
        return self.file or self.reference


class Looking:
    """As `pinned`, of what is only looked at: nothing is stored."""

    def __init__(
        self,
        datasets: AsyncDatasets,
        *,
        open_store: Callable[[], Awaitable[Store]],
        new_id: Callable[[], str],
        author: Callable[[], str],
    ) -> None:
        self._datasets = datasets
        self._open_store = open_store
        self._new_id = new_id
        self._author = author
        self._unstored: dict[str, Unstored] = {}

    def remember(self, plan_id: str, looked: Looked) -> None:
        """Until what was planned begins. Of very many that never do, the oldest are forgotten."""
        if looked.unstored is None:
            return
        self._unstored[plan_id] = looked.unstored
        while len(self._unstored) > _PLANNED:
            del self._unstored[next(iter(self._unstored))]

    async def stored(
        self, plan_id: str, reference: str, planned_at: datetime | None
    ) -> DatasetVersion | None:
        """The version that the examples of a plan are made into; None where they were one. Raises
        Conflict where they are others than when it was planned, if that is told, and NotFound where
        they are gone."""
        unstored = self._unstored.get(plan_id)
        if unstored is None:
            there = await self._datasets.resolve(reference)
            if planned_at is not None and there.created_at > planned_at:
                # Planned elsewhere from a file, and somebody has given the name to other rows.
                raise Conflict(
                    f"{reference} was stored after this was planned", hint="plan it again"
                )
            return None
        version = await unstored.put(await self._open_store())
        self._unstored.pop(plan_id, None)
        return version

    @asynccontextmanager
    async def at(self, wanted: Wanted) -> AsyncGenerator[Looked]:
        if there := await _named(self._datasets, wanted):
            yield Looked(self._datasets, there)
            return
        name, given = _given(wanted)
        store = await self._open_store()
        async with unstored(store.datasets, self._change(name, given), given) as found:
            if found.is_there:
                yield Looked(self._datasets, found.reference)
                return
            notes = _changes(found.reference, await found.differs(store.datasets), wanted)
            file = given.name if isinstance(given, Path) else ""
            yield Looked(found, found.reference, notes, found, file)

    def _change(self, name: str, given: Path | list[dict[str, Any]]) -> Change:
        return Change(
            dataset_id=self._new_id(),
            version_id=self._new_id(),
            name=check_name(name, "dataset"),
            author=self._author(),
            origin=origin_of(given),
            at=datetime.now(UTC),
            replace=True,
        )


async def _named(datasets: AsyncDatasets, wanted: Wanted) -> str:
    """The version whose name is given; empty where examples are."""
    data = wanted.data
    if data is None:
        raise UsageError("there are no examples", hint="give --data FILE or a dataset's name")
    is_name = isinstance(data, str) and wanted.stored
    if isinstance(data, str) and (is_name or await asyncio.to_thread(named_file, data) is None):
        try:
            return (await datasets.resolve(data)).reference
        except (NotFound, UsageError) as error:
            raise error if is_name else neither(data, error) from None
    return ""


def _given(wanted: Wanted) -> tuple[str, Path | list[dict[str, Any]]]:
    """The file or the rows, and the name of the dataset that holds them."""
    data = wanted.data
    if isinstance(data, str | Path):
        return wanted.dataset or name_of(Path(data)), Path(data)
    rows = [_plain(row) for row in data]
    digest = hashlib.sha256(msgspec.json.encode(rows)).hexdigest()
    return wanted.dataset or inline_name(digest), rows


def _changes(reference: str, differs: Differs, wanted: Wanted) -> tuple[str, ...]:
    """What became of a dataset that was there: its name is all that a file shares with it."""
    name, _, version = reference.rpartition("@")
    if int(version) == 1:
        return ()
    counts = zip(differs, differs._fields, strict=True)
    said = ", ".join(f"{count} {what}" for count, what in counts if count)
    other = "" if wanted.dataset else "; --dataset NAME keeps such a file apart"
    return (f"{reference} is new, and differs from {name}@{int(version) - 1}: {said}{other}",)


def _plain(row: Mapping[str, Any] | Example) -> dict[str, Any]:
    return msgspec.to_builtins(row) if isinstance(row, Example) else dict(row)


async def version_named(datasets: Datasets, reference: str) -> str:
    """As a pinned reference, where files are not taken. Raises NotFound; of a file of examples it
    says how it becomes a dataset."""
    try:
        return (await resolved(datasets, reference)).reference
    except (NotFound, UsageError) as error:
        raise await asyncio.to_thread(_unmade, reference, error) from None


def _unmade(given: str, error: BurnishError) -> BurnishError:
    try:
        path = named_file(given)
    except UsageError:
        return error
    if path is None or path.suffix.lower() not in ENDINGS:
        return error
    name = name_of(path)
    return NotFound(
        f"{given} is a file and no dataset",
        hint=f"burnish datasets add {quote(name)} {quote(given)}, then --data {quote(name)}",
        subject=given,
    )
