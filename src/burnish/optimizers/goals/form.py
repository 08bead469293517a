"""The form of an answer, and how far two forms are alike.

Kinds are tried in this order, on the text without space around it:

| kind | what it is | size |
| --- | --- | --- |
| `empty` | nothing | |
| `label` | one of the dataset's labels, whatever its case | |
| `number` | a number, with a sign, separators or a per cent sign | |
| `object` | a JSON object; it has keys | |
| `array` | a JSON array; it has the keys of its objects | items |
| `code` | one fenced block | words |
| `list` | lines that all begin with a bullet or a number | items |
| `line` | one line | words |
| `lines` | several lines | words |
| `paragraphs` | texts with an empty line between them | words |
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple, cast

from burnish.evals.scorers.json_text import parsed
from burnish.evals.scorers.tokens import words

_NUMBER = re.compile(r"[-+−]?\d+(?:[.,_ \u00a0\u202f]\d+)*(?: ?%)?\Z")  # noqa: RUF001
_ITEM = re.compile(r"[ \t]*(?:[-*+•]|\d{1,3}[.)]|[a-zA-Z][.)])[ \t]+\S")
_FENCED = re.compile(r"(`{3,}|~{3,})[^\n]*\n.*\n[ \t]*\1\Z", re.DOTALL)
_GAP = re.compile(r"\n[ \t]*\n")
_MOST_LABELS, _EACH = 30, 3
# So much longer or shorter is the same length.
_ROOM = 2
_TOLD = {
    "empty": "no text",
    "label": "a label alone",
    "number": "a number alone",
    "object": "a JSON object",
    "array": "a JSON array",
    "code": "a fenced block",
    "list": "a list",
    "line": "one line",
    "lines": "several lines",
    "paragraphs": "several paragraphs",
}


class Form(NamedTuple):
    """`size` is in words or items, 0 where it does not count."""

    kind: str
    size: int = 0
    keys: frozenset[str] = frozenset()

    @property
    def told(self) -> str:
        """In words, such as `a JSON object with the keys age, name`."""
        what = _TOLD[self.kind]
        if self.keys:
            return f"{what} with the keys {', '.join(sorted(self.keys))}"
        unit = "item" if self.kind in ("array", "list") else "word"
        return f"{what} of {self.size} {unit}{'' if self.size == 1 else 's'}" if self.size else what


def form_of(text: str, labels: frozenset[str] = frozenset()) -> Form:
    """`labels` as `labels_of` gives them."""
    text = text.strip()
    if not text:
        return Form("empty")
    if _even(text) in labels:
        return Form("label")
    if _NUMBER.match(text):
        return Form("number")
    return (_json(text) if text[0] in "{[" else None) or _written(text)


def _written(text: str) -> Form:
    if _FENCED.match(text):
        return Form("code", len(words(text)))
    lines = [line for line in text.splitlines() if line.strip()]
    if all(_ITEM.match(line) for line in lines):
        return Form("list", len(lines))
    kind = "line" if len(lines) == 1 else "paragraphs" if _GAP.search(text) else "lines"
    return Form(kind, len(words(text)))


def likeness(one: Form, other: Form) -> float:
    """From 0 to 1: 0 for two kinds; else the share of keys that both have of all keys, times how
    alike the sizes are: 1 up to twice the other, from there on twice the smaller by the larger."""
    if one.kind != other.kind:
        return 0.0
    every = one.keys | other.keys
    keys = len(one.keys & other.keys) / len(every) if every else 1.0
    small, large = sorted((one.size, other.size))
    return keys * (min(1.0, _ROOM * small / large) if large else 1.0)


def labels_of(expected: Sequence[str]) -> frozenset[str]:
    """The different answers that are expected, where they are so few lines (30 at most, each of
    them three times in the mean) that they name classes; else none."""
    counts = Counter(_even(text) for text in expected)
    several = len(counts) <= _MOST_LABELS and len(expected) >= _EACH * len(counts)
    if not several or any("\n" in text.strip() or not text.strip() for text in expected):
        return frozenset()
    return frozenset(counts)


def _even(text: str) -> str:
    return " ".join(text.casefold().split())


def _json(text: str) -> Form | None:
    value, problem = parsed(text)
    if problem:
        return None
    if isinstance(value, dict):
        return Form("object", 0, _keys([value]))
    return Form("array", len(value), _keys(value))


def _keys(values: Iterable[Any]) -> frozenset[str]:
    several = (cast("dict[str, Any]", each) for each in values if isinstance(each, dict))
    return frozenset(key for each in several for key in each)
