"""How far an evaluation is, counted as its results come."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from burnish.storage.evaluation import Counts, Evaluation
from burnish.storage.result import UNFIT, Result

# Up to so many columns are looked through after each answer.
_FEW = 16


@dataclass
class _Scored:
    count: int = 0
    total: float = 0.0


@dataclass
class Tally:
    """What was there before counts too. `asked` came from a model and were not remembered;
    `left_out` are not asked for, because their examples are not for their column."""

    evaluation: Evaluation
    done: int = 0
    asked: int = 0
    failed: int = 0
    passed: int = 0
    judged: int = 0
    cost_usd: float = 0.0
    unpriced: int = 0
    left_out: int = 0
    _columns: dict[tuple[str, str], _Scored] = field(default_factory=dict[tuple[str, str], _Scored])

    _best: tuple[str, float] | None = None
    _looked: int = 0

    @property
    def total(self) -> int:
        return self.evaluation.size - self.left_out

    def begin(self, there: Iterable[Counts]) -> None:
        for each in there:
            self.done += each.results
            self.asked += each.asked
            self.failed += each.failed
            self.passed += each.passed
            self.judged += each.judged
            self.cost_usd += each.cost_usd
            self.unpriced += each.unpriced
            self._score(each.prompt, each.model, each.scored, each.score)
        self._looked, self._best = self.done, self._leading()

    def add(self, result: Result) -> None:
        self.done += 1
        self.failed += bool(result.error)
        if result.passed is not None:
            self.judged += 1
            self.passed += result.passed
        if result.score is not None:
            self._score(result.prompt, result.model, 1, result.score)
        if not result.cached and UNFIT not in result.error:
            self.asked += 1
            unknown = result.cost_usd is None and not result.error
            self.unpriced += unknown or result.judge_cost_usd is None
            self.cost_usd += result.cost_usd or 0.0
        else:
            self.unpriced += result.judge_cost_usd is None
        self.cost_usd += result.judge_cost_usd or 0.0

    @property
    def best(self) -> tuple[str, float] | None:
        """The prompt and model that lead so far, named as the report does, with their mean score;
        None before anything is scored. Of many columns it is some answers old until the end."""
        few = self.done - self._looked < len(self._columns) // _FEW
        if not few or self.done == self.total:
            self._looked, self._best = self.done, self._leading()
        return self._best

    @property
    def best_scored(self) -> int:
        """How many scores the column that leads now has; 0 before anything is scored."""
        leader = self._leader()
        return 0 if leader is None else self._columns[leader].count

    def _leading(self) -> tuple[str, float] | None:
        leader = self._leader()
        if leader is None:
            return None
        scored = self._columns[leader]
        return self._name(*leader), scored.total / scored.count

    def _leader(self) -> tuple[str, str] | None:
        means = {key: each.total / each.count for key, each in self._columns.items() if each.count}
        return min(means, key=lambda key: (-means[key], key), default=None)

    def _score(self, prompt: str, model: str, count: int, total: float) -> None:
        scored = self._columns.setdefault((prompt, model), _Scored())
        scored.count += count
        scored.total += total

    def _name(self, prompt: str, model: str) -> str:
        if len(self.evaluation.models) == 1:
            return prompt
        return model if len(self.evaluation.prompts) == 1 else f"{prompt} · {model}"
