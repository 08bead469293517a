"""Stored prompts that served a similar idea well, as examples for the model that writes."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Sequence

import msgspec

from burnish.storage.store import Fetched

GOOD = 0.7
_SIMILAR = 0.3
_WORD = re.compile(r"[^\W\d_]{3,}")
_STEM = 6
_SHOWN_CHARS = 2_000


class Example(msgspec.Struct, frozen=True):
    """A stored prompt that is shown, and how near its idea is to the new one, 0..1."""

    reference: str
    text: str
    similarity: float


def similar(idea: str, known: Sequence[Fetched], count: int) -> tuple[Example, ...]:
    """The nearest of the known prompts, compared by the words of what they were made for."""
    asked = [_about(fetched) for fetched in known]
    rarity = _rarity([idea, *asked])
    wanted = _vector(idea, rarity)
    found = [
        Example(f"{each.prompt.name}@{each.version.revision}", _shown(each), near)
        for each, about in zip(known, asked, strict=True)
        if (near := _cosine(wanted, _vector(about, rarity))) >= _SIMILAR
    ]
    return tuple(sorted(found, key=lambda each: -each.similarity)[:count])


def _about(fetched: Fetched) -> str:
    idea = fetched.version.metadata.get("idea", "")
    words = fetched.prompt.name.replace("/", " ").replace("-", " ")
    return f"{idea or fetched.prompt.description} {words}"


def _shown(fetched: Fetched) -> str:
    idea = fetched.version.metadata.get("idea") or fetched.prompt.description
    text = fetched.version.text
    cut = text if len(text) <= _SHOWN_CHARS else f"{text[:_SHOWN_CHARS]}…"
    return f"Idea: {idea}\nPrompt that served it well:\n{cut}"


def _words(text: str) -> list[str]:
    return [word.lower()[:_STEM] for word in _WORD.findall(text[:5_000])]


def _rarity(texts: Sequence[str]) -> dict[str, float]:
    seen = Counter(word for text in texts for word in set(_words(text)))
    return {word: math.log((1 + len(texts)) / (1 + n)) + 1 for word, n in seen.items()}


def _vector(text: str, rarity: dict[str, float]) -> dict[str, float]:
    return {word: n * rarity[word] for word, n in Counter(_words(text)).items()}


def _cosine(a: dict[str, float], b: dict[str, float]) -> float:
    product = sum(value * b[word] for word, value in a.items() if word in b)
    lengths = math.hypot(*a.values()) * math.hypot(*b.values())
    return product / lengths if lengths else 0.0
