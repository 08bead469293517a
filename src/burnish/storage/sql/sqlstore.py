from __future__ import annotations

from burnish.storage.changes import Changes
from burnish.storage.sql.branches import SqlBranches
from burnish.storage.sql.database import Database
from burnish.storage.sql.datasets import SqlDatasets
from burnish.storage.sql.evaluations import SqlEvaluations
from burnish.storage.sql.experiments import SqlExperiments
from burnish.storage.sql.jobs import SqlJobs
from burnish.storage.sql.knowledge import SqlKnowledge
from burnish.storage.sql.labels import SqlLabels
from burnish.storage.sql.optimizations import SqlOptimizations
from burnish.storage.sql.packs import SqlPacks
from burnish.storage.sql.periods import SqlPeriods
from burnish.storage.sql.prompts import SqlPrompts
from burnish.storage.sql.relations import SqlRelations
from burnish.storage.sql.runs import SqlRuns
from burnish.storage.sql.schedules import SqlSchedules
from burnish.storage.sql.search import SqlSearch
from burnish.storage.sql.techniques import SqlTechniques
from burnish.storage.sql.versions import SqlVersions
from burnish.storage.upkeep import Upkeep


class SqlStore:
    """A `Store` over a `Database`."""

    def __init__(self, database: Database, upkeep: Upkeep, changes: Changes | None = None) -> None:
        self.database = database
        self.upkeep = upkeep
        self.prompts = SqlPrompts(database)
        self.versions = SqlVersions(database)
        self.labels = SqlLabels(database)
        self.branches = SqlBranches(database)
        self.relations = SqlRelations(database)
        self.runs = SqlRuns(database)
        self.periods = SqlPeriods(database)
        self.search = SqlSearch(database)
        self.knowledge = SqlKnowledge(database)
        self.techniques = SqlTechniques(database)
        self.packs = SqlPacks(database)
        self.evaluations = SqlEvaluations(database)
        self.datasets = SqlDatasets(database)
        self.experiments = SqlExperiments(database)
        self.optimizations = SqlOptimizations(database)
        self.jobs = SqlJobs(database)
        self.schedules = SqlSchedules(database)
        self.changes = changes

    async def close(self) -> None:
        if self.changes is not None:
            await self.changes.close()
        await self.database.close()
