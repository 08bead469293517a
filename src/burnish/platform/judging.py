"""The scorers of a platform, and the model that judges for them."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from burnish.errors import UsageError
from burnish.platform.finding import Finding

if TYPE_CHECKING:
    from burnish.evals.judge_check import JudgeReport
    from burnish.evals.registry import Scorers
    from burnish.evals.till import Till
    from burnish.library.embedders import Embedder
    from burnish.models.budget import Budget
    from burnish.storage.result import Score


class Judging(Finding):
    @cached_property
    def scorers(self) -> Scorers:
        """All scorers by name, those of plug-ins last: names, list, describe, make."""
        return self._scorers_within(None)

    def _scorers_within(
        self, budget: Budget | None, till: Till | None = None, trace_id: str = ""
    ) -> Scorers:
        """Those whose judges spend from the budget, which others of the till do too, and whose
        calls belong to a trace."""
        from dataclasses import replace

        from burnish.evals.meter import metered
        from burnish.evals.registry import Scorers
        from burnish.evals.scorers.tools import Tools
        from burnish.models.question import Answer, Question

        async def ask(question: Question) -> Answer:
            within = replace(question, budget=budget, trace_id=trace_id or question.trace_id)
            if till is None:
                return await self._live.calls.complete(within)
            return await till.afforded(lambda: self._live.calls.complete(within))

        tools = Tools(
            ask=metered(ask), judge_model=self._judge_model, embedder=self._scoring_embedder
        )
        return Scorers(self._parts.plugins.collect("scorers"), tools)

    async def score(
        self,
        output: str,
        scorers: Sequence[object],
        *,
        expected: Any = None,
        inputs: Mapping[str, Any] | None = None,
    ) -> tuple[Score, ...]:
        """One text, scored. A scorer is a name with or without a value (`contains:late`), a
        `burnish.ScorerSpec`, or a function. Raises UsageError for a scorer that is wrong; what
        one cannot score is the error of its score."""
        from burnish.evals.scored import Answered
        from burnish.storage.example import Example

        made = [self.scorers.take(each) for each in scorers]
        example = Example(id="", inputs=dict(inputs or {}), expected=expected)
        answered = Answered(example=example, output=output)
        return tuple(await asyncio.gather(*(each.score(answered) for each in made)))

    async def check_judge(
        self,
        model: str = "",
        *,
        labels: Path | str | None = None,
        criteria: str = "",
        repeats: int = 1,
        max_cost_usd: float | None = None,
        progress: Callable[[int, int], None] | None = None,
    ) -> JudgeReport:
        """How far a model can be trusted to judge: its agreement with answers that people have
        graded, whether its verdicts hold when two answers change places, whether it likes long
        ones, and whether an answer can talk it into a better score.

        `labels` is a file of JSON lines (id, request, answer, score 1 to 5, passed); without one
        those that come with Burnish are used. Raises UsageError for a wrong file or model name,
        NotFound, Unavailable where the model gives no usable verdict.
        """
        from burnish.evals.judge import Judge
        from burnish.evals.judge_check import check_judge
        from burnish.evals.labelled import CRITERIA, our_labels, read_labels
        from burnish.models.question import Answer, Question

        chosen = model or self._judge_model()
        if not chosen:
            raise UsageError("no model is set up that could judge", hint="name one with --model")
        budget = self._live.budget(max_cost_usd)

        async def ask(question: Question) -> Answer:
            return await self._live.calls.complete(replace(question, budget=budget))

        return await check_judge(
            Judge(ask, self.check_model(chosen), repeats=repeats),
            our_labels() if labels is None else read_labels(Path(labels)),
            criteria=criteria or CRITERIA,
            tell=progress,
        )

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
