"""Which column to take: by score first, then by cost and latency."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import msgspec

from burnish.errors import UsageError
from burnish.evals.report.compare import leader
from burnish.evals.report.report import Column, Comparison, DecidedBy, Recommendation
from burnish.evals.report.words import (
    about,
    counted,
    dollars,
    interval_text,
    listed,
    measured,
    milliseconds,
    share,
)
from burnish.evals.statistics import least_examples

# A lead below this in the sum of weighted shares is no lead.
_LEAST_LEAD = 0.05
# Of more rivals than a sentence can hold, those next to the leader.
_MAX_NAMED = 3


class Weights(msgspec.Struct, frozen=True, kw_only=True):
    """How much cost and latency (p50) of an answer count among columns whose scores are alike.
    Each is the best column's figure over the column's own, so 1 for the best. Scores are alike
    where the best is ahead by `margin` at most and no difference is shown; a larger lead counts,
    shown or not."""

    cost: float = 0.7
    latency: float = 0.3
    margin: float = 0.05

    def __post_init__(self) -> None:
        if not (0 <= self.cost < math.inf and 0 <= self.latency < math.inf):
            raise UsageError(
                f"weights are {self.cost:g} and {self.latency:g}", hint="give numbers from 0 on"
            )
        if not 0 <= self.margin <= 1:
            raise UsageError(f"the margin is {self.margin:g}", hint="give a number from 0 to 1")


@dataclass(frozen=True)
class _Rival:
    """A column beside the leader. `lead` is the leader's over the examples that both answered;
    `shown` says that it is no chance."""

    column: Column
    lead: float
    found: Comparison | None
    shown: bool

    @property
    def most(self) -> float | None:
        """The largest lead that the examples do not rule out."""
        interval = self.found and self.found.interval
        if self.found is None or interval is None:
            return None
        return -interval.low if self._turned else interval.high

    @property
    def _turned(self) -> bool:
        """The comparison is of the rival with the leader."""
        return self.found is not None and self.found.column == self.column.name

    def text(self) -> str:
        """`fake:a by 0.67 [-0.10, 1.00] over 3 examples`."""
        found = self.found
        lead = f"{self.column.name} by {self.lead:.2f}"
        if found is None or found.interval is None:
            return f"{lead} (with fewer than two examples in common)"
        interval = found.interval
        if self._turned:
            interval = msgspec.structs.replace(interval, low=-interval.high, high=-interval.low)
        return f"{lead} {interval_text(interval)} over {counted(found.n, 'example')}"


def recommend(
    columns: Sequence[Column], comparisons: Sequence[Comparison], weights: Weights
) -> Recommendation:
    """`comparisons` hold the leader with every other column."""
    first = leader(columns)
    if first is None:
        return _said("", "nothing", weights, "Nothing is scored, so nothing is recommended.")
    best = columns[first]
    if len(columns) == 1:
        text = f"{best.name} scores {measured(best.score)}; there is no other to choose from."
        return _said(best.name, "score", weights, text)
    others = [column for column in columns if column is not best and column.score.n]
    others.sort(key=lambda column: (-(column.score.mean or 0.0), column.name))
    rivals = [_rival(best, each, comparisons) for each in others]
    alike = [each for each in rivals if not each.shown and each.lead <= weights.margin]
    behind = [each for each in rivals if not each.shown and each.lead > weights.margin]
    if alike:
        return _among(best, alike, behind, weights, tests=len(comparisons))
    if behind:
        return _unsure(best, behind, weights, tests=len(comparisons))
    unscored = len(columns) - 1 - len(others)
    text = f"Take {best.name}: it scores best, {measured(best.score)}"
    text += _worse(len(others)) + _unscored(unscored)
    return _said(best.name, "score", weights, f"{text}.{_reliability(best)}")


def _rival(best: Column, column: Column, comparisons: Sequence[Comparison]) -> _Rival:
    pair = {best.name, column.name}
    found = next((each for each in comparisons if {each.column, each.against} == pair), None)
    if found is None or found.difference is None:
        return _Rival(column, (best.score.mean or 0.0) - (column.score.mean or 0.0), found, False)
    lead = found.difference if found.column == best.name else -found.difference
    shown = lead > 0 and found.outcome in ("better", "worse")
    return _Rival(column, lead, found, shown)


def _among(
    best: Column,
    rivals: Sequence[_Rival],
    behind: Sequence[_Rival],
    weights: Weights,
    *,
    tests: int,
) -> Recommendation:
    """The best, and those that are alike: cost and latency decide."""
    alike = [best, *(each.column for each in rivals)]
    names = tuple(column.name for column in alike)
    opening = f"No difference in score is shown between {listed(names)}{_within(rivals, weights)}."
    if _few(rivals, tests):
        opening = f"Too few examples to tell. {opening}"
    if behind:
        opening += f" {best.name} leads {_led(behind)}, which is not sure."
    by = _by(alike, weights)
    chosen = _cheapest(alike, weights)
    unsure = tuple(each.column.name for each in behind)
    if chosen is None:
        text = f"{opening} By {by}, none leads either: any of them will do."
        return _said("", "nothing", weights, text, alike=names, unsure=unsure)
    text = f"{opening} Weighed by {by}, take {chosen.name}: {_price(chosen)} an answer."
    text += _reliability(chosen)
    return _said(chosen.name, "cost and latency", weights, text, alike=names, unsure=unsure)


def _within(rivals: Sequence[_Rival], weights: Weights) -> str:
    """What the examples say of how large the difference may be all the same."""
    most = [each.most for each in rivals]
    known = [each for each in most if each is not None]
    if len(known) < len(most):
        return ", for they have too few examples in common"
    if max(known) <= weights.margin:
        return f", and one above {weights.margin:g} is ruled out"
    return f", though one of up to {max(known):.2f} is not ruled out"


def _unsure(
    best: Column, behind: Sequence[_Rival], weights: Weights, *, tests: int
) -> Recommendation:
    """A lead that may be chance is still the best guess, and said to be one."""
    needed = [each.found.needed for each in behind if each.found and each.found.needed]
    enough = f"; about {about(max(needed))} would be needed" if needed else ""
    if _few(behind, tests):
        text = f"Too few examples to tell: {best.name} leads {_led(behind)}{enough}."
        text += f" Until then, {best.name} is the better guess."
    else:
        text = (
            f"Take {best.name}, but that is not sure: it leads {_led(behind)}, "
            f"which shows no difference{enough} to tell."
        )
    text += _reliability(best)
    other = _cheapest([best, *(each.column for each in behind)], weights)
    if other is not None and other is not best:
        by = _by([best, *(each.column for each in behind)], weights)
        text += f" By {by} it would be {other.name}: {_price(other)} an answer."
    unsure = tuple(each.column.name for each in behind)
    return _said(best.name, "score", weights, text, unsure=unsure)


def _few(rivals: Sequence[_Rival], tests: int) -> bool:
    """So few that nothing could be shown, whatever was answered."""
    n = max((each.found.n for each in rivals if each.found), default=0)
    return n < least_examples(tests)


def _led(behind: Sequence[_Rival]) -> str:
    said = [each.text() for each in behind[:_MAX_NAMED]]
    if more := len(behind) - len(said):
        said.append(counted(more, "other"))
    return listed(said)


def _by(columns: Sequence[Column], weights: Weights) -> str:
    unpriced = [column for column in columns if column.cost.per_answer_usd is None]
    if not unpriced:
        return f"cost {weights.cost:g} and latency {weights.latency:g}"
    if all(column.cached and not column.cost.unknown for column in unpriced):
        return "latency alone, for answers from the cache do not tell what one costs"
    return "latency alone, for not every price is known"


def _cheapest(columns: Sequence[Column], weights: Weights) -> Column | None:
    """By the weights; None where no lead is worth the name."""
    priced = all(column.cost.per_answer_usd is not None for column in columns)
    parts = {"cost": weights.cost if priced else 0.0, "latency": weights.latency}
    values = [_value(column, columns, parts) for column in columns]
    order = sorted(range(len(columns)), key=lambda at: (-values[at], columns[at].name))
    if values[order[0]] - values[order[1]] <= _LEAST_LEAD * sum(parts.values()):
        return None
    return columns[order[0]]


def _value(column: Column, columns: Sequence[Column], parts: dict[str, float]) -> float:
    costs = [each.cost.per_answer_usd for each in columns]
    latencies = [_noticed(each) for each in columns]
    cost = _best_share(column.cost.per_answer_usd, costs) if parts["cost"] else 0.0
    return parts["cost"] * cost + parts["latency"] * _best_share(_noticed(column), latencies)


def _noticed(column: Column) -> float | None:
    """Below a millisecond nobody waits, and what is measured is noise."""
    p50 = column.latency.p50_ms
    return None if p50 is None else max(p50, 1.0)


def _best_share(own: float | None, every: Sequence[float | None]) -> float:
    least = min((each for each in every if each is not None), default=None)
    if own is None or least is None:
        return 0.0
    return 1.0 if own <= least else least / own


def _price(column: Column) -> str:
    cost = column.cost.per_answer_usd
    price = "" if cost is None else f"{dollars(cost)} USD and "
    return price + milliseconds(column.latency.p50_ms)


def _worse(others: int) -> str:
    if not others:
        return ""
    return ", and the other is worse" if others == 1 else ", and the others are worse"


def _unscored(unscored: int) -> str:
    if not unscored:
        return ""
    return f"; {counted(unscored, 'column')} {'has' if unscored == 1 else 'have'} no score"


def _reliability(column: Column) -> str:
    if not column.failed:
        return ""
    calls = share(column.failed, column.results)
    return f" Mind that {calls} of its calls failed." if column.results > 1 else " Its call failed."


def _said(
    column: str,
    by: DecidedBy,
    weights: Weights,
    text: str,
    *,
    alike: tuple[str, ...] = (),
    unsure: tuple[str, ...] = (),
) -> Recommendation:
    return Recommendation(
        column=column,
        decided_by=by,
        alike=alike,
        unsure=unsure,
        weights={"cost": weights.cost, "latency": weights.latency},
        margin=weights.margin,
        text=text,
    )
