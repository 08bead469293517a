"""The tables and texts of a report, the same in every output."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

import msgspec

from burnish.evals.report.sheet import Sheet
from burnish.evals.report.words import (
    NONE,
    counted,
    dollars,
    milliseconds,
    number,
    p_text,
    signed,
    visible,
    visible_line,
)
from burnish.models.told import cost_told
from burnish.optimizers.goals.goal import MEASURES
from burnish.optimizers.operators.parameters import VARY
from burnish.optimizers.report.kept import Changed, Stood, around
from burnish.optimizers.report.lineage import Descendant, ancestry
from burnish.optimizers.report.report import Comparison, OptimizationReport, Option
from burnish.optimizers.report.tried import TriedValue
from burnish.optimizers.varied import number_text
from burnish.optimizers.verdict import Answers, Gain
from burnish.prompts.diff import MessageDiff, as_lines, sides

_MOST_REASONS = 5
_CONTEXT = 2
_FIGURES = ("score", "tokens", "latency", "USD an answer")
_SHORT = 8
_SHORT_ASKED, _SHORT_ANSWER = 100, 50


def title(report: OptimizationReport) -> str:
    return f"{report.prompt} → {report.best}" if report.best else report.prompt


def setting(report: OptimizationReport) -> str:
    """What was searched with, in one line."""
    goal = "" if report.goal == "quality" else f" for {report.goal}"
    writes = f"{report.writer} writes" if report.writer else "no model writes"
    scored = f"scored by {', '.join(report.scorers)}" if report.scorers else ""
    parts = (f"{report.algorithm}{goal}", f"{report.model} answers", writes, report.dataset, scored)
    return visible(" · ".join(part for part in parts if part))


def reasons(report: OptimizationReport) -> Iterator[tuple[str, str]]:
    """Why the original stays, and what to do about it."""
    said = report.why and report.why in report.text
    if report.why and not said:
        yield "why", report.why
    if report.advice:
        yield "advice", report.advice
    yield from (("note", each) for each in report.notes)


def difference(found: Comparison) -> str:
    """`+0.44 [+0.24, +0.64] over 25 examples, p < 0.001; 12 won, 1 lost`."""
    interval = ""
    if found.low is not None and found.high is not None:
        interval = f" [{signed(found.low)}, {signed(found.high)}]"
    needed = ""
    if found.needed is not None and found.low is not None and found.low <= 0 < found.difference:
        needed = f"; about {found.needed:,} examples would show it"
    return (
        f"difference {signed(found.difference)}{interval} over {counted(found.n, 'example')}, "
        f"{p_text(found.p)}; {found.won} won, {found.lost} lost{needed}"
    )


def beside(report: OptimizationReport) -> Sheet | None:
    """The original beside the best; where nothing was compared, beside the best of the others."""
    found = report.comparison
    if found is None:
        return _measured(report)
    best = report.best or "best, not kept"
    names, own = (f"original {report.prompt}", best), found.own
    # Tokens have a column in any case.
    owns: list[tuple[str, ...]] = [(), ()]
    if own is not None and own.measure != "tokens":
        owns = [(number(own.before),), (number(own.after),)]
    rows = zip(names, owns, (found.before, found.after), strict=True)
    return Sheet(
        title="Before and after",
        headings=("prompt", *([own.measure] if own and owns[0] else []), *_FIGURES),
        rows=tuple((visible(name), *more, *_figures(answers)) for name, more, answers in rows),
        remark=difference(found) if own is None else f"{gain(own)}; score: {difference(found)}",
    )


def _measured(report: OptimizationReport) -> Sheet | None:
    """None where nothing was."""
    if report.original is None:
        return None
    rows = [(f"original {report.prompt}", report.original)]
    if report.best_other is not None:
        rows.append((f"best other {report.best_other.candidate[:_SHORT]}", report.best_other))
    own = (
        [MEASURES[report.goal]] if any(_own(report, stood) is not None for _, stood in rows) else []
    )
    others = counted(report.effort.measured, "other")
    chosen = f"; the best other is the highest of {others}, which luck favours"
    if own == ["tokens"]:
        chosen = f"; of {others} the best is that with the fewest tokens at no lower score, if any"
    return Sheet(
        title="What was measured",
        headings=("prompt", "n", *own, "score", "95 % interval"),
        rows=tuple((visible(name), *_standing(report, stood, own)) for name, stood in rows),
        remark="Over the examples that tell candidates apart, as far as each was measured on them"
        f"{chosen if report.effort.measured > 1 else ''}; nothing was compared on those that "
        "judge.",
    )


def _own(report: OptimizationReport, found: Stood) -> float | None:
    """In the goal's own measure; None where it has none."""
    return found.tokens if MEASURES.get(report.goal) == "tokens" else found.own


