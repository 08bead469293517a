"""Optimisations that cost too much, meet a model that is down, or could show nothing."""

from __future__ import annotations

from typing import Any

import pytest
from tests.evals.optimizing import HELPS, IDEA, ROWS, Given, helped, label, opened, optimised

import burnish
from burnish import AsyncPlatform
from burnish.errors import BurnishError, NotFound, ServerFault, UsageError
from burnish.models.fake import Fake
from burnish.models.model import Capabilities, ModelReply, ModelRequest, Usage


class Priced(Fake):
    """Each answer costs 0.2 cents."""

    @property
    def provider(self) -> str:
        return "openai"


def dear(request: ModelRequest) -> ModelReply:
    return ModelReply(text=helped(request), usage=Usage(input_tokens=0, output_tokens=1_000))


def test_a_cost_bound_that_is_met_half_way_keeps_the_original_and_says_so() -> None:
    model = Priced(dear, capabilities=Capabilities(local=False))
    with burnish.open(plugins=[Given(model)]) as p:
        made = p.generate(
            IDEA,
            name="mail/kind",
            max_cost_usd=0.1,
            optimize=burnish.Optimize(data=ROWS, models="openai:gpt-5-mini"),
        )
        (evaluation,) = p.evaluations.list()
        less = p.generate(
            IDEA,
            name="mail/less",
            max_cost_usd=0.0001,
            optimize=burnish.Optimize(data=ROWS, models="openai:gpt-5"),
        )
        nothing = p.evaluations.report(p.evaluations.list()[0].id)
    found = made.optimized
    assert found is not None
    assert found.outcome == "stopped"
    assert found.text == (
        "kept the original: the next call could pass --max-cost before all was measured"
    )
    assert made.reference == "mail/kind@1"
    assert 20 < len(model.requests) < 5 * 24
    assert found.cost_usd == pytest.approx(0.002 * len(model.requests), rel=0.1)
    assert found.cost_usd is not None
    assert found.cost_usd <= 0.1
    assert evaluation.stop == "cost"
    # Not even one call.
    assert less.optimized is not None
    assert (less.optimized.outcome, less.optimized.cost_usd) == ("stopped", 0.0)
    assert nothing.report.columns == ()


def test_one_bound_holds_for_both_evaluations() -> None:
    rows = [
        {"inputs": {"mail": f"mail {n}"}, "expected": "x", "split": ("train", "test")[n % 2]}
        for n in range(48)
    ]

    def counted(request: ModelRequest) -> ModelReply:
        good = HELPS in request.messages[-1].content
        usage = Usage(input_tokens=0, output_tokens=1_000)
        return ModelReply(text="x" if good else "y", usage=usage)

    model = Priced(counted, capabilities=Capabilities(local=False))
    with burnish.open(plugins=[Given(model)]) as p:
        asked = burnish.Optimize(data=rows, models="openai:gpt-5-mini", candidates=1)
        # Choosing takes 48 calls, 0.1 USD; judging would take as many again.
        made = p.generate(IDEA, max_cost_usd=0.15, optimize=asked)
    found = made.optimized
    assert found is not None
    assert (found.outcome, len(found.evaluations)) == ("stopped", 2)
    assert 48 < len(model.requests) < 96
    assert found.cost_usd is not None
    assert 0.09 < found.cost_usd <= 0.15
    assert made.reference == found.original


def test_a_model_that_is_down_leaves_the_original_and_says_so() -> None:
    def down(request: ModelRequest) -> str:
        raise ServerFault("the provider is down")

    with opened(down, models__max_retries=0) as p:
        made = optimised(p)
    found = made.optimized
    assert found is not None
    assert (found.outcome, made.reference) == ("not measured", "mail/kind@1")
    assert "the provider is down" in found.text


def test_candidates_that_nobody_answers_leave_the_original() -> None:
    first: list[str] = []

    def moody(request: ModelRequest) -> str:
        text = request.messages[-1].content.replace(request_mail(request), "")
        first.append(text)
        if text != first[0]:
            raise ServerFault("too long for me")
        return label(request)

    with opened(moody, models__max_retries=0, evaluation__concurrency=1) as p:
        made = optimised(p)
    found = made.optimized
    assert found is not None
    assert made.reference == found.original
    assert found.text == (
        "kept the original: no other prompt has a score: server_fault: too long for me"
    )


