"""JSON in texts: read, found between words, compared."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterator, Mapping
from typing import Any, NoReturn, cast

_FENCE = re.compile(r"```[^\n`]*\n(.*?)```", re.DOTALL)
_OPENS = re.compile(r"[{\[]")
_MOST_TRIES = 200


def _refused(word: str) -> NoReturn:
    raise ValueError(f"{word} is no JSON")


_DECODER = json.JSONDecoder(parse_constant=_refused)


def parsed(text: str) -> tuple[Any, str]:
    """The value, and what is wrong with the text; empty where nothing is. NaN and Infinity are
    no JSON."""
    try:
        return _DECODER.decode(text), ""
    except json.JSONDecodeError as error:
        return None, f"no JSON: {error.msg} in line {error.lineno}, column {error.colno}"
    except ValueError as error:
        return None, f"no JSON: {error}"
    except RecursionError:
        return None, "JSON that is nested too deep"


def embedded(text: str) -> Iterator[tuple[Any, str]]:
    """Objects and lists that stand somewhere in a text, those in code fences first, each with its
    own text."""
    for place in (*(found[1] for found in _FENCE.finditer(text)), text):
        at, tries = 0, 0
        while tries < _MOST_TRIES and (opened := _OPENS.search(place, at)):
            tries += 1
            try:
                value, end = _DECODER.raw_decode(place, opened.start())
            except (ValueError, RecursionError):
                at = opened.end()
            else:
                yield value, place[opened.start() : end]
                at = end


def same(left: Any, right: Any, tolerance: float = 0.0) -> bool:
    """Equal as JSON: 1 is 1.0, true is not 1, the order of keys does not matter."""
    if isinstance(left, bool) or isinstance(right, bool):
        return left is right
    if isinstance(left, int | float) and isinstance(right, int | float):
        return left == right or _near(left, right, tolerance)
    if isinstance(left, Mapping) and isinstance(right, Mapping):
        a, b = cast("Mapping[str, Any]", left), cast("Mapping[str, Any]", right)
        return a.keys() == b.keys() and all(same(a[key], b[key], tolerance) for key in a)
    if isinstance(left, list | tuple) and isinstance(right, list | tuple):
        one, two = cast("list[Any]", left), cast("list[Any]", right)
        return len(one) == len(two) and all(
            same(x, y, tolerance) for x, y in zip(one, two, strict=True)
        )
    return bool(left == right)


def _near(left: float, right: float, tolerance: float) -> bool:
    try:
        return math.isclose(left, right, rel_tol=0, abs_tol=tolerance)
    except OverflowError:  # a whole number beyond all floats
        return False
