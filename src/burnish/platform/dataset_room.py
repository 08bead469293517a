"""Datasets of a platform, with its prompts and models."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from burnish.errors import UsageError
from burnish.evals.datasets import AsyncDatasets
from burnish.evals.datasets.generate import Author
from burnish.library.prompts import AsyncPrompts
from burnish.platform.live import Live
from burnish.settings import Settings
from burnish.storage.store import Store


def dataset_room(
    settings: Settings,
    *,
    open_store: Callable[[], Awaitable[Store]],
    flushed_store: Callable[[], Awaitable[Store]],
    new_id: Callable[[], str],
    prompts: AsyncPrompts,
    live: Live,
) -> AsyncDatasets:
    def model(named: str) -> str:
        usual = settings.generation.model
        named = named or (live.registry.automatic() if usual == "auto" else usual)
        if named == "offline":
            raise UsageError(
                "writing examples takes a model, and none is set up",
                hint="name one with --model provider:model; see burnish models list",
            )
        return live.registry.full_name(named)

    def author() -> Author:
        return Author(fetch=prompts.get, model=model, budget=live.budget, ask=live.calls.complete)

    return AsyncDatasets(open_store, flushed_store, new_id, lambda: settings.author_name, author)
