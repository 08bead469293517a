"""What edits are worth, beside the same model written out as one normal distribution."""

from __future__ import annotations

import random

import numpy as np
import pytest

from burnish.optimizers.additive import Additive

NOISE, SPREAD, EFFECTS = 0.13, 0.10, 0.06**2


@pytest.mark.parametrize("seed", range(5))
def test_the_posterior_is_that_of_the_whole_covariance(seed: int) -> None:
    chance = random.Random(seed)
    model = Additive(noise=NOISE, examples=SPREAD, effects=EFFECTS)
    priors = [chance.uniform(-0.05, 0.05) for _ in range(40)]
    scores: list[tuple[int, list[int], float]] = []
    for expected in priors:
        model.edit(expected)
        # More edits than there was room for at first, more examples too, and gathered in parts.
        for _ in range(chance.randrange(6)):
            shown = chance.sample(range(len(model)), min(len(model), 3))
            scores.append((chance.randrange(90), shown, float(chance.random() < 0.5)))
            model.add(*scores[-1])
        if chance.random() < 0.3:
            model.posterior()
    found = model.posterior()

    # Scores are normal around `base` and the effects, with one covariance: of the noise, and of
    # examples that share theirs. A flat prior of the base is one of very little precision.
    wide = np.array([[1.0, *(float(k in shown) for k in range(40))] for _, shown, _ in scores])
    same = np.array([[float(a[0] == b[0]) for b in scores] for a in scores])
    weights = np.linalg.inv(NOISE * np.eye(len(scores)) + SPREAD * same)
    before = np.diag([0.0, *[1 / EFFECTS] * 40])
    covariance = np.linalg.inv(wide.T @ weights @ wide + before)
    told = np.array([score for _, _, score in scores])
    mean = covariance @ (wide.T @ weights @ told + before @ np.array([0.0, *priors]))
    assert found.base == pytest.approx(mean[0])
    assert found.mean == pytest.approx(mean[1:])
    assert found.root.T @ found.root == pytest.approx(covariance[1:, 1:])


def test_draws_have_the_mean_and_covariance_of_the_posterior() -> None:
    model = Additive()
    for _ in range(3):
        model.edit(0.02)
    for example in range(12):
        model.add(example, [example % 3], float(example % 2))
    found = model.posterior()
    draws = found.draws(np.random.default_rng(1), 200_000)
    assert draws.mean(axis=0) == pytest.approx(found.mean, abs=1e-3)
    assert np.cov(draws.T) == pytest.approx(found.root.T @ found.root, abs=5e-5)
