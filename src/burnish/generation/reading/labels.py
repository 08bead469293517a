"""Reader of the labels that texts are to be sorted into."""

from __future__ import annotations

import re

from burnish.generation.brief import Span, slot
from burnish.generation.reading.lazy import Pattern

_SORTS = (
    r"classif(?:y|ies|ying)|categori[sz]e|label|tag|sort|triage|mark|flag"
    r"|clasifica\w*|klassifizier\w*|classe[rz]?|ordne|etiqueta\w*"
)
_ITEM = r"[\w'’/-]+(?:[ ][\w'’/-]+){0,3}?"
_OR = r"(?:,?\s+(?:or|and|vs\.?|oder|und|o|y|ou|et|e)\s+|\s*/\s*)"
_LISTED = rf"(?P<list>{_ITEM}(?:,\s*{_ITEM}){{0,11}}{_OR}{_ITEM})"
_NAMED = Pattern(
    rf"\b(?:{_SORTS})\b[^.;:\n]{{0,120}}?\b(?:as|into|by|to be|como|en|als|zu|nach|comme|entre)"
    rf"(?:\s+(?:either|one of|the (?:labels|categories|classes)))?:?\s+{_LISTED}(?=\s*(?:[.,;:!?\n)]|$)|\s+(?:in|into|as|with|for|and)\s)",
    re.IGNORECASE,
)
_EITHER = Pattern(
    rf"\b(?:(?:{_SORTS})\s+(?:each|every|these|this|the|my|all)\s+(?:\w+\s+){{1,3}}?|is (?:this|it)(?:\s+\w+)?\s+)"
    r"(?P<list>[\w-]+(?:,\s*[\w-]+){0,6},?\s+or\s+(?:not\s+)?[\w-]+)(?=\s*(?:[.,;:!?\n)]|$))",
    re.IGNORECASE,
)
_ANNOUNCED = Pattern(
    r"\b(?:labels?|categories|classes|tags|kategorien|categorías|catégories)\b\s*(?:are|is|=|:|\()\s*"
    rf"(?P<list>{_ITEM}(?:,\s*{_ITEM}){{1,11}}(?:{_OR}{_ITEM})?)(?=\s*(?:[.;:!?\n)]|$))",
    re.IGNORECASE,
)
_SORTING = Pattern(rf"\b(?:{_SORTS})\b", re.IGNORECASE)
_SENTIMENT = Pattern(r"\b(?:sentiment|sentimiento|stimmung|sentimento)", re.IGNORECASE)
_SENTIMENTS = "positive, neutral, negative, mixed"
_JOINED = re.compile(rf"{_OR}|,\s*", re.IGNORECASE)
_NO_LABEL = re.compile(
    r"(?:a|an|the|this|these|my|our|it|them|json|csv|table|spanish|english|german|french)\b",
    re.IGNORECASE,
)


def labels(text: str) -> Span | None:
    """ "classify these tickets as bug, billing or feature request": the three, as one variable."""
    for pattern in (_ANNOUNCED, _NAMED, _EITHER):
        for match in pattern.finditer(text[:2000]):
            items = [item.strip() for item in _JOINED.split(match["list"])]
            if len(items) < 2 or any(_NO_LABEL.match(item) for item in items):
                continue
            if pattern is _ANNOUNCED and not _SORTING.search(text[:2000]):
                continue  # "compare the categories: price, size" sorts nothing
            return _span(match.start("list"), match.end("list"), ", ".join(items))
    if match := _SENTIMENT.search(text[:2000]):
        return _span(match.start(), match.start(), _SENTIMENTS)
    return None


def _span(start: int, end: int, value: str) -> Span:
    return Span(
        start=start,
        end=end,
        kind="slot",
        replacement="{{ labels }}" if end > start else "",
        keep=True,
        variable=slot("labels", value, "The labels, each with its limit in a few words"),
    )
