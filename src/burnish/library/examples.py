"""Worked examples that a version carries as data, and which of them a render shows."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any, cast

from burnish.prompts.prompt import PromptVersion
from burnish.prompts.render import as_text

EXAMPLES = "examples"
FIRST, SIMILAR = "first", "similar"
MOST = 3
_WORD = re.compile(r"\w+")

Example = Mapping[str, Any]


def with_examples(version: PromptVersion, values: Mapping[str, Any] | None) -> Mapping[str, Any]:
    """The values, and the examples of the version where it asks for some and the caller gave
    none."""
    given = values or {}
    held = version.config.get(EXAMPLES)
    if not held or EXAMPLES in given or all(v.name != EXAMPLES for v in version.variables):
        return given
    most, choice = version.config.get("max_examples", MOST), version.config.get("example_choice")
    chosen = choose_examples(
        _mappings(held), given, most if isinstance(most, int) else MOST, str(choice or FIRST)
    )
    return {**given, EXAMPLES: chosen}


def choose_examples(
    examples: Sequence[Example], values: Mapping[str, Any], max_examples: int, choice: str = FIRST
) -> list[Example]:
    """At most `max_examples`: the first of them, or with `similar` those whose input shares the
    rarest words with the values, the nearest first. Equally near ones keep their order."""
    most = max(0, max_examples)
    if choice != SIMILAR or len(examples) <= most:
        return list(examples[:most])
    texts = [_words(example.get("input", "")) for example in examples]
    wanted = _words(list(values.values()))
    rarity = _rarity(texts)
    target = _weights(wanted, rarity)
    near = [_cosine(target, _weights(words, rarity)) for words in texts]
    order = sorted(range(len(examples)), key=lambda index: -near[index])
    return [examples[index] for index in order[:most]]


def _mappings(held: object) -> list[Example]:
    """What somebody put into the config by hand may be anything."""
    items = cast("list[object]", held) if isinstance(held, list) else []
    return [cast("Example", item) for item in items if isinstance(item, dict)]


def _words(value: object) -> Counter[str]:
    if isinstance(value, dict):
        value = list(cast("dict[str, object]", value).values())
    if isinstance(value, list):
        parts = [_words(item) for item in cast("list[object]", value)]
        return sum(parts, Counter[str]())
    return Counter(_WORD.findall(as_text(value).lower()))


def _rarity(texts: Sequence[Counter[str]]) -> dict[str, float]:
    found = Counter(word for words in texts for word in words)
    return {word: math.log(1 + len(texts) / count) for word, count in found.items()}


def _weights(words: Counter[str], rarity: Mapping[str, float]) -> dict[str, float]:
    # A word that no example has tells none of them apart.
    return {w: (1 + math.log(n)) * rarity[w] for w, n in words.items() if w in rarity}


def _cosine(left: Mapping[str, float], right: Mapping[str, float]) -> float:
    product = sum(weight * right.get(word, 0.0) for word, weight in left.items())
    size = math.hypot(*left.values()) * math.hypot(*right.values())
    return product / size if size else 0.0
