"""Agreement of two raters, against scikit-learn and scipy."""

from __future__ import annotations

import random
from typing import Any, cast

import pytest

from burnish.evals.agreement import kappa, pearson, spearman, with_interval


def ratings(seed: int, size: int) -> tuple[list[int], list[int]]:
    chance = random.Random(seed)
    ours = [chance.randint(1, 5) for _ in range(size)]
    theirs = [min(5, max(1, each + chance.choice((-2, -1, 0, 0, 0, 1)))) for each in ours]
    return ours, theirs


@pytest.mark.parametrize("seed", range(5))
def test_figures_are_those_of_the_libraries(seed: int) -> None:
    from scipy import stats
    from sklearn import metrics

    score: Any = cast("Any", metrics).cohen_kappa_score
    tools: Any = cast("Any", stats)
    ours, theirs = ratings(seed, 40 + 20 * seed)
    scale = [1, 2, 3, 4, 5]
    assert kappa(ours, theirs, scale) == pytest.approx(score(ours, theirs, labels=scale))
    assert kappa(ours, theirs, scale, weights="quadratic") == pytest.approx(
        score(ours, theirs, labels=scale, weights="quadratic")
    )
    assert pearson(ours, theirs) == pytest.approx(tools.pearsonr(ours, theirs).statistic)
    assert spearman(ours, theirs) == pytest.approx(tools.spearmanr(ours, theirs).statistic)


def test_what_cannot_be_told_is_not_told() -> None:
    assert kappa([], [], [1, 2]) is None
    assert kappa([1, 1], [1, 1], [1, 2]) is None
    assert pearson([1, 2], [2, 3]) is None
    assert spearman([3, 3, 3], [1, 2, 3]) is None
    assert with_interval(pearson, [1, 1, 1], [1, 2, 3]).value is None
    assert kappa([1, 2], [1, 2], [1, 2]) == 1
    assert kappa([1, 2], [2, 1], [1, 2]) == -1


def test_the_interval_covers_the_truth_about_as_often_as_it_says() -> None:
    """Of bivariate normal pairs with a correlation of 0.6; small samples cover a little less."""
    import numpy as np

    chance = np.random.default_rng(3)
    covered = 0
    for _ in range(60):
        pairs = chance.multivariate_normal([0, 0], [[1, 0.6], [0.6, 1]], 60)
        found = with_interval(pearson, pairs[:, 0].tolist(), pairs[:, 1].tolist())
        assert found.low is not None
        assert found.high is not None
        covered += found.low <= 0.6 <= found.high
    assert covered >= 51


def test_the_same_data_give_the_same_interval() -> None:
    ours, theirs = ratings(1, 50)
    assert with_interval(pearson, ours, theirs) == with_interval(pearson, ours, theirs)
