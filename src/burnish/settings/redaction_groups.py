"""The settings of the redaction of personal data."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from burnish.redaction.kinds import KINDS, Kind


class RedactionSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    when: Annotated[
        Literal["off", "store", "provider", "both"],
        Meta(
            description="Where personal data is taken out: `store` of what is written down, "
            "`provider` of what models elsewhere are sent, or `both`"
        ),
    ] = "off"
    kinds: Annotated[
        tuple[Kind, ...],
        Meta(description="What is taken out: email, phone, card, iban, ip"),
    ] = KINDS
