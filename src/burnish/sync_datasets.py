"""The sync face of datasets and evaluations."""

from __future__ import annotations

from burnish._sync import SyncFace, blocking, streaming
from burnish.evals.datasets import AsyncDatasets
from burnish.evals.room import AsyncEvaluations


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


class Evaluations(SyncFace[AsyncEvaluations]):
    """`platform.evaluations` of the sync face."""

    list = blocking(AsyncEvaluations.list)
    get = blocking(AsyncEvaluations.get)
    results = streaming(AsyncEvaluations.results)
    report = blocking(AsyncEvaluations.report)
    delete = blocking(AsyncEvaluations.delete)
