"""What a search came to: the best candidate beside the original, or why there is none."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Literal

import msgspec
import numpy as np

from burnish.errors import RequestRefused, Unavailable, codes_of
from burnish.evals.judge import is_unreached
from burnish.evals.report.words import counted
from burnish.evals.statistics import ALPHA, examples_needed, paired
from burnish.optimizers.ask import NO_CHANGE, NO_WRITER, TARGET, Measured
from burnish.optimizers.book import mean_of
from burnish.optimizers.problem import Problem
from burnish.optimizers.stops import is_short, right_on_all

Outcome = Literal["improved", "kept", "not measured"]
Reason = Literal[
    "",
    "ceiling",
    "constant metric",
    "failing metric",
    "model errors",
    "no candidates",
    "junk candidates",
    "nothing better",
    "too few examples",
    "noise",
    "worse",
    "budget",
]
Cause = tuple[Reason, str, str]
"""What it names, why in words, and what to do about it."""
_UNMEASURED = ("model errors", "failing metric", "budget")
CEILING = 0.97
# What a better prompt for another goal than quality may seem to lose of the score.
LOST = 0.03
_MANY = 0.5
# Codes of errors that another time may not have: of all that make a model unavailable, one alone
# concerns what it was asked.
_AWAY = tuple(f"{each}:" for each in codes_of(Unavailable) if each not in codes_of(RequestRefused))


class Answers(msgspec.Struct, frozen=True, kw_only=True):
    """Means of one prompt's answers; `cost_usd` is None where a price is unknown."""

    score: float
    tokens: float
    latency_ms: float
    cost_usd: float | None


class Gain(msgspec.Struct, frozen=True, kw_only=True):
    """The best candidate beside the original in a goal's own `measure` (`agreement`, `form`,
    `tokens`): the means over `n` examples, and the ends of the 95 % interval of the difference.
    `needed` is about how many examples would show it."""

    measure: str
    n: int
    before: float
    after: float
    difference: float
    low: float | None
    high: float | None
    p: float
    test: str
    needed: int | None


class Beside(msgspec.Struct, frozen=True, kw_only=True):
    """The best candidate beside the original, on `n` examples that nothing was chosen by. `low` and
    `high` are the ends of the 95 % interval of the difference in score, `won` and `lost` the
    numbers of the examples whose score changed. `own` is the goal's own measure, None for
    quality."""

    n: int
    before: Answers
    after: Answers
    difference: float
    low: float | None
    high: float | None
    p: float
    test: str
    needed: int | None
    won: tuple[int, ...] = ()
    lost: tuple[int, ...] = ()
    own: Gain | None = None


class Verdict(msgspec.Struct, frozen=True, kw_only=True):
    """`why` tells in words what `reason` names; `advice` what to do about it. `passing`: what was
    amiss may mend itself, for a model was away."""

    outcome: Outcome
    text: str
    reason: Reason = ""
    why: str = ""
    advice: str = ""
    passing: bool = False
    beside: Beside | None = None


def beside(problem: Problem, test: Sequence[int]) -> Beside | None:
    """None below two examples that both have answered to."""
    before, after = (problem.book.scores(each) for each in (problem.original, problem.leader))
    score = gained("score", before, after, test)
    if score is None:
        return None
    common = [n for n in test if n in before and n in after]
    return Beside(
        n=score.n,
        before=_answers(problem, problem.original, common),
        after=_answers(problem, problem.leader, common),
        difference=score.difference,
        low=score.low,
        high=score.high,
        p=score.p,
        test=score.test,
        needed=score.needed,
        won=tuple(n for n in common if after[n] > before[n]),
        lost=tuple(n for n in common if after[n] < before[n]),
        own=problem.goal.gain(problem, common),
    )


