"""Patterns and schemas, tried where they can be stopped.

A regular expression can take longer than the universe lasts, and nothing in this process can end
it. So a child process tries all but the plainest patterns; one that takes too long is ended with
it.
"""

from __future__ import annotations

import asyncio
import math
import re
from importlib.util import find_spec
from typing import Any, Literal

import msgspec

from burnish.errors import MissingExtra, UsageError
from burnish.prompts.isolated import Child
from burnish.shapes import decode

TIME_S = 2.0
_MEMORY_BYTES = 256 * 1024 * 1024
# Ways to try a text that take this process a few hundredths of a second at most.
_MOST_WAYS = 2_000_000
_USUAL_CHARS = 100
# A repeated group multiplies what is inside it, what a reference stands for is anything, and a
# verbose pattern may hide both between its spaces.
_UNBOUNDED_WORK = re.compile(r"\)[*+?{]|\\[1-9]|\(\?P=|\(\?\(|\(\?[a-zA-Z]*x")
_REPEATS = re.compile(r"[*+]|\{(\d*)(,?)(\d*)\}")
_CHOICES = re.compile(r"[?|]")


class Trial(msgspec.Struct, frozen=True, kw_only=True):
    """`text` is UTF-8 that may hold halves of surrogate pairs."""

    kind: Literal["search", "fullmatch", "schema"]
    rule: bytes
    text: bytes
    flags: int = 0


class Outcome(msgspec.Struct, frozen=True, kw_only=True):
    """`detail` is what was found, or what is wrong with the text; `problem` what is wrong with
    the rule."""

    met: bool = False
    detail: str = ""
    problem: str = ""


class Bounded:
    def __init__(self) -> None:
        self._child = Child(
            "burnish.evals.scorers.bounded_child", time_s=TIME_S, memory_bytes=_MEMORY_BYTES
        )

    async def match(
        self, pattern: str, text: str, *, flags: int = 0, whole: bool = False
    ) -> tuple[bool, str]:
        """Whether the pattern fits somewhere (or the `whole` text), and what it fits.

        Raises UsageError for a pattern that is wrong or takes too long.
        """
        if _ways(pattern, len(text)) <= _MOST_WAYS:
            compiled = re.compile(pattern, flags)
            found = compiled.fullmatch(text) if whole else compiled.search(text)
            return found is not None, found[0] if found else ""
        trial = Trial(
            kind="fullmatch" if whole else "search",
            rule=_bytes(pattern),
            text=_bytes(text),
            flags=int(flags),
        )
        outcome = await asyncio.to_thread(self._tried, trial, "the pattern")
        return outcome.met, outcome.detail

    def validate(self, schema: Any, text: str) -> str:
        """What is wrong with a JSON text by a schema; empty where nothing is.

        Raises UsageError for a schema that is wrong, refers to another place, or takes too long,
        MissingExtra without the extra `schema`.
        """
        if find_spec("jsonschema") is None:
            raise MissingExtra("jsonschema", "schema")
        trial = Trial(kind="schema", rule=msgspec.json.encode(schema), text=_bytes(text))
        return self._tried(trial, "the schema").detail

    def close(self) -> None:
        self._child.close()

    def _tried(self, trial: Trial, what: str) -> Outcome:
        answer = self._child.ask(msgspec.json.encode(trial))
        if answer is None:
            raise UsageError(
                f"{what} took more than {TIME_S:g} s or "
                f"{_MEMORY_BYTES // 1_048_576} MiB on this answer and was stopped",
                hint="a repetition inside a repetition is the usual cause; write it without",
            )
        outcome = decode(answer, Outcome)
        if outcome.problem:
            raise UsageError(f"{what} is wrong: {outcome.problem}", hint="correct it")
        return outcome


def _ways(pattern: str, size: int) -> float:
    """In how many ways at most a pattern can be tried on a text of that size: from each place,
    each length of each repetition, both sides of each choice. A fixed number of repetitions is
    one way, of so many steps; so is a long pattern. Signs that an escape or a class makes harmless
    are counted too."""
    if _UNBOUNDED_WORK.search(pattern):
        return math.inf
    ways = (size + 1.0) * max(1.0, len(pattern) / _USUAL_CHARS)
    ways *= 2.0 ** min(200, len(_CHOICES.findall(pattern)))
    for found in _REPEATS.finditer(pattern):
        least, comma, most = found[1], found[2], found[3]
        is_fixed = found[0].startswith("{") and not comma
        # More repetitions than the text has places end with the text.
        if is_fixed or most:
            ways *= min(float(most or least or 1), size + 1.0)
        else:
            ways *= size + 1
        ways = min(ways, _MOST_WAYS + 1.0)
    return ways


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")
