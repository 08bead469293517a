"""What an optimisation came to."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec

from burnish.evals.report.about import scorer_named
from burnish.optimizers.finals import LEAST
from burnish.optimizers.goals.goal import MEASURES
from burnish.optimizers.report.kept import Changed, Choice, Divided, Kept, Stood
from burnish.optimizers.report.lineage import Descendant, descendants, lineage
from burnish.optimizers.report.tried import Varied, varied
from burnish.optimizers.room import ListedCandidate, ShownOptimization
from burnish.optimizers.verdict import LOST, Answers, Beside, Gain
from burnish.prompts.diff import MessageDiff, compare_messages
from burnish.prompts.prompt import Message
from burnish.shapes import convert


class Comparison(msgspec.Struct, frozen=True, kw_only=True):
    """The best candidate beside the original, on `n` examples that nothing was chosen by. `low` and
    `high` are the ends of the 95 % interval of the difference; `needed` is about how many such
    examples would show it. So many of them were `won` and `lost`. `own` is the measure of a goal
    other than quality."""

    n: int
    before: Answers
    after: Answers
    difference: float
    low: float | None
    high: float | None
    p: float
    test: str
    needed: int | None
    won: int
    lost: int
    own: Gain | None = None


class Effort(msgspec.Struct, frozen=True, kw_only=True):
    """What the search did. Of the `candidates` (without the original) `measured` had an answer;
    `rejected` says why others were turned down, and how often. `cost_usd` is None where no price is
    known; it is at least so much where that of `unpriced` answers and proposals is not. `seconds`
    are of work. `ended` is why nothing more was searched."""

    answers: int
    failed: int
    calls: int
    proposals: int
    candidates: int
    measured: int
    turned_down: int
    rejected: dict[str, int]
    rounds: int
    cost_usd: float | None
    unpriced: int
    seconds: float
    ended: str


class Option(Choice, frozen=True, kw_only=True):
    """One of the Pareto set, with the `operator` that made it and what for. `cheapest` is the one
    whose answers cost least (where no price differs: take the fewest tokens) of those that are not
    surely worse than the best."""

    operator: str = ""
    why: str = ""
    is_original: bool = False
    is_best: bool = False
    cheapest: bool = False


class OptimizationReport(msgspec.Struct, frozen=True, kw_only=True):
    """`prompt` is the original and `best` the version that came of the search, empty where the
    original stays; `text` says the outcome in a sentence, `why` and `advice` what stands behind it.
    `comparison` is None where there was nothing to compare. `original` and `best_other` are what
    the search has measured of the original, and of the one of all others that is best: of those
    that seem to score no lower, the one with the fewest tokens where these are the goal, else the
    one that is highest in the goal's own measure, or in score. `diff` is from the original to the
    best candidate, also to one that was not kept. `won` and `lost` are ten examples each at most.
    `varied` tells of each parameter that could vary which values were tried. `scorers` are told
    with what of them is not as usual: `contains: refund`. `lineage` has all candidates, each before
    those that were made of it."""

    id: str
    prompt: str
    best: str
    state: str
    outcome: str
    text: str
    reason: str
    why: str
    advice: str
    algorithm: str
    goal: str
    model: str
    writer: str
    dataset: str
    scorers: tuple[str, ...]
    examples: Divided
    comparison: Comparison | None
    original: Stood | None = None
    best_other: Stood | None = None
    parameters_before: dict[str, Any] = {}
    parameters_after: dict[str, Any] = {}
    varied: tuple[Varied, ...] = ()
    diff: tuple[MessageDiff, ...] = ()
    won: tuple[Changed, ...] = ()
    lost: tuple[Changed, ...] = ()
    effort: Effort
    front: tuple[Option, ...] = ()
    lineage: tuple[Descendant, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def is_measured(self) -> bool:
        """Whether it has an outcome that answers hold."""
        return self.outcome in ("improved", "kept")

    @property
    def is_summed(self) -> bool:
        """Whether it has ended, and all of it is added up."""
        return bool(self.examples.test)


def report_of(shown: ShownOptimization) -> OptimizationReport:
    """Also of one that was stopped: as far as it came."""
    of, kept = shown.optimization, convert(shown.optimization.report, Kept)
    verdict = kept.verdict
    made = {each.id: each for each in shown.candidates}
    original, leader = shown.candidates[0], made.get(kept.leader)
    changed = leader is not None and leader.id != original.id and bool(original.messages)
    return OptimizationReport(
        id=of.id,
        prompt=of.prompt,
        best=of.best,
        state=of.state,
        outcome=of.outcome,
        text=of.text,
        reason="" if verdict is None else verdict.reason,
        why="" if verdict is None else verdict.why,
        advice="" if verdict is None else verdict.advice,
        algorithm=of.algorithm,
        goal=of.goal,
        model=of.model,
        writer=of.writer,
        dataset=of.dataset,
        scorers=tuple(map(scorer_named, of.scorers)),
        examples=kept.examples,
        comparison=None if verdict is None else _comparison(verdict.beside),
        original=next((each for each in kept.stood if each.candidate == original.id), None),
        best_other=_best_other(kept, original.id, of.goal),
        parameters_before=original.parameters,
        parameters_after=original.parameters | ({} if leader is None else leader.parameters),
        varied=varied(of.settings.get("vary", {}), lineage(shown), kept.leader),
        diff=_diff(original.messages, leader.messages) if changed and leader else (),
        won=kept.won,
        lost=kept.lost,
        effort=_effort(shown, kept),
        front=_front(kept, made, original.id),
        lineage=descendants(shown, kept.leader),
        notes=kept.notes,
    )


def _diff(before: tuple[Message, ...], after: tuple[Message, ...]) -> tuple[MessageDiff, ...]:
    return tuple(each for each in compare_messages(before, after) if each.changed)


def _comparison(found: Beside | None) -> Comparison | None:
    if found is None:
        return None
    given: dict[str, Any] = msgspec.structs.asdict(found)
    given |= {"won": len(found.won), "lost": len(found.lost)}
    return Comparison(**given)


def _best_other(kept: Kept, original: str, goal: str) -> Stood | None:
    """Of those that were measured on some examples, where there are such ones: one or two are
    answered rightly by luck."""
    others = [each for each in kept.stood if each.candidate != original]
    enough = [each for each in others if each.n >= LEAST] or others
    if MEASURES.get(goal) == "tokens":
        return _cheapest_other(
            enough, next((e for e in kept.stood if e.candidate == original), None)
        )

    def rank(one: Stood) -> tuple[float, float, int]:
        return one.score if one.own is None else one.own, one.score, one.n

    return max(enough, key=rank, default=None)


def _cheapest_other(others: Sequence[Stood], original: Stood | None) -> Stood | None:
    """Fewer tokens at a lower score are no gain: such a one is told where there is no other."""
    least = 0.0 if original is None else original.score - LOST
    as_good = [each for each in others if each.score >= least]
    return min(as_good or others, key=lambda each: each.tokens or 0.0, default=None)


def _effort(shown: ShownOptimization, kept: Kept) -> Effort:
    counts, of = shown.counts, shown.optimization
    if kept.verdict is not None:
        cost, unpriced = kept.cost_usd, kept.unpriced
    else:
        cost, unpriced = counts.cost_usd, counts.unpriced
    return Effort(
        answers=counts.answers,
        failed=counts.failed,
        calls=kept.calls or counts.calls,
        proposals=kept.proposals,
        candidates=len(shown.candidates) - 1,
        measured=max(0, counts.candidates - 1),
        turned_down=sum(kept.rejected.values()) or shown.rejected,
        rejected=kept.rejected,
        rounds=kept.rounds,
        cost_usd=None if unpriced and not cost else cost,
        unpriced=unpriced,
        seconds=kept.seconds,
        ended=of.ended_why or kept.ended,
    )


def _front(kept: Kept, made: dict[str, ListedCandidate], original: str) -> tuple[Option, ...]:
    cheapest = _cheapest(kept)
    return tuple(
        Option(
            **msgspec.structs.asdict(each),
            operator=made[each.candidate].operator if each.candidate in made else "",
            why=made[each.candidate].why if each.candidate in made else "",
            is_original=each.candidate == original,
            is_best=each.candidate == kept.leader,
            cheapest=each.candidate == cheapest,
        )
        for each in kept.front
    )


def _cheapest(kept: Kept) -> str:
    fit = [each for each in kept.front if each.is_worse is False]
    priced = [each.cost_usd for each in fit if each.cost_usd is not None]
    by_cost = len(priced) == len(fit) and len(set(priced)) > 1
    return min(
        fit,
        key=lambda each: (each.cost_usd or 0.0 if by_cost else 0.0, each.tokens, each.length),
        default=Choice(candidate="", n=0, score=0.0),
    ).candidate
