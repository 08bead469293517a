"""What a ranker says of a candidate."""

from __future__ import annotations

import msgspec


class Feature(msgspec.Struct, frozen=True, kw_only=True):
    """`value` and `weight` are 0..1; `contribution` is their product. `finding` says what to do."""

    name: str
    value: float
    weight: float
    contribution: float
    finding: str = ""


class Score(msgspec.Struct, frozen=True, kw_only=True):
    """`total` is the sum of the contributions, 0..1."""

    total: float
    features: tuple[Feature, ...]
