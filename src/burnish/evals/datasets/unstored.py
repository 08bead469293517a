"""Examples that somebody only looks at: a version of a dataset as it would be, before it is one."""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager, closing
from typing import NamedTuple, Protocol

from burnish.errors import Conflict
from burnish.evals.datasets.adding import Came, added, taken_in
from burnish.evals.datasets.reading import Given, Wanted, no_examples
from burnish.evals.datasets.splits import checked_split
from burnish.evals.datasets.staging import Staging, unpacked
from burnish.storage.datasets import Change, Datasets, DatasetVersion, hash_of, pack, weight
from burnish.storage.example import Example
from burnish.storage.store import Store


class Examples(Protocol):
    """Where the examples of a version are read, be it stored or not; as in `p.datasets`."""

    async def count(
        self, reference: str, *, split: str | None = None, tags: Sequence[str] = ()
    ) -> int: ...

    async def tags(self, reference: str, *, split: str | None = None) -> dict[str, int]: ...

    def iter_examples(
        self,
        reference: str,
        *,
        split: str | None = None,
        tags: Sequence[str] = (),
        limit: int | None = None,
    ) -> AsyncGenerator[Example]: ...


class Differs(NamedTuple):
    """By how many examples it differs from the newest version there is."""

    added: int
    changed: int = 0
    removed: int = 0


class Unstored:
    """What `p.datasets.add` with `replace` would make, under the `reference` that it would have.
    `newest` is the version there is, which `is_there` says it equals."""

    def __init__(self, change: Change, given: Given, newest: DatasetVersion | None) -> None:
        self._change = change
        self._given = given
        self._staging = Staging()
        self.newest = newest
        self.content_hash = ""

    @property
    def name(self) -> str:
        return self._change.name

    @property
    def is_there(self) -> bool:
        return self.newest is not None and self.newest.content_hash == self.content_hash

    @property
    def reference(self) -> str:
        before = 0 if self.newest is None else self.newest.version
        return f"{self.name}@{before + 1 - self.is_there}"

    async def read(self, datasets: Datasets) -> None:
        """Raises UsageError for the first bad row, and where there is none."""
        self.content_hash = await _taken(self._staging, self._change, self._given)
        if self.newest is None or self.is_there:
            return
        # What a version keeps stays in its place, and what is new comes after it.
        after = 0
        while page := await datasets.page(self.newest, after=after):
            await self._staging.put_first([each.example.id for each in page])
            after = page[-1].position

    async def differs(self, datasets: Datasets) -> Differs:
        """Reads the newest version, a page at a time."""
        if self.newest is None:
            return Differs(self._staging.count)
        kept = changed = removed = after = 0
        while page := await datasets.page(self.newest, after=after):
            after = page[-1].position
            held = await self._staging.held([each.example.id for each in page])
            for each in page:
                now, was = held.get(each.example.id), pack(each.example)
                same = now is not None and now == (was.split, was.digest)
                kept += same
                changed += now is not None and not same
                removed += now is None
        return Differs(self._staging.count - kept - changed, changed, removed)

    async def put(self, store: Store) -> DatasetVersion:
        """Makes it a version, also after it is closed. Raises Conflict where what it is read from
        says something else by now."""
        with closing(Staging()) as staging:
            if await _taken(staging, self._change, self._given) != self.content_hash:
                raise Conflict(
                    f"the examples of {self.name} have changed since it was planned",
                    hint="plan it again",
                    subject=self.name,
                )
            return (await added(store, self._change, staging, Came())).version

    def close(self) -> None:
        self._staging.close()

    async def count(
        self, reference: str, *, split: str | None = None, tags: Sequence[str] = ()
    ) -> int:
        if split is None and not tags:
            return self._staging.count
        return sum([1 async for _ in self.iter_examples(reference, split=split, tags=tags)])

    async def tags(self, reference: str, *, split: str | None = None) -> dict[str, int]:
        found = self.iter_examples(reference, split=split)
        return dict(Counter([tag async for each in found for tag in each.tags]).most_common())

    async def iter_examples(
        self,
        reference: str,
        *,
        split: str | None = None,
        tags: Sequence[str] = (),
        limit: int | None = None,
    ) -> AsyncGenerator[Example]:
        del reference  # there is one version alone
        own, wanted, left = checked_split(split), frozenset(tags), limit
        async for batch in self._staging.batches():
            for example in map(unpacked, batch):
                if left == 0:
                    return
                if own in (None, example.split) and wanted.issubset(example.tags):
                    left = None if left is None else left - 1
                    yield example


@asynccontextmanager
async def unstored(datasets: Datasets, change: Change, given: Given) -> AsyncGenerator[Unstored]:
    """Nothing is written but a temporary file."""
    there = await datasets.by_name(change.name)
    newest = None if there is None else await datasets.version(there.id, there.version)
    found = Unstored(change, given, newest)
    try:
        await found.read(datasets)
        yield found
    finally:
        found.close()


async def _taken(staging: Staging, change: Change, given: Given) -> str:
    await taken_in(staging, given, Wanted(), skip_errors=False)
    if not staging.count:
        raise no_examples(change.origin)
    whole = 0
    async for batch in staging.batches():
        whole += sum(weight(each.id, each.split, each.digest) for each in batch)
    return hash_of(whole)
