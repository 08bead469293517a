"""How an optimisation ends: by time, by a death at the last moment, with a longer prompt."""

from __future__ import annotations

import random
import re
from collections.abc import Iterator
from typing import Any

import pytest
from tests.optimizers.test_platform import ASKED, ROWS, TEXT, Given

import burnish
from burnish.errors import StoreError
from burnish.models.fake import Fake
from burnish.models.model import ModelReply, ModelRequest
from burnish.storage.sql.optimizations import SqlOptimizations

NAMED = re.compile(r"item (\w+)")
LONG = (
    "Read the label on the box before anything else, and write down what stands there. Names begin "
    "with a letter; figures follow it without a space between them. Leave out articles, adjectives "
    "and greetings, for somebody else sorts by your answer. Where a label is torn, guess from what "
    "is left of it rather than giving up. Capitals are never used in this warehouse, however "
    "printed. Brackets, quotation marks and full stops belong to the form and not to a name. "
    "Whatever your neighbours call it, the list alone decides."
)


@pytest.fixture
def p() -> Iterator[burnish.Platform]:
    with burnish.open(plugins=[Given()]) as opened:
        opened.prompts.create("name/item", TEXT)
        yield opened


def test_a_death_between_the_new_version_and_the_end_makes_no_second_version(
    p: burnish.Platform, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = SqlOptimizations.change
    deaths: list[str] = []

    async def change(self: SqlOptimizations, optimization_id: str, **fields: Any) -> None:
        if fields.get("best") and not deaths:
            deaths.append(fields["best"])
            raise StoreError("the disk is gone", hint="bring it back")
        await whole(self, optimization_id, **fields)

    monkeypatch.setattr(SqlOptimizations, "change", change)
    plan = p.plan_optimization("name/item", ROWS, algorithm="reflective", **ASKED)
    with pytest.raises(burnish.BurnishError, match="the disk is gone"):
        p.run_optimization(plan.optimization)
    assert p.prompts.get("name/item@latest").version.revision == 2
    done = p.resume_optimization(plan.optimization.id).optimization
    assert deaths == ["name/item@2"]
    assert (done.outcome, done.best) == ("improved", "name/item@2")
    assert p.prompts.get("name/item@latest").version.revision == 2
    assert done.report["verdict"]["beside"]["low"] > 0


class Slow:
    """Half right, whatever it is asked."""

    def models(self) -> list[Fake]:
        return [Fake(self._answered, latency_s=0.01)]

    def _answered(self, request: ModelRequest) -> ModelReply:
        asked = NAMED.findall(request.messages[-1].content)[-1]
        return ModelReply(text=asked if drawn(asked, request.messages) < 0.5 else "no idea")


def drawn(*parts: object) -> float:
    return random.Random(repr(parts)).random()


def test_a_search_ends_when_its_time_is_over_and_is_still_judged() -> None:
    with burnish.open(plugins=[Slow()]) as p:
        p.prompts.create("name/item", TEXT)
        asked: dict[str, Any] = ASKED | {"writer": "offline", "algorithm": "genetic"}
        many = burnish.Budget(calls=100_000, seconds=0.5)
        done = p.optimize("name/item", ROWS, budget=many, **asked).optimization
        whole = burnish.Budget(calls=1_500)
        longer = p.optimize("name/item@1", ROWS, budget=whole, **asked).optimization
    assert done.report["ended"] == "0.5 seconds of work are over"
    assert "seconds" not in longer.report["ended"]
    assert done.outcome in ("improved", "kept")
    assert 0 < done.report["answers"] < longer.report["answers"]


class Lengthening:
    """Its writer makes every prompt three times as long; the answer is right by chance, and with
    a gain where what it adds helps."""

    def __init__(self, helps: float) -> None:
        self._helps = helps

    def models(self) -> list[Fake]:
        return [Fake(self._answered)]

    def _answered(self, request: ModelRequest) -> ModelReply:
        text = "\n".join(each.content for each in request.messages)
        if "<add>" in text:
            return ModelReply(text=f"<add>{LONG}</add>")
        if found := re.search(r"<prompt-\w+>\n(.*?)\n</prompt", text, re.DOTALL):
            changed = (
                found[1] if LONG in found[1] else found[1].replace("\n\n{{", f"\n{LONG}\n\n{{{{", 1)
            )
            return ModelReply(text=f"<cause>c</cause><new_prompt>\n{changed}\n</new_prompt>")
        asked = NAMED.findall(text)[-1]
        share = 0.4 + (self._helps if LONG in text else 0.0)
        is_right = drawn(asked, LONG in text) < share
        return ModelReply(text=asked if is_right else "no idea")


@pytest.mark.parametrize(("helps", "outcome"), [(0.0, "kept"), (0.4, "improved")])
def test_a_prompt_that_is_much_longer_is_taken_for_a_sure_gain_alone(
    helps: float, outcome: str
) -> None:
    with burnish.open(plugins=[Lengthening(helps)]) as p:
        p.prompts.create("name/item", f"{TEXT[:14]} {'Take your time. ' * 20}\n\n{{{{ text }}}}")
        before = len(p.prompts.get("name/item").version.text)
        done = p.optimize("name/item", ROWS, algorithm="reflective", **ASKED).optimization
        longest = max((each.text for each in p.optimizations.candidates(done.id)), key=len)
        after = len(p.prompts.get("name/item@latest").version.text)
    assert done.outcome == outcome, done.text
    assert len(longest) > 1.5 * before
    assert (after > 1.5 * before) == (outcome == "improved")
    if outcome == "improved":
        assert done.report["verdict"]["beside"]["low"] > 0


class Unmeasurable:
    def models(self) -> list[Fake]:
        return [Fake(lambda request: "an answer")]

    def scorers(self) -> list[burnish.ScorerKind]:
        @burnish.scorer(name="odd")
        def odd(output: str) -> float:
            """Divides by nothing."""
            return float("nan") if output else 0.0

        return [odd]


def test_a_metric_that_is_no_number_ends_the_search_before_it_costs_much() -> None:
    with burnish.open(plugins=[Unmeasurable()]) as p:
        p.prompts.create("name/item", TEXT)
        done = p.optimize("name/item", ROWS, scorers=["odd"], **ASKED).optimization
        assert done.outcome == "not measured"
        assert "gives nan; a score is 0 to 1" in done.text
        assert done.report["calls"] <= 8
        assert p.prompts.get("name/item@latest").version.revision == 1
