"""Figures as people read them, the same in every output."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence

from burnish.evals.report.report import Column, Cost, Measure
from burnish.evals.statistics import Interval

NONE = "-"
# Control characters, and those that turn the direction of what stands after them.
_UNSEEN = re.compile(
    r"[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]"
)


def number(value: float | None) -> str:
    return NONE if value is None else f"{value:.2f}"


def signed(value: float) -> str:
    # What rounds to zero has no sign.
    return f"{value:+.3f}" if round(value, 3) else "0.000"


def interval_text(interval: Interval | None) -> str:
    return "" if interval is None else f"[{interval.low:.2f}, {interval.high:.2f}]"


def signed_interval(interval: Interval | None) -> str:
    return "" if interval is None else f"[{signed(interval.low)}, {signed(interval.high)}]"


def measured(measure: Measure) -> str:
    """`0.85 [0.64, 0.95]`, or why there is nothing."""
    if measure.mean is None:
        return NONE
    return f"{number(measure.mean)} {interval_text(measure.interval) or '(too few answers)'}"


def milliseconds(value: float | None) -> str:
    if value is None:
        return NONE
    return f"{value / 1000:.1f} s" if value >= 10_000 else f"{value:.0f} ms"


def dollars(value: float | None) -> str:
    if value is None:
        return "unknown"
    if value and value < 0.01:
        return f"{value:.2g}" if value >= 1e-4 else f"{value:.1e}"
    return f"{value:.4f}".rstrip("0").rstrip(".")


def cost_text(cost: Cost) -> str:
    """A sum that leaves answers without a price out carries a plus."""
    return f"{dollars(cost.usd)}{'+' if cost.usd is not None and cost.unknown else ''}"


def answers_text(column: Column) -> str:
    """`198 of 200` where some failed or are missing."""
    whole = column.results + column.missing
    return str(whole) if column.answered == whole else f"{column.answered} of {whole}"


def p_text(p: float) -> str:
    return "p < 0.001" if p < 0.001 else f"p {p:.3f}"


def share(part: int, whole: int) -> str:
    return f"{part} of {whole}"


def failing_text(column: Column) -> str:
    """`3 wrong answers and 2 failed calls`; empty where none fails."""
    counts = ((column.failing - column.failed, "wrong answer"), (column.failed, "failed call"))
    return listed([counted(count, what) for count, what in counts if count])


def counted(count: int, what: str) -> str:
    return f"{count:,} {what}{'' if count == 1 else 's'}"


def listed(parts: Sequence[str]) -> str:
    """`a, b and c`."""
    return " and ".join([", ".join(parts[:-1]), *parts[-1:]] if len(parts) > 1 else parts)


def about(count: int) -> str:
    """Of a guess two digits are enough."""
    digits = max(len(str(count)) - 2, 0)
    return f"{math.ceil(count / 10**digits) * 10**digits:,}"


def visible(text: str) -> str:
    """Foreign text on one line: it can move no cursor, end no line and turn no direction."""
    return _UNSEEN.sub(_escape, " ".join(text.split()))


def visible_line(text: str) -> str:
    """The same, of a line whose spaces mean something."""
    return _UNSEEN.sub(_escape, text.expandtabs(4))


def _escape(found: re.Match[str]) -> str:
    code = ord(found[0])
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}"
