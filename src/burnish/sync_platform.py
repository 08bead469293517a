"""The platform as plain functions: the same methods, waiting for their results."""

from __future__ import annotations

from functools import cached_property
from types import TracebackType
from typing import TYPE_CHECKING, Self

from burnish._sync import LoopThread, SyncFace, blocking, direct, streaming
from burnish.generation.persona import Persona
from burnish.library.prompts import AsyncPrompts
from burnish.platform import AsyncPlatform
from burnish.settings import Settings
from burnish.storage.store import Fetched
from burnish.techniques import Catalog

if TYPE_CHECKING:
    from burnish.evals.registry import Scorers
    from burnish.library.fallback import Fallback
    from burnish.library.units import Attributes
    from burnish.optimizers.optimizer import Optimizer
    from burnish.storage.cache import ResponseCache
    from burnish.sync_datasets import Datasets, Evaluations
    from burnish.sync_experiments import Experiments
    from burnish.sync_jobs import Jobs, Schedules
    from burnish.sync_knowledge import Knowledge
    from burnish.sync_optimizations import Optimizations
    from burnish.sync_rooms import Db, Models, Packs, Runs, Starter
    from burnish.sync_security import Audit, Keys, Oidc, Projects, Sessions, Users, Webhooks


class Prompts(SyncFace[AsyncPrompts]):
    """`platform.prompts` of the sync face."""

    branch = blocking(AsyncPrompts.branch)
    branches = blocking(AsyncPrompts.branches)
    delete_branch = blocking(AsyncPrompts.delete_branch)
    preview_merge = blocking(AsyncPrompts.preview_merge)
    merge = blocking(AsyncPrompts.merge)
    preview_revert = blocking(AsyncPrompts.preview_revert)
    revert = blocking(AsyncPrompts.revert)
    blame = blocking(AsyncPrompts.blame)
    graph = blocking(AsyncPrompts.graph)
    similar = blocking(AsyncPrompts.similar)
    copy = blocking(AsyncPrompts.copy)
    improve_with = blocking(AsyncPrompts.improve_with)
    tag = blocking(AsyncPrompts.tag)
    ask_label = blocking(AsyncPrompts.ask_label)
    approve = blocking(AsyncPrompts.approve)
    refuse = blocking(AsyncPrompts.refuse)
    label_requests = blocking(AsyncPrompts.label_requests)
    archive = blocking(AsyncPrompts.archive)
    unarchive = blocking(AsyncPrompts.unarchive)
    unused = blocking(AsyncPrompts.unused)
    create = blocking(AsyncPrompts.create)
    create_many = blocking(AsyncPrompts.create_many)
    add_history = blocking(AsyncPrompts.add_history)
    check_history = blocking(AsyncPrompts.check_history)
    history_file = blocking(AsyncPrompts.history_file)
    update = blocking(AsyncPrompts.update)
    edit = blocking(AsyncPrompts.edit)
    expand = blocking(AsyncPrompts.expand)
    render = blocking(AsyncPrompts.render)
    fill = blocking(AsyncPrompts.fill)
    history = blocking(AsyncPrompts.history)
    diff = blocking(AsyncPrompts.diff)
    rollback = blocking(AsyncPrompts.rollback)
    set_label = blocking(AsyncPrompts.set_label)
    remove_label = blocking(AsyncPrompts.remove_label)
    labels = blocking(AsyncPrompts.labels)
    label_log = blocking(AsyncPrompts.label_log)
    delete = blocking(AsyncPrompts.delete)
    restore = blocking(AsyncPrompts.restore)
    list = blocking(AsyncPrompts.list)
    record_use = blocking(AsyncPrompts.record_use)
    record_rating = blocking(AsyncPrompts.record_rating)
    reload = blocking(AsyncPrompts.reload)
    _get = blocking(AsyncPrompts.get)

    def __init__(self, target: AsyncPrompts, loop: LoopThread) -> None:
        super().__init__(target, loop)
        self._fresh = target.fresh
        self.get_cached = target.get_cached

    # A plain method over the dict, all of whose parameters may stand in their places: Python
    # fills others in so slowly that it would take as long as the lookup.
    def get(  # noqa: PLR0917 - see above
        self,
        reference: str,
        label: str | None = None,
        revision: int | None = None,
        fallback: Fallback | None = None,
        unit: str | None = None,
        attributes: Attributes | None = None,
    ) -> Fetched:
        """The version that a reference means, or a name with a label or a revision. A bare name
        gives `production` where that label exists, else the latest; `via` says which.

        A `unit`, such as the id of a user, gets the version that an experiment with that label
        assigns it to, always the same one; `via` is then "experiment". `attributes` are what
        experiments target by, and are kept with the exposure.

        Served from memory, which hears within a second of what other processes change, or looks
        again after `cache.label_ttl_s` where the store cannot tell. While the store is away, what
        was known last is served, marked `stale`. `fallback` is a text, messages, or a function
        (async too) that gives one; it is used, and called, only where there is nothing else, and
        `via` is then "fallback".
        """
        if revision is None:
            if unit is None:
                try:
                    return self._fresh[reference][label]
                except (KeyError, TypeError):
                    pass
            elif found := self._target.units.at_once(reference, label, unit, attributes):
                return found
        return self._get(reference, label, revision, fallback, unit, attributes)


