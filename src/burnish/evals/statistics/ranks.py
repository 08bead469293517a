"""Ranks of values, where equal ones share the mean of theirs."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from burnish.evals.statistics.intervals import Floats


def mid_ranks(values: Floats) -> tuple[Floats, NDArray[Any]]:
    """The rank of each, from 1, and how many there are of each different value."""
    _, places, counts = np.unique(values, return_inverse=True, return_counts=True)
    last = np.cumsum(counts)
    return (last - (counts - 1) / 2)[places], counts
