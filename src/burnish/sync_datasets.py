"""The sync face of datasets and evaluations."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from burnish._sync import SyncFace, blocking, streaming
from burnish.evals.datasets import AsyncDatasets
from burnish.evals.room import AsyncEvaluations
from burnish.storage.example import Example


class Datasets(SyncFace[AsyncDatasets]):
    """`platform.datasets` of the sync face."""

    add = blocking(AsyncDatasets.add)
    get = blocking(AsyncDatasets.get)
    show = blocking(AsyncDatasets.show)
    versions = blocking(AsyncDatasets.versions)
    resolve = blocking(AsyncDatasets.resolve)
    iter_pages = streaming(AsyncDatasets.iter_pages)
    count = blocking(AsyncDatasets.count)
    tags = blocking(AsyncDatasets.tags)
    diff = blocking(AsyncDatasets.diff)
    export = blocking(AsyncDatasets.export)
    from_runs = blocking(AsyncDatasets.from_runs)
    generate = blocking(AsyncDatasets.generate)
    delete = blocking(AsyncDatasets.delete)
    list = blocking(AsyncDatasets.list)

    def iter_examples(
        self,
        reference: str,
        *,
        split: str | None = None,
        tags: Sequence[str] = (),
        limit: int | None = None,
    ) -> Iterator[Example]:
        """The examples of a version in the order in which they first came, a page at a time:
        those of a split, and with all of the tags."""
        # Handing over page by page takes a fraction of what it does example by example.
        for page in self.iter_pages(reference, split=split, tags=tags, limit=limit):
            yield from page


class Evaluations(SyncFace[AsyncEvaluations]):
    """`platform.evaluations` of the sync face."""

    list = blocking(AsyncEvaluations.list)
    get = blocking(AsyncEvaluations.get)
    results = streaming(AsyncEvaluations.results)
    report = blocking(AsyncEvaluations.report)
    delete = blocking(AsyncEvaluations.delete)
