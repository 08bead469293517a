"""What a running experiment does by itself: halts on a guardrail, goes up its ramp, follows what
was seen with its shares, ends at its stop rule, and promotes its winner."""

from __future__ import annotations

from datetime import timedelta

from msgspec import structs

from burnish.experiments import bandit
from burnish.experiments.analysis import Arm
from burnish.experiments.around import Around
from burnish.experiments.estimate import Estimate
from burnish.experiments.figures import percent
from burnish.experiments.findings import Findings
from burnish.experiments.fixed import quantile
from burnish.experiments.keeping import Keeping
from burnish.experiments.promote import Promoting, evidence
from burnish.experiments.standing import findings
from burnish.storage.experiment import Experiment

# Shares that follow every outcome would be noise, and each change costs a look-up a unit.
_FOLLOW_H = 1.0


class Checking:
    def __init__(self, around: Around, keeping: Keeping, promoting: Promoting) -> None:
        self._around = around
        self._keeping = keeping
        self._promoting = promoting

    async def check(self, experiment: Experiment) -> Findings:
        """One step at most; the findings are of the experiment as it is after it."""
        found = await findings(await self._around.store(), experiment, self._around.now())
        # What its job does with an offline one needs no looking after.
        if experiment.kind == "online" and experiment.state == "running":
            found = _with(found, await self._step(found))
        ended = found.experiment
        if ended.state == "completed" and await self._due(found):
            promotion = await self._promoting.promote(found, ended.winner, force=False, why="")
            found = _with(found, promotion.experiment)
        return found

    async def _step(self, found: Findings) -> Experiment:
        experiment = found.experiment
        if broken := [guard for guard in found.guards if guard.state == "broken"]:
            return await self._keeping.move(
                experiment, "paused", "halted", why=broken[0].text, facts=evidence(found)
            )
        if found.done:
            return await self.end(found)
        if self._ramps(experiment):
            step = experiment.step + 1
            taking = experiment.plan.ramp[step]
            return await self._keeping.change(
                experiment,
                "ramped",
                why=f"{percent(taking)} of the units take part",
                taking=taking,
                step=step,
                step_at=self._around.now(),
            )
        if shares := self._followed(found):
            return await self._keeping.change(
                experiment,
                "shares",
                why="they follow what was seen",
                facts={"shares": shares},
                shares=shares,
                generation=experiment.generation + 1,
                step_at=self._around.now(),
            )
        return experiment

    async def end(self, found: Findings, why: str = "") -> Experiment:
        """Completed where the stop rule is met, else stopped before its time."""
        done = found.done
        return await self._keeping.move(
            found.experiment,
            "completed" if done else "stopped",
            "completed" if done else "stopped",
            why=why or (found.verdict if done else ""),
            facts=evidence(found),
            winner=found.winner,
            verdict=found.verdict,
            ended_at=self._around.now(),
        )

    def _ramps(self, experiment: Experiment) -> bool:
        plan, at = experiment.plan, experiment.step_at
        if experiment.step + 1 >= len(plan.ramp) or at is None:
            return False
        return self._around.now() >= at + timedelta(hours=plan.ramp_h)

    def _followed(self, found: Findings) -> dict[str, float] | None:
        """Shares by how likely each variant is the best; None where they stay as they are."""
        experiment, analysis = found.experiment, found.analysis
        plan, at = experiment.plan, experiment.step_at
        if plan.allocation == "weights" or analysis is None:
            return None
        soon = at is not None and self._around.now() < at + timedelta(hours=_FOLLOW_H)
        if min(arm.n for arm in analysis.arms) < plan.rule.least or (
            experiment.generation and soon
        ):
            return None
        sign = -1 if plan.metric.lower_is_better else 1
        arms = [
            bandit.of_mean(arm.name, Estimate(sign * arm.value, _variance(arm), arm.n))
            for arm in analysis.arms
        ]
        # Whom a person gave nothing gets nothing.
        arms = [arm for arm in arms if experiment.shares.get(arm.name)]
        if len(arms) < 2:
            return None
        top_two = plan.allocation == "top_two"
        shares = bandit.thompson(arms, top_two=top_two, seed=experiment.revision)
        return {each.name: shares.get(each.name, 0.0) for each in plan.variants}

    async def _due(self, found: Findings) -> bool:
        """Whether its winner is to be promoted now: once, and not again after it was taken back."""
        ended = found.experiment
        if not ended.plan.auto or ended.promoted is not None or ended.winner != found.winner:
            return False
        if not ended.winner or ended.winner == ended.plan.control:
            return False
        store = await self._around.store()
        log = await store.experiments.log(ended.id, 100)
        return not any(line.what in ("promoted", "rolled back", "asked") for line in log)


def _with(found: Findings, experiment: Experiment) -> Findings:
    return structs.replace(found, experiment=experiment)


def _variance(arm: Arm) -> float:
    """Of its value, as its interval has it."""
    half = (arm.interval.high - arm.interval.low) / 2
    return (half / quantile(arm.interval.level)) ** 2
