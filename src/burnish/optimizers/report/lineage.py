"""How the candidates of a search come from one another."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from burnish.evals.report.words import visible
from burnish.optimizers.candidate import ORIGINAL
from burnish.optimizers.report.kept import Kept, cut
from burnish.optimizers.room import ListedCandidate, ShownOptimization
from burnish.shapes import convert

# Deeper lineages are told by their lines' order alone, so that a line keeps room for its reason.
DEEPEST = 12
_SHORT = 8


class Descendant(msgspec.Struct, frozen=True, kw_only=True):
    """A candidate in the tree of all: `depth` below the one that it was made of, the first of its
    `parents` that is older (0: of none), each before those that were made of it. `score` is its
    mean over the `n` examples that tell candidates apart and that it was measured on; `answers` has
    those to others, too. `why` is cut to 200 characters."""

    candidate: str
    depth: int
    operator: str
    why: str = ""
    parents: tuple[str, ...] = ()
    n: int = 0
    answers: int = 0
    score: float | None = None
    is_best: bool = False


def lineage(shown: ShownOptimization) -> tuple[ListedCandidate, ...]:
    """With `n` and `score` over the examples that told candidates apart, as in the report's tables;
    other examples that a few were asked about are left out. Of a search that has not ended, over
    all examples so far."""
    kept = convert(shown.optimization.report, Kept)
    if not kept.stood:
        return shown.candidates
    stood = {each.candidate: (each.n, each.score) for each in kept.stood}
    found: list[ListedCandidate] = []
    for each in shown.candidates:
        n, score = stood.get(each.id, (0, None))
        found.append(msgspec.structs.replace(each, n=n, score=score))
    return tuple(found)


def descendants(shown: ShownOptimization, best: str) -> tuple[Descendant, ...]:
    """The tree of all candidates; `best` is the id of one, empty where none is known."""
    return tuple(
        Descendant(
            candidate=each.id,
            depth=depth,
            operator=each.operator,
            why=cut(" ".join(each.why.split())),
            parents=each.parents,
            n=each.n,
            answers=each.answers,
            score=each.score,
            is_best=each.id == best,
        )
        for depth, each in _tree(lineage(shown))
    )


def ancestry(every: Sequence[Descendant]) -> tuple[Descendant, ...]:
    """The best one and all that it was made of; empty where that is the original, or none."""
    by = {each.candidate: each for each in every}
    left = [each.candidate for each in every if each.is_best and each.operator != ORIGINAL]
    found: set[str] = set()
    while left:
        one = left.pop()
        if one in by and one not in found:
            found.add(one)
            left += by[one].parents
    return tuple(each for each in every if each.candidate in found)


def line(each: Descendant) -> list[str]:
    """Its parts, safe to show: id, operator, figures, other parents, and what it was made for."""
    mean = "-" if each.score is None else f"{each.score:.2f}"
    figures = (f"n {each.n}", f"mean {mean}") if each.answers else ("not measured",)
    others = ", ".join(other[:_SHORT] for other in each.parents[1:])
    parts = (
        each.candidate[:_SHORT],
        f"{each.operator} (best)" if each.is_best and each.operator != ORIGINAL else each.operator,
        *figures,
        f"with {others}" if others else "",
        each.why,
    )
    return [visible(part) for part in parts if part]


def _tree(candidates: Sequence[ListedCandidate]) -> list[tuple[int, ListedCandidate]]:
    below: dict[str, list[ListedCandidate]] = {each.id: [] for each in candidates}
    roots: list[ListedCandidate] = []
    placed: set[str] = set()
    for each in candidates:
        # One that is older: a text that was made of itself would stand nowhere.
        parent = next((parent for parent in each.parents if parent in placed), "")
        (below[parent] if parent else roots).append(each)
        placed.add(each.id)
    lines: list[tuple[int, ListedCandidate]] = []
    left = [(0, each) for each in reversed(roots)]
    while left:
        depth, each = left.pop()
        lines.append((depth, each))
        left += [(depth + 1, child) for child in reversed(below[each.id])]
    return lines
