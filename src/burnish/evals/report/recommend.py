"""Which column to take: by score first, then by cost and latency."""

from __future__ import annotations

import math
from collections.abc import Sequence

import msgspec

from burnish.errors import UsageError
from burnish.evals.report.compare import leader
from burnish.evals.report.report import Column, Comparison, DecidedBy, Recommendation
from burnish.evals.report.words import dollars, measured, milliseconds, share

# A lead below this in the sum of weighted shares is no lead.
_MARGIN = 0.05


class Weights(msgspec.Struct, frozen=True, kw_only=True):
    """How much cost and latency (p50) of an answer count among columns whose scores do not
    differ. Each is the best column's figure over the column's own, so 1 for the best."""

    cost: float = 0.7
    latency: float = 0.3

    def __post_init__(self) -> None:
        if not (0 <= self.cost < math.inf and 0 <= self.latency < math.inf):
            raise UsageError(
                f"weights are {self.cost:g} and {self.latency:g}", hint="give numbers from 0 on"
            )


def recommend(
    columns: Sequence[Column], comparisons: Sequence[Comparison], weights: Weights
) -> Recommendation:
    """`comparisons` hold the leader with every other column."""
    first = leader(columns)
    if first is None:
        return _said("", "nothing", (), weights, "Nothing is scored, so nothing is recommended.")
    best = columns[first]
    others = [column for column in columns if column is not best and column.score.n]
    others.sort(key=lambda column: (-(column.score.mean or 0.0), column.name))
    alike = [best, *(each for each in others if not _differ(best, each, comparisons))]
    if len(columns) == 1:
        text = f"{best.name} scores {measured(best.score)}; there is no other to choose from."
        return _said(best.name, "score", (), weights, text)
    if len(alike) == 1:
        rest = "the other is" if len(columns) == 2 else "the others are"
        text = f"Take {best.name}: it scores best, {measured(best.score)}, and {rest} worse"
        return _said(best.name, "score", (), weights, f"{text}.{_reliability(best)}")
    return _among(alike, weights)


def _among(alike: Sequence[Column], weights: Weights) -> Recommendation:
    names = tuple(column.name for column in alike)
    listed = ", ".join(names[:-1]) + f" and {names[-1]}"
    opening = f"No difference in score is shown between {listed}."
    priced = all(column.cost.per_answer_usd is not None for column in alike)
    parts = {"cost": weights.cost if priced else 0.0, "latency": weights.latency}
    values = [_value(column, alike, parts) for column in alike]
    order = sorted(range(len(alike)), key=lambda at: (-values[at], names[at]))
    by = f"cost {parts['cost']:g} and latency {parts['latency']:g}"
    if not priced:
        by = "latency alone, for not every price is known"
    if values[order[0]] - values[order[1]] <= _MARGIN * sum(parts.values()):
        text = f"{opening} By {by}, none leads either: any of them will do."
        return _said("", "nothing", names, weights, text)
    chosen = alike[order[0]]
    cost, p50 = chosen.cost.per_answer_usd, chosen.latency.p50_ms
    price = "" if cost is None else f"{dollars(cost)} USD and "
    text = f"{opening} Weighed by {by}, take {chosen.name}: {price}{milliseconds(p50)} an answer."
    return _said(chosen.name, "cost and latency", names, weights, text + _reliability(chosen))


def _value(column: Column, alike: Sequence[Column], parts: dict[str, float]) -> float:
    costs = [each.cost.per_answer_usd for each in alike]
    latencies = [each.latency.p50_ms for each in alike]
    cost = _best_share(column.cost.per_answer_usd, costs) if parts["cost"] else 0.0
    return parts["cost"] * cost + parts["latency"] * _best_share(column.latency.p50_ms, latencies)


def _best_share(own: float | None, every: Sequence[float | None]) -> float:
    least = min((each for each in every if each is not None), default=None)
    if own is None or least is None:
        return 0.0
    return 1.0 if own <= least else least / own


def _differ(best: Column, other: Column, comparisons: Sequence[Comparison]) -> bool:
    pair = {best.name, other.name}
    return any(
        each.outcome in ("better", "worse") and {each.column, each.against} == pair
        for each in comparisons
    )


def _reliability(column: Column) -> str:
    if not column.failed:
        return ""
    calls = share(column.failed, column.results)
    return f" Mind that {calls} of its calls failed." if column.results > 1 else " Its call failed."


def _said(
    column: str, by: DecidedBy, alike: tuple[str, ...], weights: Weights, text: str
) -> Recommendation:
    shown = {"cost": weights.cost, "latency": weights.latency}
    return Recommendation(column=column, decided_by=by, alike=alike, weights=shown, text=text)
