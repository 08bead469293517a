"""The settings of jobs and experiments. Their descriptions are the reference page."""

from __future__ import annotations

from typing import Annotated

import msgspec
from msgspec import Meta


class JobsSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    at_once: Annotated[
        int, Meta(ge=1, le=64, description="Jobs that one process runs at once, at most")
    ] = 2
    lease_s: Annotated[
        float,
        Meta(
            ge=3,
            le=3600,
            description="A job whose process is not heard of for so long is begun again, seconds",
        ),
    ] = 30.0
    retries: Annotated[
        int,
        Meta(
            ge=0,
            le=100,
            description="New attempts at a job after faults that may pass or a process that died",
        ),
    ] = 5


class ExperimentsSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    check_every_s: Annotated[
        float,
        Meta(
            ge=0,
            le=86_400,
            description="Seconds between looks at what is due in experiments that run: guardrails, "
            "ramps, stop rules, promotions; 0: only when asked to",
        ),
    ] = 60.0
