"""What a judge answered, read out of whatever it wrote around it.

JSON that stands in what was `asked`, word for word or with other spaces, is no verdict: it is
quoted, and an answer that wants to be its own judge may hold one.
"""

from __future__ import annotations

import re
from typing import Any, cast

from burnish.evals.scorers.json_text import embedded

_SCORE = re.compile(r"\s*([1-5](?:\.\d+)?)\s*(?:/\s*5)?\s*")
_MOST_REASON = 600

Read = tuple[Any, str, str]
"""The verdict, the reason, and what is wrong with the answer; empty where nothing is."""


def score(text: str, asked: str) -> Read:
    """1 to 5."""
    given, reason, problem = _field(text, asked, "score")
    if problem:
        return None, reason, problem
    found = _SCORE.fullmatch(str(given)) if not isinstance(given, bool) else None
    if found is None or float(found[1]) > 5:
        return None, reason, "the score is no number from 1 to 5"
    return float(found[1]), reason, ""


def met(text: str, asked: str) -> Read:
    given, reason, problem = _field(text, asked, "met")
    known = {"true": True, "yes": True, "false": False, "no": False}
    verdict = known.get(str(given).strip().lower())
    if not problem and verdict is None:
        problem = '"met" is neither true nor false'
    return verdict, reason, problem


def choice(text: str, asked: str) -> Read:
    given, reason, problem = _field(text, asked, "choice")
    letter = str(given).strip(" ().").upper()[:1]
    if not problem and (not letter or letter not in "ABCDE"):
        problem = "the choice is no letter from A to E"
    return letter, reason, problem


def better(text: str, asked: str) -> Read:
    given, reason, problem = _field(text, asked, "better")
    word = str(given).strip().lower()
    if not problem and word not in ("first", "second", "tie"):
        problem = '"better" is not first, second or tie'
    return word, reason, problem


def _field(text: str, asked: str, name: str) -> tuple[Any, str, str]:
    """Of the last object that has the field: models may think aloud before it."""
    verdict: dict[str, Any] | None = None
    quoted = [value for value, _ in embedded(asked)]
    for value, own in embedded(text):
        if isinstance(value, dict) and name in value and own not in asked and value not in quoted:
            verdict = cast("dict[str, Any]", value)
    if verdict is None:
        return None, "", f'there is no JSON object with "{name}" in it'
    reason = verdict.get("reason")
    return verdict[name], " ".join(str(reason or "").split())[:_MOST_REASON], ""
