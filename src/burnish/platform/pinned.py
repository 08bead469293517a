"""The examples of an evaluation as a version of a dataset, which is made where there is none."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Mapping
from pathlib import Path
from shlex import quote
from typing import TYPE_CHECKING, Any

import msgspec

from burnish.errors import BurnishError, NotFound, UsageError
from burnish.evals.datasets.given import named_file, neither
from burnish.evals.datasets.names import inline_name, resolved
from burnish.evals.datasets.rows import ENDINGS
from burnish.evals.wanted import Wanted
from burnish.platform.promptfoo import name_of
from burnish.storage.datasets import Datasets
from burnish.storage.example import Example

if TYPE_CHECKING:
    from burnish.evals.datasets import AsyncDatasets, DatasetAdded


async def pinned(datasets: AsyncDatasets, wanted: Wanted) -> tuple[str, tuple[str, ...]]:
    """The version that the examples are in, as a pinned reference, and what to tell of it."""
    data = wanted.data
    if data is None:
        raise UsageError("there are no examples", hint="give --data FILE or a dataset's name")
    is_name = isinstance(data, str) and wanted.stored
    if isinstance(data, str) and (is_name or await asyncio.to_thread(named_file, data) is None):
        try:
            return (await datasets.resolve(data)).reference, ()
        except (NotFound, UsageError) as error:
            raise error if is_name else neither(data, error) from None
    if isinstance(data, str | Path):
        name = wanted.dataset or name_of(Path(data))
        done = await datasets.add(name, Path(data), replace=True)
    else:
        rows = [_plain(row) for row in data]
        digest = hashlib.sha256(msgspec.json.encode(rows)).hexdigest()
        done = await datasets.add(wanted.dataset or inline_name(digest), rows, replace=True)
    return done.version.reference, _changes(done, named=bool(wanted.dataset))


def _changes(done: DatasetAdded, *, named: bool) -> tuple[str, ...]:
    """What became of a dataset that was there: its name is all that a file shares with it."""
    if not done.new or done.version.version == 1:
        return ()
    counts = ((done.added, "added"), (done.changed, "changed"), (done.removed, "removed"))
    said = ", ".join(f"{count} {what}" for count, what in counts if count)
    other = "" if named else "; --dataset NAME keeps such a file apart"
    version = done.version
    before = f"{version.name}@{version.version - 1}"
    return (f"{version.reference} is new, and differs from {before}: {said}{other}",)


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
