"""Which part of a request an error is about."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from burnish.errors import BurnishError, UsageError

_LONGEST = 80


def pointer_of(error: BurnishError, given: Mapping[str, Any]) -> str:
    """Of the argument that the error names, or whose value it shows (RFC 6901). Empty where that
    may be several, or none."""
    if not isinstance(error, UsageError):
        return ""
    if error.subject in given:
        return f"/{error.subject}"
    told = f"{error.what}\n{error.subject}"
    found = [name for name in given if re.search(rf"\b{re.escape(name)}\b", error.what)]
    found = found or [name for name, value in given.items() if _shows(told, value)]
    return f"/{found[0]}" if len(found) == 1 else ""


def _shows(told: str, value: Any) -> bool:
    if isinstance(value, bool) or value is None:
        return False
    if isinstance(value, (int, float)):
        return re.search(rf"(?<![\w.,]){re.escape(str(value))}(?![\w,])", told) is not None
    if not isinstance(value, str) or not value:
        return False
    return repr(value) in told if len(value) <= _LONGEST else told.endswith(f"\n{value}")
