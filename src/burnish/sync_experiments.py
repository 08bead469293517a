"""The sync face of experiments."""

from __future__ import annotations

from burnish._sync import SyncFace, blocking
from burnish.experiments.room import AsyncExperiments


class Experiments(SyncFace[AsyncExperiments]):
    """`platform.experiments` of the sync face."""

    plan = blocking(AsyncExperiments.plan)
    analyze = blocking(AsyncExperiments.analyze)
    assign = blocking(AsyncExperiments.assign)
    record = blocking(AsyncExperiments.record)
    record_many = blocking(AsyncExperiments.record_many)
