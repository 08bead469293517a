"""The settings of people's accounts."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec
from msgspec import Meta


class AccountsSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    registration: Annotated[
        Literal["open", "invited", "closed"],
        Meta(description="Who may register: everybody, who is invited, or nobody"),
    ] = "invited"
    verify: Annotated[
        bool, Meta(description="Whether nobody signs in whose e-mail address is not verified")
    ] = False
    access_min: Annotated[
        float, Meta(gt=0, le=1440, description="How long an access token is good, minutes")
    ] = 15.0
    refresh_days: Annotated[
        float, Meta(gt=0, le=366, description="How long one stays signed in, days")
    ] = 30.0
    tries: Annotated[
        int, Meta(ge=1, le=100, description="Wrong passwords after which an account is locked")
    ] = 5
    lock_s: Annotated[
        float,
        Meta(
            gt=0,
            le=3600,
            description="How long it is locked then, seconds; each further one doubles it",
        ),
    ] = 60.0
