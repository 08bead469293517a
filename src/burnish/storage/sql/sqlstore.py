from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

from burnish.storage.changes import Changes
from burnish.storage.sql.branches import SqlBranches
from burnish.storage.sql.database import Database
from burnish.storage.sql.datasets import SqlDatasets
from burnish.storage.sql.evaluations import SqlEvaluations
from burnish.storage.sql.jobs import SqlJobs
from burnish.storage.sql.labels import SqlLabels
from burnish.storage.sql.prompts import SqlPrompts
from burnish.storage.sql.relations import SqlRelations
from burnish.storage.sql.runs import SqlRuns
from burnish.storage.sql.schedules import SqlSchedules
from burnish.storage.sql.techniques import SqlTechniques
from burnish.storage.sql.versions import SqlVersions
from burnish.storage.upkeep import Upkeep

if TYPE_CHECKING:
    from burnish.storage.sql.api_keys import SqlApiKeys
    from burnish.storage.sql.audit import SqlAudit
    from burnish.storage.sql.buckets import SqlBuckets
    from burnish.storage.sql.counters import SqlCounters
    from burnish.storage.sql.experiments import SqlExperiments
    from burnish.storage.sql.feedback import SqlFeedback
    from burnish.storage.sql.identities import SqlIdentities
    from burnish.storage.sql.knowledge import SqlKnowledge
    from burnish.storage.sql.optimizations import SqlOptimizations
    from burnish.storage.sql.packs import SqlPacks
    from burnish.storage.sql.periods import SqlPeriods
    from burnish.storage.sql.persons import SqlPersons
    from burnish.storage.sql.projects import SqlProjects
    from burnish.storage.sql.requests import SqlRequests
    from burnish.storage.sql.search import SqlSearch
    from burnish.storage.sql.sessions import SqlSessions
    from burnish.storage.sql.users import SqlUsers
    from burnish.storage.sql.webhooks import SqlWebhooks

T = TypeVar("T")


class SqlStore:
    """A `Store` over a `Database`. What most processes never ask for is made when it is."""

    def __init__(self, database: Database, upkeep: Upkeep, changes: Changes | None = None) -> None:
        self.database = database
        self.upkeep = upkeep
        self.prompts = SqlPrompts(database)
        self.versions = SqlVersions(database)
        self.labels = SqlLabels(database)
        self.branches = SqlBranches(database)
        self.relations = SqlRelations(database)
        self.runs = SqlRuns(database)
        self.techniques = SqlTechniques(database)
        self.evaluations = SqlEvaluations(database)
        self.datasets = SqlDatasets(database)
        self.jobs = SqlJobs(database)
        self.schedules = SqlSchedules(database)
        self.changes = changes
        self._rooms: dict[Callable[[Database], Any], Any] = {}

    @property
    def experiments(self) -> SqlExperiments:
        from burnish.storage.sql.experiments import SqlExperiments

        return self._once(SqlExperiments)

    @property
    def optimizations(self) -> SqlOptimizations:
        from burnish.storage.sql.optimizations import SqlOptimizations

        return self._once(SqlOptimizations)

    @property
    def packs(self) -> SqlPacks:
        from burnish.storage.sql.packs import SqlPacks

        return self._once(SqlPacks)

    @property
    def periods(self) -> SqlPeriods:
        from burnish.storage.sql.periods import SqlPeriods

        return self._once(SqlPeriods)

    @property
    def knowledge(self) -> SqlKnowledge:
        from burnish.storage.sql.knowledge import SqlKnowledge

        return self._once(SqlKnowledge)

    @property
    def search(self) -> SqlSearch:
        from burnish.storage.sql.search import SqlSearch

        return self._once(SqlSearch)

    @property
    def requests(self) -> SqlRequests:
        from burnish.storage.sql.requests import SqlRequests

        return self._once(SqlRequests)

    @property
    def api_keys(self) -> SqlApiKeys:
        from burnish.storage.sql.api_keys import SqlApiKeys

        return self._once(SqlApiKeys)

    @property
    def feedback(self) -> SqlFeedback:
        from burnish.storage.sql.feedback import SqlFeedback

        return self._once(SqlFeedback)

    @property
    def counters(self) -> SqlCounters:
        from burnish.storage.sql.counters import SqlCounters

        return self._once(SqlCounters)

    @property
    def audit(self) -> SqlAudit:
        from burnish.storage.sql.audit import SqlAudit

        return self._once(SqlAudit)

    @property
    def users(self) -> SqlUsers:
        from burnish.storage.sql.users import SqlUsers

        return self._once(SqlUsers)

    @property
    def sessions(self) -> SqlSessions:
        from burnish.storage.sql.sessions import SqlSessions

        return self._once(SqlSessions)

    @property
    def identities(self) -> SqlIdentities:
        from burnish.storage.sql.identities import SqlIdentities

        return self._once(SqlIdentities)

    @property
    def projects(self) -> SqlProjects:
        from burnish.storage.sql.projects import SqlProjects

        return self._once(SqlProjects)

    @property
    def buckets(self) -> SqlBuckets:
        from burnish.storage.sql.buckets import SqlBuckets

        return self._once(SqlBuckets)

    @property
    def persons(self) -> SqlPersons:
        from burnish.storage.sql.persons import SqlPersons

        return self._once(SqlPersons)

    @property
    def webhooks(self) -> SqlWebhooks:
        from burnish.storage.sql.webhooks import SqlWebhooks

        return self._once(SqlWebhooks)

    def _once(self, room: Callable[[Database], T]) -> T:
        found = self._rooms.get(room)
        if found is None:
            found = self._rooms[room] = room(self.database)
        return found

    async def close(self) -> None:
        if self.changes is not None:
            await self.changes.close()
        await self.database.close()
