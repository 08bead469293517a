"""From what an experiment has shown to what people get."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import msgspec

from burnish.errors import Conflict, NotPermitted, NotShown, UsageError
from burnish.experiments.around import Around
from burnish.experiments.findings import Findings
from burnish.experiments.keeping import Keeping
from burnish.experiments.trial import configured
from burnish.experiments.verdict import figures
from burnish.storage.experiment import Experiment, Moved, Variant, What
from burnish.storage.lineage import LabelRequest

_MOST_LINES = 1_000
# Others who change an experiment do so once a minute.
_TRIES = 5
_FRESH = timedelta(minutes=1)
_STEPS: tuple[What, ...] = ("promoting", "promoted", "asked", "rolled back")


class Promotion(msgspec.Struct, frozen=True, kw_only=True):
    """`revision` is where the label stands now. Where it is protected it has not moved, and
    `request` is what another person has to approve."""

    experiment: Experiment
    variant: str
    label: str
    revision: int
    moved: bool
    request: LabelRequest | None = None


class Promoting:
    def __init__(self, around: Around, keeping: Keeping) -> None:
        self._around = around
        self._keeping = keeping

    async def promote(self, found: Findings, variant: str, *, force: bool, why: str) -> Promotion:
        """Raises NotShown for what is not shown to be better, unless it is forced."""
        experiment = found.experiment
        chosen = _chosen(found, variant, force=force, why=why)
        revision = await self._revision(experiment, chosen)
        await self._check_label(experiment, revision, force=force)
        if experiment.promoted == revision == await self._standing(experiment):
            raise Conflict(
                f"{experiment.label!r} of {experiment.prompt!r} is at revision {revision} already",
                hint="nothing is left to do",
                subject=experiment.label,
            )
        await self._check_asked(experiment, revision)
        await self._check_alone(experiment, revision)
        why = why or _reason(found, chosen.name)
        facts = evidence(found) | {"variant": chosen.name, "forced": force, "revision": revision}
        # Who is not the first to decide stops here, before anything has moved; and who goes on
        # after a process that died in between knows whose move it was.
        experiment = await self._keeping.change(experiment, "promoting", why=why, facts=facts)
        request = await self._move(experiment, revision, why)
        if request is None:
            experiment = await self._marked(
                experiment, "promoted", why, facts, promoted=revision, winner=chosen.name
            )
        else:
            facts["request"] = request.id
            experiment = await self._marked(experiment, "asked", why, facts)
        return Promotion(
            experiment=experiment,
            variant=chosen.name,
            label=experiment.label,
            revision=revision,
            moved=request is None,
            request=request,
        )

    async def roll_back(self, experiment: Experiment, *, force: bool, why: str) -> Experiment:
        """The label goes back to where it stood when the experiment began."""
        now = await self._standing(experiment)
        promoted = experiment.promoted or None
        if promoted is None:
            # Somebody else has approved it, or a process died on the way; neither is told here.
            last = await self._line(experiment, *_STEPS)
            if last is not None and last.what in ("asked", "promoting"):
                promoted = now if last.facts.get("revision") == now else None
        if promoted is None:
            raise Conflict(
                f"experiment {experiment.name!r} has promoted nothing", hint="see its log"
            )
        before = experiment.before or 0
        if now not in (promoted, before) and not force:
            raise Conflict(
                f"{experiment.label!r} of {experiment.prompt!r} was moved to {now} since",
                hint="move it by hand, or roll back with --force",
            )
        why = why or f"experiment {experiment.name} is rolled back"
        prompts = self._around.prompts
        if before and now != before:
            await prompts.set_label(experiment.prompt, experiment.label, before, why=why)
        elif now != before:
            await prompts.remove_label(experiment.prompt, experiment.label, why=why)
        facts = {"from": promoted, "to": before}
        return await self._marked(experiment, "rolled back", why, facts, promoted=0)

    async def _marked(
        self, experiment: Experiment, what: What, why: str, facts: dict[str, Any], **changes: Any
    ) -> Experiment:
        """What has happened to the label, once, whoever changes the experiment at that time."""
        before = await self._line(experiment, *_STEPS)
        for _ in range(_TRIES):
            try:
                return await self._keeping.change(experiment, what, why=why, facts=facts, **changes)
            except Conflict:
                experiment = await self._keeping.get(experiment.id)
                last = await self._line(experiment, *_STEPS)
                if last is not None and last.what == what and last != before:
                    # Somebody else has done and written the same.
                    return experiment
        return await self._keeping.change(experiment, what, why=why, facts=facts, **changes)

    async def _line(self, experiment: Experiment, *what: What) -> Moved | None:
        """The last one of these in its log."""
        log = await (await self._around.store()).experiments.log(experiment.id, _MOST_LINES)
        return next((line for line in log if line.what in what), None)

    async def _check_asked(self, experiment: Experiment, revision: int) -> None:
        """Raises Conflict for what waits for another person already."""
        asked = await self._line(experiment, "asked")
        if asked is None or asked.facts.get("revision") != revision:
            return
        store, request_id = await self._around.store(), str(asked.facts.get("request", ""))
        request = await store.labels.request(request_id)
        if request is not None and request.state == "open":
            raise Conflict(
                f"it was asked for already, on {asked.at:%Y-%m-%d}",
                hint=f"another person approves it: burnish prompts approve {request_id}",
                subject=request_id,
            )

    async def _check_alone(self, experiment: Experiment, revision: int) -> None:
        """Two that promote different variants at once could leave the label at one and the mark at
        the other."""
        last = await self._line(experiment, *_STEPS)
        if last is None or last.what != "promoting" or last.facts.get("revision") == revision:
            return
        if self._around.now() - last.at < _FRESH:
            raise Conflict(
                f"{last.by or 'somebody'} is promoting revision {last.facts.get('revision')} now",
                hint="look what came of it in a minute, then try again",
                subject=experiment.name,
            )

    async def _check_label(self, experiment: Experiment, revision: int, *, force: bool) -> None:
        """A label that somebody has moved by hand on the way is not what variants were compared
        with."""
        now = await self._standing(experiment)
        if experiment.kind == "offline" or force or now in (experiment.before or 0, revision):
            return
        raise Conflict(
            f"{experiment.label!r} of {experiment.prompt!r} was moved from {experiment.before} to "
            f"{now} while the experiment ran",
            hint="look why, then promote with --force --why",
            subject=experiment.label,
        )

    async def _standing(self, experiment: Experiment) -> int:
        for label in await self._around.prompts.labels(experiment.prompt):
            if label.name == experiment.label:
                return label.revision
        return 0

    async def _revision(self, experiment: Experiment, variant: Variant) -> int:
        """Of the variant's version; a new one where the variant says more than its version."""
        prompts = self._around.prompts
        found = await prompts.get(variant.prompt)
        config = configured(found.version.config, variant)
        if config == found.version.config:
            return found.version.revision
        text = f"as variant {variant.name} of experiment {experiment.name}"
        saved = await prompts.create(
            found.prompt.name, found.version.messages, config=config, message=text
        )
        return saved.version.revision

    async def _move(self, experiment: Experiment, revision: int, why: str) -> LabelRequest | None:
        prompts, name, label = self._around.prompts, experiment.prompt, experiment.label
        if await self._standing(experiment) == revision:
            return None
        try:
            await prompts.set_label(name, label, revision, why=why)
        except NotPermitted:
            return await prompts.ask_label(name, label, revision, why=why)
        return None


