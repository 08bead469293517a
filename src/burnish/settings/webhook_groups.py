"""The settings of webhooks."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec
from msgspec import Meta


class WebhooksSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    reach: Annotated[
        Literal["public", "this machine", "private networks"],
        Meta(description="Which addresses may be told: public ones, this machine too, or all"),
    ] = "public"
    every_s: Annotated[
        float,
        Meta(gt=0, le=3600, description="How often a server or a worker looks what is to be told"),
    ] = 2.0
