"""What becomes of the best candidate, and what a search that met trouble says it cost."""

from __future__ import annotations

import asyncio
import os
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec
import pytest
from tests.optimizers.test_platform import ASKED, ROWS, TEXT, Given, Options, answered

import burnish
from burnish.errors import ConnectionLost, RequestRefused
from burnish.models.fake import Fake
from burnish.models.model import ModelReply, ModelRequest
from burnish.optimizers.candidate import Candidate
from burnish.optimizers.drive import Drafted
from burnish.optimizers.problem import Problem, Search
from burnish.optimizers.report.report import report_of
from burnish.optimizers.report.sheets import effort
from burnish.prompts.prompt import Message
from burnish.storage.optimization import Optimization, Step
from burnish.storage.sqlite import open_sqlite


@pytest.fixture
def p() -> Iterator[burnish.Platform]:
    with burnish.open(plugins=[Given(OneTry())]) as opened:
        opened.prompts.create("name/item", TEXT, config={"temperature": 0.9, "max_tokens": 64})
        yield opened


class OneTry:
    """Takes whatever came of its only proposal."""

    name = "one try"

    def search(self, problem: Problem) -> Search:
        (made,) = yield from problem.propose("phrase", [problem.original])
        yield from problem.measure([problem.original, made], problem.validation)
        problem.lead(made)


def test_the_parameters_of_the_best_candidate_are_in_the_config_of_its_version(
    p: burnish.Platform,
) -> None:
    plan = p.plan_optimization("name/item", ROWS, algorithm="one try", **ASKED)
    text = TEXT.replace("Be brief.", "Answer in lower case. Answer with one word.")
    made = Candidate(
        messages=(Message("user", text),), parameters={"temperature": 0.2}, operator="phrase"
    )
    # As an operator that changes parameters would leave it: nothing else makes such a candidate.
    asyncio.run(_written(plan.optimization, made))
    done = p.run_optimization(plan.optimization)
    assert done.optimization.outcome == "improved"
    best = p.prompts.get(done.optimization.best).version
    assert best.config == {"temperature": 0.2, "max_tokens": 64}
    asked = {run.parameters["temperature"] for run in p.runs.page(limit=50).items}
    assert asked == {0.2, 0.9}


async def _written(one: Optimization, made: Candidate) -> None:
    store = await open_sqlite(Path(os.environ["BURNISH_HOME"]) / "burnish.sqlite")
    await store.optimizations.add(one)
    drafted: dict[str, Any] = msgspec.to_builtins(Drafted(candidates=(made,)))
    step = Step(step=1, operator="phrase", drafted=drafted, at=datetime.now(UTC))
    await store.optimizations.put(one.id, [], [step])
    await store.close()


def test_an_older_version_has_not_changed_meanwhile(p: burnish.Platform) -> None:
    p.prompts.update("name/item", TEXT.replace("Be brief", "Be kind"))
    done = p.optimize("name/item@1", ROWS, algorithm="reflective", **ASKED).optimization
    assert done.outcome == "improved"
    assert "changed meanwhile" not in done.text
    assert "name/item has newer versions, so the result stands on the branch" in done.text
    assert "Be kind" in p.prompts.get("name/item@latest").version.text


class Failing:
    """Answers and writes, but for the third question to the one that writes."""

    def __init__(self, error: Exception) -> None:
        self.error = error
        self.written = 0

    def models(self) -> list[Fake]:
        return [Fake(self)]

    def __call__(self, request: ModelRequest) -> ModelReply:
        if "You improve prompts" in request.messages[0].content:
            self.written += 1
            if self.written == 3:
                raise self.error
        return answered(request)


@pytest.mark.parametrize(
    ("error", "unpriced", "told"),
    [
        (RequestRefused("no such thing", model="fake:w"), 0, " 0 USD"),
        # A provider may have worked on what nobody got.
        (ConnectionLost("the line is dead", model="fake:w"), 1, "cost unknown"),
    ],
)
def test_one_failed_call_does_not_hide_what_the_others_cost(
    error: Exception, unpriced: int, told: str
) -> None:
    with burnish.open(plugins=[Failing(error)], models__max_retries=0) as p:
        p.prompts.create("name/item", TEXT)
        report = report_of(p.optimize("name/item", ROWS, algorithm="reflective", **ASKED))
    assert report.effort.unpriced == unpriced
    assert told in dict(effort(report))["asked"]
    assert any("the model that writes failed" in why for why in report.effort.rejected)
    # Where there is a price, it is told as the least.
    paid = msgspec.structs.replace(report.effort, cost_usd=0.25)
    line = dict(effort(msgspec.structs.replace(report, effort=paid)))["asked"]
    assert ("at least 0.25 USD" in line) == bool(unpriced)


class Heard:
    """Keeps the numbers of the items that it is asked for."""

    def __init__(self) -> None:
        self.numbers: set[int] = set()

    def models(self) -> list[Fake]:
        return [Fake(self)]

    def __call__(self, request: ModelRequest) -> ModelReply:
        self.numbers.add(int(re.findall(r"item a(\d+)", request.messages[-1].content)[-1]))
        return answered(request)


def test_of_too_many_examples_those_used_are_drawn_by_the_seed() -> None:
    rows = [{"id": f"r{n}", "inputs": {"text": f"item a{n}"}, "expected": "x"} for n in range(1300)]
    model = Heard()
    asked: Options = ASKED | {"writer": "offline", "budget": 120, "fresh": True}
    with burnish.open(plugins=[model]) as p:
        p.prompts.create("name/item", TEXT)
        drawn: list[set[int]] = []
        for seed in (1, 1, 2):
            model.numbers.clear()
            plan = p.plan_optimization("name/item", rows, **(asked | {"seed": seed}))
            assert "1,000 of 1,300 examples are used, drawn by the seed" in plan.notes
            p.run_optimization(plan.optimization)
            drawn.append(set(model.numbers))
        limited = p.plan_optimization("name/item", rows, limit=500, **asked)
    assert not any("drawn" in note for note in limited.notes)
    assert max(drawn[0]) >= 1000
    assert drawn[0] == drawn[1] != drawn[2]
