"""Whoever lost the job of an optimisation writes nothing of what comes of it."""

from __future__ import annotations

import asyncio
import sqlite3
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from tests.cli.optimizing import PROMPT, by_rules, right

import burnish
from burnish.models.fake import Fake
from burnish.platform.searching import Searching

ROWS = [{"inputs": {"mail": f"mail {n}"}, "expected": right(n)} for n in range(60)]


class Given:
    def models(self) -> list[Fake]:
        return [Fake(by_rules)]


def take_over(file: Path) -> None:
    """As another process does after a sleep that was longer than the lease."""
    later = (datetime.now(UTC) + timedelta(hours=1)).isoformat()
    taken = "UPDATE jobs SET attempts = attempts + 1, worker = 'other:1', leased_until = ?"
    with sqlite3.connect(file) as connection:
        connection.execute(taken, (later,))


async def test_a_search_whose_job_another_has_taken_over_is_left_to_that(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file, search = tmp_path / "shared.db", Searching.search

    async def lost(*given: Any, **named: Any) -> Any:
        found = await search(*given, **named)
        await asyncio.to_thread(take_over, file)
        return found

    monkeypatch.setattr(Searching, "search", lost)
    url = f"sqlite:///{file}"
    async with burnish.open_async(plugins=[Given()], storage__database_url=url) as p:
        await p.prompts.create("mail/kind", PROMPT)
        plan = await p.plan_optimization(
            "mail/kind", ROWS, model="fake:a", writer="offline", algorithm="bandit", budget=130
        )
        job = await p.submit_optimization(plan.optimization)
        await p.jobs.work(once=True)
        found = await p.optimizations.get(plan.optimization.id)
        assert (found.outcome, found.text, found.report, found.ended_at) == ("", "", {}, None)
        now = await p.jobs.get(job.id)
        assert (now.state, now.attempts) == ("running", 2)