def evidence(found: Findings) -> dict[str, Any]:
    """What was known when it was decided, as plain JSON."""
    facts: dict[str, Any] = {"verdict": found.verdict, "units": dict(found.tally.units)}
    if found.analysis is not None:
        facts["contrasts"] = msgspec.to_builtins(found.analysis.contrasts)
        facts["arms"] = msgspec.to_builtins(found.analysis.arms)
    facts["guardrails"] = [{"state": each.state, "text": each.text} for each in found.guards]
    return facts


def _chosen(found: Findings, variant: str, *, force: bool, why: str) -> Variant:
    experiment = found.experiment
    name = variant or experiment.winner or found.winner
    if not name:
        raise NotShown(
            f"nothing is shown to be best ({_said(found)})",
            hint="wait for more, or name a variant with --force and --why",
            subject=experiment.name,
        )
    chosen = next((each for each in experiment.plan.variants if each.name == name), None)
    if chosen is None:
        there = ", ".join(each.name for each in experiment.plan.variants)
        raise UsageError(f"no variant is {name!r}", hint=f"there are {there}")
    if force and not why:
        raise UsageError("what is forced wants a reason", hint="give one with --why")
    if not force:
        _check_shown(found, name)
    return chosen


def _check_shown(found: Findings, name: str) -> None:
    broken = [guard for guard in found.guards if guard.state == "broken"]
    if broken:
        raise NotShown(
            f"a guardrail is broken: {broken[0].text}", hint="force it with --force --why"
        )
    if name != found.winner:
        raise NotShown(
            f"{name} is not shown to be best ({_said(found)})",
            hint="wait for more, or force it with --force --why",
            subject=name,
        )


def _reason(found: Findings, name: str) -> str:
    """For the label's log."""
    title = f"experiment {found.experiment.name}: {name} won"
    contrasts = () if found.analysis is None else found.analysis.contrasts
    own = [each for each in contrasts if each.variant == name]
    return f"{title}, {figures(own[0])}" if own else title


def _said(found: Findings) -> str:
    return found.verdict.rstrip(".")
