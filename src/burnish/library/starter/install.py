"""The starter library as people use it: look through it, and bring prompts into their own."""

from __future__ import annotations

import asyncio
import difflib
from collections.abc import Sequence
from typing import Literal

import msgspec

from burnish.errors import NotFound, UsageError
from burnish.intents.intent import INTENTS
from burnish.library.prompts import AsyncPrompts
from burnish.library.starter.load import load_starter
from burnish.library.starter.starter_prompt import StarterPrompt
from burnish.prompts.prompt import MAIN, PromptVersion, content_hash
from burnish.prompts.refs import check_name

InstallConflict = Literal["skip", "new-revision"]
InstallOutcome = Literal["new", "revised", "unchanged", "skipped"]


class Installed(msgspec.Struct, frozen=True, kw_only=True):
    """`name` is that in the library. A prompt that is "skipped" says something else than the
    starter prompt and stayed as it is."""

    starter: str
    name: str
    outcome: InstallOutcome
    revision: int


class InstallReport(msgspec.Struct, frozen=True, kw_only=True):
    prompts: tuple[Installed, ...]
    new: int
    revised: int
    unchanged: int
    skipped: int


class AsyncStarter:
    """`platform.starter`: ready prompts to begin with."""

    def __init__(self, prompts: AsyncPrompts) -> None:
        self._prompts = prompts

    async def list(
        self, *, category: str | None = None, intent: str | None = None
    ) -> tuple[StarterPrompt, ...]:
        """The ready prompts by name, of one category or intent where given.

        Raises UsageError for a category or an intent that there is not.
        """
        known = await asyncio.to_thread(load_starter)
        categories = tuple(dict.fromkeys(each.category for each in known))
        _check_known("category", category, categories)
        _check_known("intent", intent, INTENTS[:-1])
        return tuple(
            each
            for each in known
            if category in (None, each.category) and intent in (None, each.intent)
        )

    async def show(self, name: str) -> StarterPrompt:
        """Raises NotFound, with the nearest name there is."""
        known = {each.name: each for each in await asyncio.to_thread(load_starter)}
        if name in known:
            return known[name]
        task = name.rpartition("/")[2]
        same = [each for each in known if each.endswith(f"/{task}")]
        near = same or difflib.get_close_matches(name, known, n=1, cutoff=0.5)
        hint = f"did you mean {near[0]!r}?" if near else "burnish starter list shows them all"
        raise NotFound(f"no starter prompt is called {name!r}", hint=hint, subject=name)

    async def install(
        self,
        names: str | Sequence[str] = (),
        *,
        category: str | None = None,
        all: bool = False,  # noqa: A002 - the word of the command
        prefix: str = "",
        conflict: InstallConflict = "skip",
    ) -> InstallReport:
        """Stores ready prompts in the library: those named, those of a category, or all.

        They keep their names, under the folder `prefix` where given, with category, tags and
        description; the metadata of the version says which starter prompt, in which version, it
        is. What the library has already is left alone, so doing it twice changes nothing. A
        prompt of that name which says something else stays as it is, or with
        `conflict="new-revision"` gets the starter prompt as its next revision.

        Raises NotFound for a name that there is not, and then nothing is stored.
        """
        chosen = await self._chosen(names, category, everything=all)
        folder = prefix.strip().strip("/")
        pairs = [(check_name(f"{folder}/{s.name}" if folder else s.name), s) for s in chosen]
        found = tuple([await self._one(name, each, conflict) for name, each in pairs])
        outcomes = [each.outcome for each in found]
        return InstallReport(
            prompts=found,
            new=outcomes.count("new"),
            revised=outcomes.count("revised"),
            unchanged=outcomes.count("unchanged"),
            skipped=outcomes.count("skipped"),
        )

    async def _chosen(
        self, names: str | Sequence[str], category: str | None, *, everything: bool
    ) -> Sequence[StarterPrompt]:
        named = (names,) if isinstance(names, str) else tuple(dict.fromkeys(names))
        if sum((bool(named), category is not None, everything)) != 1:
            raise UsageError(
                "what to install is not clear",
                hint="give names, or a category, or all, and one of these alone",
            )
        if named:
            return [await self.show(name) for name in named]
        return await self.list(category=category)

    async def _one(self, name: str, starter: StarterPrompt, conflict: InstallConflict) -> Installed:
        held = await self._latest(name)
        if held is not None and (conflict == "skip" or _same(starter, held)):
            kept: InstallOutcome = "unchanged" if _same(starter, held) else "skipped"
            return Installed(starter=starter.name, name=name, outcome=kept, revision=held.revision)
        saved = await self._prompts.create(
            name,
            starter.messages,
            variables=starter.variables,
            config={},
            metadata=starter.metadata(),
            category=starter.category,
            tags=starter.tags,
            description=starter.description,
            message=f"Install the starter prompt {starter.name}, version {starter.version}",
            # Whoever took the name in between keeps it.
            expected_revision=0 if held is None else None,
        )
        return Installed(
            starter=starter.name,
            name=name,
            outcome="new" if held is None else "revised",
            revision=saved.version.revision,
        )

    async def _latest(self, name: str) -> PromptVersion | None:
        try:
            return (await self._prompts.history(name, limit=1, branch=MAIN))[0].version
        except NotFound:
            return None


def _check_known(what: str, given: str | None, known: Sequence[str]) -> None:
    if given is not None and given not in known:
        raise UsageError(f"no {what} is called {given!r}", hint=f"use {', '.join(known)}")


def _same(starter: StarterPrompt, version: PromptVersion) -> bool:
    said = content_hash(starter.messages, starter.variables, {})
    return version.content_hash == said and version.metadata == starter.metadata()
