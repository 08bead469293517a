"""What the versions of a prompt tell of where they came from."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from burnish.storage.lineage import Place


def ancestors(places: Mapping[str, Place], version: str) -> set[str]:
    """The version and all that it came from, as far as they are among the places."""
    found: set[str] = set()
    left = [version]
    while left:
        here = left.pop()
        if here in places and here not in found:
            found.add(here)
            left += places[here].parents
    return found


def merge_base(places: Iterable[Place], ours: str, theirs: str) -> str | None:
    """The newest version that both came from; None where they share none.

    Revisions grow along every line, so the newest common one is no other's ancestor."""
    by_id = {place.id: place for place in places}
    common = ancestors(by_id, ours) & ancestors(by_id, theirs)
    return max(common, key=lambda each: by_id[each].revision, default=None)


def children(places: Sequence[Place], version: str) -> list[Place]:
    return [place for place in places if version in place.parents]
