"""What a guardrail was judged by."""

from __future__ import annotations

from collections.abc import Iterator

from burnish.experiments.analysis import Contrast
from burnish.experiments.figures import decimals_for, figure, to_decimals
from burnish.experiments.findings import Guard


def compared(guard: Guard) -> Iterator[tuple[Contrast, float, float]]:
    """Each variant with its value and that of the control."""
    found = guard.analysis
    if found is None:
        return
    values = {each.name: each.value for each in found.arms}
    for each in found.contrasts:
        yield each, values[each.variant], values[each.control]


def figures(guard: Guard) -> Iterator[str]:
    """`short 14.1 against 40.2: -26.1 [-30.0, -22.3], margin 5`, a line for each variant."""
    pairs = list(compared(guard))
    decimals = decimals_for(each.interval.high - each.interval.low for each, _, _ in pairs)
    for each, value, control in pairs:
        ours, theirs = to_decimals(value, decimals), to_decimals(control, decimals)
        ends = (each.difference, each.interval.low, each.interval.high)
        less, low, high = (to_decimals(end, decimals, sign=True) for end in ends)
        margin = figure(guard.metric.margin)
        yield f"{each.variant} {ours} against {theirs}: {less} [{low}, {high}], margin {margin}"
