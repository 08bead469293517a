"""All that a search knows: its candidates, and how they scored on which examples."""

from __future__ import annotations

from collections.abc import Iterable

from burnish.optimizers.ask import Measured, Pair
from burnish.optimizers.candidate import Candidate


class Book:
    """Candidates in the order in which they were made. `order` has the first measurement of each
    candidate on each example, as they came."""

    def __init__(self) -> None:
        self.candidates: dict[str, Candidate] = {}
        self._found: dict[str, dict[tuple[int, int], Measured]] = {}
        self._values: dict[str, dict[int, float]] = {}
        self.order: list[Pair] = []
        self._sum = 0.0
        self._known = 0

    def add(self, candidate: Candidate) -> bool:
        """Whether its text is new."""
        if candidate.id in self.candidates:
            return False
        self.candidates[candidate.id] = candidate
        self._found[candidate.id] = {}
        self._values[candidate.id] = {}
        return True

    def record(self, pair: Pair, measured: Measured) -> None:
        found = self._found[pair.candidate]
        found[pair.example, pair.repeat] = measured
        values = self._values[pair.candidate]
        before = values.get(pair.example)
        if before is None:
            values[pair.example] = value = _value(measured)
            self.order.append(pair)
            self._known += 1
            self._sum += value
            return
        every = [_value(each) for (number, _), each in found.items() if number == pair.example]
        values[pair.example] = value = sum(every) / len(every)
        self._sum += value - before

    def __contains__(self, pair: Pair) -> bool:
        return (pair.example, pair.repeat) in self._found[pair.candidate]

    def values(self, candidate: str) -> dict[int, float]:
        """By example, the mean of its repeats; a call that failed counts 0."""
        return self._values[candidate]

    def measured(self, candidate: str) -> dict[tuple[int, int], Measured]:
        """By example and repeat."""
        return self._found[candidate]

    def mean(self, candidate: str, examples: Iterable[int]) -> float:
        """Of those examples that are known; 0 where none is."""
        values = self._values[candidate]
        known = [values[each] for each in examples if each in values]
        return sum(known) / len(known) if known else 0.0

    def differences(self, one: str, other: str, examples: Iterable[int]) -> list[float]:
        """`one` less `other`, on the examples that both have."""
        mine, theirs = self._values[one], self._values[other]
        return [mine[each] - theirs[each] for each in examples if each in mine and each in theirs]

    def failing(self, candidate: str, examples: Iterable[int], below: float = 1.0) -> list[int]:
        """Those of the examples that are known and scored less, the worst ones first."""
        values = self._values[candidate]
        found = [each for each in examples if each in values and values[each] < below]
        return sorted(found, key=lambda each: values[each])

    @property
    def overall(self) -> float:
        """The mean of all candidates' scores; 0 before there is one."""
        return self._sum / self._known if self._known else 0.0


def _value(measured: Measured) -> float:
    return 0.0 if measured.value is None else measured.value
