"""The providers that Burnish brings, through the door that plug-ins use."""

from __future__ import annotations

from collections.abc import Sequence

from burnish.models.preset import PRESETS, Preset


def models() -> Sequence[Preset]:
    return PRESETS
