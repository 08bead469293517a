"""A report of an experiment for a terminal, wide or narrow."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from burnish.evals.report.screen import STYLES, items, titled
from burnish.evals.report.words import visible
from burnish.experiments.report import sheets
from burnish.experiments.report.chart import Bar, chart
from burnish.experiments.report.guarding import figures
from burnish.experiments.report.over_time import Point, by_variant
from burnish.experiments.report.report import Report
from burnish.experiments.report.scale import Scale, scale_of, scale_over
from burnish.experiments.report.times import short

if TYPE_CHECKING:
    from rich.console import Group, RenderableType

_MARKS = {"held": "✓", "broken": "✗", "open": "·"}
# A screen has about so many lines for charts; of several variants each gets its part of them.
_LINES, _LEAST_LINES = 24, 5
_MOST_LINES = 12
# Of more variants, charts would run over several screens; the page has them.
_MOST_CHARTS = 4


def terminal(report: Report, *, width: int, log: bool = False) -> Group:
    """For a rich console of `width` columns. The verdict comes first."""
    from rich.console import Group
    from rich.text import Text

    parts: list[RenderableType] = [
        Text(visible(report.title), style="bold"),
        Text(visible(report.headline), style="dim"),
        Text(f"\n{visible(report.verdict)}", style="bold"),
    ]
    if report.notes:
        parts.append(items((Text("•"), note) for note in report.notes))
    for sheet in (sheets.variants(report), sheets.differences(report)):
        parts += titled(sheet, width) if sheet.rows else ()
    parts += _guardrails(report)
    parts += _charts(report, width)
    if log:
        parts += titled(sheets.log(report), width)
    parts += _facts(report)
    return Group(*parts)


def _facts(report: Report) -> Iterator[RenderableType]:
    from rich.table import Table
    from rich.text import Text

    if not report.facts:
        return
    yield Text("\nPlan", style="bold")
    lines = Table.grid(padding=(0, 2, 0, 0))
    for name, text in report.facts:
        lines.add_row(Text(name, style="dim"), Text(visible(text), overflow="fold"))
    yield lines


def _guardrails(report: Report) -> Iterator[RenderableType]:
    from rich.text import Text

    if not report.guards:
        return
    yield Text("\nGuardrails", style="bold")
    lines: list[tuple[Text, str]] = []
    for each in report.guards:
        mark = Text(_MARKS[each.state], style=STYLES.get(each.state, ""))
        lines.append((mark, f"{each.state}: {each.text}"))
        lines += ((Text(" "), told) for told in figures(each))
    yield items(lines)


def _charts(report: Report, width: int) -> Iterator[RenderableType]:
    """Over time where there was more than one look, else as it is now."""
    looks = by_variant(report.series)
    if any(len(points) > 1 for points in looks.values()):
        scale = scale_of(report.series)
        shown = dict(list(looks.items())[:_MOST_CHARTS])
        most = min(_MOST_LINES, max(_LEAST_LINES, _LINES // len(shown)))
        for name, points in shown.items():
            yield from _over_time(report, name, _thinned(points, most), scale, width)
        if len(looks) > len(shown):
            yield _dim(f"{len(looks) - len(shown)} more variants are in --output page.html.")
    elif report.analysis is not None:
        yield from _now(report, width)


def _over_time(
    report: Report, name: str, points: Sequence[Point], scale: Scale, width: int
) -> Iterator[RenderableType]:
    from rich.text import Text

    yield Text(f"\n{sheets.less(name, report.control)} over time", style="bold")
    times = short([each.at for each in points])
    bars = [
        Bar(time, f"{each.n + each.control_n:,}", each.difference, each.low, each.high)
        for time, each in zip(times, points, strict=True)
    ]
    dated = not isinstance(points[-1].at, float | int)
    yield from _lines(report, bars, scale, ("UTC" if dated else "time", f"{report.counts}s"), width)


def _now(report: Report, width: int) -> Iterator[RenderableType]:
    found = report.analysis
    assert found is not None
    units = {each.name: each.n for each in found.arms}
    bars = [
        Bar(
            sheets.less(each.variant, each.control),
            f"{each.pairs or units[each.variant] + units[each.control]:,}",
            each.difference,
            each.interval.low,
            each.interval.high,
        )
        for each in found.contrasts
    ]
    least, most = min(each.low for each in bars), max(each.high for each in bars)
    yield _dim("")
    yield from _lines(report, bars, scale_over(least, most), ("", f"{report.counts}s"), width)


def _lines(
    report: Report, bars: Sequence[Bar], scale: Scale, headings: tuple[str, str], width: int
) -> Iterator[RenderableType]:
    from rich.text import Text

    head, *drawn = chart(bars, scale, headings, width)
    yield Text(head, style="dim", no_wrap=True)
    lower = report.analysis is not None and report.analysis.design.lower_is_better
    for bar, line in zip(bars, drawn, strict=True):
        clear = bar.low > 0 or bar.high < 0
        good = (bar.value < 0) == lower
        style = STYLES["better" if good else "worse"] if clear else ""
        yield Text(line, style=style, no_wrap=True)


def _thinned(points: Sequence[Point], most: int) -> list[Point]:
    """Evenly, with the last one."""
    if len(points) <= most:
        return list(points)
    step = (len(points) - 1) / (most - 1)
    return [points[round(at * step)] for at in range(most)]


def _dim(text: str) -> RenderableType:
    from rich.text import Text

    return Text(text, style="dim")
