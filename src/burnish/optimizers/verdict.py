"""What a search came to: the best candidate beside the original, or why there is none."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Literal

import msgspec
import numpy as np

from burnish.evals.statistics import ALPHA, examples_needed, paired
from burnish.optimizers.ask import NO_CHANGE, NO_WRITER
from burnish.optimizers.problem import Problem
from burnish.optimizers.settle import LOST, SAVED

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
_CEILING, _MANY = 0.97, 0.5


class Answers(msgspec.Struct, frozen=True, kw_only=True):
    """Means of one prompt's answers; `cost_usd` is None where a price is unknown."""

    score: float
    tokens: float
    latency_ms: float
    cost_usd: float | None


class Beside(msgspec.Struct, frozen=True, kw_only=True):
    """The best candidate beside the original, on `n` examples that nothing was chosen by. `low` and
    `high` are the ends of the 95 % interval of the difference, `won` and `lost` the numbers of the
    examples that changed."""

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


class Verdict(msgspec.Struct, frozen=True, kw_only=True):
    """`why` tells in words what `reason` names; `advice` what to do about it."""

    outcome: Outcome
    text: str
    reason: Reason = ""
    why: str = ""
    advice: str = ""
    beside: Beside | None = None


def beside(problem: Problem, test: Sequence[int]) -> Beside | None:
    """None below two examples that both have answered to."""
    book = problem.book
    before, after = book.values(problem.original), book.values(problem.leader)
    common = [n for n in test if n in before and n in after]
    if len(common) < 2:
        return None
    theirs, ours = ([known[n] for n in common] for known in (before, after))
    binary = set(theirs) | set(ours) <= {0.0, 1.0}
    found = paired(np.array(ours), np.array(theirs), binary=binary)
    difference = found.difference or 0.0
    return Beside(
        n=len(common),
        before=_answers(problem, problem.original, common),
        after=_answers(problem, problem.leader, common),
        difference=difference,
        low=None if found.interval is None else found.interval.low,
        high=None if found.interval is None else found.interval.high,
        p=found.p,
        test=found.test,
        needed=examples_needed(difference, found.variance) if difference else None,
        won=tuple(n for n in common if after[n] > before[n]),
        lost=tuple(n for n in common if after[n] < before[n]),
    )


def judged(problem: Problem, found: Beside | None, goal: str = "quality") -> Verdict:
    """Improved only where the difference is surely above 0 on examples never used (for the goal
    `efficiency`: where it saves tokens, and the score is not surely lower)."""
    if problem.leader == problem.original:
        return _nothing(problem, goal)
    if found is None:
        text = "kept the original: the budget did not reach to compare the best prompt with it"
        return Verdict(
            outcome="not measured",
            text=text,
            reason="budget",
            why=problem.ledger.halted or "nothing was left for the comparison",
            advice="give a larger budget; what is measured is kept",
        )
    change = f"{found.before.score:.2f} → {found.after.score:.2f}"
    over = f"over {found.n} examples that nothing was chosen by"
    if goal == "efficiency":
        return _cheaper(found, change, over)
    if is_gain(found):
        return Verdict(
            outcome="improved",
            text=f"improved: {change} ({_interval(found)}) {over}",
            beside=found,
        )
    return _unshown(found, change, over)


def is_gain(found: Beside) -> bool:
    return found.low is not None and found.low > 0 and found.p < ALPHA


def _cheaper(found: Beside, change: str, over: str) -> Verdict:
    saved = 1 - found.after.tokens / found.before.tokens if found.before.tokens else 0.0
    text = f"{found.before.tokens:.0f} → {found.after.tokens:.0f} tokens an answer, score {change}"
    worse = found.high is not None and found.high < 0
    if saved >= SAVED and not worse and found.difference >= -LOST:
        whole = f"improved: {text} ({_interval(found)}) {over}"
        return Verdict(outcome="improved", text=whole, beside=found)
    why = "the score is lower" if saved >= SAVED else "it saves too few tokens"
    return Verdict(
        outcome="kept",
        text=f"kept the original: {text} {over}; {why}",
        reason="worse" if saved >= SAVED else "nothing better",
        why=why,
        beside=found,
    )