def _standing(report: OptimizationReport, found: Stood, own: Sequence[str]) -> tuple[str, ...]:
    none = found.low is None or found.high is None
    ends = NONE if none else f"{number(found.low)} to {number(found.high)}"
    value = _own(report, found)
    told = f"{value:.0f}" if value is not None and "tokens" in own else number(value)
    return str(found.n), *[told] * len(own), number(found.score), ends


def gain(own: Gain) -> str:
    """`agreement: difference +0.440 [+0.240, +0.640], p < 0.001`."""
    told: Callable[[float], str] = "{:+.1f}".format if own.measure == "tokens" else signed
    interval = ""
    if own.low is not None and own.high is not None:
        interval = f" [{told(own.low)}, {told(own.high)}]"
    return f"{own.measure}: difference {told(own.difference)}{interval}, {p_text(own.p)}"


def _figures(answers: Answers) -> tuple[str, ...]:
    cost = dollars(answers.cost_usd)
    return number(answers.score), f"{answers.tokens:.0f}", milliseconds(answers.latency_ms), cost


def effort(report: OptimizationReport) -> list[tuple[str, str]]:
    """What the search did."""
    did, parts = report.effort, report.examples
    answers = counted(did.answers, "answer") + (f", {did.failed} failed" if did.failed else "")
    calls = [answers, *([counted(did.proposals, "proposal")] if did.proposals else [])]
    cost = cost_told(did.cost_usd, did.unpriced, dollars) or "cost unknown"
    tried = f"{did.candidates} besides the original, {did.measured} measured"
    facts = [
        (
            "asked",
            f"{', '.join(calls)}; {counted(did.calls, 'call')}, {cost}, {_time(did.seconds)}",
        ),
        ("candidates", f"{tried}, {did.turned_down} turned down"),
        ("ended", did.ended),
    ]
    if parts.test:
        told = f"{parts.train} may be shown in prompts, {parts.validation} told candidates apart"
        facts.append(("examples", f"{told}, {parts.test} judged"))
    return [(name, visible(text)) for name, text in facts if text]


def _time(seconds: float) -> str:
    return f"{seconds:.1f} s" if seconds < 60 else f"{seconds / 60:.1f} minutes"


def parameters(report: OptimizationReport) -> Sheet | None:
    """The values that were tried of those that could vary; None where none could."""
    if not report.varied:
        return None
    return Sheet(
        title="Values of parameters that were tried",
        headings=("parameter", "value", "n", "score", "prompts", ""),
        rows=tuple(
            (each.name, *_tried(tried), _place(report, tried))
            for each in report.varied
            for tried in each.tried
        ),
        remark="Scores are of the original's text with this value alone, over n of the examples "
        "that tell candidates apart; prompts counts all that were measured with it.",
    )


def _tried(tried: TriedValue) -> tuple[str, ...]:
    value = "none given" if tried.value is None else number_text(tried.value)
    return value, str(tried.n), number(tried.score), str(tried.candidates)


def _place(report: OptimizationReport, tried: TriedValue) -> str:
    """What the value was to begin with, and is in the end; an original that stays keeps its own."""
    if not report.outcome:
        return "before" if tried.is_before else ""
    if tried.is_before:
        return "before, stays" if tried.is_best or not report.best else "before"
    return ("taken" if report.best else "of the best, not kept") if tried.is_best else ""


def turned_down(report: OptimizationReport) -> Sheet | None:
    most = sorted(report.effort.rejected.items(), key=lambda each: -each[1])
    if not most:
        return None
    left = len(most) - _MOST_REASONS
    return Sheet(
        title="Why candidates were turned down",
        headings=("times", "why"),
        rows=tuple((str(times), visible(why)) for why, times in most[:_MOST_REASONS]),
        remark=f"and {counted(left, 'other reason')}" if left > 0 else "",
    )


