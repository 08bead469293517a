"""Long work on a platform: batches, jobs and what begins them from time to time."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from datetime import timedelta
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from msgspec import structs

from burnish.platform.finding import Finding
from burnish.platform.generating import Generating

if TYPE_CHECKING:
    from burnish.generation.batch import BatchReport, Progress
    from burnish.jobs.inline import InlineRunner
    from burnish.jobs.job import Work
    from burnish.jobs.schedules import AsyncSchedules
    from burnish.platform.answered import Answered
    from burnish.platform.batches import Batches, BatchPlan
    from burnish.security.audit import AsyncAudit
    from burnish.security.buckets import SharedBuckets
    from burnish.security.by_mail import ByMail
    from burnish.security.keyring import Keyring
    from burnish.security.keys import AsyncKeys
    from burnish.security.oidc import AsyncOidc
    from burnish.security.outbox import Outbox
    from burnish.security.projects import AsyncProjects
    from burnish.security.sessions import AsyncSessions
    from burnish.security.users import AsyncUsers
    from burnish.storage.job import Job
    from burnish.storage.store import Store


class Working(Finding):
    _generating: Generating

    async def close(self) -> None:
        """Writes what is not yet written and ends what the platform started; jobs that run here
        are queued again. Calling it twice is harmless."""
        try:
            if "jobs" in self.__dict__:
                await self.jobs.close()
            if "_outbox" in self.__dict__:
                await self._outbox.close()
        finally:
            await super().close()

    @cached_property
    def jobs(self) -> InlineRunner:
        """Long work: submit, list, get, watch, wait, cancel, resume, forget, work."""
        from burnish.platform.jobs import runner_of

        return runner_of(
            self, self._kinds(), self._open_store, new_id=self._ids, warn=self._live.warn
        )

    def _kinds(self) -> dict[str, Work]:
        """What work there is for jobs, by name."""
        from burnish.platform.jobs import kinds_of

        return kinds_of(self)

    @cached_property
    def schedules(self) -> AsyncSchedules:
        """What begins jobs from time to time: add, list, get, begin, remove, pause, resume."""
        from burnish.jobs.schedules import AsyncSchedules

        return AsyncSchedules(
            self._open_store,
            self._check_job,
            lambda: self.settings.author_name,
            new_id=self._ids,
            run=self._begin_job,
        )

    @cached_property
    def audit(self) -> AsyncAudit:
        """Who changed what, when and from where: list, verify, export."""
        from burnish.security.audit import AsyncAudit

        return AsyncAudit(self._open_store, lambda: self.settings.author_name, self._ids)

    @cached_property
    def keys(self) -> AsyncKeys:
        """What programs show to a server that asks who they are: create, list, revoke."""
        from burnish.security.keys import AsyncKeys

        return AsyncKeys(self._open_store, self.audit, lambda: self.settings.author_name, self._ids)

    @cached_property
    def projects(self) -> AsyncProjects:
        """What of a server is kept apart, and for whom: create, list, members, grant, withdraw."""
        from burnish.security.projects import AsyncProjects

        return AsyncProjects(
            self._open_store, self.audit, lambda: self.settings.author_name, self._ids
        )

    def of_project(self, name: str) -> Self:
        """The same platform on the database of a project, which is to be closed, too."""
        settings = structs.replace(self.settings, project=name)
        return type(self)(structs.replace(self._loaded, settings=settings), self._given_plugins)

    async def _in_projects(self) -> AsyncGenerator[tuple[Store, AsyncAudit]]:
        """The store of each project, and who changed what in it."""
        if self.settings.project:
            return
        for project in await (await self._open_store()).projects.all():
            platform = self.of_project(project.name)
            try:
                yield await platform._flushed_store(), platform.audit  # noqa: SLF001 - its own kind
            finally:
                await platform.close()

    @cached_property
    def users(self) -> AsyncUsers:
        """The people who use a server: create, invite, list, get, change, remove, register, me and
        others."""
        from burnish.security.privacy import Privacy
        from burnish.security.users import AsyncUsers

        return AsyncUsers(
            self._open_store,
            self.audit,
            self.settings.accounts,
            Privacy(self._flushed_store, self.audit, self._in_projects),
            self.by_mail,
            who=lambda: self.settings.author_name,
            new_id=self._ids,
        )

    @cached_property
    def sessions(self) -> AsyncSessions:
        """Signing in and out: login, refresh, logout, list, end."""
        from burnish.security.sessions import AsyncSessions
        from burnish.security.tokens import AccessTokens

        accounts = self.settings.accounts
        tokens = AccessTokens(self.keyring, timedelta(minutes=accounts.access_min))
        return AsyncSessions(
            self._open_store,
            self.audit,
            tokens,
            accounts,
            by_mail=self.by_mail,
            new_id=self._ids,
        )

    @cached_property
    def by_mail(self) -> ByMail:
        """What people are told by letters. Raises SettingsError for settings with which none could
        be sent safely."""
        from burnish.security.by_mail import ByMail
        from burnish.security.smtp import smtp_of
        from burnish.settings.vendor import SMTP_PASSWORD

        asked = self.settings.mail
        mail = smtp_of(asked, self._parts.vendor.get(SMTP_PASSWORD))
        return ByMail(self._open_store, mail, self._outbox, link=asked.link)

    @cached_property
    def _outbox(self) -> Outbox:
        from burnish.security.outbox import Outbox

        return Outbox(self._live.warn)

    @cached_property
    def oidc(self) -> AsyncOidc:
        """Signing in with an identity provider: begin, finish."""
        from burnish.security.oidc import AsyncOidc
        from burnish.security.provider import Provider
        from burnish.settings.vendor import OIDC_SECRET

        asked = self.settings.oidc
        secret = self._parts.vendor.get(OIDC_SECRET)
        return AsyncOidc(
            self._open_store,
            self.audit,
            self.sessions,
            Provider(asked, secret) if asked.issuer else None,
            asked,
            new_id=self._ids,
        )

    @cached_property
    def keyring(self) -> Keyring:
        """What the server signs with: of the environment, or of a file in the data folder."""
        from burnish.security.keyrings import keyring_of
        from burnish.settings.vendor import SIGNING_KEYS

        return keyring_of(self._parts.vendor.get(SIGNING_KEYS), self.settings.home_path)

    def buckets(self) -> SharedBuckets:
        """How much each has asked of all processes on this store."""
        from burnish.security.buckets import SharedBuckets

        return SharedBuckets(self._open_store)

    @cached_property
    def answered(self) -> Answered:
        """What was answered to requests that have a key."""
        from burnish.platform.answered import Answered

        return Answered(self._open_store)

    def _begin_job(self, job: Job) -> None:
        self.jobs.begin(job)

    async def _check_job(self, kind: str, given: Mapping[str, Any]) -> None:
        """Raises what such a job would fail of now."""
        from burnish.platform.jobs import check_input

        self.jobs.check(kind, given)
        check_input(kind, given)

    async def batch(
        self,
        items: Sequence[str | Mapping[str, Any]] | Path | str,
        *,
        output: Path | str | None = None,
        workers: int = 4,
        resume: bool = False,
        skip_errors: bool = False,
        progress: Callable[[Progress], None] | None = None,
        **options: Any,
    ) -> BatchReport:
        """`generate` for many ideas, `workers` at a time.

        `items` are ideas, objects with an idea and options of their own, or the path of a file of
        them (JSON, JSON lines, CSV, text). Each finished item is a line of the journal `output`
        (beside the file unless named); `resume` goes on with a journal and does only what is
        left. The `options` are those of `generate`, for all items.

        Raises the first error after the items under way have ended, unless `skip_errors`.
        """
        return await self._batches.run(
            items,
            output=output,
            workers=workers,
            resume=resume,
            skip_errors=skip_errors,
            progress=progress,
            options=options,
        )

    async def plan_batch(
        self, items: Sequence[str | Mapping[str, Any]] | Path | str, **options: Any
    ) -> BatchPlan:
        """What `batch` would do: the items, the model and how many calls; nothing is run."""
        return self._batches.plan(items, options)

    @cached_property
    def _batches(self) -> Batches:
        from burnish.platform.batches import Batches

        return Batches(self._generating, self._live, self.prompts)
