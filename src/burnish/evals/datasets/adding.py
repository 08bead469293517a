"""From rows to a version: read to the last one, then stored."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import islice

from burnish.evals.datasets.doubled import doubled
from burnish.evals.datasets.reading import (
    Given,
    Taken,
    Wanted,
    bad_row,
    name_of,
    no_examples,
    opened,
    take,
)
from burnish.evals.datasets.staging import Staging
from burnish.evals.datasets.values import DatasetAdded, SkippedRow
from burnish.prompts.formats.document import Fault
from burnish.storage.datasets import Change
from burnish.storage.store import Store

_STEP = 1000
_NAMED_ROWS = 100
_BAD = "nothing was stored; correct it, or leave bad rows out: burnish datasets add --skip-errors"


@dataclass(kw_only=True)
class Came:
    """What was left out on the way in, and what it cost."""

    skipped: int = 0
    rows: list[SkippedRow] = field(default_factory=list[SkippedRow])
    notes: dict[str, None] = field(default_factory=dict[str, None])
    lost: int = 0
    cost_usd: float | None = 0.0

    def skip(self, place: str, fault: Fault) -> None:
        self.skipped += 1
        if len(self.rows) < _NAMED_ROWS:
            self.rows.append(SkippedRow(place=place, problem=fault.what))


async def taken_in(staging: Staging, given: Given, wanted: Wanted, *, skip_errors: bool) -> Came:
    """Raises UsageError for the first bad row, unless these are skipped."""
    came, name = Came(), name_of(given)

    def some(rows: Iterator[Taken]) -> int:
        count = 0
        for count, row in enumerate(islice(rows, _STEP), start=1):  # noqa: B007 - how many they were
            try:
                take(staging, row)
            except Fault as fault:
                if not skip_errors:
                    raise bad_row(name, row.place, fault, _BAD) from None
                came.skip(row.place, fault)
        return count

    with opened(given, wanted, came.notes) as rows:
        while await asyncio.to_thread(some, rows):
            pass
    return came


async def added(store: Store, change: Change, staging: Staging, came: Came) -> DatasetAdded:
    """Raises UsageError where nothing came."""
    if not staging.count:
        raise no_examples(change.origin)
    put = await store.datasets.put(change, staging)
    if put.added and put.version.version > 1 and not change.replace:
        note = await doubled(store.datasets, put.version, staging)
        came.notes |= {note: None} if note else {}
    return DatasetAdded(
        version=put.version,
        new=put.new,
        added=put.added,
        changed=put.changed,
        removed=put.removed,
        kept=put.kept,
        repeats=staging.repeats,
        skipped=came.skipped,
        skipped_rows=tuple(came.rows),
        lost=came.lost,
        cost_usd=came.cost_usd,
        notes=tuple(came.notes),
    )
