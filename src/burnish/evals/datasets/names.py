"""References to datasets: `name` means the newest version, `name@3` the third."""

from __future__ import annotations

import difflib
import re
from typing import NamedTuple

from burnish.errors import NotFound, UsageError
from burnish.prompts.refs import LATEST, check_name
from burnish.storage.datasets import Dataset, Datasets, DatasetVersion

_INLINE = "inline/"
_OF_INLINE = re.compile(rf"{_INLINE}[0-9a-f]{{8}}")


class Asked(NamedTuple):
    """`version` is None for the newest."""

    name: str
    version: int | None


def parse(reference: str) -> Asked:
    """Raises UsageError for what is no reference."""
    name, at, pointer = reference.strip().rpartition("@")
    if not at:
        return Asked(check_name(reference, "dataset"), None)
    if pointer == LATEST:
        return Asked(check_name(name, "dataset"), None)
    number = int(pointer) if pointer.isascii() and pointer.isdigit() and len(pointer) < 10 else 0
    if not number:
        raise UsageError(
            f"{reference[:80]!r} names no version of a dataset",
            hint="write name@3 for the third version, or the name alone for the newest",
            subject=reference,
        )
    return Asked(check_name(name, "dataset"), number)


def inline_name(digest: str) -> str:
    """Of a dataset that nobody named: of examples that were handed over to an evaluation."""
    return f"{_INLINE}{digest[:8]}"


def is_inline(name: str) -> bool:
    return _OF_INLINE.fullmatch(name) is not None


async def found(datasets: Datasets, name: str) -> Dataset:
    """Raises NotFound with the nearest name there is."""
    dataset = await datasets.by_name(name)
    if dataset is not None:
        return dataset
    names = [each.name for each in await datasets.all()]
    near = difflib.get_close_matches(name, names[:10_000], n=1)
    hint = f"did you mean {near[0]!r}?" if near else "see burnish datasets list"
    raise NotFound(f"there is no dataset {name!r}", hint=hint, subject=name)


async def resolved(datasets: Datasets, reference: str) -> DatasetVersion:
    """Raises NotFound for a dataset or a version that there is not."""
    asked = parse(reference)
    dataset = await found(datasets, asked.name)
    number = dataset.version if asked.version is None else asked.version
    version = await datasets.version(dataset.id, number)
    if version is None:
        raise NotFound(
            f"{dataset.name!r} has no version {number}",
            hint=f"its newest is {dataset.name}@{dataset.version}",
            subject=reference,
        )
    return version
