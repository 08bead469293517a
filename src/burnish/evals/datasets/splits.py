"""Which part of a dataset an example belongs to."""

from __future__ import annotations

import hashlib
from typing import Final, get_args

from burnish.errors import UsageError
from burnish.storage.example import Split

SPLITS: Final[tuple[Split, ...]] = get_args(Split)
# In percent: half to learn from, a quarter to choose by, a quarter to judge by in the end.
SHARES: Final[dict[Split, int]] = {"train": 50, "dev": 25, "test": 25}
_ALSO: Final[dict[str, Split]] = {
    "training": "train",
    "validation": "dev",
    "valid": "dev",
    "val": "dev",
    "development": "dev",
    "testing": "test",
}


def split_of(example_id: str) -> Split:
    """By the hash of its id alone: the same in each version, in each dataset, on each machine."""
    digest = hashlib.sha256(b"split:" + example_id.encode()).digest()
    place = int.from_bytes(digest[:8], "big") % 100
    for split, share in SHARES.items():
        if place < share:
            return split
        place -= share
    raise AssertionError("the shares add up to 100")


def named_split(name: str) -> Split | None:
    """The split that a file or a person calls so."""
    plain = name.strip().lower()
    return next((each for each in SPLITS if each == plain), None) or _ALSO.get(plain)


def checked_split(name: str | None) -> Split | None:
    """The split of that name, or of another that people use for it. Raises UsageError."""
    if name is None:
        return None
    found = named_split(name)
    if found is None:
        raise UsageError(
            f"there is no split {name[:40]!r}",
            hint=f"use one of {', '.join(SPLITS)} (validation and val mean dev)",
            subject=name,
        )
    return found
