"""What is kept of a search that has ended, beside its answers and steps."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import msgspec
import numpy as np

from burnish.evals.report.asked import asked_of
from burnish.evals.report.words import counted
from burnish.evals.statistics import Interval, clipped, equal_values, t_interval, wilson
from burnish.optimizers.ask import Measured
from burnish.optimizers.drive import USED_UP
from burnish.optimizers.finals import LEAST
from burnish.optimizers.pareto import front, point_of
from burnish.optimizers.parts import Parts
from burnish.optimizers.problem import Problem
from burnish.optimizers.verdict import Verdict, gained
from burnish.storage.example import Example

_MOST_ROWS, _MOST_CHARS, _MOST_REASONS = 10, 200, 20


class Divided(msgspec.Struct, frozen=True, kw_only=True):
    """Numbers of examples: those that may be shown in prompts, those that told candidates apart,
    and those that judged the best one."""

    train: int = 0
    validation: int = 0
    test: int = 0


class Changed(msgspec.Struct, frozen=True, kw_only=True):
    """An example (its id) that the best candidate answers better, or worse, than the original: what
    was asked and expected, both answers, and their scores. Texts are cut to 200 characters, answers
    around the place where they begin to differ."""

    example: str
    asked: str = ""
    expected: str = ""
    before: str = ""
    after: str = ""
    score_before: float = 0.0
    score_after: float = 0.0


class Choice(msgspec.Struct, frozen=True, kw_only=True):
    """A candidate that none is better than in every respect, over the `n` examples that told
    candidates apart and that it was measured on. Costs are the means of an answer, None where a
    price is unknown; `length` is in characters. `own` is its mean in the goal's own measure, None
    where the goal has none. `is_worse`: on the examples that both have it is surely below the best
    one in score or in that measure; None where they are too few to tell."""

    candidate: str
    n: int
    score: float
    cost_usd: float | None = None
    latency_ms: float = 0.0
    tokens: float = 0.0
    length: int = 0
    own: float | None = None
    is_worse: bool | None = None


class Stood(msgspec.Struct, frozen=True, kw_only=True):
    """How a candidate scored over the `n` examples that told candidates apart and that it was
    measured on: the mean, with the ends of its 95 % interval (None over fewer than two). `tokens`
    are those of question and answer in the mean, None where that was not kept; `own` is the mean of
    the goal's own measure, None for a goal that has none."""

    candidate: str
    n: int
    score: float
    low: float | None = None
    high: float | None = None
    tokens: float | None = None
    own: float | None = None


class Kept(msgspec.Struct, frozen=True, kw_only=True):
    """`cost_usd` is of answers and proposals, None where no price is known; it is at least so much
    where that of `unpriced` ones is not. `seconds` are of work, all attempts together. `rejected`
    says why candidates were turned down, and how often, and `tried` how often each way to change a
    prompt was, and how often it paid. `stood` has all candidates that were measured, the original
    first."""

    verdict: Verdict | None = None
    leader: str = ""
    examples: Divided = Divided()
    front: tuple[Choice, ...] = ()
    stood: tuple[Stood, ...] = ()
    won: tuple[Changed, ...] = ()
    lost: tuple[Changed, ...] = ()
    calls: int = 0
    answers: int = 0
    proposals: int = 0
    cost_usd: float | None = None
    unpriced: int = 0
    seconds: float = 0.0
    rounds: int = 0
    ended: str = ""
    rejected: dict[str, int] = {}
    tried: dict[str, tuple[int, int]] = {}
    notes: tuple[str, ...] = ()


def kept_of(
    problem: Problem,
    parts: Parts,
    verdict: Verdict,
    examples: Sequence[Example],
    *,
    seconds: float = 0.0,
) -> Kept:
    ledger, beside = problem.ledger, verdict.beside
    return Kept(
        verdict=verdict,
        leader=problem.leader,
        examples=Divided(
            train=len(parts.train), validation=len(parts.validation), test=len(parts.test)
        ),
        front=tuple(_choices(problem)),
        stood=tuple(_stood(problem)),
        won=() if beside is None else tuple(_changed(problem, beside.won, examples)),
        lost=() if beside is None else tuple(_changed(problem, beside.lost, examples)),
        calls=ledger.calls,
        answers=ledger.metric_calls,
        proposals=ledger.proposals,
        cost_usd=ledger.known_usd,
        unpriced=ledger.unpriced,
        seconds=seconds,
        rounds=problem.rounds,
        ended=_ended(problem, parts),
        rejected=dict(problem.turned_down.most_common(_MOST_REASONS)),
        tried=dict(problem.tried),
        notes=tuple(problem.notes),
    )


