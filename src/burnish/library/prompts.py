"""The library as people use it: opened by the first call, rendered on the way out."""

from __future__ import annotations

import asyncio
import functools
from collections.abc import Awaitable, Callable, Coroutine, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Concatenate, ParamSpec, TypeVar

from msgspec import structs

from burnish.errors import NotFound, StoreError, Unavailable
from burnish.library.cache import Cache
from burnish.library.composition import expanded
from burnish.library.examples import with_examples
from burnish.library.library import Library
from burnish.library.lineage import Graph, Likeness
from burnish.library.lines import Lines
from burnish.library.lookup import Lookup
from burnish.library.neighbours import Neighbours, with_similar
from burnish.library.units import Attributes, Units
from burnish.library.values import Expanded, Rendered
from burnish.prompts.prompt import Message
from burnish.prompts.refs import Reference, parse
from burnish.prompts.render import Renderer
from burnish.storage.store import Fetched

if TYPE_CHECKING:
    from burnish.library.fallback import Fallback
    from burnish.library.search import Similar
    from burnish.library.template_files import Conflicts, ImportReport

_MOST_ALIKE = 3
T = TypeVar("T")
P = ParamSpec("P")


def _opened(
    method: Callable[Concatenate[Library, P], Coroutine[Any, Any, T]],
) -> Callable[Concatenate[AsyncPrompts, P], Coroutine[Any, Any, T]]:
    """The library's method, with its signature and documentation, on a library that may not be
    open yet."""

    @functools.wraps(method)
    async def call(self: AsyncPrompts, /, *args: P.args, **kwargs: P.kwargs) -> T:
        library = await self._library()  # pyright: ignore[reportPrivateUsage]
        return await method(library, *args, **kwargs)

    return call


def _opened_lines(
    method: Callable[Concatenate[Lines, P], Coroutine[Any, Any, T]],
) -> Callable[Concatenate[AsyncPrompts, P], Coroutine[Any, Any, T]]:
    @functools.wraps(method)
    async def call(self: AsyncPrompts, /, *args: P.args, **kwargs: P.kwargs) -> T:
        library = await self._library()  # pyright: ignore[reportPrivateUsage]
        return await method(library.lines, *args, **kwargs)

    return call


