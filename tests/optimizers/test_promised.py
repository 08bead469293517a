"""What a search promises where it is interrupted or slow."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import pytest
from tests.optimizers.test_platform import ASKED, ROWS, TEXT, Options, answered

import burnish
from burnish.errors import BurnishError, StoreError
from burnish.models.fake import Fake
from burnish.models.model import ModelReply, ModelRequest
from burnish.storage.sql.optimizations import SqlOptimizations


class Model:
    def __init__(self, answer: Callable[[ModelRequest], ModelReply] = answered) -> None:
        self._answer = answer

    def models(self) -> list[Fake]:
        return [Fake(self._answer)]


def test_one_that_dies_between_its_version_and_its_end_writes_no_second_version(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    change = SqlOptimizations.change

    async def dies(self: SqlOptimizations, optimization_id: str, **fields: Any) -> None:
        if fields.get("best"):
            raise StoreError("the disk is full", hint="make room")
        await change(self, optimization_id, **fields)

    with burnish.open(plugins=[Model()]) as p:
        p.prompts.create("name/item", TEXT)
        plan = p.plan_optimization("name/item", ROWS, algorithm="reflective", **ASKED)
        monkeypatch.setattr(SqlOptimizations, "change", dies)
        with pytest.raises(BurnishError):
            p.run_optimization(plan.optimization)
        # The version is there, and the optimisation has not ended.
        written = p.prompts.get("name/item@latest").version
        assert written.revision == 2
        assert p.optimizations.get(plan.optimization.id).best == ""
        monkeypatch.setattr(SqlOptimizations, "change", change)
        done = p.resume_optimization(plan.optimization.id).optimization
        assert (done.outcome, done.best) == ("improved", "name/item@2")
        assert p.prompts.get("name/item@latest").version == written
        p.prompts.create("name/whole", TEXT)
        asked: Options = ASKED | {"dataset": "whole"}
        whole = p.optimize("name/whole", ROWS, algorithm="reflective", **asked).optimization
        assert done.text == whole.text
        for told in ("verdict", "answers", "proposals", "front", "leader"):
            assert done.report[told] == whole.report[told], told


def test_a_search_whose_time_is_over_is_still_compared_and_says_so() -> None:
    def slow(request: ModelRequest) -> ModelReply:
        time.sleep(0.02)
        return answered(request)

    with burnish.open(plugins=[Model(slow)]) as p:
        p.prompts.create("name/item", TEXT)
        # Without the bound, 2,000 calls would take about ten times as long.
        budget = burnish.Budget(calls=2000, seconds=1.0)
        done = p.optimize(
            "name/item", ROWS, algorithm="reflective", budget=budget, concurrency=4, **ASKED
        ).optimization
    assert "1 seconds of work are over" in done.report["ended"]
    assert done.report["calls"] < 1500
    assert done.report["seconds"] >= 1.0
    beside = done.report["verdict"]["beside"]
    assert beside is not None
    assert beside["n"] == done.report["examples"]["test"]
