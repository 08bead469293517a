"""The sync face of datasets."""

from __future__ import annotations

from burnish._sync import SyncFace, blocking, streaming
from burnish.evals.datasets import AsyncDatasets


class Datasets(SyncFace[AsyncDatasets]):
    """`platform.datasets` of the sync face."""

    add = blocking(AsyncDatasets.add)
    get = blocking(AsyncDatasets.get)
    show = blocking(AsyncDatasets.show)
    versions = blocking(AsyncDatasets.versions)
    resolve = blocking(AsyncDatasets.resolve)
    iter_examples = streaming(AsyncDatasets.iter_examples)
    count = blocking(AsyncDatasets.count)
    diff = blocking(AsyncDatasets.diff)
    export = blocking(AsyncDatasets.export)
    from_runs = blocking(AsyncDatasets.from_runs)
    generate = blocking(AsyncDatasets.generate)
    delete = blocking(AsyncDatasets.delete)
    list = blocking(AsyncDatasets.list)
