"""`p.experiments`: from a plan to what people get."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any

from msgspec import structs

from burnish.errors import BurnishError, Conflict, UsageError
from burnish.experiments import draft
from burnish.experiments.analyzing import Analyzing
from burnish.experiments.around import Around
from burnish.experiments.astray import astray
from burnish.experiments.keeping import Keeping
from burnish.experiments.online import Online
from burnish.experiments.starting import Starting
from burnish.prompts import refs
from burnish.prompts.refs import PRODUCTION
from burnish.storage.experiment import (
    Allocation,
    Experiment,
    Method,
    Moved,
    State,
    StopRule,
    Trial,
)
from burnish.storage.job import Job

if TYPE_CHECKING:
    from burnish.experiments.checking import Checking
    from burnish.experiments.findings import Findings
    from burnish.experiments.promote import Promoting, Promotion
    from burnish.experiments.recording import Recording
    from burnish.experiments.report.over_time import Point
    from burnish.experiments.serving import Serving

_USUAL = StopRule()


class AsyncExperiments(Analyzing, Online):
    """Each is named by its name, its id, or a beginning of its id."""

    def __init__(
        self, around: Around, serving: Callable[[], Serving], recording: Callable[[], Recording]
    ) -> None:
        Online.__init__(self, serving, recording)
        self._around = around
        self._keeping = Keeping(around)
        self._starting = Starting(around, self._keeping)

    @cached_property
    def _promoting(self) -> Promoting:
        from burnish.experiments.promote import Promoting

        return Promoting(self._around, self._keeping)

    @cached_property
    def _checking(self) -> Checking:
        from burnish.experiments.checking import Checking

        return Checking(self._around, self._keeping, self._promoting)

    async def create(
        self,
        name: str,
        variants: Sequence[Any],
        *,
        metric: Any = "",
        guardrails: Sequence[Any] = (),
        label: str = PRODUCTION,
        control: str = "",
        weights: Mapping[str, float] | None = None,
        method: Method | None = None,
        level: float = _USUAL.level,
        units: int | None = None,
        days: float | None = None,
        looks: int = _USUAL.looks,
        least: int = _USUAL.least,
        matters: float | None = None,
        loss: float | None = None,
        unit: str = "user",
        targets: Mapping[str, Sequence[str]] | None = None,
        holdout: float = 0.0,
        layer: str = "",
        layer_share: float = 1.0,
        ramp: Sequence[float] = (),
        ramp_h: float = 24.0,
        allocation: Allocation = "weights",
        auto: bool = False,
        data: str = "",
        scorers: Sequence[Any] = (),
        split: str | None = None,
        tags: Sequence[str] = (),
        limit: int | None = None,
        repeats: int = 1,
        concurrency: int | None = None,
        max_cost_usd: float | None = None,
        why: str = "",
    ) -> Experiment:
        """A draft, which `start` begins.

        `variants` are two or more versions of a prompt (`short=mail/late@3`), with what each sets
        in the place of its version's config (`model=…, temperature=0.2`) and its `weight`; the
        first is the `control` unless another is named. `metric` decides, `guardrails` must not get
        worse than by their margin. Without `data` units are assigned wherever the prompt is asked
        for by its `label` with a unit; with it, a dataset, each variant answers the same examples:
        those of the test split where it has enough, unless a `split` is named, or `all`.

        Raises UsageError for a plan that cannot be carried out, Conflict for a name that is taken,
        NotFound for a version or a dataset that is not there.
        """
        return await self._drafted(locals())

    async def _drafted(self, given: Mapping[str, Any]) -> Experiment:
        """What is wrong is told in the order in which it was given."""
        trial, around, keeping = None, self._around, self._keeping
        kind = "offline" if given["data"] else "online"
        name = refs.check_name(given["name"], "experiment")
        written = draft.variants_of(given["variants"], given["weights"], given["control"])
        variants = await keeping.pinned(kind, written)
        if not given["data"]:
            draft.check_no_trial(given)
        else:
            from burnish.evals.datasets.splits import checked_split

            split = given["split"]
            own: dict[str, Any] = {
                "split": split if split == "all" else checked_split(split),
                "dataset": await around.dataset(given["data"]),
                "examples": given["limit"],
                "scorers": around.scorers(given["scorers"]),
                "tags": tuple(given["tags"]),
            }
            trial = Trial(**{**draft.fields(Trial, given), **own})
        plan = draft.plan_from(given, variants, trial)
        return await keeping.add(name, kind, plan, given["label"], given["why"])

    async def list(
        self, *, state: State | None = None, prompt: str = "", limit: int = 50
    ) -> list[Experiment]:
        """Newest first; those in a state, or of a prompt."""
        return await self._keeping.page(limit, state, prompt)

    async def get(self, name: str) -> Experiment:
        """Raises NotFound, and Conflict where several ids begin so."""
        return await self._keeping.get(name)

    async def log(self, name: str, *, limit: int = 100) -> list[Moved]:
        """Who moved it when, and why; newest first."""
        return await self._keeping.log(name, limit)

    async def start(
        self,
        name: str,
        *,
        why: str = "",
        background: bool = False,
        progress: Callable[[Job], None] | None = None,
    ) -> Experiment:
        """Begins it, or goes on with one that was paused: from now on units are assigned. Raises
        Conflict where another experiment is in the way.

        One on a dataset is asked here until it has ended, or in the `background` by `burnish
        worker`; `progress` hears how far it is. One that was stopped goes on, and no finished
        answer is asked for again. Raises Unavailable for a variant whose model cannot answer.
        """
        experiment = await self.get(name)
        if experiment.kind == "online":
            if background:
                raise UsageError(
                    f"experiment {experiment.name!r} has no work to leave to workers",
                    hint="start it without --background: units are assigned at once",
                )
            return await self._starting.online(experiment, why)
        if not background:
            return await self._around.offline.run(experiment, why=why, progress=progress)
        await self._around.offline.submit(experiment, why=why)
        return await self.get(experiment.id)

    async def pause(self, name: str, *, why: str = "") -> Experiment:
        """Nobody is assigned any more, within a second; who asks gets what the label says. What was
        recorded stays."""
        experiment = await self._keeping.move(await self.get(name), "paused", "paused", why=why)
        return await self._halted(experiment)

    async def stop(self, name: str, *, why: str = "") -> Experiment:
        """Ends it for good: completed where its stop rule is met, else stopped. Its verdict is
        kept."""
        experiment = await self.get(name)
        if experiment.state not in ("running", "paused"):
            return await self._keeping.move(experiment, "stopped", "stopped")
        return await self._halted(await self._checking.end(await self._found(experiment), why))

    async def set_shares(
        self, name: str, shares: Mapping[str, float], *, why: str = ""
    ) -> Experiment:
        """Changes the shares of all variants: whom a variant was shown to keeps it, and from then
        on units are weighed by the chance that they had. A share of 0 gives a variant to nobody
        new, for good. Raises UsageError, and Conflict unless it runs or is paused."""
        experiment = await self.get(name)
        new = draft.shares_from(experiment, shares)
        if experiment.kind == "offline":
            raise UsageError(
                f"experiment {experiment.name!r} is offline: each variant answers every example",
                hint="shares are of units",
            )
        if experiment.state not in ("running", "paused"):
            raise Conflict(
                f"experiment {experiment.name!r} is {experiment.state}",
                hint="the weights of a draft are given when it is created",
            )
        return await self._keeping.change(
            experiment,
            "shares",
            why=why,
            facts={"shares": new},
            shares=new,
            generation=experiment.generation + 1,
        )

    async def delete(self, name: str) -> Experiment:
        """With all that was recorded. Raises Conflict for one that runs or is paused."""
        return await self._keeping.delete(name)

    async def report(self, name: str) -> Findings:
        """What it has come to so far. Nothing is changed."""
        return await self._noted(await self._found(await self.get(name)))

    async def series(self, of: str | Findings) -> tuple[Point, ...]:
        """What was known of each variant at times from the start to now, or to the end: oldest
        first, the last ones being what `report` tells. `of` is an experiment, or what `report`
        gave. Empty before there is anything to compare, and for an offline experiment."""
        from burnish.experiments.report.stored import series_of

        found = await self.report(of) if isinstance(of, str) else of
        return await series_of(await self._around.store(), found)

    async def check(self, name: str = "") -> list[Findings]:
        """Does what is due in each that runs, or in one: halts where a guardrail is broken, goes up
        the ramp, lets shares follow, ends at the stop rule, promotes where it is to."""
        if name:
            return [await self._noted(await self._checking.check(await self.get(name)))]
        due = [
            each
            for state in ("running", "completed")
            for each in await self._keeping.page(1_000, state, "")
            if (each.kind == "online" and state == "running")
            or (state == "completed" and each.plan.auto and each.promoted is None)
        ]
        return [await self._checked(each) for each in due]

    async def _checked(self, experiment: Experiment) -> Findings:
        """What stands in the way of one is among its notes, and in the way of no other."""
        try:
            return await self._noted(await self._checking.check(experiment))
        except BurnishError as error:
            found = await self._found(await self.get(experiment.id))
            return structs.replace(found, notes=(*found.notes, str(error)))

    async def promote(
        self, name: str, variant: str = "", *, force: bool = False, why: str = ""
    ) -> Promotion:
        """Moves the label to the winner, with what it was decided on in the log; an experiment that
        still runs ends. A label that needs an approval is asked for.

        Raises NotShown for a variant that is not shown to be best, or with a guardrail broken,
        unless it is forced, with a reason; Conflict where the label was moved by hand on the way.
        """
        found = await self._found(await self.get(name))
        if found.experiment.state == "draft":
            raise Conflict(
                f"experiment {found.experiment.name!r} has not begun", hint="start it first"
            )
        promotion = await self._promoting.promote(found, variant, force=force, why=why)
        if not promotion.experiment.ended:
            found = structs.replace(found, experiment=promotion.experiment)
            ended = await self._checking.end(found, why or "its winner is promoted")
            promotion = structs.replace(promotion, experiment=await self._halted(ended))
        return promotion

    async def rollback(self, name: str, *, force: bool = False, why: str = "") -> Experiment:
        """Takes a promotion back: the label goes where it stood when the experiment began. Raises
        Conflict where it was moved since, unless it is forced."""
        return await self._promoting.roll_back(await self.get(name), force=force, why=why)

    async def _halted(self, experiment: Experiment) -> Experiment:
        """First the state, then the work: it leaves a state alone that somebody has set."""
        if experiment.kind == "offline":
            await self._around.offline.halt(experiment)
        return experiment

    async def _noted(self, found: Findings) -> Findings:
        """With what has become of its versions and its label."""
        notes = await astray(self._around, found.experiment)
        return structs.replace(found, notes=(*found.notes, *notes)) if notes else found

    async def _found(self, experiment: Experiment) -> Findings:
        from burnish.experiments.standing import findings

        return await findings(await self._around.store(), experiment, self._around.now())
