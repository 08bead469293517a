"""How many units an experiment needs, and what outcomes from anywhere say.

What reckons is loaded by the first call that needs it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import TYPE_CHECKING

from burnish.errors import UsageError

if TYPE_CHECKING:
    from burnish.experiments.analyzed import Analyzed, Asked, Outcomes
    from burnish.experiments.estimate import Metric
    from burnish.experiments.power import Method as PlanMethod
    from burnish.experiments.power import Needed


class Analyzing:
    async def plan(
        self,
        baseline: float,
        least: float,
        *,
        metric: Metric = "rate",
        spread: float | None = None,
        power: float = 0.8,
        alpha: float = 0.05,
        variants: int = 2,
        method: PlanMethod = "sequential",
        looks: int = 5,
        a_day: float | None = None,
    ) -> Needed:
        """How many units each variant needs so that a difference of `least` from `baseline` is
        shown with the chance `power`, and none is shown where there is none but `alpha` of the
        time.

        A mean or a ratio wants its `spread`, the standard deviation of a unit's value. With
        `sequential` the data may be looked at after each unit, with `group` so many `looks` are
        taken at equal parts, with `fixed` one, at the end. Raises UsageError for a plan that cannot
        be.
        """
        from burnish.experiments.power import needed, of_means, of_rates

        if metric == "rate" and spread is not None:
            raise UsageError("a rate has no spread of its own", hint="leave it out")
        if metric == "rate":
            effect = of_rates(baseline, least)
        elif spread is None:
            raise UsageError(
                f"a {metric} wants the spread of its values",
                hint="give their standard deviation, as past data have it, with --spread",
            )
        else:
            effect = of_means(spread, least)
        return await asyncio.to_thread(
            needed,
            effect,
            power=power,
            alpha=alpha,
            variants=variants,
            method=method,
            looks=looks,
            a_day=a_day,
        )

    async def analyze(
        self,
        data: Outcomes,
        *,
        metric: Metric = "rate",
        method: Asked = "auto",
        control: str = "",
        level: float = 0.95,
        weights: Mapping[str, float] | None = None,
        lower_is_better: bool = False,
        cap: float = 1.0,
        planned: int = 5_000,
        matters: float | None = None,
    ) -> Analyzed:
        """Which variant is better, from outcomes gathered anywhere.

        `data` is a CSV file, or rows, with `unit`, `variant` and `value`, and where there are
        `denominator` (for a ratio), `covariate` (known before; it takes noise away) and `time`.
        `auto` is `sequential` where times are known, for then the data may have been looked at
        on the way, and else `fixed`. `weights` are the shares that units were assigned by; given,
        they are checked. `cap` (0.5 to 1) is the quantile above which values are set to it,
        `matters` the least difference that would change a decision.

        Raises UsageError for data that cannot be compared.
        """
        from burnish.experiments.analyzed import analyzed

        return await asyncio.to_thread(
            analyzed,
            data,
            metric,
            method,
            control,
            level=level,
            lower_is_better=lower_is_better,
            weights=weights,
            cap=cap,
            planned=planned,
            matters=matters,
        )
