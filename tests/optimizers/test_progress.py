"""What a search tells while slow models answer."""

from __future__ import annotations

import asyncio

from tests.cli.optimizing import PROMPT, by_rules, right

import burnish
from burnish.models.fake import Fake
from burnish.models.model import ModelReply, ModelRequest
from burnish.storage.job import Job

ROWS = [{"inputs": {"mail": f"mail {n}"}, "expected": right(n)} for n in range(40)]


class SlowAtFirst(Fake):
    async def complete(self, request: ModelRequest) -> ModelReply:
        if len(self.requests) < 4:
            await asyncio.sleep(0.6)
        return await super().complete(request)


class Slow:
    def models(self) -> list[Fake]:
        return [SlowAtFirst(by_rules)]


def test_answers_are_told_before_all_that_were_asked_for_are_there() -> None:
    told: list[int] = []

    def heard(job: Job) -> None:
        told.append(job.progress.done)

    with burnish.open(plugins=[Slow()]) as p:
        p.prompts.create("mail/kind", PROMPT)
        p.optimize(
            "mail/kind",
            ROWS,
            model="fake:a",
            writer="offline",
            algorithm="genetic",
            budget=60,
            rounds=1,
            concurrency=1,
            progress=heard,
        )
    # The first four are asked for together.
    assert {1, 2, 3} & set(told)
    assert told == sorted(told)
