"""`platform.datasets`: examples to try prompts on, kept as versions."""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping, Sequence
from contextlib import closing
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final, Literal

from burnish.errors import NotFound, UsageError
from burnish.evals.datasets.adding import added, taken_in
from burnish.evals.datasets.export import FORMATS, exported
from burnish.evals.datasets.names import found, is_inline, parse, resolved
from burnish.evals.datasets.reading import Given, Wanted, name_of
from burnish.evals.datasets.runs import runs_in
from burnish.evals.datasets.splits import checked_split
from burnish.evals.datasets.staging import Staging
from burnish.evals.datasets.values import DatasetAdded, ShownDataset
from burnish.prompts.refs import check_name
from burnish.storage.datasets import Change, Dataset, DatasetVersion, Difference
from burnish.storage.example import Example
from burnish.storage.run import RunFilter
from burnish.storage.store import Store

if TYPE_CHECKING:
    from burnish.evals.datasets.generate import Author

_ALL: Final = 10**12


class AsyncDatasets:
    """Named sets of examples. What is in a version never changes; a change makes a new one.

    A reference is `name` for the newest version or `name@3` for the third. Methods raise NotFound
    with the nearest name there is, and UsageError for malformed input.
    """

    def __init__(
        self,
        open_store: Callable[[], Awaitable[Store]],
        flushed_store: Callable[[], Awaitable[Store]],
        new_id: Callable[[], str],
        author: Callable[[], str],
        write: Callable[[], Author],
    ) -> None:
        """`flushed_store` gives the store with all runs so far in it, `write` what asks models for
        examples."""
        self._open_store = open_store
        self._flushed_store = flushed_store
        self._new_id = new_id
        self._author = author
        self._write = write

    async def add(
        self,
        name: str,
        examples: Given,
        *,
        format: str = "",  # noqa: A002 - the word that people know
        renames: Mapping[str, str] | None = None,
        tags: Sequence[str] = (),
        description: str | None = None,
        message: str = "",
        replace: bool = False,
        skip_errors: bool = False,
    ) -> DatasetAdded:
        """A new version of a dataset, which is made where there is none: what it had, and the
        examples of a file (CSV, JSONL, JSON, YAML; a binary file object with `format`) or of a
        list of mappings or `Example`s. One with the id of one that is there takes its place; with
        `replace` all others go. Where nothing changes, no version is made.

        `renames` maps the names that fields should have to those that they have, such as
        `{"expected": "label"}`. Exact repeats are left out and counted. Raises UsageError naming
        the first bad row, and nothing is stored, unless `skip_errors`.
        """
        wanted = Wanted(format=format, renames=dict(renames or {}), tags=tuple(tags))
        change = self._change(name, description, message, name_of(examples), replace=replace)
        with closing(Staging()) as staging:
            came = await taken_in(staging, examples, wanted, skip_errors=skip_errors)
            return await added(await self._open_store(), change, staging, came)

    async def get(self, name: str) -> Dataset:
        return await found((await self._open_store()).datasets, parse(name).name)

    async def show(self, reference: str, *, limit: int = 5) -> ShownDataset:
        """A version with its dataset, all versions newest first, and its first examples."""
        datasets = (await self._open_store()).datasets
        version = await resolved(datasets, reference)
        return ShownDataset(
            dataset=await found(datasets, version.name),
            version=version,
            versions=tuple(await datasets.versions(version.dataset_id)),
            examples=tuple([each async for each in self.iter_examples(reference, limit=limit)]),
        )

    async def versions(self, name: str) -> tuple[DatasetVersion, ...]:
        """Newest first."""
        datasets = (await self._open_store()).datasets
        return tuple(await datasets.versions((await found(datasets, parse(name).name)).id))

    async def resolve(self, reference: str) -> DatasetVersion:
        """The version that a reference means now."""
        return await resolved((await self._open_store()).datasets, reference)

    async def iter_examples(
        self,
        reference: str,
        *,
        split: str | None = None,
        tags: Sequence[str] = (),
        limit: int | None = None,
    ) -> AsyncGenerator[Example]:
        """The examples of a version in the order in which they first came, a page at a time:
        those of a split, and with all of the tags."""
        async for page in self.iter_pages(reference, split=split, tags=tags, limit=limit):
            for example in page:
                yield example

    async def iter_pages(
        self,
        reference: str,
        *,
        split: str | None = None,
        tags: Sequence[str] = (),
        limit: int | None = None,
    ) -> AsyncGenerator[tuple[Example, ...]]:
        """`iter_examples`, some at a time: as many as fit into a few megabytes."""
        wanted, left = frozenset(tags), _checked_limit(limit)
        own = checked_split(split)
        datasets = (await self._open_store()).datasets
        version = await resolved(datasets, reference)
        after = 0
        while left and (page := await datasets.page(version, split=own, after=after)):
            after = page[-1].position
            found = [each.example for each in page if wanted.issubset(each.example.tags)]
            del found[left:]
            left -= len(found)
            if found:
                yield tuple(found)
        if left and await datasets.version(version.dataset_id, version.version) is None:
            raise NotFound(
                f"{version.reference} was deleted while it was read",
                hint="see burnish datasets list",
                subject=reference,
            )

    async def count(
        self, reference: str, *, split: str | None = None, tags: Sequence[str] = ()
    ) -> int:
        """How many examples `iter_examples` would give."""
        if tags:
            return sum([1 async for _ in self.iter_examples(reference, split=split, tags=tags)])
        own, version = checked_split(split), await self.resolve(reference)
        return version.size if own is None else version.splits.get(own, 0)

    async def tags(self, reference: str, *, split: str | None = None) -> dict[str, int]:
        """How many examples have each tag, the commonest first."""
        counts: Counter[str] = Counter()
        async for page in self.iter_pages(reference, split=split):
            counts.update(tag for example in page for tag in example.tags)
        return dict(sorted(counts.items(), key=lambda each: (-each[1], each[0])))

    async def diff(self, old: str, new: str = "", *, limit: int = 100) -> Difference:
        """What differs between two versions of a dataset, by the ids of examples: the counts, and
        the first `limit` of each kind. One reference alone is compared with the version before."""
        datasets = (await self._open_store()).datasets
        one = await resolved(datasets, old)
        if new:
            other = await resolved(datasets, new)
        elif one.version > 1:
            one, other = await resolved(datasets, f"{one.name}@{one.version - 1}"), one
        else:
            raise UsageError(
                f"{one.reference} is the first version, so there is none before it",
                hint="name two versions, such as name@1 name@2",
                subject=old,
            )
        if one.dataset_id != other.dataset_id:
            raise UsageError(
                f"{one.name!r} and {other.name!r} are two datasets",
                hint="give two versions of one, such as name@1 name@2",
            )
        return await datasets.diff(one, other, _checked_limit(limit))

    async def export(
        self,
        reference: str,
        write: Callable[[bytes], object],
        *,
        format: Literal["jsonl", "csv"] = "jsonl",  # noqa: A002 - the word that people know
        split: str | None = None,
        tags: Sequence[str] = (),
    ) -> int:
        """Hands the examples to `write`, a page at a time; tells how many they were. JSONL comes
        back by `add` as it was; CSV is for texts, so values of other kinds come back as texts.
        Raises UsageError for another format, and where a CSV could not tell a variable from
        another column."""
        if format not in FORMATS:
            raise UsageError(
                f"{format!r} is no format to export", hint=f"use {' or '.join(FORMATS)}"
            )
        pinned = (await self.resolve(reference)).reference

        def examples() -> AsyncGenerator[Example]:
            return self.iter_examples(pinned, split=split, tags=tags)

        return await exported(examples, write, format)

    async def from_runs(
        self,
        name: str,
        *,
        prompt: str,
        since: datetime | None = None,
        limit: int = 1000,
        expected: bool = False,
        tags: Sequence[str] = (),
        message: str = "",
    ) -> DatasetAdded:
        """Adds what a prompt was asked in recorded runs, newest first: the values of its variables
        where the run has them, else its messages. With `expected` the answer counts as right. Of
        runs that asked the same, the newest is taken; failed ones are left out."""
        change = self._change(name, None, message, f"runs of {prompt}")
        store = await self._flushed_store()
        where = RunFilter(prompt=prompt, failed=False, since=since)
        with closing(Staging()) as staging:
            came = await runs_in(
                staging, store, where, _checked_limit(limit), expected=expected, tags=tags
            )
            return await added(store, change, staging, came)

    async def generate(
        self,
        name: str,
        *,
        prompt: str,
        count: int = 20,
        model: str = "",
        tags: Sequence[str] = (),
        max_cost_usd: float | None = None,
    ) -> DatasetAdded:
        """Asks a model for varied values of a prompt's variables, edge cases among them, and adds
        them. Each is marked as synthetic, and tagged `synthetic` and `typical` or `edge`; nothing
        is expected of its answer. An answer that is no such list is asked for again once, then
        counted in `lost`.

        Raises UsageError for a prompt without variables or where no model is set up, and what the
        call raises, as long as nothing came; later that is a note.
        """
        change = self._change(name, None, "", f"a model, for {prompt}")
        with closing(Staging()) as staging:
            came = await self._write().into(
                staging, prompt, count, model=model, tags=tags, max_cost_usd=max_cost_usd
            )
            return await added(await self._open_store(), change, staging, came)

    async def delete(self, name: str) -> Dataset:
        """For good, with all versions; what other datasets hold too stays there."""
        store = await self._open_store()
        dataset = await found(store.datasets, parse(name).name)
        await store.datasets.remove(dataset.id, datetime.now(UTC))
        return dataset

    async def list(self, *, all: bool = False) -> list[Dataset]:  # noqa: A002 - as the option
        """By name. Those that nobody named, made of examples that were handed over to an
        evaluation, are there with `all` alone."""
        found = await (await self._open_store()).datasets.all()
        return [each for each in found if all or not is_inline(each.name)]

    def _change(
        self,
        name: str,
        description: str | None,
        message: str,
        origin: str,
        *,
        replace: bool = False,
    ) -> Change:
        return Change(
            dataset_id=self._new_id(),
            version_id=self._new_id(),
            name=check_name(name, "dataset"),
            description=description,
            message=message,
            author=self._author(),
            origin=origin,
            at=datetime.now(UTC),
            replace=replace,
        )


def _checked_limit(limit: int | None) -> int:
    if limit is None:
        return _ALL
    if limit < 1:
        raise UsageError(f"a limit of {limit}", hint="ask for 1 or more")
    return limit
