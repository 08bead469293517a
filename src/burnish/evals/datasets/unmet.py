"""Why no example of a dataset meets what was asked for."""

from __future__ import annotations

import difflib
from collections.abc import Mapping, Sequence

from burnish.errors import UsageError

_NAMED = 10


def unmet(
    reference: str, there: Mapping[str, int], *, split: str | None, tags: Sequence[str]
) -> UsageError:
    """`there` are the tags of the examples of the split, as `datasets.tags` gives them."""
    whose = f"example of {reference}" + (f" in split {split}" if split else "")
    missing = [tag for tag in tags if tag not in there]
    if missing:
        near = difflib.get_close_matches(missing[0], list(there)[:10_000], n=1)
        meant = f"did you mean {near[0]}? " if near else ""
        return UsageError(
            f"no {whose} has the tag {missing[0]!r}", hint=meant + _named(there), subject=missing[0]
        )
    if tags:
        return UsageError(f"no {whose} has all of the tags {', '.join(tags)}", hint="name fewer")
    return UsageError(f"there is no {whose}", hint="name another split, or leave it out")


def _named(there: Mapping[str, int]) -> str:
    if not there:
        return "none has a tag"
    more = f" and {len(there) - _NAMED} more" if len(there) > _NAMED else ""
    return f"there are {', '.join(list(there)[:_NAMED])}{more}"
