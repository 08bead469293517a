"""The tables of a period's report, the same in every output; a part without data has none."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from burnish.analytics.period.course import course
from burnish.analytics.period.headline import change
from burnish.analytics.period.money import money
from burnish.analytics.period.report import ExperimentLine, PeriodReport, Ranking, Usage
from burnish.analytics.period.span import Span
from burnish.evals.report.sheet import Sheet
from burnish.evals.report.words import NONE, counted, listed, milliseconds, number, visible
from burnish.experiments.figures import figure, interval_of, percent
from burnish.experiments.report.times import when
from burnish.storage.period import Spent

_MEASURED = {
    "evaluations": ("Prompts by answers that passed in evaluations", "passed", "example"),
    "rules": ("Prompts by answers that kept their rules", "kept", "answer"),
    "ratings": ("Prompts by ratings", "rating", "rating"),
}
_COMPARED = {
    "evaluations": "The rest are the other versions on the same examples by the same model. ",
    "others": "Each had inputs of its own: a higher figure may mean an easier task. ",
}
_LENGTHS = {"24 hours": "A day", "7 days": "A week", "30 days": "A month"}
_ROUNDING = 1e-9
_RATED = "Ratings bear no date, so these are all that there ever were. "


def sheets(report: PeriodReport, *, courses: bool = True) -> list[Sheet]:
    """Without the lines of blocks for who draws the course otherwise."""
    made = (
        usage(report, courses=courses),
        spending(report, "Cost by prompt", "prompt", report.prompts),
        spending(report, "Cost by model", "model", report.models),
        *(ranked(each) for each in report.rankings),
        failures(report),
        evaluations(report),
        running(report),
        ended(report),
        moves(report),
        doings(report),
    )
    return [each for each in made if each.rows]


def span(report: PeriodReport) -> str:
    return f"{when(report.since).removesuffix(' UTC')} to {when(report.until)}"


def title(report: PeriodReport) -> str:
    """`A week of Burnish`, by the whole hours that it is told of."""
    length = _whole(report).length
    return f"{_LENGTHS.get(length, length)} of Burnish"


def _whole(report: PeriodReport) -> Span:
    """As long as the period before."""
    return Span(since=report.before_since, until=report.since)


def usage(report: PeriodReport, *, courses: bool = True) -> Sheet:
    """What was used beside the period before, and how it went."""
    now, then = report.usage, report.before
    compares = bool(then.runs or then.versions)
    there = [line for line in _lines(report) if line[1] != NONE or line[2] != NONE]
    if not now.runs and not compares and not now.versions:
        there = []
    rows = tuple(line if compares else (line[0], line[1], line[4]) for line in there)
    each = f"each {_whole(report).step}"
    headings = ("", "now", "before", "change", each) if compares else ("", "now", each)
    if not courses or not any(row[-1] for row in rows):
        rows, headings = tuple(row[:-1] for row in rows), headings[:-1]
    remark = _before(report) if compares else ""
    return Sheet(title="Usage", headings=headings, rows=rows, remark=remark)


def _before(report: PeriodReport) -> str:
    said = f"Before: {when(report.before_since).removesuffix(' UTC')} to {when(report.since)}."
    if report.part == 1:
        return said
    return f"{said} The last hour has not ended: changes of sums are per hour."


Line = tuple[str, str, str, str, str]


def _lines(report: PeriodReport) -> Iterator[Line]:
    now, then, steps, part = report.usage, report.before, report.steps, report.part
    if now.runs or then.runs:
        yield _count("runs", now.runs, then.runs, part, course([step.runs for step in steps]))
        shares = [step.errors / step.runs if step.runs else None for step in steps]
        yield "failed", _share(now, now.errors), _share(then, then.errors), "", course(shares)
        if now.cache_hits or then.cache_hits:
            cached = _share(now, now.cache_hits), _share(then, then.cache_hits)
            yield "from the cache", *cached, "", ""
        tokens = course([step.tokens for step in steps])
        yield _count("tokens", now.tokens, then.tokens, part, tokens)
        yield _cost(now, then, part, course([step.cost_usd for step in steps]))
        for name, of in _LATENCIES:
            yield name, milliseconds(of(now)), milliseconds(of(then)), _ratio(of(now), of(then)), ""
        # A prompt counts once, however long it is used.
        yield _count("prompts used", now.prompts, then.prompts, 1, "")
    yield _count("new versions", now.versions, then.versions, part, "")


_LATENCIES: tuple[tuple[str, Callable[[Usage], float | None]], ...] = (
    ("latency p50", lambda usage: usage.p50_latency_ms),
    ("latency p95", lambda usage: usage.p95_latency_ms),
)


def _count(name: str, now: int, then: int, part: float, drawn: str) -> Line:
    return name, f"{now:,}", f"{then:,}", _ratio(now, then, part), drawn


def _cost(now: Usage, then: Usage, part: float, drawn: str) -> Line:
    told = [money(each.cost_usd, each.cost_unknown) if each.runs else NONE for each in (now, then)]
    return "USD", told[0], told[1], _ratio(now.cost_usd, then.cost_usd, part), drawn


def _share(of: Usage, part: int) -> str:
    return percent(part / of.runs) if of.runs else NONE


def _ratio(now: float | None, then: float | None, part: float = 1) -> str:
    return "" if now is None or not then else change(now, then * part)


def spending(report: PeriodReport, title: str, what: str, spent: Sequence[Spent]) -> Sheet:
    """The dearest, and all others together."""
    whole = report.usage
    dearest = [_spent(each, whole.cost_usd) for each in spent]
    left = whole.runs - sum(each.runs for each in spent)
    if left > 0:
        dearest.append(_spent(_others(whole, left, spent), whole.cost_usd))
    if len(spent) == 1 and not spent[0].name:
        dearest = []
    headings = (what, "USD", "share", "runs", "failed", "tokens")
    return Sheet(title=title, headings=headings, rows=tuple(dearest))


def _others(whole: Usage, runs: int, spent: Sequence[Spent]) -> Spent:
    unknown = whole.cost_unknown - sum(each.cost_unknown for each in spent)
    cost: float | None = None
    if whole.cost_usd is not None and unknown < runs:
        cost = whole.cost_usd - sum(each.cost_usd or 0.0 for each in spent)
        # A difference of sums that are equal but for their rounding is no money.
        cost = cost if cost > whole.cost_usd * _ROUNDING else 0.0
    return Spent(
        name="(others)",
        runs=runs,
        errors=whole.errors - sum(each.errors for each in spent),
        tokens=whole.tokens - sum(each.tokens for each in spent),
        cost_usd=cost,
        cost_unknown=unknown,
    )


def _spent(each: Spent, whole: float | None) -> tuple[str, ...]:
    share = percent((each.cost_usd or 0.0) / whole) if whole else NONE
    return (
        visible(each.name) or "(none named)",
        money(each.cost_usd, each.cost_unknown),
        share if each.cost_usd is not None else NONE,
        f"{each.runs:,}",
        percent(each.errors / each.runs) if each.runs else NONE,
        f"{each.tokens:,}",
    )


def ranked(ranking: Ranking) -> Sheet:
    title, value, what = _MEASURED[ranking.by]
    rows = tuple(
        (
            visible(each.name) + (f" on {visible(each.dataset)}" if each.dataset else ""),
            number(each.rate) if ranking.by == "ratings" else percent(each.rate),
            _interval(each.low, each.high, share=ranking.by != "ratings"),
            f"{each.n:,}",
            each.standing or NONE,
        )
        for each in ranking.rows
    )
    first = "best first" if ranking.by == "evaluations" else "highest first"
    headings = (first, value, "interval", f"{what}s", "than the rest")
    return Sheet(title=title, headings=headings, rows=rows, remark=_remark(ranking, what))


def _interval(low: float, high: float, *, share: bool) -> str:
    if not share:
        return f"[{low:.2f}, {high:.2f}]"
    return f"[{percent(low)}, {percent(high)}]"


def _remark(ranking: Ranking, what: str) -> str:
    said = _RATED if ranking.by == "ratings" else ""
    if ranking.prompts > len(ranking.rows):
        most = "best and the worst" if ranking.by == "evaluations" else "highest and the lowest"
        said += f"The {most} of {ranking.prompts:,}. "
    if ranking.prompts > 1:
        said += f"What is said of these {ranking.prompts:,} holds for all together with 95 %. "
    standings = {each.standing for each in ranking.rows} - {None}
    if standings:
        said += _COMPARED["evaluations" if ranking.by == "evaluations" else "others"]
        if standings == {"not shown"}:
            said += "No difference is sure. "
    return f"{said}{_few(ranking, what)}".strip()


def _few(ranking: Ranking, what: str) -> str:
    if not ranking.few:
        return ""
    names = [visible(each) for each in ranking.unranked]
    more = ranking.few - len(names)
    told = listed([*names, f"{more:,} more"] if more > 0 else names)
    return f"Too few to say (under {counted(ranking.least, what)}): {told}."


def notes(report: PeriodReport) -> list[str]:
    """What stands below the tables; where nothing could be ranked, why."""
    unranked = (each for each in report.rankings if not each.rows)
    few = [f"{_MEASURED[e.by][0]}: {_few(e, _MEASURED[e.by][2])}" for e in unranked]
    return [*few, *(visible(each) for each in report.notes)]


def failures(report: PeriodReport) -> Sheet:
    whole = report.usage.errors
    rows = tuple(
        (visible(each.reason), f"{each.runs:,}", percent(each.runs / whole) if whole else NONE)
        for each in report.failures
    )
    return Sheet(title="Failed runs by reason", headings=("reason", "runs", "share"), rows=rows)


def evaluations(report: PeriodReport) -> Sheet:
    rows = tuple(
        (
            visible(f"{', '.join(each.prompts)} on {each.dataset}"),
            visible(each.best) or NONE,
            number(each.score),
            f"{each.n:,}",
            each.gate or NONE,
            (f"stopped: {each.stop} " if each.stop else "") + when(each.ended_at)[5:-4],
        )
        for each in report.evaluations
    )
    more = report.evaluations_ended - len(rows)
    headings = ("", "best", "score", "answers", "gate", "ended")
    if not any(each.gate for each in report.evaluations):
        rows, headings = tuple((*row[:4], row[5]) for row in rows), (*headings[:4], "ended")
    remark = f"The newest of {report.evaluations_ended:,}." if more > 0 else ""
    return Sheet(title="Evaluations", headings=headings, rows=rows, remark=remark)


def running(report: PeriodReport) -> Sheet:
    rows = tuple(
        (
            visible(each.name),
            each.state,
            NONE if each.started_at is None else when(each.started_at)[:10],
            NONE if each.units is None else f"{each.units:,}",
            NONE if each.new_units is None else f"{each.new_units:,}",
        )
        for each in report.running
    )
    more = _more(report.experiments_running, len(rows))
    remark = f"{more} How one stands: burnish experiments show NAME.".strip()
    headings = ("", "state", "since", "units", "new")
    return Sheet(title="Experiments under way", headings=headings, rows=rows, remark=remark)


def ended(report: PeriodReport) -> Sheet:
    """With the verdict of those that nothing was gained by."""
    rows = tuple(
        (
            visible(each.name),
            visible(each.winner) or NONE,
            _gain(each),
            visible(each.verdict) if each.gain is None else "",
        )
        for each in report.ended
    )
    headings = ("", "winner", "gain", "what is known")
    if not any(row[-1] for row in rows):
        rows, headings = tuple(row[:-1] for row in rows), headings[:-1]
    remark = _more(report.experiments_ended, len(rows))
    return Sheet(title="Experiments that ended", headings=headings, rows=rows, remark=remark)


def _more(count: int, shown: int) -> str:
    return f"And {count - shown:,} more." if count > shown else ""


def _gain(each: ExperimentLine) -> str:
    if each.gain is None:
        return NONE
    difference = figure(each.gain.difference, sign=True)
    return f"{visible(each.metric)} {difference} {interval_of(each.gain.low, each.gain.high)}"


def moves(report: PeriodReport) -> Sheet:
    rows = tuple(
        (visible(e.experiment), e.what, visible(e.by) or NONE, when(e.at)[5:-4], visible(e.why))
        for e in report.moves
    )
    headings = ("", "what", "by", "when", "why")
    remark = _more(report.moves_made, len(rows))
    return Sheet(title="Promotions and halts", headings=headings, rows=rows, remark=remark)


def doings(report: PeriodReport) -> Sheet:
    """None where all was done by one."""
    rows = tuple(
        (
            visible(each.who) or "(nobody named)",
            f"{each.runs:,}",
            percent(each.errors / each.runs) if each.runs else NONE,
            money(each.cost_usd, each.cost_unknown) if each.runs else NONE,
            f"{each.versions:,}",
            f"{each.evaluations:,}",
            f"{each.moves:,}",
        )
        for each in report.doings
    )
    headings = ("by", "runs", "failed", "USD", "versions", "evaluations", "moves")
    return Sheet(title="Who did it", headings=headings, rows=rows if len(rows) > 1 else ())
