"""How long an answer will probably be, in tokens, before a model was asked: by what is expected of
it, and by what the prompt asks for."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any, Literal, NamedTuple

import msgspec

from burnish.intents.tokens import estimate_tokens
from burnish.prompts.prompt import Message
from burnish.storage.example import Example, ScorerSpec

Basis = Literal["expected", "asked for", "guess"]

# Of an answer that nothing is known of.
_USUAL = 150.0
# Of the steps before an answer, where a prompt asks for them.
_STEPS = 120.0
# Models write JSON with spaces and line ends, often between fences.
_JSON_SHARE, _FENCES = 1.3, 6.0
# What a prompt asks for stands at its beginning or at its end.
_PART = 10_000
# Tokens of one of each.
_UNITS = {"word": 1.35, "sentence": 25.0, "paragraph": 90.0, "line": 14.0}
_LISTED = 16.0
_ASKED = re.compile(
    r"(?:(?P<bound>at most|at least|no more than|not more than|fewer than|less than|more than|"
    r"up to|under|over|maximum of|minimum of|max\.?|min\.?)\s+)?"
    r"\b(?P<first>\d{1,5}|one|two|three|four|five|six|seven|eight|nine|ten|twelve)(?P<more>\+)?"
    r"(?:\s*(?:-|\u2013|to|or)\s*(?P<second>\d{1,5}|two|three|four|five|six|seven|eight|nine|ten))?"
    r"[\s-]+(?:[a-z]+ ){0,2}?"
    r"(?P<unit>word|sentence|paragraph|line|bullet|item|point|idea|example|reason|tip|step)s?\b",
    re.IGNORECASE,
)
_WORDS = ("one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")
_NUMBERS = {**{word: number for number, word in enumerate(_WORDS, 1)}, "twelve": 12}
_MOST = ("at most", "no more than", "not more than", "fewer than", "less than", "up to", "under")
_LEAST = ("at least", "more than", "over", "minimum of", "min", "min.")
_REASONS = re.compile(
    r"step[ -]by[ -]step|think (?:it |this )?through|chain of thought|show (?:your|the|all) "
    r"(?:work|working|steps|reasoning)|explain (?:your|how|why)|reason(?:ing)? (?:first|before|"
    r"aloud|through)|let'?s think|justify",
    re.IGNORECASE,
)
# Scorers for which what is expected is a part of a right answer, or a measure of it.
_OF_PARTS = (
    *("contains", "contains-all", "contains-any", "icontains", "icontains-all", "icontains-any"),
    *("starts-with", "regex", "rubric", "llm-rubric", "closed-qa", "factuality", "json-field"),
    *("model-graded-closedqa", "model-graded-factuality", "length", "language"),
)


class Length(NamedTuple):
    tokens: float
    basis: Basis


def answer_length(
    messages: Sequence[Message], example: Example, scorers: Sequence[ScorerSpec]
) -> Length:
    """`messages` are rendered. What is expected counts where a scorer compares whole answers with
    it; steps that the prompt asks for stand before it."""
    said = "\n".join(message.content for message in messages)
    said = said if len(said) <= 2 * _PART else f"{said[:_PART]}\n{said[-_PART:]}"
    steps = _STEPS if _REASONS.search(said) else 0.0
    names = [spec.name.removeprefix("not-") for spec in (*scorers, *example.scorers)]
    whole = example.expected is not None and not (names and all(n in _OF_PARTS for n in names))
    if whole:
        return Length(_of_value(example.expected) + steps, "expected")
    asked = _asked_for(said)
    if asked:
        return Length(asked + steps, "asked for")
    least = _of_value(example.expected) if example.expected is not None else 0.0
    return Length(max(_USUAL, least), "guess")


def _of_value(expected: Any) -> float:
    if isinstance(expected, str):
        return float(estimate_tokens(expected))
    compact = msgspec.json.encode(expected, enc_hook=str).decode()
    tokens = estimate_tokens(compact)
    return tokens * _JSON_SHARE + _FENCES if isinstance(expected, dict | list) else float(tokens)


def _asked_for(text: str) -> float:
    """By the last length that the text names; 0 where it names none."""
    found = [*_ASKED.finditer(text)]
    return _tokens(found[-1]) if found else 0.0


def _tokens(found: re.Match[str]) -> float:
    first, second = _number(found["first"]), _number(found["second"] or found["first"])
    bound = (found["bound"] or "").lower()
    share = 1.0
    if bound in _MOST or bound.startswith("max"):
        share = 0.75
    elif bound in _LEAST or found["more"]:
        share = 1.15
    return share * (first + second) / 2 * _UNITS.get(found["unit"].lower(), _LISTED)


def _number(written: str) -> float:
    return float(_NUMBERS.get(written.lower(), 0) or int(written))
