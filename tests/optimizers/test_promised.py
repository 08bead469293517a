"""What a search promises where it is interrupted, slow, or offered a longer prompt."""

from __future__ import annotations

import random
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


# Long enough that the bound on the length of candidates, a multiple of it, holds.
PATIENT = "Name the item.\n\n" + "".join(
    f"- Whatever the {place} of the text says beside it, the item is what is wanted.\n"
    for place in ("beginning", "middle", "end", "title", "first line", "last line", "margin")
)
LONG = """- Take letters and digits as they stand, whether or not they look like a word.
- Where two names seem possible, prefer the one that the sentence ends with.
- Numbers belong to the letter before them; never cut them off or add zeros.
- Do not explain how you came to a choice, since only the name will be read.
- Spaces around it are an accident of typing and may be dropped.
- Should there be a title, it tells what kind of list this was copied from.
- Quotation marks, if any, are no part of what you give back.
- Read everything once more before answering, from the last line to the first."""


@pytest.mark.parametrize("share", [0.9, 0.4])
def test_a_much_longer_prompt_is_kept_only_where_its_gain_is_sure(share: float) -> None:
    original = PATIENT + "\n{{ text }}"
    longer = f"{PATIENT}{LONG}\n\n{{{{ text }}}}"
    assert 1.5 < len(longer) / len(original) < 3

    def model(request: ModelRequest) -> ModelReply:
        text = "\n".join(each.content for each in request.messages)
        if "You improve prompts" in text:
            whole = f"<new_prompt>\n{longer}\n</new_prompt>"
            return ModelReply(text=f"<add>{LONG}</add>" if "<add>" in text else whole)
        item = text.rpartition("item ")[2].split()[0]
        chance = random.Random(f"{LONG in text} {item}").random()
        return ModelReply(text=item if chance < (share if LONG in text else 0.4) else "no idea")

    with burnish.open(plugins=[Model(model)]) as p:
        p.prompts.create("name/item", original)
        done = p.optimize("name/item", ROWS, algorithm="reflective", rounds=4, **ASKED)
        assert any(LONG in each.text for each in done.candidates)
        latest = p.prompts.get("name/item@latest").version
        if share > 0.4:
            assert done.optimization.report["verdict"]["beside"]["low"] > 0
            assert LONG in latest.text
        else:
            assert done.optimization.outcome == "kept", done.optimization.text
            assert latest.revision == 1
