"""Personal data in plain JSON values."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, cast

from burnish.redaction.kinds import Kind
from burnish.redaction.redact import redact_texts


def redacted_values(values: Sequence[Any], kinds: Sequence[Kind]) -> list[Any]:
    """The same values without it. All share their placeholders. A number that looks like a
    payment card becomes a text."""
    texts = [text for value in values for text in _texts(value)]
    done = redact_texts(texts, kinds)
    if not done.found:
        return list(values)
    left = iter(done.texts)
    return [_rebuilt(value, left) for value in values]


def _texts(value: Any) -> Iterator[str]:
    """In the order in which `_rebuilt` takes them."""
    if isinstance(value, str):
        yield value
    elif _may_be_card(value):
        yield str(value)
    elif isinstance(value, dict):
        for key, each in cast("dict[Any, Any]", value).items():
            yield from _texts(key)
            yield from _texts(each)
    elif isinstance(value, list | tuple):
        for each in cast("Sequence[Any]", value):
            yield from _texts(each)


def _rebuilt(value: Any, left: Iterator[str]) -> Any:
    if isinstance(value, str):
        return next(left)
    if _may_be_card(value):
        text = next(left)
        return value if text == str(value) else text
    if isinstance(value, dict):
        known = cast("dict[Any, Any]", value)
        return {_rebuilt(key, left): _rebuilt(each, left) for key, each in known.items()}
    if isinstance(value, list | tuple):
        return [_rebuilt(each, left) for each in cast("Sequence[Any]", value)]
    return value


def _may_be_card(value: Any) -> bool:
    return isinstance(value, int) and value >= 10**12
