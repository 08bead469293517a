"""What each edit is worth, told from the scores of all candidates that have it.

A score is taken as the difficulty of its example plus the effects of the edits in the prompt plus
noise, all Gaussian: Bayesian linear regression with a random effect for each example, which is
integrated out. So each measurement tells of every edit in the prompt, as in a factorial design, and
not of one candidate alone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

_NOISE = 0.13
_EXAMPLES = 0.10
_EFFECTS = 0.06


@dataclass(frozen=True)
class Posterior:
    """Of the effects, in the order of the edits; `root` times its transpose is the precision of
    these and of `base`, what is scored without any of them."""

    mean: Floats
    base: float
    root: Floats

    def draw(self, random: np.random.Generator) -> Floats:
        # Not by eigenvalues: of few edits they take a thousand times as long where the threads of
        # a library for matrices wait for each other.
        away = np.linalg.solve(self.root.T, random.standard_normal(len(self.root)))
        return self.mean + away[: len(self.mean)]


class Additive:
    """Takes scores one by one; Variances: of the
    noise, of the examples around the mean, and of the effects around what is expected of each."""

    def __init__(
        self, *, noise: float = _NOISE, examples: float = _EXAMPLES, effects: float = _EFFECTS**2
    ) -> None:
        self._noise, self._spread, self._effects = noise, examples, effects
        self._priors: list[float] = []
        self._rows: dict[int, int] = {}
        size = 32
        self._cross = np.zeros((size, size))
        self._moment = np.zeros(size)
        self._sums = np.zeros((64, size))
        self._counts = np.zeros(64)
        self._totals = np.zeros(64)

    def __len__(self) -> int:
        return len(self._priors)

    def edit(self, expected: float = 0.0) -> int:
        """The number of a new edit, with the effect that is expected before it is measured."""
        self._priors.append(expected)
        if len(self._priors) >= len(self._moment):
            self._widen()
        return len(self._priors) - 1

    def expect(self, edit: int, expected: float) -> None:
        self._priors[edit] = expected

    def add(self, example: int, edits: Sequence[int], score: float) -> None:
        """A score of a prompt that has these edits."""
        row = self._rows.setdefault(example, len(self._rows))
        if row >= len(self._counts):
            self._lengthen()
        present = np.asarray(edits, dtype=np.intp)
        self._cross[np.ix_(present, present)] += 1
        self._moment[present] += score
        self._sums[row, present] += 1
        self._counts[row] += 1
        self._totals[row] += score

    def posterior(self) -> Posterior:
        """The mean of all scores is estimated too, under a flat prior."""
        k, rows = len(self._priors), len(self._rows)
        prior = np.array(self._priors)
        if not rows:
            return Posterior(prior, 0.0, np.eye(k) / np.sqrt(self._effects))
        counts, totals, sums = self._counts[:rows], self._totals[:rows], self._sums[:rows, :k]
        # Of each example the part that its random effect explains is taken off.
        share = self._spread / (self._noise + counts * self._spread)
        design = np.zeros((k + 1, k + 1))
        design[:k, :k] = self._cross[:k, :k] - (sums * share[:, None]).T @ sums
        design[:k, k] = design[k, :k] = sums.T @ (1 - counts * share)
        design[k, k] = float(np.sum(counts * (1 - counts * share)))
        right = np.zeros(k + 1)
        right[:k] = self._moment[:k] - sums.T @ (share * totals)
        right[k] = float(np.sum(totals * (1 - counts * share)))
        precision = design / self._noise
        precision[np.arange(k), np.arange(k)] += 1 / self._effects
        right /= self._noise
        right[:k] += prior / self._effects
        mean: Any = np.linalg.solve(precision, right)
        root: Any = np.linalg.cholesky(precision)
        return Posterior(mean[:k], float(mean[k]), root)

    def _widen(self) -> None:
        more = len(self._moment)
        self._cross = np.pad(self._cross, ((0, more), (0, more)))
        self._moment = np.pad(self._moment, (0, more))
        self._sums = np.pad(self._sums, ((0, 0), (0, more)))

    def _lengthen(self) -> None:
        more = len(self._counts)
        self._sums = np.pad(self._sums, ((0, more), (0, 0)))
        self._counts = np.pad(self._counts, (0, more))
        self._totals = np.pad(self._totals, (0, more))