def _unshown(found: Beside, change: str, over: str) -> Verdict:
    """A best candidate whose gain did not hold, or could not be shown."""
    if found.difference <= 0:
        reason: Reason = "worse" if found.difference < 0 else "noise"
        why = "what looked better while searching was luck: it does not hold on new examples"
        advice = "give more examples, or a scorer that tells answers apart more finely"
    else:
        enough = found.needed is not None and found.needed <= found.n
        reason = "noise" if enough else "too few examples"
        why = f"a gain of {found.difference:.2f} cannot be told from luck over {found.n} examples"
        advice = f"about {found.needed} examples that judge would show it" if found.needed else ""
    text = f"kept the original: {change} ({_interval(found)}) is no gain shown {over}"
    return Verdict(outcome="kept", text=text, reason=reason, why=why, advice=advice, beside=found)


def _nothing(problem: Problem, goal: str) -> Verdict:
    halted = problem.ledger.halted
    if halted and not any(map(problem.book.measured, problem.book.candidates)):
        return Verdict(
            outcome="not measured",
            text=f"kept the original: {halted}",
            reason="budget",
            why=halted,
            advice="no call was made: give a larger budget, or allow shorter answers",
        )
    reason, why, advice = _cause(problem, saving=goal == "efficiency")
    return Verdict(
        outcome="not measured" if reason in ("model errors", "failing metric") else "kept",
        text=f"kept the original: {why}",
        reason=reason,
        why=why,
        advice=advice,
    )


def _cause(problem: Problem, *, saving: bool) -> tuple[Reason, str, str]:
    """Why nothing was found to be better, the likeliest cause first."""
    book = problem.book
    answers = [each for one in book.candidates for each in book.measured(one).values()]
    failed = [each.error for each in answers if each.error]
    values = [each.value for each in answers if each.value is not None]
    mean, n = problem.standing(problem.original)
    drafts = len(book.candidates) - 1
    harmless = (NO_CHANGE, NO_WRITER)
    junk = {why: n for why, n in problem.turned_down.items() if why not in harmless}
    if failed and len(failed) >= _MANY * len(answers):
        named = "failing metric" if failed[0].startswith("metric") else "model errors"
        what = "the scorer" if named == "failing metric" else "the model"
        why = f"{what} failed on {len(failed)} of {len(answers)} answers: {failed[0]}"
        return named, why, "mend that first; burnish evaluate shows it row by row"
    if len(values) > 1 and max(values) - min(values) < 1e-9 and not mean >= _CEILING:
        why = f"every answer scores {values[0]:.2f}, whatever the prompt"
        return "constant metric", why, "choose a scorer that tells good answers from bad ones"
    if n and mean >= _CEILING and not saving:
        why = f"it is right on {mean:.0%} of {n} examples already"
        return "ceiling", why, "give harder examples, or optimise for --goal efficiency"
    if sum(junk.values()) > drafts:
        return "junk candidates", *_undrafted(junk)
    if not drafts:
        return "no candidates", *_undrafted(junk)
    others, more = f"none of {drafts} others", "give a larger budget, or a stronger --writer"
    if saving:
        why = f"{others} saves {SAVED:.0%} of its tokens at no lower score"
    else:
        why = f"{others} scores higher than its {mean:.2f} over {n} examples"
    return "nothing better", why, more


def _undrafted(junk: dict[str, int]) -> tuple[str, str]:
    if not junk:
        return "there was nothing to change it with", "name a model with --writer"
    most = max(junk, key=junk.__getitem__)
    total = sum(junk.values())
    why = f"{total} proposals could not be used, most often: {most}"
    return why, "name a stronger model with --writer"


def _interval(found: Beside) -> str:
    if found.low is None or found.high is None:
        return f"{found.difference:+.2f}"
    return f"{found.difference:+.2f}, 95 % interval {found.low:+.2f} to {found.high:+.2f}"


def _answers(problem: Problem, candidate: str, examples: Sequence[int]) -> Answers:
    known = problem.book.measured(candidate)
    found = [known[n, 0] for n in examples]
    costs = [each.cost_usd for each in found if each.cost_usd is not None]
    return Answers(
        score=problem.book.mean(candidate, examples),
        tokens=sum(each.tokens for each in found) / len(found),
        latency_ms=sum(each.latency_ms for each in found) / len(found),
        cost_usd=math.fsum(costs) / len(found) if len(costs) == len(found) else None,
    )
