"""From a draft to units that are assigned."""

from __future__ import annotations

from typing import Any

from burnish.errors import Conflict, NotFound, UsageError
from burnish.experiments.around import Around
from burnish.experiments.keeping import MOST, Keeping
from burnish.storage.experiment import Experiment, shares_of


class Starting:
    def __init__(self, around: Around, keeping: Keeping) -> None:
        self._around = around
        self._keeping = keeping

    async def online(self, experiment: Experiment, why: str) -> Experiment:
        """Raises Conflict where another experiment is in the way, NotFound for a version or a label
        that is not there."""
        if experiment.state == "paused":
            await self._check_halted(experiment, why)
            return await self._keeping.move(experiment, "running", "resumed", why=why)
        if experiment.state != "draft":
            return await self._keeping.move(experiment, "running", "started")
        plan, now = experiment.plan, self._around.now()
        for each in plan.variants:
            await self._around.prompts.get(each.prompt)
        standing = await self._standing(experiment)
        slot = await self._slot(experiment)
        begun = await self._keeping.move(
            experiment,
            "running",
            "started",
            why=why,
            facts={"label": experiment.label, "stands_on": standing},
            shares=dict(shares_of(plan.variants)),
            taking=plan.ramp[0] if plan.ramp else 1.0,
            slot=slot,
            step_at=now,
            started_at=now,
            before=standing,
        )
        return await self._alone(begun)

    async def _check_halted(self, experiment: Experiment, why: str) -> None:
        """What a guardrail has halted goes on with a reason."""
        log = await (await self._around.store()).experiments.log(experiment.id, 1)
        if log and log[0].what == "halted" and not why:
            raise UsageError(
                f"a guardrail has halted experiment {experiment.name!r}: {log[0].why}",
                hint="look why; it goes on with --why, and halts again while that is so",
                subject=experiment.name,
            )

    async def _alone(self, begun: Experiment) -> Experiment:
        """Two that were started at once have not seen each other: each looks again, and whichever
        finds the other goes back, so that no unit is in both."""
        try:
            await self._slot(begun, begun.slot)
        except Conflict as error:
            fresh: dict[str, Any] = {
                "state": "draft",
                "shares": {},
                "started_at": None,
                "before": None,
            }
            await self._keeping.change(begun, "stopped", why=error.what, **fresh)
            raise
        return begun

    async def _standing(self, experiment: Experiment) -> int:
        """Where the label stands, so that a move of it on the way is seen."""
        for label in await self._around.prompts.labels(experiment.prompt):
            if label.name == experiment.label:
                return label.revision
        raise NotFound(
            f"{experiment.prompt!r} has no label {experiment.label!r}, which people ask for",
            hint=f"set it first: burnish prompts label {experiment.prompt} {experiment.label} "
            "REVISION",
            subject=experiment.label,
        )

    async def _slot(
        self, experiment: Experiment, own: tuple[float, float] | None = None
    ) -> tuple[float, float]:
        """The first free part of the layer that is large enough, or its `own`, where that is
        nobody else's."""
        store, plan = await self._around.store(), experiment.plan
        others = [
            each
            for state in ("running", "paused")
            for each in await store.experiments.page(MOST, state=state)
            if each.kind == "online" and each.id != experiment.id
        ]
        for each in others:
            alone = not plan.layer or each.plan.layer != plan.layer
            if alone and (each.prompt, each.label) == (experiment.prompt, experiment.label):
                raise Conflict(
                    f"experiment {each.name!r} is at {each.label!r} of {each.prompt!r} already",
                    hint="stop it, or put both into one layer, each with its share of the units",
                    subject=each.name,
                )
            if not alone and each.plan.holdout != plan.holdout:
                raise Conflict(
                    f"layer {plan.layer!r} holds {each.plan.holdout:.2%} of its units out, by "
                    f"experiment {each.name!r}, and this one {plan.holdout:.2%}",
                    hint="give all experiments of a layer the same holdout",
                    subject=each.name,
                )
        taken = sorted(e.slot for e in others if plan.layer and e.plan.layer == plan.layer)
        if own is not None:
            if any(low < own[1] - 1e-9 and own[0] < high - 1e-9 for low, high in taken):
                raise Conflict(
                    f"another experiment of layer {plan.layer!r} began at the same moment",
                    hint="start it again",
                )
            return own
        begin = largest = 0.0
        for low, high in (*taken, (1.0, 1.0)):
            largest = max(largest, low - begin)
            if low - begin >= plan.layer_share - 1e-9:
                break
            begin = max(begin, high)
        else:
            raise Conflict(
                f"layer {plan.layer!r} has no room for {plan.layer_share:.0%} of its units; the "
                f"largest part that is free has {largest:.0%}",
                hint="take a smaller share, or stop an experiment of the layer",
            )
        return (begin, min(1.0, begin + plan.layer_share))
