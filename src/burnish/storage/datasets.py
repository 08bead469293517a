"""The port to datasets: examples to try prompts on, kept as versions."""

from __future__ import annotations

import hashlib
from collections.abc import AsyncIterator, Sequence
from datetime import datetime
from typing import Any, Literal, NamedTuple, Protocol

import msgspec

from burnish.shapes import decoder
from burnish.storage.example import Example, Split

ChangeKind = Literal["added", "removed", "changed"]


class Dataset(msgspec.Struct, frozen=True, kw_only=True):
    """A named set of examples. `version` is its newest, `size` how many examples that has."""

    id: str
    name: str
    description: str = ""
    version: int = 0
    size: int = 0
    created_at: datetime
    updated_at: datetime


class DatasetVersion(msgspec.Struct, frozen=True, kw_only=True):
    """What a dataset was at one time; it never changes. `content_hash` is the same for the same
    examples in whatever order, `splits` counts those of each split, `origin` tells where the
    examples came from."""

    id: str
    dataset_id: str
    name: str
    version: int
    size: int
    splits: dict[str, int] = {}
    content_hash: str
    message: str = ""
    author: str = ""
    origin: str = ""
    created_at: datetime

    @property
    def reference(self) -> str:
        return f"{self.name}@{self.version}"


class Packed(NamedTuple):
    """An example as it is stored: `body` is the JSON of all but id and split, and `digest` its
    SHA-256, under which equal bodies are kept once."""

    id: str
    split: Split
    digest: str
    body: str


class Placed(NamedTuple):
    """An example of a version, and where a page after it goes on."""

    position: int
    example: Example


class Change(msgspec.Struct, frozen=True, kw_only=True):
    """What a new version says of itself. The examples that come are put in the place of those of
    the same id and beside all others; with `replace` the others go."""

    dataset_id: str
    version_id: str
    name: str
    description: str | None = None
    message: str = ""
    author: str = ""
    origin: str = ""
    at: datetime
    replace: bool = False


class Put(msgspec.Struct, frozen=True, kw_only=True):
    """The version that holds what was put: a new one, or the newest there was where nothing
    changed."""

    version: DatasetVersion
    added: int = 0
    changed: int = 0
    removed: int = 0
    kept: int = 0

    @property
    def new(self) -> bool:
        return bool(self.added or self.changed or self.removed)


class ExampleChange(msgspec.Struct, frozen=True, kw_only=True):
    """How an example differs between two versions; None on the side that lacks it."""

    kind: ChangeKind
    id: str
    before: Example | None = None
    after: Example | None = None


class Difference(msgspec.Struct, frozen=True, kw_only=True):
    """Between two versions of a dataset. `items` may be fewer than the counts add up to."""

    old: str
    new: str
    added: int
    removed: int
    changed: int
    items: tuple[ExampleChange, ...] = ()


class Incoming(Protocol):
    """Examples on their way in, each id once, however many they are."""

    def batches(self) -> AsyncIterator[list[Packed]]:
        """From the first; may be asked again."""
        ...

    async def lacking(self, ids: Sequence[str]) -> list[str]:
        """Those of the ids that no example has."""
        ...


class Datasets(Protocol):
    async def put(self, change: Change, incoming: Incoming) -> Put:
        """A new version of the dataset of that name, which is made where there is none. All of
        it, or nothing."""
        ...

    async def by_name(self, name: str) -> Dataset | None: ...

    async def all(self) -> list[Dataset]:
        """By name."""
        ...

    async def versions(self, dataset_id: str) -> list[DatasetVersion]:
        """Newest first."""
        ...

    async def version(self, dataset_id: str, version: int) -> DatasetVersion | None: ...

    async def page(
        self, version: DatasetVersion, *, split: Split | None = None, after: int = 0
    ) -> list[Placed]:
        """The next few examples, in the order in which they came first; empty behind the last."""
        ...

    async def named(self, version: DatasetVersion, ids: Sequence[str]) -> list[Example]:
        """Those of the version that have one of a few ids, in the order in which they came."""
        ...

    async def diff(self, old: DatasetVersion, new: DatasetVersion, limit: int) -> Difference:
        """Between versions of one dataset, with the first `limit` changes of each kind."""
        ...

    async def remove(self, dataset_id: str, now: datetime) -> bool:
        """The dataset with its versions and the examples that no other dataset has. Whether it
        was there."""
        ...


class _Body(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    inputs: dict[str, Any]
    expected: Any = None
    tags: tuple[str, ...] = ()
    metadata: dict[str, Any] = {}
    scorers: Any = ()
    synthetic: bool = False


_ENCODER = msgspec.json.Encoder(order="deterministic")
_DECODER = decoder(Example)


_MODULUS = 1 << 256


def weight(example_id: str, split: str, digest: str) -> int:
    """What one example adds to the hash of a version. A sum of hashes is the same in any order, and
    to change it no other example has to be read."""
    told = hashlib.sha256(f"{example_id}\0{split}\0{digest}".encode()).digest()
    return int.from_bytes(told, "big")


def hash_of(weights: int) -> str:
    """The `content_hash` of a version whose examples' weights add up to that."""
    return f"{weights % _MODULUS:064x}"


def pack(example: Example) -> Packed:
    body = _ENCODER.encode(
        _Body(**{name: getattr(example, name) for name in _Body.__struct_fields__})
    )
    digest = hashlib.sha256(body).hexdigest()
    return Packed(example.id, example.split, digest, body.decode())


def unpack(example_id: str, split: str, body: str) -> Example:
    head = msgspec.json.encode({"id": example_id, "split": split}).decode()
    return _DECODER.decode(f"{head[:-1]},{body[1:]}")
