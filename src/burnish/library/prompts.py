"""The library as people use it: templates are checked on the way in and rendered on the way out."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any

import msgspec

from burnish.library.library import Library
from burnish.library.values import Content, HistoryEntry, Page, Saved
from burnish.prompts.diff import Diff
from burnish.prompts.prompt import Label, Message, Prompt, Variable
from burnish.prompts.render import Renderer
from burnish.prompts.template import find_variables
from burnish.storage.store import Fetched, LabelMove, Sort


class Rendered(msgspec.Struct, frozen=True, kw_only=True):
    """`messages` are ready to send. `reference` is the exact version (`name@3`), `via` says how
    it was chosen."""

    reference: str
    via: str
    messages: tuple[Message, ...]

    @property
    def system(self) -> str:
        """All system messages as one text."""
        return "\n\n".join(m.content for m in self.messages if m.role == "system")

    @property
    def user(self) -> str:
        """All user messages as one text."""
        return "\n\n".join(m.content for m in self.messages if m.role == "user")


class AsyncPrompts:
    """`platform.prompts`: everything that keeps prompts over time.

    Names and references are those of the whole product: `name`, `name@3`, `name@production`.
    Methods raise NotFound with the nearest name there is, UsageError for malformed input and
    Conflict when somebody else was faster.
    """

    def __init__(
        self,
        library: Callable[[], Awaitable[Library]],
        renderer: Renderer,
        author: Callable[[], str],
    ) -> None:
        self._open = library
        self._renderer = renderer
        self._author = author
        self._cached: Callable[[str], Fetched | None] | None = None

    async def create(
        self,
        name: str,
        content: Content,
        *,
        variables: Sequence[Variable] = (),
        category: str | None = None,
        tags: Sequence[str] | None = None,
        description: str | None = None,
        author: str = "",
        message: str = "",
        config: dict[str, Any] | None = None,
        metadata: dict[str, Any] | None = None,
        expected_revision: int | None = None,
        always: bool = False,
    ) -> Saved:
        """A new prompt, or the next revision of the one with this name.

        `content` is a text or messages; variables that it uses and nobody declared are added as
        strings. Content equal to the latest revision's makes no new one, unless `always`.
        """
        library = await self._library()
        return await library.create(
            name,
            content,
            variables=_with_found(content, variables),
            category=category,
            tags=tags,
            description=description,
            author=author or self._author(),
            message=message,
            config=config,
            metadata=metadata,
            expected_revision=expected_revision,
            always=always,
        )

    async def update(
        self,
        name: str,
        content: Content | None = None,
        *,
        variables: Sequence[Variable] | None = None,
        config: dict[str, Any] | None = None,
        author: str = "",
        message: str = "",
        expected_revision: int | None = None,
    ) -> Saved:
        """The next revision: the latest, but for what is given. Declared variables that the new
        content still uses keep their types and defaults."""
        library = await self._library()
        if content is not None:
            latest = (await library.get(f"{name}@latest")).version
            declared = latest.variables if variables is None else tuple(variables)
            variables = _still_used(_with_found(content, declared), content)
        return await library.update(
            name,
            content,
            variables=variables,
            config=config,
            author=author or self._author(),
            message=message,
            expected_revision=expected_revision,
        )

    async def edit(
        self,
        name: str,
        *,
        category: str | None = None,
        tags: Sequence[str] | None = None,
        description: str | None = None,
    ) -> Prompt:
        """Changes what is said about a prompt; makes no revision."""
        library = await self._library()
        return await library.edit(name, category=category, tags=tags, description=description)

    def get_cached(self, reference: str) -> Fetched | None:
        """What `get` would answer, if it is in memory and fresh."""
        return self._cached(reference) if self._cached else None

    async def get(self, reference: str) -> Fetched:
        """The version a reference means. A bare name gives `production` where that label exists,
        else the latest; `via` says which."""
        return await (await self._library()).get(reference)

    async def render(self, reference: str, values: Mapping[str, Any] | None = None) -> Rendered:
        """The messages with all variables filled in; counts as a use of the prompt.

        Raises VariableError (missing, unknown, wrong type) and RenderLimit.
        """
        library = await self._library()
        found = await library.get(reference)
        version = found.version
        if self._renderer.needs_isolation(version.messages):
            messages = await asyncio.to_thread(
                self._renderer.messages, version.messages, version.variables, values
            )
        else:
            messages = self._renderer.messages(version.messages, version.variables, values)
        await library.record_use(found.prompt.id)
        return Rendered(
            reference=f"{found.prompt.name}@{version.revision}",
            via=found.via,
            messages=tuple(messages),
        )

    async def history(
        self, name: str, *, limit: int = 50, before: int | None = None
    ) -> tuple[HistoryEntry, ...]:
        """Who changed what when and why, newest first."""
        return await (await self._library()).history(name, limit=limit, before=before)

    async def diff(self, before: str, after: str) -> Diff:
        """What changed between two references, word by word; variables and config apart."""
        return await (await self._library()).diff(before, after)

    async def rollback(
        self,
        name: str,
        revision: int,
        *,
        label: str | None = "production",
        author: str = "",
        message: str = "",
    ) -> Saved:
        """A new revision that says what `revision` said. `label` then points at it where it
        exists, so a bare name serves the old text at once."""
        return await (await self._library()).rollback(
            name, revision, label=label, author=author or self._author(), message=message
        )

    async def set_label(
        self, name: str, label: str, revision: int, *, by: str = "", why: str = ""
    ) -> LabelMove:
        """Moves a label, or makes it, in one step; the move is logged."""
        library = await self._library()
        return await library.set_label(name, label, revision, by=by or self._author(), why=why)

    async def remove_label(
        self, name: str, label: str, *, by: str = "", why: str = ""
    ) -> LabelMove:
        library = await self._library()
        return await library.remove_label(name, label, by=by or self._author(), why=why)

    async def labels(self, name: str) -> tuple[Label, ...]:
        return await (await self._library()).labels(name)

    async def label_log(
        self, name: str, label: str | None = None, *, limit: int = 100
    ) -> tuple[LabelMove, ...]:
        """Who moved which label when, from where to where and why; newest first."""
        return await (await self._library()).label_log(name, label, limit=limit)

    async def delete(self, name: str) -> Prompt:
        """Takes a prompt out of the library; `restore` brings it back whole."""
        return await (await self._library()).delete(name)

    async def restore(self, name: str, *, as_name: str | None = None) -> Prompt:
        return await (await self._library()).restore(name, as_name=as_name)

    async def list(
        self,
        *,
        category: str | None = None,
        tags: Sequence[str] = (),
        prefix: str = "",
        owner: str | None = None,
        include_deleted: bool = False,
        sort: Sort = "rating",
        limit: int = 50,
        cursor: str | None = None,
        top: int | None = None,
    ) -> Page:
        """A page of prompts. `sort` is rating (then use, then name), name or updated; `top` gives
        the best n alone."""
        return await (await self._library()).list(
            category=category,
            tags=tags,
            prefix=prefix,
            owner=owner,
            include_deleted=include_deleted,
            sort=sort,
            limit=limit,
            cursor=cursor,
            top=top,
        )

    async def reload(self) -> None:
        """Forgets what is in memory, so that the next `get` reads the store."""
        (await self._library()).reload()

    async def _library(self) -> Library:
        library = await self._open()
        self._cached = library.get_cached
        return library


def _texts(content: Content) -> list[str]:
    if isinstance(content, str):
        return [content]
    return [message.content for message in content if message.role != "placeholder"]


def _with_found(content: Content, declared: Sequence[Variable]) -> tuple[Variable, ...]:
    """Raises TemplateRefused here, at the door, for a template that could never render."""
    placeholders: list[Variable] = []
    if not isinstance(content, str):
        known = {variable.name for variable in declared}
        placeholders = [
            Variable(name=m.content, type="list", description="Messages that stand here")
            for m in content
            if m.role == "placeholder" and m.content not in known
        ]
    return find_variables(_texts(content), (*declared, *placeholders))


def _still_used(variables: Sequence[Variable], content: Content) -> tuple[Variable, ...]:
    used = {variable.name for variable in _with_found(content, ())}
    return tuple(variable for variable in variables if variable.name in used)
