"""From values to places along a line."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

from burnish.experiments.report.over_time import Point

# The last one always is enough: a span is less than fifty times the first.
_STEPS = (1.0, 2.0, 2.5, 5.0, 10.0, 20.0)
_MOST_TICKS = 5


class Scale(NamedTuple):
    """From `low` to `high`, both whole steps from 0."""

    low: float
    high: float
    step: float

    def place(self, value: float) -> float:
        """0 to 1; what lies beyond is at the end."""
        return min(max((value - self.low) / (self.high - self.low), 0.0), 1.0)

    @property
    def ticks(self) -> list[float]:
        first, last = round(self.low / self.step), round(self.high / self.step)
        return [at * self.step for at in range(first, last + 1)]

    def label(self, tick: float, *, sign: bool = True) -> str:
        """Of all ticks with as many decimals as the step has."""
        at = round(tick / self.step)
        if not at:
            return "0"
        if not 1e-6 <= self.step < 1e12:
            return f"{tick:{'+' if sign else ''}.3g}"
        power = math.floor(math.log10(self.step) + 1e-9)
        decimals = max(0, -power + (abs(self.step / 10**power - 2.5) < 1e-6))
        return f"{tick:{'+' if sign else ''},.{decimals}f}"


def scale_over(least: float, most: float) -> Scale:
    """With 0 in it, and a few round steps."""
    low, high = min(least, 0.0), max(most, 0.0)
    if high - low <= 0 or not math.isfinite(high - low):
        low, high = -1.0, 1.0
    power = 10.0 ** math.floor(math.log10((high - low) / _MOST_TICKS))
    step = next(
        step
        for step in (each * power for each in _STEPS)
        if _whole(-low / step) + _whole(high / step) <= _MOST_TICKS
    )
    return Scale(-_whole(-low / step) * step, _whole(high / step) * step, step)


def _whole(steps: float) -> int:
    """Upwards; what is over by the noise of floats is not."""
    return math.ceil(steps - 1e-9)


def scale_of(series: Sequence[Point]) -> Scale:
    """Wide enough for the later half of the looks: the first few units leave so much open that the
    rest would be a line."""
    times = list(dict.fromkeys(each.at for each in series))
    late = set(times[len(times) // 2 :])
    ends = [end for each in series if each.at in late for end in (each.low, each.high)]
    ends += [each.difference for each in series if each.at in late]
    least, most = min(ends), max(ends)
    # Where some interval reaches over 0, there is room beyond it to see that it does.
    room = (most - least) / 50
    least = min(least, -room) if any(each.low < 0 for each in series) else least
    most = max(most, room) if any(each.high > 0 for each in series) else most
    return scale_over(least, most)
