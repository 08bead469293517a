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
    """Of the effects, in the order of the edits, and of `base`, what is scored without any of them;
    the transpose of `root` times `root` is their covariance."""

    mean: Floats
    base: float
    root: Floats

    def draws(self, random: np.random.Generator, count: int) -> Floats:
        """One in each row."""
        away = random.standard_normal((count, len(self.root))) @ self.root
        return self.mean + away[:, : len(self.mean)]


class Additive:
    """Takes scores one by one. Its settings are variances: of the noise, of the examples around the
    mean, and of the effects around what is expected of each."""

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
        self._new: list[tuple[int, Sequence[int], float]] = []

    def __len__(self) -> int:
        return len(self._priors)

    def edit(self, expected: float = 0.0) -> int:
        """The number of a new edit, with the effect that is expected before it is measured."""
        self._priors.append(expected)
        if len(self._priors) >= len(self._moment):
            self._widen()
        return len(self._priors) - 1

    def add(self, example: int, edits: Sequence[int], score: float) -> None:
        """A score of a prompt that has these edits."""
        row = self._rows.setdefault(example, len(self._rows))
        if row >= len(self._counts):
            self._lengthen()
        self._counts[row] += 1
        self._totals[row] += score
        self._new.append((row, edits, score))

    def _gathered(self) -> None:
        """All at once what came since the last time."""
        new, self._new = self._new, []
        if not new:
            return
        lines = [line for line, (_, edits, _) in enumerate(new) for _ in edits]
        columns = [edit for _, edits, _ in new for edit in edits]
        k = len(self._priors)
        present = np.zeros((len(new), k))
        present[lines, columns] = 1
        self._cross[:k, :k] += present.T @ present
        self._moment[:k] += np.array([score for _, _, score in new]) @ present
        np.add.at(self._sums[:, :k], [row for row, _, _ in new], present)

    def posterior(self) -> Posterior:
        """The mean of all scores is estimated too, under a flat prior."""
        self._gathered()
        k, rows = len(self._priors), len(self._rows)
        prior = np.array(self._priors)
        if not rows:
            return Posterior(prior, 0.0, np.eye(k) * np.sqrt(self._effects))
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
        # Not by eigenvalues: of few edits they take a thousand times as long where the threads of
        # a library for matrices wait for each other.
        root: Any = np.linalg.inv(np.linalg.cholesky(precision))
        mean = root.T @ (root @ right)
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
