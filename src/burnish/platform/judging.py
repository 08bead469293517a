"""The scorers of a platform, and the model that judges for them."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from burnish.platform.finding import Finding

if TYPE_CHECKING:
    from burnish.evals.registry import Scorers
    from burnish.library.embedders import Embedder
    from burnish.models.budget import Budget


class Judging(Finding):
    @cached_property
    def scorers(self) -> Scorers:
        """All scorers by name, those of plug-ins last: names, list, describe, make."""
        return self._scorers_within(None)

    def _scorers_within(self, budget: Budget | None) -> Scorers:
        """Those whose judges spend from the budget."""
        from dataclasses import replace

        from burnish.evals.registry import Scorers
        from burnish.evals.scorers.tools import Tools
        from burnish.models.question import Answer, Question

        async def ask(question: Question) -> Answer:
            return await self._live.calls.complete(replace(question, budget=budget))

        tools = Tools(ask=ask, judge_model=self._judge_model, embedder=self._scoring_embedder)
        return Scorers(self._parts.plugins.collect("scorers"), tools)

    async def close(self) -> None:
        """Writes what is not yet written and ends what the platform started. Calling it twice is
        harmless."""
        if "scorers" in self.__dict__:
            self.scorers.close()
        await super().close()

    def _judge_model(self) -> str:
        """What `auto` means now, where it is a model at all."""
        model = self.automatic_model
        return "" if model == "offline" else model

    def _scoring_embedder(self) -> Embedder:
        from burnish.library.embedders import embedder_named

        return embedder_named(self.settings.search.embedder)
