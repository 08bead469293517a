"""What is said of answers and prompts, taken in by a platform."""

from __future__ import annotations

from datetime import datetime
from functools import cached_property
from typing import TYPE_CHECKING

from burnish.platform.experimenting import Experimenting

if TYPE_CHECKING:
    from burnish.learning import AsyncFeedback, Done, FeedbackPage, GivenFeedback, Thumb
    from burnish.storage.feedback import Signal


class Learned(Experimenting):
    async def feedback(
        self,
        target: str,
        *,
        thumb: Thumb | None = None,
        stars: int | None = None,
        score: float | None = None,
        success: bool | None = None,
        done: Done | None = None,
        latency_ms: float | None = None,
        comment: str = "",
        learn: bool = True,
    ) -> GivenFeedback:
        """Keeps what is said of a run, a version or a prompt, and counts it: in the prompt's
        rating, for the techniques that the version was made with, and as an outcome of the
        experiment whose unit the run served.

        `target` is the id of a run (or a beginning of it), of a version or of a prompt, or a
        reference such as `mail/late@3`. At most one of `thumb`, `stars` (1 to 5), `score` (0 to 1)
        and `done`, such as "copied", is given; `success` says whether the task was done, and what
        failed counts as 0. `learn=False` keeps it out of everything that learns.

        Raises UsageError for what cannot be, NotFound, and Conflict where several runs' ids begin
        so.
        """
        from burnish.learning import Opinion

        opinion = Opinion(
            thumb=thumb,
            stars=stars,
            score=score,
            success=success,
            done=done,
            latency_ms=latency_ms,
            comment=comment,
        )
        return await self._feedback.give(target, opinion, learn=learn)

    async def feedback_events(
        self,
        target: str = "",
        *,
        kind: Signal | None = None,
        who: str | None = None,
        since: datetime | None = None,
        until: datetime | None = None,
        limit: int = 50,
        cursor: str | None = None,
    ) -> FeedbackPage:
        """What was said, the newest first: of a run, or of a prompt whatever the version, or of
        all. `cursor` is the `next` of the page before."""
        from burnish.storage.feedback import FeedbackFilter

        where = FeedbackFilter(kind=kind, who=who, since=since, until=until)
        return await self._feedback.page(target, where, limit, cursor)

    @cached_property
    def _feedback(self) -> AsyncFeedback:
        from burnish.learning import AsyncFeedback

        return AsyncFeedback(
            self._flushed_store,
            self.prompts.get,
            self._record_outcome,
            who=lambda: self.settings.author_name,
            new_id=self._ids,
        )

    async def _record_outcome(self, run_id: str, metric: str, value: float) -> list[str]:
        # Nothing of experiments is loaded where the store has none of that run.
        if "_journal" in self.__dict__:
            await self._journal.flush()
        elif not await (await self._open_store()).experiments.served(run_id):
            return []
        return await self._recording.record_of_run(run_id, metric, value)