def _ended(problem: Problem, parts: Parts) -> str:
    ledger = problem.ledger
    if ledger.ended or ledger.halted:
        return ledger.ended or ledger.halted
    # What was kept back for the comparison stays where there is nothing to compare.
    compared = problem.leader != problem.original
    spare = parts.final if compared else parts.kept
    if ledger.left > spare:
        return "nothing more was found to try"
    rest = ledger.left * ledger.answers_each
    if not rest:
        return USED_UP
    what = "of it" if compared else "kept back for a last choice and the comparison"
    told = f"{counted(rest, 'answer')} {what} {'was' if rest == 1 else 'were'} not needed"
    return f"its part of the budget is used up; {told}"


def _choices(problem: Problem) -> Iterator[Choice]:
    for point in front(problem):
        worse = _is_worse(problem, point.candidate)
        yield Choice(**point._asdict(), is_worse=worse)


def _stood(problem: Problem) -> Iterator[Stood]:
    for each in problem.book.candidates:
        scores = problem.book.scores(each)
        known = [scores[n] for n in problem.validation if n in scores]
        if known:
            ends = _interval(known)
            yield Stood(
                candidate=each,
                n=len(known),
                score=sum(known) / len(known),
                low=None if ends is None else ends.low,
                high=None if ends is None else ends.high,
                tokens=point_of(problem, each).tokens,
                own=_mean_own(problem, each),
            )


def _mean_own(problem: Problem, candidate: str) -> float | None:
    owns = problem.book.owns(candidate)
    known = [owns[n] for n in problem.validation if n in owns]
    return sum(known) / len(known) if known else None


def _interval(scores: Sequence[float]) -> Interval | None:
    """Wilson's where each is right or wrong; else Student's, within what a score can be."""
    if len(scores) < 2:
        return None
    if set(scores) <= {0.0, 1.0}:
        return wilson(sum(scores), len(scores))
    if len(set(scores)) == 1:
        return equal_values(scores[0], len(scores))
    return clipped(t_interval(np.array(scores)), 0.0, 1.0)


def _is_worse(problem: Problem, candidate: str) -> bool | None:
    if candidate == problem.leader:
        return False
    book, leader = problem.book, problem.leader
    found = [_is_below(problem, book.scores(candidate), book.scores(leader))]
    if book.owns(leader):
        found.append(_is_below(problem, book.owns(candidate), book.owns(leader)))
    return True if True in found else None if None in found else False


def _is_below(
    problem: Problem, ours: Mapping[int, float], best: Mapping[int, float]
) -> bool | None:
    common = [n for n in problem.validation if n in ours and n in best]
    if len(common) < LEAST:
        return None
    found = gained("", best, ours, common)
    return found is not None and found.high is not None and found.high < 0


def _changed(
    problem: Problem, numbers: Sequence[int], examples: Sequence[Example]
) -> Iterator[Changed]:
    """Those that changed most first."""
    book = problem.book
    before, after = book.scores(problem.original), book.scores(problem.leader)
    most = sorted(numbers, key=lambda n: -abs(after[n] - before[n]))[:_MOST_ROWS]
    for n in most:
        asked = asked_of(examples[n])
        was = _answer(book.measured(problem.original)[n, 0])
        now = _answer(book.measured(problem.leader)[n, 0])
        was, now = around(was, now, _MOST_CHARS)
        yield Changed(
            example=examples[n].id,
            asked=cut(asked.input),
            expected=cut(asked.expected),
            before=was,
            after=now,
            score_before=before[n],
            score_after=after[n],
        )


def _answer(measured: Measured) -> str:
    return f"failed: {measured.error}" if measured.error else measured.output


def around(before: str, after: str, most: int) -> tuple[str, str]:
    """Both texts, those that are longer cut to `most` characters around the place where they begin
    to differ."""
    return _around(before, after, most), _around(after, before, most)


def _around(text: str, other: str, most: int) -> str:
    if len(text) <= most:
        return text
    pairs = enumerate(zip(text, other, strict=False))
    shared = next((at for at, (a, b) in pairs if a != b), min(len(text), len(other)))
    # A third of it for what stands before; of what ends near, as much as there is room for.
    begin = max(0, min(shared - most // 3, len(text) - most))
    shown = f"…{text[begin + 1 : begin + most]}" if begin else text[:most]
    return shown if begin + most >= len(text) else f"{shown[:-1]}…"


def cut(text: str) -> str:
    return text if len(text) <= _MOST_CHARS else f"{text[: _MOST_CHARS - 1]}…"
