"""The evaluations by which `generate --optimize` chooses a prompt, and judges the choice."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import TYPE_CHECKING, Protocol

import msgspec

from burnish.evals import gain
from burnish.evals.report.words import counted
from burnish.evals.wanted import Wanted
from burnish.generation.optimized import Optimized, Outcome, Scored, Tried
from burnish.generation.result import Candidate
from burnish.storage.example import Split

if TYPE_CHECKING:
    from burnish.evals.report import Report
    from burnish.evals.room import Evaluated
    from burnish.models.budget import Budget
    from burnish.platform.evaluating import Evaluating
    from burnish.storage.evaluation import Evaluation
    from burnish.storage.job import Job

Tell = Callable[[str, int, int], None]


class Runs(Protocol):
    """Runs an evaluation as `p.run_evaluation` does."""

    def __call__(
        self, evaluation: Evaluation, *, progress: Callable[[Job], None] | None
    ) -> Awaitable[Evaluated]: ...


class Course(msgspec.Struct, frozen=True, kw_only=True):
    """`wanted` is what the evaluations have in common. Without `judge_by`, the one in which the
    best prompt is chosen is also the one that judges it."""

    wanted: Wanted
    choose_by: Split | None
    judge_by: Split | None


class Trial(msgspec.Struct, frozen=True, kw_only=True):
    """A stored prompt that is tried."""

    revision: int
    reference: str
    made_by: str
    candidate: Candidate


class Measuring:
    """One optimisation, the evaluations of which spend from one budget."""

    def __init__(
        self,
        evaluating: Evaluating,
        run: Runs,
        course: Course,
        *,
        budget: Budget,
        tell: Tell | None,
    ) -> None:
        self._evaluating = evaluating
        self._run = run
        self._course = course
        self._budget = budget
        self._tell = tell
        self._done: list[Evaluated] = []
        self._notes: dict[str, None] = {}

    async def measure(self, trials: Sequence[Trial]) -> Optimized:
        """The first of the trials is the original."""
        original, *others = [each.reference for each in trials]
        if not others:
            return self._told(trials, "", "kept", "kept the prompt: the idea gives no other one")
        course = self._course
        doing = "choosing" if course.judge_by else "comparing"
        found = await self._evaluated((original, *others), course.choose_by, doing)
        best = gain.leading(found.report, others)
        why = _stopped(found) or _unscored(found.report, original, best)
        if not why and not _scores_higher(found.report, best, original):
            own = ", ".join(map(_whole, _scores(found.report, original)))
            over = f"over {counted(found.evaluation.examples, 'example')}"
            why = f"no other prompt scores higher than its {own} {over}"
        if not why and course.judge_by:
            found = await self._evaluated((original, best), course.judge_by, "comparing")
            why = _stopped(found) or _unscored(found.report, original, best)
        if why:
            outcome = "stopped" if _stopped(found) else "kept" if best else "not measured"
            return self._told(trials, best, outcome, f"kept the original: {why}")
        return self._judged(trials, best, found.report)

    def note(self, text: str) -> None:
        """Something that people should know of what is measured."""
        self._notes[text] = None

    def _judged(self, trials: Sequence[Trial], best: str, report: Report) -> Optimized:
        comparisons = gain.compared(report, best)
        before, after = _scores(report, trials[0].reference), _scores(report, best)
        change = arrow(before, after, _whole)
        over = f"over {counted(min(each.n for each in comparisons), 'example')}"
        if self._course.judge_by:
            over += " that were held back"
        else:
            self.note(_same(len(trials) - 1))
        lost = gain.unanswered(report, best) - gain.unanswered(report, trials[0].reference)
        if gain.is_gain(comparisons) and lost > 0:
            text = f"kept the original: {change} {over}, but {counted(lost, 'more call')} failed"
            return self._told(trials, best, "kept", text)
        if gain.is_gain(comparisons):
            return self._told(trials, best, "improved", f"improved: {change} {over}")
        text = f"kept the original: {change} is no gain shown {over}"
        return self._told(trials, best, "kept", text)

    def _told(self, trials: Sequence[Trial], best: str, outcome: Outcome, text: str) -> Optimized:
        """`before` and `after` are of the last evaluation, the scores of `tried` of the first."""
        course, original = self._course, trials[0].reference
        first, last = (self._done[0], self._done[-1]) if self._done else (None, None)
        held_out = len(self._done) > 1
        spec = () if last is None else last.evaluation.scorers
        return Optimized(
            outcome=outcome,
            text=text,
            original=original,
            best=best,
            before=() if last is None else _scores(last.report, original),
            after=() if last is None else _scores(last.report, best),
            comparisons=()
            if last is None
            else tuple(each.text for each in gain.compared(last.report, best)),
            tried=tuple(_tried(each, first.report if first else None) for each in trials),
            held_out=held_out,
            chosen_on=0 if first is None else first.evaluation.examples,
            examples=0 if last is None else last.evaluation.examples,
            dataset=str(course.wanted.data),
            scorers=tuple(each.name for each in spec),
            evaluations=tuple(each.evaluation.id for each in self._done),
            cost_usd=self._cost(),
            notes=tuple(self._notes),
        )

    def _cost(self) -> float | None:
        """Of everything that spent from the budget."""
        columns = [column for done in self._done for column in done.report.columns]
        return None if any(each.cost.unknown for each in columns) else self._budget.spent_usd

    async def _evaluated(
        self, prompts: Sequence[str], split: Split | None, doing: str
    ) -> Evaluated:
        wanted = msgspec.structs.replace(
            self._course.wanted, prompts=tuple(prompts), baseline=prompts[0], split=split
        )
        plan = await self._evaluating.plan(wanted)
        self._notes |= dict.fromkeys(plan.notes)
        self._evaluating.within(plan.evaluation, self._budget)
        tell = self._tell

        def told(job: Job) -> None:
            if tell is not None:
                tell(doing, job.progress.done, job.progress.total)

        self._done.append(await self._run(plan.evaluation, progress=told))
        return self._done[-1]


def mean(score: Scored) -> str:
    return "-" if score.mean is None else f"{score.mean:.2f}"


def arrow(
    before: Sequence[Scored], after: Sequence[Scored], shown: Callable[[Scored], str] = mean
) -> str:
    """`0.71 → 0.73`, by each model where there are several."""
    pairs = [
        f"{shown(one)} → {shown(other)}" + (f" by {one.model}" if len(before) > 1 else "")
        for one, other in zip(before, after, strict=True)
    ]
    return ", ".join(pairs)


def _whole(score: Scored) -> str:
    known = score.low is not None and score.high is not None
    return f"{mean(score)} [{score.low:.2f}, {score.high:.2f}]" if known else mean(score)


def _same(candidates: int) -> str:
    over = f", corrected for {candidates} comparisons" if candidates > 1 else ""
    return (
        f"no examples were held back, for the train or the test split has fewer than "
        f"{gain.LEAST_HELD_BACK}: the best prompt was chosen and compared over the same "
        f"ones{over}, so its score may be a little too good"
    )


def _tried(trial: Trial, report: Report | None) -> Tried:
    return Tried(
        reference=trial.reference,
        made_by=trial.made_by,
        techniques=tuple(each.technique for each in trial.candidate.techniques),
        scores=() if report is None else _scores(report, trial.reference),
    )


def _scores(report: Report, prompt: str) -> tuple[Scored, ...]:
    found: list[Scored] = []
    for column in report.columns:
        if column.prompt == prompt:
            mean, interval = column.score.mean, column.score.interval
            low, high = (None, None) if interval is None else (interval.low, interval.high)
            found.append(
                Scored(model=column.model, n=column.score.n, mean=mean, low=low, high=high)
            )
    return tuple(found)


def _scores_higher(report: Report, prompt: str, than: str) -> bool:
    own, other = gain.mean_score(report, prompt), gain.mean_score(report, than)
    return own is not None and other is not None and own > other


def _stopped(found: Evaluated) -> str:
    return f"{found.why} before all was measured" if found.why else ""


def _unscored(report: Report, original: str, best: str) -> str:
    """Why nothing can be compared; empty where it can."""
    if best and gain.mean_score(report, original) is not None:
        return ""
    # A call that was not made for those that failed before it tells the least.
    errors = sorted((each.error for each in report.faults), key=lambda e: e.startswith("circuit_"))
    why = f": {errors[0]}" if errors else ""
    whose = "no other prompt has" if gain.mean_score(report, original) is not None else "it has no"
    return f"{whose} {'a ' if whose.endswith('has') else ''}score{why}"
