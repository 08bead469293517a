"""What `generate`, `enhance` and `batch` are given: types and bounds."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

import burnish
from burnish import BudgetExceeded, Fake, UsageError
from burnish.models.model import Capabilities

IDEA = "summarise support tickets for the weekly report in 5 bullets"


@contextmanager
def opened(model: Fake, home: Path, **settings: Any) -> Generator[burnish.Platform]:
    class Plugin:
        @staticmethod
        def models() -> list[Any]:
            return [model]

    with burnish.open(str(home), plugins=[Plugin], **settings) as p:
        yield p


@pytest.mark.parametrize(
    ("name", "value", "told"),
    [
        ("count", "3", "count got str, not a whole number"),
        ("count", True, "count got bool, not a whole number"),
        ("count", 2.5, "count got float, not a whole number"),
        ("max_cost_usd", "0.1", "max_cost_usd got str, not a number of US dollars"),
        ("max_cost_usd", float("nan"), "max_cost_usd is no number"),
        ("max_cost_usd", -1, "a budget is below 0"),
        ("max_tokens", "9", "max_tokens got str, not a whole number"),
        ("max_tokens", 3, "max_tokens is 3; give 16 or more"),
        ("name", 5, "name got int, not text"),
        ("context", Path("a.md"), "context got"),
        ("model", None, "model got None, not text"),
        ("phases", 5, "phases got int, not a list of names"),
        ("phases", "draft", "phases got str, not a list of names"),
        ("techniques", [1], "techniques got a list with something else, not a list of names"),
        ("history", "no", "history got str, not true or false"),
        ("store", 1, "store got int, not true or false"),
    ],
)
def test_generate_names_the_argument_that_is_wrong(
    p: burnish.Platform, name: str, value: object, told: str
) -> None:
    options: dict[str, Any] = {name: value}
    with pytest.raises(UsageError) as caught:
        p.generate(IDEA, **options)
    assert told in str(caught.value)
    if name != "count":
        with pytest.raises(UsageError) as caught:
            list(p.generate_stream(IDEA, **options))
        assert told in str(caught.value)


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({"variations": "3"}, "variations got str, not a whole number"),
        ({"text": 5}, "text got int, not text"),
        ({"save": 5}, "save got int, not text"),
        ({"techniques": 5}, "techniques got int, not a list of names"),
        ({"max_cost_usd": "1"}, "max_cost_usd got str, not a number of US dollars"),
    ],
)
def test_enhance_names_them_as_its_caller_does(
    p: burnish.Platform, options: dict[str, Any], told: str
) -> None:
    asked: dict[str, Any] = {"text": "Tell the customer that the parcel is late."} | options
    with pytest.raises(UsageError) as caught:
        p.enhance(**asked)
    assert told in str(caught.value)


def test_a_batch_refuses_wrong_options_before_its_journal(
    p: burnish.Platform, tmp_path: Path
) -> None:
    journal = tmp_path / "journal.jsonl"
    for options in ({"max_cost_usd": "1"}, {"count": "3"}, {"phases": object()}):
        wrong: dict[str, Any] = options
        with pytest.raises(UsageError, match=f"{next(iter(options))} got"):
            p.batch([IDEA], output=journal, **wrong)
    assert not journal.exists()


def test_a_run_refuses_a_bound_on_money_that_is_no_number(p: burnish.Platform) -> None:
    p.prompts.create("a", "Write a line.")
    wrong: dict[str, Any] = {"max_cost_usd": "1"}
    with pytest.raises(UsageError, match="max_cost_usd got str"):
        p.complete("a", model="fake:echo", **wrong)


def test_max_tokens_bounds_each_phase_where_the_settings_allow_more(tmp_path: Path) -> None:
    model = Fake()
    with opened(model, tmp_path, phases__explore__max_tokens=100) as p:
        p.generate(IDEA, model="fake:m", count=1, max_tokens=300)
        p.enhance("Tell the customer that the parcel is late.", model="fake:m", max_tokens=200)
        p.batch([IDEA], output=tmp_path / "j", model="fake:m", count=1, max_tokens=400)
    bounds = [request.max_tokens for request in model.requests if request.max_tokens]
    assert set(bounds[:1]) == {100}
    assert set(bounds) == {100, 300, 200, 400}


def test_shorter_answers_make_room_under_a_bound_on_money(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Paid(Fake):
        @property
        def provider(self) -> str:
            return "openai"

    monkeypatch.setenv("OPENAI_API_KEY", "sk-x")
    paid = Paid(lambda r: r.messages[1].content, capabilities=Capabilities(), latency_s=0.01)
    asked: dict[str, Any] = {"model": "openai:gpt-5-mini", "count": 3, "max_cost_usd": 0.012}
    with opened(paid, tmp_path, models__max_retries=0) as p:
        with pytest.raises(BudgetExceeded, match="--max-tokens"):
            p.generate(IDEA, phases=["draft"], **asked)
        p.generate(IDEA, phases=["draft"], max_tokens=500, **asked)
    assert all(request.max_tokens == 500 for request in paid.requests[-3:])
