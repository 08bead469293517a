"""Results, read once and kept as numbers: about 60 bytes an answer, and 12 for each metric."""

from __future__ import annotations

import math
import re
from array import array
from collections.abc import Sequence

from burnish.evals.confusion import Pairs, pair_of
from burnish.evals.report.report import Row
from burnish.storage.result import Result, Score

MAX_ROWS = 20
_MAX_FAULTS = 200
_MAX_TEXT = 600
_MAX_REASONS = 5
_VARYING = re.compile(r"\b[0-9a-fA-F]{8,}\b|\d+")
OTHER = "other errors"


class Values:
    """Numbers with the examples that they belong to."""

    def __init__(self) -> None:
        self.examples = array("i")
        self.values = array("d")
        self.missing = 0

    def add(self, example: int, value: float | None) -> None:
        if value is None or not math.isfinite(value):
            self.missing += 1
            return
        self.examples.append(example)
        self.values.append(value)


class Tally:
    """The results of one prompt by one model."""

    def __init__(self, prompt: str, model: str) -> None:
        self.prompt = prompt
        self.model = model
        self.answered = self.failed = self.cached = self.failing = 0
        self.input_tokens = self.output_tokens = 0
        self.costs, self.prices = array("d"), array("d")
        self.unknown = 0
        self.score, self.passed, self.latency = Values(), Values(), Values()
        self.metrics: dict[str, Values] = {}
        # Metrics without which an answer has no score, where they could not be told.
        self.lacking: set[str] = set()
        self.labels: dict[str, Pairs] = {}
        self.rows = Worst()
        self.faults: dict[tuple[str, str], tuple[int, str]] = {}

    @property
    def results(self) -> int:
        return self.answered + self.failed

    def add(self, result: Result, example: int) -> None:
        self._pay(result)
        self.input_tokens += result.input_tokens
        self.output_tokens += result.output_tokens
        self.cached += result.cached
        if result.error:
            self.failed += 1
            self._fault("", result.error)
        else:
            self._answer(result, example)
        if result.error or result.passed is False:
            self.failing += 1
        self.rows.add(result)

    def _answer(self, result: Result, example: int) -> None:
        self.answered += 1
        self.latency.add(example, result.latency_ms)
        self.score.add(example, result.score)
        self.passed.add(example, result.passed)
        for score in result.scores:
            values = self.metrics.get(score.metric)
            if values is None:
                values = self.metrics[score.metric] = Values()
            values.add(example, score.value)
            if pair_of(score) is not None:
                self.labels.setdefault(score.metric, Pairs()).add(score)
            if score.value is None and score.weight:
                self.lacking.add(score.metric)
            if score.error:
                self._fault(score.metric, score.error)

    def _pay(self, result: Result) -> None:
        cost, unknown = result.cost_usd, False
        if cost is not None and not math.isfinite(cost):
            cost = None
        if result.cached:
            self.costs.append(0.0)
        elif cost is not None:
            self.costs.append(cost)
        else:
            # A call that failed before it was answered has no price to know.
            unknown = not result.error
        if result.judge_calls and result.judge_cost_usd is not None:
            self.costs.append(result.judge_cost_usd)
        self.unknown += unknown or result.judge_cost_usd is None
        if cost is not None and not result.error:
            self.prices.append(cost)

    def _fault(self, metric: str, error: str) -> None:
        shown = cut(" ".join(error.split()))
        key = metric, _VARYING.sub("#", shown)
        if key not in self.faults and len(self.faults) >= _MAX_FAULTS:
            key, shown = (metric, OTHER), OTHER
        count, first = self.faults.get(key, (0, shown))
        self.faults[key] = count + 1, min(first, shown)


class Worst:
    """The rows that are worth looking at first, however many there are; of the repeats of an
    example the worst alone."""

    def __init__(self) -> None:
        self._kept: dict[str, tuple[tuple[object, ...], Row]] = {}
        self._bound: tuple[object, ...] | None = None

    def add(self, result: Result) -> None:
        below = result.score is not None and result.score < 1
        if not result.error and result.passed is not False and not below:
            return
        key = _badness(result)
        if self._bound is not None and key >= self._bound:
            return
        before = self._kept.get(result.example)
        if before is not None and before[0] <= key:
            return
        self._kept[result.example] = key, _row(result)
        if len(self._kept) >= 2 * MAX_ROWS:
            self._trim()

    def _trim(self) -> None:
        worst = sorted(self._kept.values(), key=lambda each: each[0])[:MAX_ROWS]
        self._kept = {row.example: (key, row) for key, row in worst}
        if len(worst) == MAX_ROWS:
            self._bound = worst[-1][0]

    @property
    def rows(self) -> tuple[Row, ...]:
        self._trim()
        return tuple(row for _, row in self._kept.values())


def _badness(result: Result) -> tuple[object, ...]:
    """Wrong answers before failed calls: one outage would hide every wrong answer."""
    rank = 1 if result.error else 0 if result.passed is False else 2
    score = -1.0 if result.score is None else result.score
    return rank, score, result.example, result.repeat, result.run_id


def _row(result: Result) -> Row:
    failed = [score for score in result.scores if not score.passed or score.error]
    return Row(
        example=result.example,
        repeat=result.repeat,
        score=result.score,
        passed=result.passed,
        error=cut(result.error),
        output=cut(result.output),
        reasons=_reasons(failed),
        latency_ms=result.latency_ms,
        run_id=result.run_id,
    )


def _reasons(failed: Sequence[Score]) -> tuple[str, ...]:
    said = (f"{score.metric}: {score.error or score.reason or 'failed'}" for score in failed)
    return tuple(cut(each) for each in [*said][:_MAX_REASONS])


def cut(text: str, most: int = _MAX_TEXT) -> str:
    return text if len(text) <= most else f"{text[: most - 1]}…"