def gained(
    measure: str, before: Mapping[int, float], after: Mapping[int, float], examples: Sequence[int]
) -> Gain | None:
    """Paired by example; None below two that both have."""
    common = [n for n in examples if n in before and n in after]
    if len(common) < 2:
        return None
    theirs, ours = ([known[n] for n in common] for known in (before, after))
    binary = set(theirs) | set(ours) <= {0.0, 1.0}
    found = paired(np.array(ours), np.array(theirs), binary=binary)
    difference = found.difference or 0.0
    return Gain(
        measure=measure,
        n=len(common),
        before=sum(theirs) / len(common),
        after=sum(ours) / len(common),
        difference=difference,
        low=None if found.interval is None else found.interval.low,
        high=None if found.interval is None else found.interval.high,
        p=found.p,
        test=found.test,
        needed=examples_needed(difference, found.variance) if difference else None,
    )


def judged(problem: Problem, found: Beside | None) -> Verdict:
    """Improved only where the gain is surely above 0 on examples never used, by the problem's
    goal."""
    if problem.leader == problem.original:
        return _nothing(problem)
    if found is None:
        text = "kept the original: the budget did not reach to compare the best prompt with it"
        return Verdict(
            outcome="not measured",
            text=text,
            reason="budget",
            why=problem.ledger.halted or "nothing was left for the comparison",
            advice="give a larger budget; what is measured is kept",
        )
    return problem.goal.verdict(found)


def is_gain(found: Beside | Gain) -> bool:
    return found.low is not None and found.low > 0 and found.p < ALPHA


def not_worse(found: Beside) -> bool:
    """Whether the score is not surely lower, and seems to be hardly."""
    surely = found.high is not None and found.high < 0
    return not surely and found.difference >= -LOST


def improved(text: str, found: Beside) -> Verdict:
    return Verdict(outcome="improved", text=f"improved: {text} {_over(found)}", beside=found)


def kept(found: Beside, text: str, reason: Reason, why: str, advice: str = "") -> Verdict:
    told = f"kept the original: {text} {_over(found)}; {why}"
    return Verdict(outcome="kept", text=told, reason=reason, why=why, advice=advice, beside=found)


def unshown(found: Beside) -> Verdict:
    """A best candidate whose gain in score did not hold, or could not be shown."""
    if found.difference <= 0:
        reason: Reason = "worse" if found.difference < 0 else "noise"
        why = "what looked better while searching was luck: it does not hold on new examples"
        advice = "give more examples, or a scorer that tells answers apart more finely"
    else:
        enough = found.needed is not None and found.needed <= found.n
        reason = "noise" if enough else "too few examples"
        why = f"a gain of {found.difference:.2f} cannot be told from luck over {found.n} examples"
        advice = f"about {found.needed} examples that judge would show it" if found.needed else ""
    told = change(found.before.score, found.after.score, found)
    text = f"kept the original: {told} is no gain shown {_over(found)}"
    return Verdict(outcome="kept", text=text, reason=reason, why=why, advice=advice, beside=found)


def change(before: float, after: float, found: Beside | Gain) -> str:
    """`0.50 → 0.75 (+0.25, 95 % interval +0.10 to +0.40)`."""
    return f"{before:.2f} → {after:.2f} ({interval(found)})"


def interval(found: Beside | Gain) -> str:
    if found.low is None or found.high is None:
        return f"{found.difference:+.2f}"
    return f"{found.difference:+.2f}, 95 % interval {found.low:+.2f} to {found.high:+.2f}"


def _over(found: Beside) -> str:
    return f"over {found.n} examples that nothing was chosen by"


def _nothing(problem: Problem) -> Verdict:
    halted = problem.ledger.halted
    if halted and not any(map(problem.book.measured, problem.book.candidates)):
        return Verdict(
            outcome="not measured",
            text=f"kept the original: {halted}",
            reason="budget",
            why=halted,
            advice="no call was made: give a larger budget, or allow shorter answers",
        )
    reason, why, advice = (
        _failing(problem) or problem.goal.reached(problem) or _short(problem) or _cause(problem)
    )
    return Verdict(
        outcome="not measured" if reason in _UNMEASURED else "kept",
        text=f"kept the original: {why}",
        reason=reason,
        why=why,
        advice=advice,
        passing=reason in ("model errors", "failing metric") and _is_passing(problem),
    )


