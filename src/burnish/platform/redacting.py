"""Where personal data is taken out, as the settings say."""

from __future__ import annotations

from burnish.redaction import Kind
from burnish.settings.redaction_groups import RedactionSettings


def stored_kinds(settings: RedactionSettings) -> tuple[Kind, ...]:
    """What is not written down."""
    return settings.kinds if settings.when in {"store", "both"} else ()


def sent_kinds(settings: RedactionSettings) -> tuple[Kind, ...]:
    """What models elsewhere do not get."""
    return settings.kinds if settings.when in {"provider", "both"} else ()
