"""Examples that were meant to be corrected, and stand beside their correction."""

from __future__ import annotations

import hashlib

import msgspec

from burnish.evals.datasets.fields import key_of
from burnish.evals.datasets.staging import Staging, unpacked
from burnish.storage.datasets import Datasets, DatasetVersion
from burnish.storage.example import Example

# Larger versions are not looked through: that would take longer than the addition.
MOST_EXAMPLES = 100_000
_ENCODER = msgspec.json.Encoder(order="deterministic")


async def doubled(datasets: Datasets, version: DatasetVersion, staging: Staging) -> str:
    """What to tell of examples of the version that came before, have the inputs of one that came
    now, and expect something else; empty where there is none. Without an id of its own, an example
    is known by all that it says, so one that is corrected counts as another."""
    if version.size > MOST_EXAMPLES:
        return ""
    ids: set[str] = set()
    came: dict[bytes, set[str]] = {}
    async for batch in staging.batches():
        for example in map(unpacked, batch):
            ids.add(example.id)
            came.setdefault(_asked(example), set()).add(_key(example))
    count, after = 0, 0
    while page := await datasets.page(version, after=after):
        after = page[-1].position
        for _, example in page:
            keys = set[str]() if example.id in ids else came.get(_asked(example), set())
            count += bool(keys) and _key(example) not in keys
    if not count:
        return ""
    some = "1 example has" if count == 1 else f"{count} examples have"
    return (
        f"{some} the inputs of new ones and another expectation, and both stay; to put the file's "
        "examples in the place of all others, use --replace"
    )


def _asked(example: Example) -> bytes:
    return hashlib.sha256(_ENCODER.encode(example.inputs)).digest()[:16]


def _key(example: Example) -> str:
    return key_of(example.inputs, example.expected, example.scorers)
