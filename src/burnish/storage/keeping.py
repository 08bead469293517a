"""What is taken out of rows before they are written."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, TypeVar

import msgspec

from burnish.redaction import Kind

if TYPE_CHECKING:
    from burnish.storage.evaluation import Numbered
    from burnish.storage.feedback import FeedbackEvent
    from burnish.storage.optimization import Found
    from burnish.storage.result import Score
    from burnish.storage.run import Attempt, Run

T = TypeVar("T", bound=msgspec.Struct)


class Keeping:
    """Rows without the personal data of these kinds; with no kinds as they are. Values of users
    and answers of models are looked at, prompts, names and who did something are not."""

    def __init__(self, kinds: Sequence[Kind] = ()) -> None:
        self._kinds = tuple(kinds)

    async def runs(self, runs: Sequence[Run]) -> Sequence[Run]:
        return await asyncio.to_thread(self._runs, runs) if self._kinds else runs

    async def results(self, results: Sequence[Numbered]) -> Sequence[Numbered]:
        return await asyncio.to_thread(self._results, results) if self._kinds else results

    async def answers(self, found: Sequence[Found]) -> Sequence[Found]:
        return await asyncio.to_thread(self._answers, found) if self._kinds else found

    def feedback(self, event: FeedbackEvent) -> FeedbackEvent:
        return self._without(event, "comment")

    def text(self, text: str) -> str:
        return self._values([text])[0] if self._kinds else text

    async def told(self, answer: bytes | None, media_type: str) -> bytes | None:
        """An answer to a request, kept to be given again."""
        if not self._kinds or not answer or "json" not in media_type:
            return answer
        return await asyncio.to_thread(self._told, answer)

    def _told(self, answer: bytes) -> bytes:
        return msgspec.json.encode(self._values([msgspec.json.decode(answer)])[0])

    def _runs(self, runs: Sequence[Run]) -> list[Run]:
        return [self._run(run) for run in runs]

    def _run(self, run: Run) -> Run:
        errors = [each.error for each in run.attempts]
        given = [msgspec.to_builtins(run.input), run.output, run.error, run.parameters, errors]
        said, output, error, parameters, errors = self._values(given)
        attempts: list[Attempt] = [
            msgspec.structs.replace(each, error=what)
            for each, what in zip(run.attempts, errors, strict=True)
        ]
        return msgspec.structs.replace(
            run,
            input=said,
            output=output,
            error=error,
            parameters=parameters,
            attempts=tuple(attempts),
        )

    def _results(self, results: Sequence[Numbered]) -> list[Numbered]:
        return [self._numbered(each) for each in results]

    def _numbered(self, each: Numbered) -> Numbered:
        result = self._without(each.result, "output", "error")
        scores: list[Score] = [
            self._without(score, "reason", "error", "details") for score in result.scores
        ]
        return msgspec.structs.replace(
            each, result=msgspec.structs.replace(result, scores=tuple(scores))
        )

    def _answers(self, found: Sequence[Found]) -> list[Found]:
        return [self._without(each, "output", "error", "notes") for each in found]

    def _without(self, row: T, *fields: str) -> T:
        if not self._kinds:
            return row
        clean = self._values([getattr(row, field) for field in fields])
        return msgspec.structs.replace(row, **dict(zip(fields, clean, strict=True)))

    def _values(self, values: list[Any]) -> list[Any]:
        # The patterns are made for those alone who want it.
        from burnish.redaction.values import redacted_values

        return redacted_values(values, self._kinds)