class AsyncPrompts:
    """`platform.prompts`: everything that keeps prompts over time.

    Names and references are those of the whole product: `name`, `name@3`, `name@production`.
    Methods raise NotFound with the nearest name there is, UsageError for malformed input and
    Conflict when somebody else was faster.
    """

    neighbours: Neighbours
    """Given by the platform, which knows how to search."""
    units: Units
    """Given by the platform, which knows of experiments."""

    def __init__(
        self,
        library: Callable[[], Awaitable[Library]],
        cache: Cache,
        lookup: Lookup,
        renderer: Renderer,
        count_use: Callable[[str], Awaitable[None]],
    ) -> None:
        self._library = library
        self._count_use = count_use
        self._cache = cache
        self._lookup = lookup
        self._renderer = renderer
        self.fresh = cache.fresh
        """What is in memory, by what was asked for, and the label or revision beside it."""
        self.imported: dict[Path, Conflicts] = {}
        """The files and folders that were brought in, for `reload`."""

    branch = _opened_lines(Lines.branch)
    branches = _opened_lines(Lines.branches)
    delete_branch = _opened_lines(Lines.delete_branch)
    preview_merge = _opened_lines(Lines.preview_merge)
    merge = _opened_lines(Lines.merge)
    preview_revert = _opened_lines(Lines.preview_revert)
    revert = _opened_lines(Lines.revert)
    blame = _opened_lines(Lines.blame)
    copy = _opened_lines(Lines.copy)
    improve_with = _opened_lines(Lines.improve_with)
    tag = _opened_lines(Lines.tag)
    ask_label = _opened_lines(Lines.ask_label)
    approve = _opened_lines(Lines.approve)
    refuse = _opened_lines(Lines.refuse)
    label_requests = _opened_lines(Lines.label_requests)
    archive = _opened_lines(Lines.archive)
    unarchive = _opened_lines(Lines.unarchive)
    unused = _opened_lines(Lines.unused)
    create = _opened(Library.create)
    create_many = _opened(Library.create_many)
    add_history = _opened(Library.add_history)
    check_history = _opened(Library.check_history)
    history_file = _opened(Library.history_file)
    update = _opened(Library.update)
    edit = _opened(Library.edit)
    history = _opened(Library.history)
    diff = _opened(Library.diff)
    rollback = _opened(Library.rollback)
    set_label = _opened(Library.set_label)
    remove_label = _opened(Library.remove_label)
    labels = _opened(Library.labels)
    label_log = _opened(Library.label_log)
    delete = _opened(Library.delete)
    restore = _opened(Library.restore)
    list = _opened(Library.list)
    record_use = _opened(Library.record_use)
    record_rating = _opened(Library.record_rating)

    async def reload(self) -> ImportReport:
        """Forgets what is in memory, so that the next `get` reads the store, and brings in again
        the files that this platform has imported, so that it gives what they say now."""
        from burnish.library.files.bring import import_again

        self._cache.clear()
        return await import_again(self)

    async def get(  # noqa: PLR0917 - as those of the sync face
        self,
        reference: str,
        label: str | None = None,
        revision: int | None = None,
        fallback: Fallback | None = None,
        unit: str | None = None,
        attributes: Attributes | None = None,
    ) -> Fetched:
        """The version that a reference means, or a name with a label or a revision. A bare name
        gives `production` where that label exists, else the latest; `via` says which.

        A `unit`, such as the id of a user, gets the version that an experiment with that label
        assigns it to, always the same one; `via` is then "experiment". `attributes` are what
        experiments target by, and are kept with the exposure.

        Served from memory, which hears within a second of what other processes change, or looks
        again after `cache.label_ttl_s` where the store cannot tell. While the store is away, what
        was known last is served, marked `stale`. `fallback` is a text, messages, or a function
        (async too) that gives one; it is used, and called, only where there is nothing else, and
        `via` is then "fallback".
        """
        if unit is not None and revision is None:
            units = self.units
            found = units.at_once(reference, label, unit, attributes)
            return found or await units.get(reference, label, fallback, unit, attributes)
        found = self._cache.get(reference, label if revision is None else revision)
        if found is not None and (label is None or revision is None):
            return found
        return await self._lookup.get(reference, label, revision, fallback)

    def get_cached(
        self, reference: str, label: str | None = None, revision: int | None = None
    ) -> Fetched | None:
        """What `get` would answer, if it is in memory and fresh; little more than a dict
        lookup."""
        try:
            return self.fresh[reference][label if revision is None else revision]
        except (KeyError, TypeError):
            return None

    async def similar(
        self,
        reference: str,
        *,
        by: Sequence[Likeness] = ("wording", "meaning"),
        limit: int = 3,
    ) -> tuple[Similar, ...]:
        """Other prompts that say much the same, the most alike first: in the same words (from the
        setting `search.duplicate_score` on), then in meaning. Measured now, not stored."""
        return await self.neighbours.of(await self.get(reference), by, limit)

    async def graph(self, name: str, *, similar: bool = False) -> Graph:
        """How the versions of a prompt came from one another, and from and into others: copied,
        improved, included. With `similar` also prompts that are like what a bare name gives."""
        library = await self._library()
        graph = await library.lines.graph(name)
        if not similar:
            return graph
        found = await library.get(name)
        like = await self.neighbours.of(found, ("wording", "meaning"), _MOST_ALIKE)
        return await with_similar(graph, found, like, library.get)

    async def expand(
        self, reference: str, *, messages: tuple[Message, ...] | None = None
    ) -> Expanded:
        """The version that the reference means, with the texts in it that it includes, and with
        their variables; with `messages`, as if these were its own. Raises NotFound, naming what
        includes it, for a version that is gone, TemplateRefused for includes that go in a circle or
        too deep."""
        found = await self.get(reference)
        if messages is not None:
            version = structs.replace(found.version, messages=messages)
            found = structs.replace(found, version=version)
        return await expanded(found, self._meant)

    async def _meant(self, reference: Reference) -> Fetched:
        return await self.get(str(reference))

    async def _whole(self, found: Fetched, reference: str, fallback: Fallback | None) -> Expanded:
        try:
            return await expanded(found, self._meant)
        except (NotFound, StoreError, Unavailable):
            if fallback is None or found.via == "fallback":
                raise
        from burnish.library.fallback import fetched_from

        return await expanded(await fetched_from(fallback, parse(reference)), self._meant)

    async def render(
        self,
        reference: str,
        values: Mapping[str, Any] | None = None,
        *,
        fallback: Fallback | None = None,
        unit: str | None = None,
        attributes: Attributes | None = None,
    ) -> Rendered:
        """The messages with all variables filled in; counts as a use of the prompt, unless the
        store is away. Where the prompt has worked examples and `values` bring none, some of its
        own are shown. `unit`, `attributes` and `fallback` are those of `get`; the last is used for
        what it includes and cannot be had, too. Prompts that it includes are put in first;
        `includes` tells which versions of them.

        Raises VariableError (missing, unknown, wrong type) and RenderLimit, and what `expand`
        raises.
        """
        found = await self.get(reference, None, None, fallback, unit, attributes)
        return await self._filled(await self._whole(found, reference, fallback), values)

    async def fill(self, found: Fetched, values: Mapping[str, Any] | None = None) -> Rendered:
        """`render` of the very version that `get` gave, whatever its label says by now."""
        return await self._filled(await expanded(found, self._meant), values)

    async def _filled(self, whole: Expanded, values: Mapping[str, Any] | None) -> Rendered:
        version = whole.version
        values = with_examples(version, values)
        if self._renderer.needs_isolation(version.messages):
            messages = await asyncio.to_thread(
                self._renderer.messages, version.messages, version.variables, values
            )
        else:
            messages = self._renderer.messages(version.messages, version.variables, values)
        if not whole.stale and whole.prompt.id:
            await self._count_use(whole.prompt.id)
        return Rendered(
            reference=f"{whole.prompt.name}@{version.revision}",
            via=whole.via,
            messages=tuple(messages),
            includes=whole.includes,
            stale=whole.stale,
        )
