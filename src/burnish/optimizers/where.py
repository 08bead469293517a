"""Which prompts are meant by a condition such as `rating < 0.6 and category = mail`."""

from __future__ import annotations

import math
import operator
import re
from collections.abc import Callable, Mapping
from typing import Any

import msgspec

from burnish.errors import UsageError

NUMBERS, TEXTS = ("rating", "score"), ("name", "category", "tag")
_COMPARED: dict[str, Callable[[Any, Any], bool]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
    "=": operator.eq,
    "==": operator.eq,
    "!=": operator.ne,
}
_TERM = re.compile(r"\s*([a-z]+)\s*(<=|>=|==|!=|<|>|=)\s*(\"[^\"]*\"|'[^']*'|[^\s\"'<>=!]+)\s*\Z")
# The word between two conditions, which stands before another one; a quoted text may hold both.
_AND = re.compile(r"\"[^\"]*\"|'[^']*'|(?P<and>\s+(?i:and)\s+(?=[a-z]+\s*[<>=!]))")
_LONGEST = 500


class Condition(msgspec.Struct, frozen=True):
    field: str
    sign: str
    value: float | str

    def holds(self, facts: Mapping[str, Any]) -> bool:
        """Nothing is true of what is not known: a prompt without a rating is not a weak one."""
        known = facts.get(self.field)
        if known is None:
            return False
        if self.field == "tag":
            return (self.value in known) == (self.sign != "!=")
        return _COMPARED[self.sign](known, self.value)


def parse_where(text: str) -> tuple[Condition, ...]:
    """All of them have to hold. Raises UsageError for what is no condition."""
    if len(text) > _LONGEST:
        raise UsageError(f"a condition of {len(text)} characters", hint=f"use {_LONGEST} at most")
    return tuple(map(_condition, _parts(text.strip())))


def _parts(text: str) -> list[str]:
    ands = [each.span() for each in _AND.finditer(text) if each["and"]]
    begins, ends = [0, *(end for _, end in ands)], [*(begin for begin, _ in ands), len(text)]
    return [text[begin:end] for begin, end in zip(begins, ends, strict=True)]


def _condition(part: str) -> Condition:
    found = _TERM.match(part)
    if found is None:
        raise UsageError(
            f"{part.strip()!r} is no condition",
            hint='write such as "rating < 0.6", "score < 0.8 and category = mail"',
            subject=part,
        )
    field, sign, written = found.groups()
    if field not in (*NUMBERS, *TEXTS):
        raise UsageError(
            f"prompts have no {field!r} to choose by",
            hint=f"use {', '.join((*NUMBERS, *TEXTS))}",
            subject=field,
        )
    value = written[1:-1] if written[0] in "\"'" else written
    if field in TEXTS:
        if sign not in ("=", "==", "!="):
            raise UsageError(f"{field} is a text: {sign} says nothing", hint="use = or !=")
        _check_plain(field, sign, value, part)
        return Condition(field, sign, value)
    try:
        number = float(value)
    except ValueError:
        number = math.nan
    if not math.isfinite(number):
        raise UsageError(f"{value!r} is no number", hint=f"such as {field} < 0.6", subject=value)
    if not 0 <= number <= 1:
        raise UsageError(
            f"no {field} is {value}: they go from 0 to 1",
            hint=f"such as {field} < 0.6",
            subject=value,
        )
    return Condition(field, sign, number)


def _check_plain(field: str, sign: str, value: str, part: str) -> None:
    """Raises UsageError for a pattern, which would be compared to the letter and hold for nothing;
    tags and categories may have such a sign in them, names of prompts hardly."""
    folder, _, rest = value.rpartition("/")
    if field != "name" or not set("*?") & set(value):
        return
    whole = f"category {sign} {folder.partition('/')[0]}" if rest == "*" and folder else ""
    raise UsageError(
        f"{value!r} is a pattern, and a name is compared to the letter",
        hint=f"a prompt is in the category of its first folder, unless it was given another: "
        f"write {whole}"
        if whole
        else "write the whole name, or choose by category or tag",
        subject=part,
    )
