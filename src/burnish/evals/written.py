"""Scorers as people write them in a line: `contains:sorry`, `not-icontains:error`,
`similar>=0.8`, `length:{"max_words": 50}*2`."""

from __future__ import annotations

import re
from typing import Any

import msgspec

from burnish.errors import UsageError
from burnish.storage.example import ScorerSpec

_WRITTEN = re.compile(
    r"(?P<name>[A-Za-z][A-Za-z0-9_-]*)"
    r"(?P<least>>=\d+(?:\.\d+)?|>=\.\d+)?"
    r"(?P<weight>\*\d+(?:\.\d+)?)?"
    r"(?::(?P<value>.*))?",
    re.DOTALL,
)
_HINT = "write name, name:value or name>=0.8:value, such as contains:sorry; see burnish scorers"


def spec_of(given: str | ScorerSpec) -> ScorerSpec:
    """`name`, then `>=` and the least score that passes, `*` and the weight, `:` and what the
    answer is compared with: text, or JSON where it begins with a brace or a bracket. An object is
    the scorer's parameters, and its key `value` what is compared with. Raises UsageError."""
    if isinstance(given, ScorerSpec):
        return given
    found = _WRITTEN.fullmatch(given.strip())
    if found is None:
        raise UsageError(f"{given!r} is no scorer", hint=_HINT, subject=given)
    value, parameters = _value(found["value"], given)
    return ScorerSpec(
        name=found["name"],
        value=value,
        threshold=float(found["least"][2:]) if found["least"] else None,
        weight=float(found["weight"][1:]) if found["weight"] else 1.0,
        parameters=parameters,
    )


def _value(written: str | None, given: str) -> tuple[Any, dict[str, Any]]:
    if not written or written[0] not in "{[":
        return written or None, {}
    try:
        value = msgspec.json.decode(written)
    except msgspec.DecodeError as error:
        raise UsageError(f"{given!r} holds no JSON: {error}", hint=_HINT, subject=given) from None
    if not isinstance(value, dict):
        return value, {}
    return value.pop("value", None), value
