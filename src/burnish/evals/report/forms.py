"""Reports of any kind as files: the form that an ending names, in UTF-8."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import msgspec

from burnish.errors import UsageError

Forms = Mapping[str, Callable[[], str]]
"""What makes the text for each ending; called for one of them, so that no other is loaded."""


def in_form(ending: str, forms: Forms) -> bytes:
    """Raises UsageError for an ending that none has."""
    if ending not in forms:
        raise UsageError(f"no report ends in {ending!r}", hint=f"use {', '.join(forms)}")
    return forms[ending]().encode("utf-8", "replace")


def as_json(data: Any) -> str:
    return msgspec.json.format(msgspec.json.encode(data)).decode()
