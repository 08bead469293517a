"""All that a search knows: its candidates, and how they scored on which examples."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from burnish.optimizers.ask import Measured, Pair
from burnish.optimizers.candidate import Candidate

Own = Callable[[int, Sequence[Measured]], float | None]
"""From the number of an example and the answers to it, from 0 to 1; None where more are needed."""


class Book:
    """Candidates in the order in which they were made. `order` has each candidate with each example
    that it has a value on, as they came.

    A goal may have a measure of its `own` beside the score. Then the value of an example, which a
    search goes by, is the mean of the two; else it is the score."""

    def __init__(self, own: Own | None = None) -> None:
        self.candidates: dict[str, Candidate] = {}
        self._own = own
        self._found: dict[str, dict[tuple[int, int], Measured]] = {}
        self._values: dict[str, dict[int, float]] = {}
        self._scores: dict[str, dict[int, float]] = {}
        self._owns: dict[str, dict[int, float]] = {}
        self.order: list[Pair] = []
        self._sum = 0.0
        self._known = 0
        self._most = 0

    def add(self, candidate: Candidate) -> bool:
        """Whether its text is new."""
        name = candidate.id
        if name in self.candidates:
            return False
        self.candidates[name] = candidate
        self._found[name] = {}
        self._values[name] = {}
        self._scores[name] = self._values[name] if self._own is None else {}
        self._owns[name] = {}
        return True

    def record(self, pair: Pair, measured: Measured) -> None:
        name, example, repeat = pair
        found, before = self._found[name], self._values[name].get(example)
        is_first = example not in self._scores[name]
        found[example, repeat] = measured
        self._most = max(self._most, repeat)
        answers = [measured] if is_first else self.answers(name, example)
        value = _value(measured) if is_first else sum(map(_value, answers)) / len(answers)
        if self._own is not None:
            self._scores[name][example] = value
            own = self._own(example, answers)
            if own is None:
                return
            self._owns[name][example] = own
            value = (value + own) / 2
        self._values[name][example] = value
        if before is None:
            self.order.append(Pair(name, example))
            self._known += 1
        self._sum += value - (before or 0.0)

    def __contains__(self, pair: Pair) -> bool:
        return (pair.example, pair.repeat) in self._found[pair.candidate]

    def answers(self, candidate: str, example: int) -> list[Measured]:
        """All repeats, the first one first."""
        found, repeats = self._found[candidate], range(self._most + 1)
        return [found[example, repeat] for repeat in repeats if (example, repeat) in found]

    def values(self, candidate: str) -> dict[int, float]:
        """By example, what a search goes by: the score, or its mean with the goal's own measure."""
        return self._values[candidate]

    def scores(self, candidate: str) -> dict[int, float]:
        """By example, the mean of its repeats; a call that failed counts 0."""
        return self._scores[candidate]

    def owns(self, candidate: str) -> dict[int, float]:
        """By example, the goal's own measure; empty for a goal that has none."""
        return self._owns[candidate]

    def measured(self, candidate: str) -> dict[tuple[int, int], Measured]:
        """By example and repeat."""
        return self._found[candidate]

    def differences(self, one: str, other: str, examples: Iterable[int]) -> list[float]:
        """The values of `one` less those of `other`, on the examples that both have."""
        mine, theirs = self._values[one], self._values[other]
        return [mine[each] - theirs[each] for each in examples if each in mine and each in theirs]

    def failing(self, candidate: str, examples: Iterable[int], below: float = 1.0) -> list[int]:
        """Those of the examples that are known and have a lower value, the worst ones first."""
        values = self._values[candidate]
        found = [each for each in examples if each in values and values[each] < below]
        return sorted(found, key=lambda each: values[each])

    @property
    def overall(self) -> float:
        """The mean of all candidates' values; 0 before there is one."""
        return self._sum / self._known if self._known else 0.0


def mean_of(values: dict[int, float], examples: Iterable[int]) -> float:
    """Of those examples that are known; 0 where none is."""
    known = [values[each] for each in examples if each in values]
    return sum(known) / len(known) if known else 0.0


def _value(measured: Measured) -> float:
    return 0.0 if measured.value is None else measured.value
