"""What a variant's values come to, and how far that may be off."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Any, Literal

import msgspec
import numpy as np
from numpy.typing import NDArray

from burnish.errors import UsageError

Floats = NDArray[np.float64]
Metric = Literal["rate", "mean", "ratio"]


@dataclass(frozen=True)
class Sample:
    """One variant's values, a number for each unit. With `denominators` the metric is the ratio of
    both sums: cost for each call, or the mean over rows where units have several (`of_rows`).
    `covariates` were known of each unit before it saw the variant; with `times` (seconds) the units
    stand in their order."""

    name: str
    values: Floats
    denominators: Floats | None = None
    covariates: Floats | None = None
    times: Floats | None = None

    @property
    def n(self) -> int:
        return len(self.values)

    @property
    def binary(self) -> bool:
        """Whether it is a rate: each value 0 or 1."""
        return self.denominators is None and bool(np.isin(self.values, (0.0, 1.0)).all())


class Estimate(msgspec.Struct, frozen=True):
    """`variance` is that of the value, which falls with the number of units `n`."""

    value: float
    variance: float
    n: int


def estimate(sample: Sample) -> Estimate:
    """Raises UsageError below two units, where a ratio's denominators sum up to 0, and for values
    too large to be reckoned with."""
    if sample.n < 2:
        raise UsageError(
            f"too few units of variant {sample.name!r}: {sample.n}",
            hint="two are the least there can be",
        )
    with np.errstate(all="ignore"):
        found = _estimated(sample)
    if not (math.isfinite(found.value) and math.isfinite(found.variance)):
        raise UsageError(
            f"the values of variant {sample.name!r} are too large to reckon with",
            hint="give them in a larger unit",
        )
    return found


def _estimated(sample: Sample) -> Estimate:
    if sample.denominators is not None:
        return _ratio(sample.name, sample.values, sample.denominators)
    values = sample.values
    return Estimate(float(values.mean()), float(values.var(ddof=1)) / len(values), len(values))


def _ratio(name: str, values: Floats, denominators: Floats) -> Estimate:
    """By the delta method (Deng, Knoblich and Lu 2018): right where units are independent, whatever
    the rows within a unit have in common."""
    n, bottom = len(values), float(denominators.mean())
    if not bottom:
        raise UsageError(
            f"the denominators of variant {name!r} sum up to 0", hint="a ratio needs some"
        )
    ratio = float(values.mean()) / bottom
    # The same as var(M)/D² + var(D)·M²/D⁴ - 2·cov·M/D³, without the loss of digits.
    off = (values - ratio * denominators) / bottom
    return Estimate(ratio, float((off * off).sum()) / (n - 1) / n, n)


def of_rows(name: str, units: NDArray[Any], values: Floats) -> Sample:
    """Units that bring several rows each, as the ratio of their sums to their numbers."""
    _, places = np.unique(units, return_inverse=True)
    counts = np.bincount(places).astype(np.float64)
    if (counts == 1).all():
        return Sample(name, values)
    return Sample(name, np.bincount(places, weights=values).astype(np.float64), counts)


def capped(samples: list[Sample], share: float) -> list[Sample]:
    """Values above the quantile `share` (0.5 to 1) of all variants together are set to it, so that
    a few huge ones do not drown the rest; the same bound for all leaves no variant favoured."""
    if not 0.5 <= share <= 1:
        raise UsageError(f"a cap at the quantile {share:g}", hint="give 0.5 to 1, such as 0.99")
    if share == 1:
        return samples
    every = np.concatenate([each.values for each in samples])
    most = float(np.quantile(every, share))
    return [replace(each, values=np.minimum(each.values, most)) for each in samples]
