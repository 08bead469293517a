"""Prompts that include others: which versions are meant, and whether they are there."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence

import msgspec
from msgspec import structs

from burnish.errors import BurnishError, Conflict, NotFound, TemplateRefused, UsageError
from burnish.library.missing import check_in_use
from burnish.library.shelf import Shelf
from burnish.library.values import Expanded
from burnish.prompts.composition import (
    Composed,
    Included,
    Source,
    compose,
    has_includes,
    includes_of,
)
from burnish.prompts.includes import Include, parse_asked
from burnish.prompts.prompt import MAIN, Message, Prompt, PromptVersion, Variable
from burnish.prompts.refs import LATEST, Reference
from burnish.prompts.template import read
from burnish.storage.store import Fetched

_MOST = 100
_ALL = 100_000
_NAMED = 5
Read = Callable[[Reference], Awaitable[Fetched]]
Tell = Callable[[str], None]


class Coming(msgspec.Struct, frozen=True, kw_only=True):
    """A version that is about to be stored. `labels` will point at it then."""

    name: str
    revision: int
    messages: tuple[Message, ...]
    variables: tuple[Variable, ...] = ()
    labels: tuple[str, ...] = ()

    @property
    def source(self) -> Source:
        return Source(f"{self.name}@{self.revision}", self.messages, self.variables)

    def is_meant(self, reference: Reference) -> bool:
        return reference.revision == self.revision or (
            reference.label is not None and reference.label in self.labels
        )


class Composition:
    """`fetch` gives what a reference means, from memory where that is fresh."""

    def __init__(self, shelf: Shelf, fetch: Read) -> None:
        self._shelf = shelf
        self._fetch = fetch

    async def expanded(self, found: Fetched) -> Expanded:
        return await expanded(found, self._fetch)

    async def version(self, found: Fetched) -> PromptVersion:
        return (await self.expanded(found)).version

    def reader(self, broken: Tell | None) -> Callable[[Fetched], Awaitable[PromptVersion]]:
        """Reads like `version`; with `broken`, what cannot be put together stays as it is written,
        and why is told."""
        if broken is None:
            return self.version

        async def version(found: Fetched) -> PromptVersion:
            try:
                return await self.version(found)
            except (NotFound, Conflict, UsageError) as error:
                broken(error.what)
                return found.version

        return version

    async def check(self, coming: Sequence[Coming], beside: Sequence[Coming] = ()) -> None:
        """Whether versions that are about to be stored, together with those `beside` them, could
        be rendered. Raises like `expanded`, and Conflict for what is included and archived."""
        by_name = {each.name: each for each in (*beside, *coming)}
        for each in coming:
            if has_includes(each.messages):
                await composed(each.source, self._kept, by_name)

    async def names(self, coming: Coming) -> frozenset[str]:
        """The variables that its texts need with all that they include; as far as that is there."""
        if not has_includes(coming.messages):
            return frozenset()
        try:
            made = await composed(coming.source, self._fetch, {coming.name: coming})
        except (NotFound, Conflict, UsageError):
            # What is wrong with it `check` tells; until then everything may be needed.
            return frozenset(variable.name for variable in coming.variables)
        texts = [each.content for each in made.messages if each.role != "placeholder"]
        return frozenset[str]().union(*(read(text).names for text in texts))

    async def direct(self, version: PromptVersion) -> tuple[Included, ...]:
        """What the version's own text includes, each with what that is now."""
        found: list[Included] = []
        for asked, reference in {
            each.asked: each.reference for each in includes_of(version.messages)
        }.items():
            try:
                now = await self._fetch(reference)
            except NotFound:
                found.append(Included(asked))
            else:
                found.append(Included(asked, _exact(now)))
        return tuple(found)

    async def check_free(self, prompt: Prompt) -> None:
        """Raises Conflict, naming them, where other prompts include this one."""
        found = await self._shelf.store.relations.including(prompt.name, _MOST)
        names = list(dict.fromkeys(each.name for each in found))
        if names:
            shown = ", ".join(names[:_NAMED])
            more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
            raise Conflict(
                f"{prompt.name!r} is included by {shown}{more}",
                hint="change these first, or delete it all the same with --force: "
                "they cannot be rendered then",
                subject=prompt.name,
            )

    async def check_unpinned(self, prompt: Prompt, revisions: Sequence[int]) -> None:
        """Raises Conflict, naming them, where other prompts include one of these revisions."""
        for each in await self._shelf.store.relations.including(prompt.name, _ALL):
            revision = parse_asked(each.asked)[0].revision
            if revision in revisions:
                raise Conflict(
                    f"revision {revision} is in use: {each.name}@{each.revision} includes it",
                    hint="let that include another revision first",
                    subject=str(revision),
                )

    async def _kept(self, reference: Reference) -> Fetched:
        """From the store itself: what is saved now must not rest on what was true a while ago."""
        found = await self._shelf.fetch_reference(reference)
        check_in_use(found.version)
        return found


