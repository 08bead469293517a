"""How well two raters agree: Cohen's kappa, Pearson's and Spearman's correlation."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Literal

import msgspec

_RESAMPLES = 2_000
_SEED = 20_260
_FEWEST = 3


class Estimate(msgspec.Struct, frozen=True, kw_only=True):
    """A figure with its 95 % interval; None where the data do not decide it (too few, or all
    alike)."""

    value: float | None
    low: float | None = None
    high: float | None = None


Figure = Callable[[Any, Any], float | None]


def kappa(
    ours: Sequence[Any],
    theirs: Sequence[Any],
    categories: Sequence[Any],
    *,
    weights: Literal["none", "quadratic"] = "none",
) -> float | None:
    """Cohen's kappa (Cohen 1960, 1968): agreement beyond what chance gives, 1 at best. With
    quadratic weights a verdict counts the worse the further off it is."""
    import numpy as np

    if not len(ours):
        return None
    place = {category: at for at, category in enumerate(categories)}
    size = len(categories)
    seen = np.zeros((size, size))
    np.add.at(seen, ([place[each] for each in ours], [place[each] for each in theirs]), 1.0)
    seen /= len(ours)
    by_chance = np.outer(seen.sum(axis=1), seen.sum(axis=0))
    at = np.arange(size)
    apart = (at[:, None] - at[None, :]) ** 2 if weights == "quadratic" else at[:, None] != at
    expected = float((apart * by_chance).sum())
    return None if expected == 0 else 1.0 - float((apart * seen).sum()) / expected


def pearson(x: Sequence[float], y: Sequence[float]) -> float | None:
    import numpy as np

    a, b = np.asarray(x, dtype=float), np.asarray(y, dtype=float)
    if len(a) < 3:
        return None
    a, b = a - a.mean(), b - b.mean()
    spread = float(np.sqrt((a @ a) * (b @ b)))
    return None if spread < 1e-12 else float(a @ b) / spread


def spearman(x: Sequence[float], y: Sequence[float]) -> float | None:
    """Pearson's of the ranks; equal values share the mean of theirs."""
    import numpy as np

    from burnish.evals.statistics.ranks import mid_ranks

    (a, _), (b, _) = (mid_ranks(np.asarray(each, dtype=float)) for each in (x, y))
    return pearson(a.tolist(), b.tolist())


def with_interval(figure: Figure, ours: Sequence[Any], theirs: Sequence[Any]) -> Estimate:
    """The figure, and the percentile interval over resamples of the pairs. The same data give the
    same interval."""
    import numpy as np

    value = figure(ours, theirs) if len(ours) >= _FEWEST else None
    if value is None:
        return Estimate(value=None)
    chance = np.random.default_rng(_SEED)
    found: list[float] = []
    for _ in range(_RESAMPLES):
        chosen = chance.integers(0, len(ours), len(ours))
        again = figure([ours[at] for at in chosen], [theirs[at] for at in chosen])
        if again is not None:
            found.append(again)
    low, high = np.percentile(found, (2.5, 97.5)) if found else (value, value)
    return Estimate(value=value, low=float(low), high=float(high))
