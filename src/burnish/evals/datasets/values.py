"""What the verbs of datasets give back."""

from __future__ import annotations

import msgspec

from burnish.storage.datasets import Dataset, DatasetVersion
from burnish.storage.example import Example


class SkippedRow(msgspec.Struct, frozen=True, kw_only=True):
    """A row that could not be read, and why."""

    place: str
    problem: str


class DatasetAdded(msgspec.Struct, frozen=True, kw_only=True):
    """What an addition came to. `version` is the one that holds it; `new` tells whether it was
    made for it or there before. `repeats` are exact repeats, which were left out; `skipped` counts
    bad rows, of which `skipped_rows` has the first hundred. `lost` counts answers of a model that
    were no examples."""

    version: DatasetVersion
    new: bool
    added: int = 0
    changed: int = 0
    removed: int = 0
    kept: int = 0
    repeats: int = 0
    skipped: int = 0
    skipped_rows: tuple[SkippedRow, ...] = ()
    lost: int = 0
    cost_usd: float | None = 0.0
    notes: tuple[str, ...] = ()


class ShownDataset(msgspec.Struct, frozen=True, kw_only=True):
    """A dataset at a version, with the first of its examples."""

    dataset: Dataset
    version: DatasetVersion
    versions: tuple[DatasetVersion, ...]
    examples: tuple[Example, ...] = ()
