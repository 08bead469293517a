"""Who includes a prompt by a label: what a move of that label may not break, and what a protected
label may not rest on."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from burnish.errors import BurnishError, Conflict, NotFound, UsageError
from burnish.library.composition import Coming, composed, source_of
from burnish.library.shelf import Shelf
from burnish.prompts.composition import Source, includes_of
from burnish.prompts.includes import parse_asked
from burnish.prompts.prompt import PromptVersion
from burnish.prompts.refs import LATEST, Reference
from burnish.storage.store import Fetched

# A move is checked for so many at most; rendering checks again.
_MOST = 1000
_NAMED = 5


class Dependants:
    def __init__(self, shelf: Shelf) -> None:
        self._shelf = shelf

    async def check_moved(self, coming: Coming, label: str) -> None:
        """Raises Conflict, naming them, where versions in use could not be rendered any more with
        the label on the one that is coming. Those that cannot be rendered now hold nothing back."""
        fetch = _Remembering(self._shelf)
        others = await self._of(coming.name, label, far=True)
        sources = [source_of(await fetch(each)) for each in others]
        if includes_of(coming.messages):
            sources.append(coming.source)
        broken: dict[str, BurnishError] = {}
        for source in sources:
            fault = await _fault(source, fetch, {coming.name: coming})
            if fault is not None and await _fault(source, fetch, {}) is None:
                broken[source.reference] = fault
        if broken:
            raise Conflict(
                f"with {label!r} on revision {coming.revision}, {_named(broken)} could not be "
                f"rendered: {next(iter(broken.values())).what}",
                hint=f"let them include a revision ({coming.name}@1) instead of the label first",
                subject=coming.name,
            )

    async def check_removed(self, name: str, label: str) -> None:
        """Raises Conflict, naming them, where others include the prompt by the label."""
        found = [str(each) for each in await self._of(name, label, far=False)]
        if found:
            raise Conflict(
                f"{_named(found)} include{'s' if len(found) == 1 else ''} {name}@{label}",
                hint=f"let them include a revision ({name}@1) or another label first",
                subject=name,
            )

    async def check_firm(
        self, name: str, label: str, version: PromptVersion, is_free: Callable[[str], bool]
    ) -> None:
        """Raises Conflict for a version that takes in, however deep, what anybody may change:
        by a label that needs no approval."""
        loose: dict[str, None] = {}
        fetch, seen = _Remembering(self._shelf), set[Reference]()
        left = [each.reference for each in includes_of(version.messages)]
        while left and len(seen) < _MOST:
            reference = left.pop()
            if reference in seen:
                continue
            seen.add(reference)
            pointer = reference.label
            if pointer is not None and (pointer == LATEST or is_free(pointer)):
                loose[str(reference)] = None
            try:
                found = (await fetch(reference)).version
            except NotFound:
                continue
            left += [each.reference for each in includes_of(found.messages)]
        if loose:
            raise Conflict(
                f"{name}@{version.revision} includes {_named(loose)}, which anybody may change "
                f"without an approval, and {label!r} is protected",
                hint="pin each include to a revision (@1), or to a label that is protected, too",
                subject=name,
            )

    async def _of(self, name: str, label: str, *, far: bool) -> list[Reference]:
        """Versions in use that include the prompt by the label; with `far`, also those that
        include these prompts in turn."""
        including = self._shelf.store.relations.including
        direct = [
            each
            for each in await including(name, _MOST)
            if parse_asked(each.asked)[0].label == label
        ]
        found = dict.fromkeys((each.name, each.revision) for each in direct)
        left, seen = [each.name for each in direct] if far else [], {name}
        while left and len(found) < _MOST:
            by = left.pop()
            if by not in seen:
                seen.add(by)
                more = await including(by, _MOST)
                found |= dict.fromkeys((each.name, each.revision) for each in more)
                left += [each.name for each in more]
        return [Reference(name=name, revision=revision) for name, revision in found][:_MOST]


class _Remembering:
    """Reads each version once."""

    def __init__(self, shelf: Shelf) -> None:
        self._shelf = shelf
        self._read: dict[Reference, Fetched] = {}

    async def __call__(self, reference: Reference) -> Fetched:
        if reference not in self._read:
            self._read[reference] = await self._shelf.fetch_reference(reference)
        return self._read[reference]


async def _fault(
    source: Source, fetch: _Remembering, coming: Mapping[str, Coming]
) -> BurnishError | None:
    try:
        await composed(source, fetch, coming)
    except (NotFound, Conflict, UsageError) as error:
        return error
    return None


def _named(references: Iterable[str]) -> str:
    names = list(references)
    more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
    return f"{', '.join(names[:_NAMED])}{more}"
