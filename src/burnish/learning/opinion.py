"""How good something was, in one of the ways to say it, and what that counts as."""

from __future__ import annotations

import math
from typing import Any, Literal, get_args

import msgspec

from burnish.errors import UsageError
from burnish.storage.feedback import Signal

Thumb = Literal["up", "down"]
# What somebody did with an answer. It tells which of several was liked, and not how much.
Done = Literal["chosen", "skipped", "copied", "edited"]

_MOST_CHARS = 10_000
_LONGEST_MS = 1e9


class Opinion(msgspec.Struct, frozen=True, kw_only=True):
    """At most one of `thumb`, `stars` (1 to 5), `score` (0 to 1) and `done` is given. `success`
    says whether the task was done; beside a score, what failed still counts as 0."""

    thumb: Thumb | None = None
    stars: int | None = None
    score: float | None = None
    success: bool | None = None
    done: Done | None = None
    latency_ms: float | None = None
    comment: str = ""

    def check(self) -> None:
        """Raises UsageError for what cannot be, and where nothing is said."""
        said = [name for name in ("thumb", "stars", "score", "done") if self._has(name)]
        if len(said) > 1:
            raise UsageError(
                f"{' and '.join(said)} say how good it was at once", hint="give one of them"
            )
        if not said and self.success is None and not self.comment.strip():
            raise UsageError(
                "nothing is said", hint="give a thumb, stars, a score, success, done or a comment"
            )
        _one_of("thumb", self.thumb, get_args(Thumb))
        _one_of("done", self.done, get_args(Done))
        _within("stars", self.stars, 1, 5)
        _within("score", self.score, 0, 1)
        _within("latency_ms", self.latency_ms, 0, _LONGEST_MS)
        if self.stars is not None and self.stars != int(self.stars):
            raise UsageError(f"{self.stars} stars", hint="give a whole number from 1 to 5")
        if len(self.comment) > _MOST_CHARS:
            raise UsageError(
                f"a comment of {len(self.comment)} characters",
                hint=f"at most {_MOST_CHARS} are kept",
            )

    @property
    def kind(self) -> Signal:
        if self.done is not None:
            return self.done
        for name in ("thumb", "stars", "score"):
            if self._has(name):
                return name
        return "comment" if self.success is None else "outcome"

    @property
    def value(self) -> float | None:
        """On the scale of its kind."""
        match self.kind:
            case "thumb":
                return float(self.thumb == "up")
            case "stars":
                return self.stars
            case "score":
                return self.score
            case "outcome":
                return float(bool(self.success))
            case _:
                return None

    @property
    def rating(self) -> float | None:
        """0 to 1."""
        if self.success is False:
            return 0.0
        if self.stars is not None:
            return (self.stars - 1) / 4
        return self.value if self.value is not None or self.success is None else 1.0

    def _has(self, name: str) -> bool:
        return getattr(self, name) is not None


def _one_of(name: str, given: str | None, known: tuple[str, ...]) -> None:
    if given is not None and given not in known:
        raise UsageError(f"{given!r} is no {name}", hint=f"use one of {', '.join(known)}")


def _within(name: str, given: Any, least: float, most: float) -> None:
    if given is None:
        return
    is_number = isinstance(given, int | float) and not isinstance(given, bool)
    if not is_number or math.isnan(given) or not least <= given <= most:
        raise UsageError(
            f"{name} is {given!r}", hint=f"give a number from {least:g} to {most:g}", subject=name
        )