def test_a_prompt_that_is_right_where_it_answers_and_fails_elsewhere_is_no_gain() -> None:
    def choosy(request: ModelRequest) -> str:
        if HELPS in request.messages[-1].content and request_mail(request) == "mail 7":
            raise ServerFault("too long for me")
        return helped(request)

    with opened(choosy, models__max_retries=0) as p:
        made = optimised(p)
    assert made.optimized is not None
    assert made.reference == made.optimized.original
    assert made.optimized.after[0].mean == 1.0
    assert made.optimized.text.endswith("over 23 examples, but 1 more call failed")


def request_mail(request: ModelRequest) -> str:
    return request.messages[-1].content.split("<mail>\n")[1].split("\n")[0]


@pytest.mark.parametrize(
    ("idea", "options", "kind", "told"),
    [
        (IDEA, {"data": None}, UsageError, "no examples"),
        (IDEA, {"data": "nowhere"}, NotFound, "nowhere"),
        (IDEA, {"data": ROWS[:1]}, UsageError, "1 examples? cannot show a gain"),
        (IDEA, {"data": ROWS[:7]}, UsageError, "it takes 8"),
        (IDEA, {"data": []}, UsageError, "no example"),
        (IDEA, {"scorers": ["exakt"]}, UsageError, "did you mean exact"),
        (IDEA, {"models": "offline"}, UsageError, "takes a model"),
        (IDEA, {"models": ()}, UsageError, "takes a model"),
        (IDEA, {"models": "fak:a"}, UsageError, "fak"),
        (IDEA, {"candidates": 0}, UsageError, "candidates is 0"),
        (IDEA, {"candidates": "4"}, UsageError, "candidates is '4'"),
        (IDEA, {"limit": 0}, UsageError, "limit is 0"),
        (
            "classify support mails",
            {"data": [{"inputs": {"mail": str(n)}, "expected": f"kind {n}"} for n in range(9)]},
            UsageError,
            "asks for labels, and the examples have mail",
        ),
        (
            IDEA,
            {"data": [{"inputs": {"a": str(n), "b": "x"}, "expected": "y"} for n in range(9)]},
            UsageError,
            "asks for support_email, and the examples have a, b",
        ),
        (
            IDEA,
            {"data": [{"inputs": {"mail": str(n)}} for n in range(9)]},
            UsageError,
            "nothing tells a right answer",
        ),
    ],
)
def test_what_could_show_nothing_is_refused_before_anything_is_asked(
    idea: str, options: dict[str, Any], kind: type[BurnishError], told: str
) -> None:
    model = Fake(helped)
    with opened(model, generation__model="offline") as p:
        given: dict[str, Any] = {"data": ROWS, "models": "fake:a"} | options
        asked = burnish.Optimize(**given)
        with pytest.raises(kind, match=told):
            p.generate(idea, name="mail/kind", optimize=asked)
        with pytest.raises(NotFound):
            p.prompts.get("mail/kind")
    assert not model.requests


def test_what_is_not_stored_is_not_optimised() -> None:
    with opened(helped) as p, pytest.raises(UsageError, match="store is false"):
        p.generate(IDEA, store=False, optimize=burnish.Optimize(data=ROWS, models="fake:a"))


def test_an_error_of_the_store_leaves_the_original(monkeypatch: pytest.MonkeyPatch) -> None:
    with opened(helped) as p:

        async def broken(*_: Any, **__: Any) -> None:
            raise BurnishError("the disk is full")

        monkeypatch.setattr(AsyncPlatform, "run_evaluation", broken)
        with pytest.raises(BurnishError, match="disk is full"):
            optimised(p)
        assert p.prompts.get("mail/kind").version.revision == 1
        history = p.prompts.history("mail/kind")
    assert all(e.version.archived_at for e in history if e.version.revision > 1)
