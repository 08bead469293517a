"""The settings of evaluations."""

from __future__ import annotations

from typing import Annotated

import msgspec
from msgspec import Meta


class EvaluationSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    concurrency: Annotated[
        int,
        Meta(
            ge=1,
            le=1000,
            description="How many answers an evaluation asks for at once; the bounds of each "
            "provider hold beside it",
        ),
    ] = 16
