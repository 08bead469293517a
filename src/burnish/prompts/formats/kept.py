"""What is kept of another tool's file beside the prompt: plain values, and no key."""

from __future__ import annotations

import re
from typing import Any, cast

_SECRET = re.compile(
    r"(?:api[_-]?key|secret|password|access[_-]?token|auth[_-]?token|token|authorization"
    r"|credentials?)\Z",
    re.IGNORECASE,
)
# A name of a place where the key is, not the key.
_REFERENCE = re.compile(r"\s*(?:\$\{[^}]*\}|\{\{[^{}]*\}\}|\$[A-Za-z_]\w*)\s*\Z")
_MAX_DEPTH = 40


def without_keys(value: dict[str, Any], notes: dict[str, None]) -> dict[str, Any]:
    """A copy; where something was left out, a note says so."""
    return cast("dict[str, Any]", _copy(value, notes, 0))


def _copy(value: Any, notes: dict[str, None], depth: int) -> Any:
    if depth > _MAX_DEPTH:
        notes.setdefault("what is nested too deeply to be kept is left out")
        return None
    if isinstance(value, list):
        return [_copy(item, notes, depth + 1) for item in cast("list[Any]", value)]
    if not isinstance(value, dict):
        return value
    copied: dict[str, Any] = {}
    for key, item in cast("dict[str, Any]", value).items():
        if _SECRET.search(key) and _is_secret(item):
            notes.setdefault(f"{key} is left out: a prompt holds no keys")
        else:
            copied[key] = _copy(item, notes, depth + 1)
    return copied


def _is_secret(value: Any) -> bool:
    return isinstance(value, str) and bool(value.strip()) and not _REFERENCE.match(value)
