"""What each edit is worth, told from the scores of all candidates that have it.

A score is taken as the difficulty of its example plus the effects of the edits in the prompt plus
noise, all Gaussian: Bayesian linear regression with a random effect for each example, which is
integrated out. So each measurement tells of every edit in the prompt, as in a factorial design, and
not of one candidate alone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain
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
    the transpose of `root` times `root` is the effects' covariance."""

    mean: Floats
    base: float
    root: Floats

    def draws(self, random: np.random.Generator, count: int) -> Floats:
        """One in each row."""
        return self.mean + random.standard_normal((count, len(self.root))) @ self.root


class Additive:
    """Takes scores one by one. Its settings are variances: of the noise, of the examples around the
    mean, and of the effects around what is expected of each."""

    def __init__(
        self, *, noise: float = _NOISE, examples: float = _EXAMPLES, effects: float = _EFFECTS**2
    ) -> None:
        self._noise, self._spread, self._effects = noise, examples, effects
        self._priors: list[float] = []
        self._rows: dict[int, int] = {}
        # The first column is of `base`, which every prompt has; the others are of edits. By pairs
        # of them how often both were there, and by example how often each was, and the scores.
        size = 32
        self._cross = np.zeros((size, size))
        self._moment = np.zeros(size)
        self._sums = np.zeros((64, size))
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
        if row >= len(self._totals):
            self._lengthen()
        self._new.append((row, edits, score))

    def _gathered(self) -> None:
        """All at once what came since the last time."""
        new, self._new = self._new, []
        if not new:
            return
        k = len(self._priors) + 1
        present = np.zeros((len(new), k))
        present[:, 0] = 1
        rows, edits, scores = zip(*new, strict=True)
        lines = np.repeat(np.arange(len(new)), list(map(len, edits)))
        present[lines, np.fromiter(chain.from_iterable(edits), int, len(lines)) + 1] = 1
        self._cross[:k, :k] += present.T @ present
        self._moment[:k] += np.array(scores) @ present
        np.add.at(self._totals, list(rows), scores)
        np.add.at(self._sums[:, :k], list(rows), present)

    def posterior(self) -> Posterior:
        """The mean of all scores is estimated too, under a flat prior."""
        self._gathered()
        k, rows = len(self._priors), len(self._rows)
        prior = np.array(self._priors)
        if not rows:
            return Posterior(prior, 0.0, np.eye(k) * np.sqrt(self._effects))
        sums, totals = self._sums[:rows, : k + 1], self._totals[:rows]
        # Of each example the part that its random effect explains is taken off.
        shared = sums.T * (self._spread / (self._noise + sums[:, 0] * self._spread))
        precision = (self._cross[: k + 1, : k + 1] - shared @ sums) / self._noise
        precision.flat[k + 2 :: k + 2] += 1 / self._effects
        right = (self._moment[: k + 1] - shared @ totals) / self._noise
        right[1:] += prior / self._effects
        # Not by eigenvalues: of few edits they take a thousand times as long where the threads of
        # a library for matrices wait for each other.
        root: Any = np.linalg.inv(np.linalg.cholesky(precision))
        mean = root.T @ (root @ right)
        return Posterior(mean[1:], float(mean[0]), root[:, 1:])

    def _widen(self) -> None:
        more = len(self._moment)
        self._cross = np.pad(self._cross, ((0, more), (0, more)))
        self._moment = np.pad(self._moment, (0, more))
        self._sums = np.pad(self._sums, ((0, 0), (0, more)))

    def _lengthen(self) -> None:
        more = len(self._totals)
        self._sums = np.pad(self._sums, ((0, more), (0, 0)))
        self._totals = np.pad(self._totals, (0, more))
