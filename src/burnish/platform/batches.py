"""Batches on a platform: files read, items generated, finished ones taken over after a kill."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec

from burnish.errors import NotFound, UsageError
from burnish.generation.batch import BatchReport, Journal, Progress, run_batch
from burnish.generation.batch_items import Numbered, item_of, numbered, read_items
from burnish.generation.wish import Wish, checked
from burnish.library.prompts import AsyncPrompts
from burnish.platform.generating import Generating
from burnish.platform.live import Live

_KINDS = {".json": "json", ".jsonl": "jsonl", ".ndjson": "jsonl", ".csv": "csv"}
_MAX_BYTES = 64 * 1024 * 1024
Items = Sequence[str | Mapping[str, Any]] | Path | str
_OWN = ("name", "category", "persona", "context", "target", "model")


class BatchPlan(msgspec.Struct, frozen=True, kw_only=True):
    """`calls` are those to models when nothing is repeated or remembered."""

    items: tuple[Numbered, ...]
    model: str
    calls: int


class Batches:
    def __init__(self, generating: Generating, live: Live, prompts: AsyncPrompts) -> None:
        self._generating = generating
        self._live = live
        self._prompts = prompts

    def plan(self, given: Items, options: Mapping[str, Any]) -> BatchPlan:
        items = items_of(given)
        calls, models = 0, set[str]()
        for each in items:
            wish = wish_of(each, options)
            models.add(self._generating.model_of(wish))
            calls += self._generating.calls_of(wish)
        return BatchPlan(items=tuple(items), model=", ".join(sorted(models)), calls=calls)

    async def run(
        self,
        given: Items,
        *,
        output: Path | str | None,
        workers: int,
        resume: bool,
        skip_errors: bool,
        progress: Callable[[Progress], None] | None,
        options: Mapping[str, Any],
    ) -> BatchReport:
        items = items_of(given)
        if output is None and not isinstance(given, Path | str):
            raise UsageError("the batch has no journal", hint="name a file with output=")
        path = Path(output) if output else _beside(given)
        wish_of(items[0], options)  # what is wrong with the options is so before the first item
        items = _under(items, options)
        # One bound for all items together.
        budget = self._live.budget(options.get("max_cost_usd"))

        async def make(each: Numbered) -> tuple[str, str]:
            wish = wish_of(each, options)
            if journal.was_there and (stored := await self._stored_before(wish)):
                return stored
            made = await self._generating.make(wish, budget=budget)
            return made.reference, made.text

        journal = Journal(path, resume=resume)
        with journal:
            return await run_batch(
                items,
                make,
                journal,
                workers=workers,
                skip_errors=skip_errors,
                progress=progress,
            )

    async def _stored_before(self, wish: Wish) -> tuple[str, str] | None:
        """The item's prompt, where a kill came after it was stored and before the journal knew."""
        name = wish.name or await self._generating.name_of(wish)
        try:
            entries = await self._prompts.history(name, limit=200)
        except NotFound:
            return None
        for entry in entries:
            if entry.version.metadata.get("batch_key") == wish.batch_key:
                return f"{name}@{entry.version.revision}", entry.version.text
        return None


def _under(items: Sequence[Numbered], options: Mapping[str, Any]) -> list[Numbered]:
    """With keys that tell the same ideas under other options apart: another model is other work."""
    told = {k: v for k, v in sorted(options.items()) if v not in (None, "", (), [])}
    told.pop("max_cost_usd", None)
    under = msgspec.json.encode(told)
    return [
        msgspec.structs.replace(
            each, key=hashlib.sha256(each.key.encode() + under).hexdigest()[:32]
        )
        for each in items
    ]


def items_of(given: Items) -> list[Numbered]:
    if isinstance(given, str):
        given = Path(given)
    if isinstance(given, Path):
        return read_items(_text(given), _KINDS.get(given.suffix.lower(), "text"))
    items = [item_of(value, f"item {number}") for number, value in enumerate(given, start=1)]
    if not items:
        raise UsageError("the batch has no items", hint="give at least one idea")
    return numbered(items)


def wish_of(each: Numbered, options: Mapping[str, Any]) -> Wish:
    """The item's own options win over those of the whole batch."""
    known = set(Wish.__struct_fields__) - {"idea", "batch_key", "needs_model"}
    for name in options:
        if name not in known:
            raise UsageError(f"batch takes no {name!r}", hint=f"use {', '.join(sorted(known))}")
    own = {name: getattr(each.item, name) for name in _OWN if getattr(each.item, name)}
    plain = {name: value for name, value in options.items() if value is not None}
    # Half a batch by a model and half without would be no batch.
    whole: dict[str, Any] = {"idea": each.item.idea, "batch_key": each.key, "needs_model": True}
    return checked(Wish(**(whole | plain | own)))


def _text(path: Path) -> str:
    try:
        with path.open("rb") as file:
            content = file.read(_MAX_BYTES + 1)
    except OSError as error:
        raise UsageError(
            f"{path} cannot be read: {error.strerror}", hint="check the path", subject=str(path)
        ) from None
    if len(content) > _MAX_BYTES:
        raise UsageError(f"{path} has more than {_MAX_BYTES >> 20} MB", hint="split it")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise UsageError(f"{path} is not UTF-8 text", hint="save it as UTF-8") from None


def _beside(given: object) -> Path:
    assert isinstance(given, Path | str)
    given = Path(given)
    return given.with_name(f"{given.name}.results.jsonl")