async def expanded(found: Fetched, fetch: Read) -> Expanded:
    """The version with the texts in it that it includes; `stale` where any of them is. Raises what
    `compose` raises, and NotFound for what is included and not there."""
    version, prompt = found.version, found.prompt
    if not has_includes(version.messages):
        return Expanded(prompt=prompt, version=version, via=found.via, stale=found.stale)
    stale = found.stale

    async def told(reference: Reference) -> Fetched:
        nonlocal stale
        included = await fetch(reference)
        stale = stale or included.stale
        return included

    made = await composed(source_of(found), told, {})
    whole = structs.replace(version, messages=made.messages, variables=made.variables)
    return Expanded(
        prompt=prompt, version=whole, via=found.via, includes=made.includes, stale=stale
    )


async def composed(whole: Source, fetch: Read, coming: Mapping[str, Coming]) -> Composed:
    found: dict[str, Source | BurnishError] = {}
    left = list(includes_of(whole.messages))
    while left:
        include = left.pop()
        key = str(include.reference)
        if key in found:
            continue
        if len(found) == _MOST:
            raise TemplateRefused(
                f"{whole.reference} includes more than {_MOST} prompts",
                hint="bring some of them together",
                subject=whole.reference,
            )
        source = await _sought(include.reference, fetch, coming)
        found[key] = source
        if isinstance(source, Source):
            left += includes_of(source.messages)
    return compose(whole, lambda include, by: _resolved(include, by, found))


async def _sought(
    reference: Reference, fetch: Read, coming: Mapping[str, Coming]
) -> Source | BurnishError:
    """An error is kept for whoever really needs what is not there."""
    ours = coming.get(reference.name)
    if ours is not None and ours.is_meant(reference):
        return ours.source
    try:
        return source_of(await fetch(reference))
    except (NotFound, Conflict) as error:
        return error


def _resolved(include: Include, by: Source, found: Mapping[str, Source | BurnishError]) -> Source:
    source = found[str(include.reference)]
    if isinstance(source, Source):
        return source
    raise type(source)(
        f"{by.reference} includes {include.asked!r}, but {source.what}",
        hint=source.hint,
        subject=source.subject,
    )


def source_of(found: Fetched) -> Source:
    return Source(_exact(found), found.version.messages, found.version.variables)


def _exact(found: Fetched) -> str:
    return f"{found.prompt.name}@{found.version.revision}"


async def fault_of(expand: Callable[[str], Awaitable[object]], reference: str) -> str:
    """What keeps a stored version from being put together; empty where nothing does."""
    try:
        await expand(reference)
    except (NotFound, Conflict, UsageError) as error:
        return error.what
    return ""


def labels_of(branch: str, moved: str | None) -> tuple[str, ...]:
    """What will point at a version that is saved on a branch."""
    pointers = (LATEST if branch == MAIN else None, moved)
    return tuple(pointer for pointer in pointers if pointer)
