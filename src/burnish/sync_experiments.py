"""The sync face of experiments."""

from __future__ import annotations

from burnish._sync import SyncFace, blocking
from burnish.experiments.room import AsyncExperiments


class Experiments(SyncFace[AsyncExperiments]):
    """`platform.experiments` of the sync face."""

    plan = blocking(AsyncExperiments.plan)
    analyze = blocking(AsyncExperiments.analyze)
    create = blocking(AsyncExperiments.create)
    list = blocking(AsyncExperiments.list)
    get = blocking(AsyncExperiments.get)
    log = blocking(AsyncExperiments.log)
    start = blocking(AsyncExperiments.start)
    pause = blocking(AsyncExperiments.pause)
    stop = blocking(AsyncExperiments.stop)
    set_shares = blocking(AsyncExperiments.set_shares)
    delete = blocking(AsyncExperiments.delete)
    report = blocking(AsyncExperiments.report)
    series = blocking(AsyncExperiments.series)
    check = blocking(AsyncExperiments.check)
    promote = blocking(AsyncExperiments.promote)
    rollback = blocking(AsyncExperiments.rollback)
    assign = blocking(AsyncExperiments.assign)
    record = blocking(AsyncExperiments.record)
    record_many = blocking(AsyncExperiments.record_many)