class Platform(SyncFace[AsyncPlatform]):
    """Everything that Burnish does. `burnish.open()` makes one; close it, or use `with`."""

    def __init__(self, target: AsyncPlatform, loop: LoopThread) -> None:
        super().__init__(target, loop)
        self.prompts = Prompts(target.prompts, loop)

    analyze = direct(AsyncPlatform.analyze_here)
    redact = direct(AsyncPlatform.redact_here)
    analyze_many = blocking(AsyncPlatform.analyze_many)
    select_techniques = blocking(AsyncPlatform.select_techniques)
    enhance = blocking(AsyncPlatform.enhance)
    generate = blocking(AsyncPlatform.generate)
    plan_generation = blocking(AsyncPlatform.plan_generation)
    plan_enhancement = blocking(AsyncPlatform.plan_enhancement)
    save = blocking(AsyncPlatform.save)
    batch = blocking(AsyncPlatform.batch)
    plan_batch = blocking(AsyncPlatform.plan_batch)
    import_ = blocking(AsyncPlatform.import_)
    sync = blocking(AsyncPlatform.sync)
    export_ = blocking(AsyncPlatform.export_)
    complete = blocking(AsyncPlatform.complete)
    evaluate = blocking(AsyncPlatform.evaluate)
    plan_evaluation = blocking(AsyncPlatform.plan_evaluation)
    run_evaluation = blocking(AsyncPlatform.run_evaluation)
    submit_evaluation = blocking(AsyncPlatform.submit_evaluation)
    resume_evaluation = blocking(AsyncPlatform.resume_evaluation)
    optimize = blocking(AsyncPlatform.optimize)
    plan_optimization = blocking(AsyncPlatform.plan_optimization)
    run_optimization = blocking(AsyncPlatform.run_optimization)
    submit_optimization = blocking(AsyncPlatform.submit_optimization)
    resume_optimization = blocking(AsyncPlatform.resume_optimization)
    optimize_where = blocking(AsyncPlatform.optimize_where)
    submit_optimizations = blocking(AsyncPlatform.submit_optimizations)
    weak_prompts = blocking(AsyncPlatform.weak_prompts)
    plan_optimizations = blocking(AsyncPlatform.plan_optimizations)
    export_pairs = blocking(AsyncPlatform.export_pairs)
    score = blocking(AsyncPlatform.score)
    check_judge = blocking(AsyncPlatform.check_judge)
    feedback = blocking(AsyncPlatform.feedback)
    feedback_events = blocking(AsyncPlatform.feedback_events)
    search = blocking(AsyncPlatform.search)
    near_duplicates = blocking(AsyncPlatform.near_duplicates)
    reindex = blocking(AsyncPlatform.reindex)
    stats = blocking(AsyncPlatform.stats)
    report = blocking(AsyncPlatform.report)
    cache_stats = blocking(AsyncPlatform.cache_stats)
    cache_clear = blocking(AsyncPlatform.cache_clear)
    record_run = blocking(AsyncPlatform.record_run)
    flush = blocking(AsyncPlatform.flush)

    generate_stream = streaming(AsyncPlatform.generate_stream)

    def new_id(self) -> str:
        """A new id, for a run of one's own."""
        return self._target.new_id()

    @property
    def responses(self) -> ResponseCache:
        """Answers that are remembered."""
        return self._target.responses

    def check_model(self, name: str) -> str:
        """The full name of a model. Raises UsageError for a provider that there is not."""
        return self._target.check_model(name)

    @property
    def automatic_model(self) -> str:
        """The model that `auto` means now; `offline` where nothing is set up."""
        return self._target.automatic_model

    @cached_property
    def runs(self) -> Runs:
        """What was run."""
        from burnish.sync_rooms import Runs

        return Runs(self._target.runs, self._loop)

    @cached_property
    def starter(self) -> Starter:
        """Ready prompts to begin with."""
        from burnish.sync_rooms import Starter

        return Starter(self._target.starter, self._loop)

    @cached_property
    def db(self) -> Db:
        """The database itself: migrate, backup, vacuum."""
        from burnish.sync_rooms import Db

        return Db(self._target.db, self._loop)

    @cached_property
    def packs(self) -> Packs:
        """Sets of prompts to share."""
        from burnish.sync_rooms import Packs

        return Packs(self._target.packs, self._loop)

    @cached_property
    def knowledge(self) -> Knowledge:
        """Texts that prompts are grounded on."""
        from burnish.sync_knowledge import Knowledge

        return Knowledge(self._target.knowledge, self._loop)

    @cached_property
    def datasets(self) -> Datasets:
        """Examples to try prompts on."""
        from burnish.sync_datasets import Datasets

        return Datasets(self._target.datasets, self._loop)

    @cached_property
    def evaluations(self) -> Evaluations:
        """What was evaluated, and what came of it."""
        from burnish.sync_datasets import Evaluations

        return Evaluations(self._target.evaluations, self._loop)

    @cached_property
    def experiments(self) -> Experiments:
        """Which variant is better, and how many units that takes."""
        from burnish.sync_experiments import Experiments

        return Experiments(self._target.experiments, self._loop)

    @cached_property
    def optimizations(self) -> Optimizations:
        """Searches for a better prompt, and what they found."""
        from burnish.sync_optimizations import Optimizations

        return Optimizations(self._target.optimizations, self._loop)

    @cached_property
    def jobs(self) -> Jobs:
        """Long work that can be watched, cancelled and resumed."""
        from burnish.sync_jobs import Jobs

        return Jobs(self._target.jobs, self._loop)

    @cached_property
    def schedules(self) -> Schedules:
        """What begins jobs from time to time."""
        from burnish.sync_jobs import Schedules

        return Schedules(self._target.schedules, self._loop)

    @cached_property
    def audit(self) -> Audit:
        """Who changed what, when and from where."""
        from burnish.sync_security import Audit

        return Audit(self._target.audit, self._loop)

    @cached_property
    def webhooks(self) -> Webhooks:
        """Who wants to hear what happens."""
        from burnish.sync_security import Webhooks

        return Webhooks(self._target.webhooks, self._loop)

    @cached_property
    def users(self) -> Users:
        """The people who use a server."""
        from burnish.sync_security import Users

        return Users(self._target.users, self._loop)

    @cached_property
    def sessions(self) -> Sessions:
        """Signing in and out."""
        from burnish.sync_security import Sessions

        return Sessions(self._target.sessions, self._loop)

    @cached_property
    def oidc(self) -> Oidc:
        """Signing in with an identity provider."""
        from burnish.sync_security import Oidc

        return Oidc(self._target.oidc, self._loop)

    @cached_property
    def projects(self) -> Projects:
        """What of a server is kept apart, and for whom."""
        from burnish.sync_security import Projects

        return Projects(self._target.projects, self._loop)

    @cached_property
    def keys(self) -> Keys:
        """What programs show to a server that asks who they are."""
        from burnish.sync_security import Keys

        return Keys(self._target.keys, self._loop)

    @cached_property
    def models(self) -> Models:
        """Providers and their models."""
        from burnish.sync_rooms import Models

        return Models(self._target.models, self._loop)

    @property
    def optimizers(self) -> dict[str, Optimizer]:
        """All ways to look for a better prompt by name, those of plug-ins last."""
        return self._target.optimizers

    @property
    def settings(self) -> Settings:
        return self._target.settings

    @property
    def sources(self) -> dict[str, str]:
        """Where each setting's value came from."""
        return self._target.sources

    @property
    def catalog(self) -> Catalog:
        return self._target.catalog

    @property
    def scorers(self) -> Scorers:
        """All scorers by name: names, list, describe, make."""
        return self._target.scorers

    @property
    def personas(self) -> dict[str, Persona]:
        return self._target.personas

    def close(self) -> None:
        """Ends what the platform started. Calling it twice is harmless."""
        if not self._loop.closed:
            self._loop.run(self._target.close())
            self._loop.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()