def choices(report: OptimizationReport) -> Sheet | None:
    """The Pareto set; None where the original is alone in it."""
    if len(report.front) < 2:
        return None
    # Tokens have a column in any case.
    own = MEASURES.get(report.goal, "tokens")
    more = [own] if own != "tokens" else []
    head = ("candidate", "n", *more, "score", "tokens", "latency", "USD")
    sheet = Sheet(
        title="None of these is beaten in every respect",
        headings=(*head, "length", "made by"),
        rows=tuple(
            (*_option(each, len(more)), f"{each.length:,}", _made(each)) for each in report.front
        ),
        remark=_cheapest(report),
    )
    narrow = msgspec.structs.replace(
        sheet,
        headings=(*head, "made by"),
        rows=tuple((*_option(each, len(more)), _role(each) or _way(each)) for each in report.front),
    )
    return msgspec.structs.replace(sheet, narrow=narrow)


def _option(each: Option, owns: int) -> tuple[str, ...]:
    cost, latency = dollars(each.cost_usd), milliseconds(each.latency_ms)
    name = each.candidate[:_SHORT]
    own = (number(each.own),) * owns
    return name, str(each.n), *own, number(each.score), f"{each.tokens:.0f}", latency, cost


def _role(each: Option) -> str:
    if each.is_original:
        return "original"
    return f"{each.operator} (best)" if each.is_best else ""


def _made(each: Option) -> str:
    why = visible(each.why)
    told = f"{each.operator}: {why}" if why and not each.is_original else each.operator
    shown = told if len(told) <= 48 else f"{told[:47]}…"
    return f"{shown} (best)" if each.is_best and not each.is_original else shown


def _way(option: Option) -> str:
    return option.why if option.operator == VARY else option.operator


def _cheapest(report: OptimizationReport) -> str:
    on = "Scores are over the n examples that each was measured on"
    found = next((each for each in report.front if each.cheapest), None)
    if found is None:
        return f"{on}."
    if found.is_best:
        return f"{on}. No cheaper one is surely as good."
    name = "the original" if found.is_original else found.candidate[:_SHORT]
    return f"{on}. The cheapest that is not surely worse than the best: {name}."


def message_title(found: MessageDiff) -> str:
    if found.role_before is None:
        return f"{found.role_after}, added"
    return f"{found.role_before}, removed" if found.role_after is None else found.role_after


def diff_lines(found: MessageDiff) -> list[tuple[str, str]]:
    """Changed lines with a little around them: `+`, `-` or a space, and the line; `…` stands where
    lines are left out."""
    if found.role_before is None or found.role_after is None:
        mark = "+" if found.role_before is None else "-"
        before, after = sides(found.segments)
        return [(mark, visible_line(line)) for line in (before or after).splitlines()]
    lines: list[tuple[str, str]] = []
    for at, line in enumerate(as_lines(found.segments, context=_CONTEXT)):
        if not line.startswith("@@"):
            lines.append((line[:1], visible_line(line[1:])))
        elif at or not line.startswith("@@ -1,"):
            lines.append(("…", ""))
    return lines


def trees(report: OptimizationReport) -> list[tuple[str, tuple[Descendant, ...]]]:
    """What the best one was made of, and all candidates, each tree under its title."""
    every = report.lineage
    if len(every) < 2:
        return []
    found = ancestry(every)
    own = [("How the best one was made", found)] if found else []
    whole = f"All {len(every)} candidates, below those that they were made of"
    return [*own, (whole, every)] if len(found) < len(every) else own


def told(row: Changed) -> list[tuple[str, str]]:
    """Parts of a row that are known, each under its name."""
    parts = (
        ("asked", row.asked),
        ("expected", row.expected),
        (f"before {number(row.score_before)}", row.before),
        (f"after {number(row.score_after)}", row.after),
    )
    return [
        (name, visible(text) or "(empty)") for name, text in parts if text or name[-1].isdigit()
    ]


def in_short(row: Changed) -> tuple[str, str]:
    """What was asked, and the answer before and after, as much as a line or two have room for."""
    was, now = visible(row.before) or "(empty)", visible(row.after) or "(empty)"
    before, after = around(was, now, _SHORT_ANSWER)
    change = f"{number(row.score_before)} {before} → {number(row.score_after)} {after}"
    expected = f"; expected {_short(row.expected, _SHORT_ANSWER)}" if row.expected else ""
    return _short(row.asked, _SHORT_ASKED), f"{change}{expected}"


def _short(text: str, most: int) -> str:
    shown = visible(text) or "(empty)"
    return shown if len(shown) <= most else f"{shown[: most - 1]}…"


def rows_title(what: str, rows: tuple[Changed, ...], whole: int) -> str:
    """`12 examples won, the 10 that changed most`."""
    first = f", the {len(rows)} that changed most" if len(rows) < whole else ""
    return f"{counted(whole, 'example')} {what}{first}"
