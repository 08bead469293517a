"""What one search learns of the ways to change a prompt is where the next one begins."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.optimizers.test_platform import ASKED, ROWS, TEXT, Given, Options, answered

import burnish
from burnish.models.fake import Fake
from burnish.models.model import ModelReply, ModelRequest
from burnish.optimizers.beliefs import beliefs_from
from burnish.storage.optimization import Optimization

BANDIT: Options = ASKED | {"algorithm": "bandit"}
OTHER = TEXT.replace("Be brief", "Be kind")


@pytest.fixture
def p() -> Iterator[burnish.Platform]:
    with burnish.open(plugins=[Given()]) as opened:
        opened.prompts.create("name/item", TEXT)
        opened.prompts.create("name/other", OTHER)
        opened.prompts.create("mail/item", TEXT)
        yield opened


def planned(p: burnish.Platform, prompt: str, **options: Any) -> Optimization:
    return p.plan_optimization(prompt, ROWS, **(BANDIT | options)).optimization


def test_beliefs_are_sums_of_tries_in_which_older_ones_count_less() -> None:
    found = beliefs_from([{"a": (2, 1)}, {"a": (1, 0), "b": (1, 1)}])
    assert found == {"a": (2.0, pytest.approx(1 + 1 + 0.8)), "b": (1.8, 1.0)}
    # Of many tries the share stays, and what they count is bounded.
    many = beliefs_from([{"a": (80, 20)}])["a"]
    assert many == (pytest.approx(1 + 2), pytest.approx(1 + 6))
    assert beliefs_from([]) == {}


@pytest.mark.spec("OPT-03")
def test_a_search_begins_with_what_paid_in_another_one_of_its_category(
    p: burnish.Platform,
) -> None:
    assert planned(p, "name/item").settings["beliefs"] == {}
    first = p.optimize("name/item", ROWS, **BANDIT).optimization
    tried: dict[str, list[int]] = first.report["tried"]
    assert sum(times for times, _ in tried.values()) > 3
    assert any(paid for _, paid in tried.values())
    beliefs: dict[str, Any] = planned(p, "name/other").settings["beliefs"]
    assert set(beliefs) == set(tried)
    for arm, (times, paid) in tried.items():
        good, bad = beliefs[arm]
        assert (good - 1) / (good + bad - 2) == pytest.approx(paid / times)
    # Not in another category, for another goal, or where no model writes; nor from itself.
    assert planned(p, "mail/item").settings["beliefs"] == {}
    assert planned(p, "name/other", goal="efficiency").settings["beliefs"] == {}
    assert planned(p, "name/other", writer="offline").settings["beliefs"] == {}
    assert planned(p, "name/item@1").settings["beliefs"] == {}
    # It is what the search draws by: without it, it goes another way.
    second = p.optimize("name/other", ROWS, **BANDIT)
    p.optimizations.delete(first.id)
    alone = p.optimize("name/other", ROWS, **BANDIT)
    assert [each.operator for each in second.candidates] != [
        each.operator for each in alone.candidates
    ]


class KilledError(BaseException):
    """Nothing between the model and the caller takes it for a failed call."""


class Dying:
    def __init__(self, after: int) -> None:
        self.left = after

    def models(self) -> list[Fake]:
        return [Fake(self)]

    def __call__(self, request: ModelRequest) -> ModelReply:
        self.left -= 1
        if self.left < 0:
            raise KilledError
        return answered(request)


def test_what_is_learnt_meanwhile_does_not_change_a_search_that_goes_on(
    p: burnish.Platform, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    p.prompts.create("name/third", TEXT.replace("Be brief", "Be quick"))
    p.optimize("name/item", ROWS, **BANDIT)
    plan = planned(p, "name/other")
    p.close()
    shutil.copytree(os.environ["BURNISH_HOME"], tmp_path / "whole")
    with burnish.open(plugins=[Dying(60)]) as killed, pytest.raises(burnish.BurnishError):
        killed.run_optimization(plan)
    with burnish.open(plugins=[Given()]) as again:
        assert again.optimizations.show(plan.id).optimization.ended_at is None
        again.optimize("name/third", ROWS, **BANDIT)
        resumed = again.resume_optimization(plan.id)
    monkeypatch.setenv("BURNISH_HOME", str(tmp_path / "whole"))
    with burnish.open(plugins=[Given()]) as other:
        whole = other.run_optimization(plan)
    assert [each.text for each in resumed.candidates] == [each.text for each in whole.candidates]
    assert resumed.optimization.text == whole.optimization.text
    assert resumed.optimization.report["tried"] == whole.optimization.report["tried"]
