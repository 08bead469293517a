"""Values of the model's parameters that a search has tried, and the one that it has taken."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import msgspec

from burnish.optimizers.room import ListedCandidate

_Number = int | float


class TriedValue(msgspec.Struct, frozen=True, kw_only=True):
    """`score` is the mean of the original's text with this value over `n` of the examples that tell
    candidates apart, None where it was not measured so; `candidates` is how many measured ones had
    the value, that one among them. A `value` of None is none: what the model takes then is not
    known."""

    value: _Number | None
    n: int
    score: float | None
    candidates: int
    is_before: bool = False
    is_best: bool = False


class Varied(msgspec.Struct, frozen=True, kw_only=True):
    """A parameter (its `name`) that could vary. `before` is its value in the original, `best` in
    the best candidate, None where none was given."""

    name: str
    before: _Number | None
    best: _Number | None
    tried: tuple[TriedValue, ...]


def varied(
    vary: dict[str, Sequence[_Number]], every: Sequence[ListedCandidate], best: str
) -> tuple[Varied, ...]:
    """`every` begins with the original, whose parameters are what they were; those of others are
    what differs from it."""
    return tuple(_varied(name, values, every, best) for name, values in vary.items())


def _varied(
    name: str, values: Sequence[_Number], every: Sequence[ListedCandidate], best: str
) -> Varied:
    before = every[0].parameters.get(name)
    leader = next((each for each in every if each.id == best), every[0])
    after = leader.parameters.get(name, before)
    # Those that were asked for in their order; what the original had is compared with all of them.
    shown = [before, *values] if before not in values else values
    tried = tuple(
        msgspec.structs.replace(
            _tried(name, value, every), is_before=value == before, is_best=value == after
        )
        for value in shown
    )
    return Varied(name=name, before=before, best=after, tried=tried)


def _tried(name: str, value: _Number | None, every: Sequence[ListedCandidate]) -> TriedValue:
    original = every[0]
    before = original.parameters.get(name)
    had = [each for each in every if each.parameters.get(name, before) == value and each.answers]
    alone = next(_alone(name, value, original, had), None)
    return TriedValue(
        value=value,
        n=0 if alone is None else alone.n,
        score=None if alone is None else alone.score,
        candidates=len(had),
    )


def _alone(
    name: str, value: Any, original: ListedCandidate, had: Sequence[ListedCandidate]
) -> Iterator[ListedCandidate]:
    """With nothing else changed."""
    for each in had:
        if each.id == original.id or (
            each.messages == original.messages and each.parameters == {name: value}
        ):
            yield each
