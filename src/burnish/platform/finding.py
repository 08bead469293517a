"""The library of a platform, searched."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from functools import cached_property
from typing import TYPE_CHECKING

from burnish.library.neighbours import Neighbours
from burnish.platform.ground import Ground
from burnish.settings import Loaded

if TYPE_CHECKING:
    from burnish.generation.grounding import Grounding
    from burnish.generation.wish import Wish
    from burnish.library.embedders import Embedder
    from burnish.library.knowledge import AsyncKnowledge
    from burnish.library.ranked import Mode
    from burnish.library.search import Found, Reindexed, Search, Similar


class Finding(Ground):
    """What embeds prompts for it runs in the background and ends with the platform."""

    def __init__(self, loaded: Loaded, plugins: Sequence[object] = ()) -> None:
        super().__init__(loaded, plugins)
        self._search: Search | None = None
        least = self.settings.search.duplicate_score
        self.prompts.neighbours = Neighbours(self._open_search, least)

    async def close(self) -> None:
        """Writes what is not yet written and ends what the platform started. Calling it twice is
        harmless."""
        search, self._search = self._search, None
        try:
            if search is not None:
                await search.close()
            if "knowledge" in self.__dict__:
                await self.knowledge.close()
        finally:
            await super().close()

    @cached_property
    def knowledge(self) -> AsyncKnowledge:
        """Texts that prompts are grounded on: add, add_text, list, show, search, remove,
        refresh."""
        from burnish.library.embedders import embedder_named
        from burnish.library.knowledge import AsyncKnowledge

        def embedder() -> Embedder:
            return embedder_named(self.settings.search.embedder, pieces=True)

        return AsyncKnowledge(self._open_store, self.settings.knowledge, embedder, self._ids)

    async def _ground(self, wish: Wish) -> Grounding:
        from burnish.platform.grounding import ground

        return await ground(wish, lambda: self.knowledge, self.settings.knowledge)

    async def search(
        self,
        query: str,
        *,
        mode: Mode = "hybrid",
        limit: int | None = None,
        min_score: float | None = None,
        category: str | None = None,
        tags: Sequence[str] = (),
        label: str | None = None,
        author: str | None = None,
        model: str | None = None,
        provider: str | None = None,
        language: str | None = None,
        phase: str | None = None,
        since: datetime | None = None,
        until: datetime | None = None,
        min_rating: float | None = None,
    ) -> Found:
        """Prompts that fit the query, best first: by their words, by their meaning, or by both.

        Searched is what a bare name gives: name, tags, description and text. Filters add up, and
        `within` counts the prompts that meet them. A `limit` or `min_score` (0 to 1) that is not
        given is that of the settings. Prompts without a vector yet are found by their words alone;
        `pending` counts them while they are embedded in the background. Raises UsageError.
        """
        from burnish.library.search import filter_of

        where = filter_of(
            category=category,
            tags=tags,
            label=label,
            author=author,
            model=model,
            provider=provider,
            language=language,
            phase=phase,
            since=since,
            until=until,
            min_rating=min_rating,
        )
        usual = self.settings.search
        search = await self._open_search()
        return await search.search(
            query,
            mode=mode,
            limit=usual.limit if limit is None else limit,
            min_score=usual.min_score if min_score is None else min_score,
            where=where,
        )

    async def near_duplicates(
        self, text: str, *, limit: int = 3, min_score: float | None = None, leave_out: str = ""
    ) -> tuple[Similar, ...]:
        """Prompts that say nearly the same in the same words, most alike first, but not the one
        named `leave_out`. The score is the share of their runs of three words that both texts
        have; from the setting `search.duplicate_score` on they are told."""
        least = self.settings.search.duplicate_score if min_score is None else min_score
        search = await self._open_search()
        return await search.near_duplicates(text, limit=limit, min_score=least, leave_out=leave_out)

    async def reindex(self, progress: Callable[[int, int], None] | None = None) -> Reindexed:
        """Makes the search index anew and every vector that is missing; drops those of other
        embedders. `progress` is told how many of how many are embedded."""
        return await (await self._open_search()).reindex(progress)

    async def _open_search(self) -> Search:
        store = await self._open_store()
        if self._search is None:
            from burnish.library.embedders import embedder_named
            from burnish.library.search import Search

            named = self.settings.search.embedder
            self._search = Search(
                store.search,
                lambda: embedder_named(named),
                holder=self.new_id(),
                patience_s=self.settings.search.patience_s,
            )
        return self._search
