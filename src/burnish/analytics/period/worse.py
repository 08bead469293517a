"""What got worse since the period before, by more than chance explains."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Literal, NamedTuple

from burnish.analytics.period.report import EvaluationLine, MoveLine, Usage, Worse
from burnish.evals.report.words import milliseconds
from burnish.evals.statistics import LEVEL
from burnish.experiments.figures import percent
from burnish.experiments.fixed import newcombe
from burnish.storage.period import PromptRuns

LEAST = 20
"""With fewer runs in either period nothing is compared."""
_MOST = 10


class _Rates(NamedTuple):
    """Of something bad, as how many of how many."""

    what: Literal["failed runs", "rules kept"]
    name: str
    before: tuple[int, int]
    now: tuple[int, int]


def worse_of(
    usage: Usage,
    before: Usage,
    prompts: Sequence[PromptRuns],
    moves: Sequence[MoveLine],
    evaluations: Sequence[EvaluationLine],
    *,
    moved: int,
) -> tuple[Worse, ...]:
    """What was decided comes first, then figures: all runs, then the prompts by how much worse they
    surely are. `moves` are the newest of so many as `moved`."""
    return (
        *_decided(moves, more=moved > len(moves)),
        *_gates(evaluations),
        *_figures(usage, before, prompts),
    )


def compared(usage: Usage, before: Usage) -> bool:
    """Whether there is enough in both periods to say that nothing is worse."""
    return min(usage.runs, before.runs) >= LEAST


def _decided(moves: Sequence[MoveLine], *, more: bool) -> Iterator[Worse]:
    """Once for each experiment, however often."""
    for (what, name), times in Counter((each.what, each.experiment) for each in moves).items():
        often = "" if times == 1 else f" {times:,} times{' or more' if more else ''}"
        if what == "halted":
            text = f"experiment {name} was halted by a guardrail{often}"
            yield Worse(what="halted", name=name, text=text)
        elif what == "rolled back":
            text = f"the promotion of experiment {name} was taken back{often}"
            yield Worse(what="rolled back", name=name, text=text)


def _gates(evaluations: Sequence[EvaluationLine]) -> Iterator[Worse]:
    for each in evaluations:
        if each.gate == "failed":
            name = ", ".join(each.prompts)
            yield Worse(what="gate", name=name, text=f"{name} did not pass its gate")


def _figures(usage: Usage, before: Usage, prompts: Sequence[PromptRuns]) -> Iterator[Worse]:
    whole = _Rates("failed runs", "", (before.errors, before.runs), (usage.errors, usage.runs))
    rates = [each for each in (whole, *_of_prompts(prompts)) if _enough(each)]
    # All hold together, so that one prompt of a hundred is not named by chance.
    level = 1 - (1 - LEVEL) / max(len(rates), 1)
    surely = [(newcombe(each.before, each.now, level=level).low, each) for each in rates]
    found = sorted(
        ((low, each) for low, each in surely if low > 0),
        key=lambda one: (bool(one[1].name), -one[0], one[1].name),
    )
    if found and not found[0][1].name:
        yield _told(found.pop(0)[1])
    yield from _slower(usage, before)
    for _, each in found[:_MOST]:
        yield _told(each)


def _of_prompts(prompts: Sequence[PromptRuns]) -> Iterator[_Rates]:
    for e in prompts:
        yield _Rates("failed runs", e.name, (e.errors_before, e.runs_before), (e.errors, e.runs))
        broke, broke_before = e.validated - e.valid, e.validated_before - e.valid_before
        yield _Rates("rules kept", e.name, (broke_before, e.validated_before), (broke, e.validated))


def _enough(each: _Rates) -> bool:
    return min(each.before[1], each.now[1]) >= LEAST


def _slower(usage: Usage, before: Usage) -> Iterator[Worse]:
    low, high = usage.p95_low_ms, before.p95_high_ms
    if low is not None and high is not None and low > high:
        now, then = usage.p95_latency_ms, before.p95_latency_ms
        text = f"p95 latency {milliseconds(now)} after {milliseconds(then)}"
        yield Worse(what="p95 latency", before=then, now=now, text=text)


def _told(each: _Rates) -> Worse:
    before, now = (bad / n for bad, n in (each.before, each.now))
    if each.what == "rules kept":
        before, now = 1 - before, 1 - now
        said = f"answers that kept their rules {percent(now)} after {percent(before)}"
    else:
        said = f"failed runs {percent(now)} after {percent(before)}"
    text = f"{each.name}: {said}" if each.name else said
    return Worse(what=each.what, name=each.name, before=before, now=now, text=text)