def _short(problem: Problem) -> Cause | None:
    """Where money or time ended the search before any other prompt was measured."""
    book = problem.book
    tried = any(book.measured(each) for each in book.candidates if each != problem.original)
    if tried or not is_short(problem.ledger.ended):
        return None
    return "budget", problem.ledger.ended, "give a larger budget, or fewer examples"


def _failing(problem: Problem) -> Cause | None:
    answers, failed = _answered(problem)
    if not failed or len(failed) < _MANY * len(answers):
        return None
    named: Reason = "failing metric" if failed[0].startswith("metric") else "model errors"
    what = "the scorer" if named == "failing metric" else "the model"
    why = f"{what} failed on {len(failed)} of {len(answers)} answers: {failed[0]}"
    return named, why, "mend that first; burnish evaluate shows it row by row"


def _answered(problem: Problem) -> tuple[list[Measured], list[str]]:
    """All answers, and the errors of those that failed."""
    book = problem.book
    answers = [each for one in book.candidates for each in book.measured(one).values()]
    return answers, [each.error for each in answers if each.error]


def _is_passing(problem: Problem) -> bool:
    _, failed = _answered(problem)
    away = [each for each in failed if each.startswith(_AWAY) or is_unreached(each)]
    return len(away) >= _MANY * len(failed)


def constant(problem: Problem) -> Cause | None:
    """Where every answer scores the same, but not all of it."""
    book = problem.book
    answers = [each for one in book.candidates for each in book.measured(one).values()]
    values = [each.value for each in answers if each.value is not None]
    several = [one for one in book.candidates if book.measured(one)]
    mean, _ = problem.standing(problem.original)
    if len(values) < 2 or max(values) - min(values) >= 1e-9 or mean >= CEILING:
        return None
    why = f"every answer scores {values[0]:.2f}"
    tried = len(several) - 1
    why = f"{why}, with the original and with {counted(tried, 'other prompt')}" if tried else why
    advice = "choose a scorer that tells good answers from bad ones"
    return "constant metric", why, f"{advice}; a larger --budget tries more prompts"


def ceiling(problem: Problem) -> Cause | None:
    """Where the original scores nearly all that can be scored."""
    mean, n = problem.standing(problem.original)
    if not n or mean < CEILING:
        return None
    why = right_on_all(n) if mean == 1 else f"is right on {mean:.0%} of {n} examples already"
    return "ceiling", f"it {why}", "give harder examples, or optimise for --goal efficiency"


def _cause(problem: Problem) -> Cause:
    """Why nothing was found to be better, where there was something to find."""
    if problem.ledger.ended.startswith(TARGET):
        # The original itself reaches it.
        return "ceiling", problem.ledger.ended, "give a higher --target, or none"
    drafts = len(problem.book.candidates) - 1
    harmless = (NO_CHANGE, NO_WRITER)
    junk = {why: n for why, n in problem.turned_down.items() if why not in harmless}
    if sum(junk.values()) > drafts:
        return "junk candidates", *_undrafted(junk)
    if not drafts:
        return "no candidates", *_undrafted(junk)
    why = f"none of {drafts} others {problem.goal.lacked(problem)}"
    writer = "a stronger --writer" if problem.paid else "name a model with --writer"
    return "nothing better", why, f"give a larger budget, or {writer}"


def _undrafted(junk: dict[str, int]) -> tuple[str, str]:
    if not junk:
        return "there was nothing to change it with", "name a model with --writer"
    most = max(junk, key=junk.__getitem__)
    total = sum(junk.values())
    why = f"{counted(total, 'proposal')} could not be used, most often: {most}"
    return why, "name a stronger model with --writer"


def _answers(problem: Problem, candidate: str, examples: Sequence[int]) -> Answers:
    known = problem.book.measured(candidate)
    among = set(examples)
    found = [each for (number, _), each in known.items() if number in among]
    costs = [each.cost_usd for each in found if each.cost_usd is not None]
    return Answers(
        score=mean_of(problem.book.scores(candidate), examples),
        tokens=sum(each.tokens for each in found) / len(found),
        latency_ms=sum(each.latency_ms for each in found) / len(found),
        cost_usd=math.fsum(costs) / len(found) if len(costs) == len(found) else None,
    )
