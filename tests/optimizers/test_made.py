"""`generate` and `enhance` that go on to optimise what they made, in Python."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest
from tests.cli.optimizing import PROMPT, RULES, by_rules, right, with_rule

import burnish
from burnish import AsyncPlatform
from burnish.errors import BurnishError, NotFound, ServerFault, UsageError
from burnish.models.fake import Fake
from burnish.models.model import Capabilities, ModelReply, ModelRequest, Usage
from burnish.optimizers.report.report import report_of
from burnish.platform.optimization_plan import OptimizationPlan
from burnish.storage.job import Job

IDEA = "classify support mails as bug or praise"
ROWS = [{"inputs": {"mail": f"mail {n}"}, "expected": right(n)} for n in range(120)]
Say = Callable[[ModelRequest], str | ModelReply]


def both(request: ModelRequest) -> str:
    """`w` writes, others answer."""
    return (with_rule if request.model.endswith("w") else by_rules)(request)


class Given:
    def __init__(self, model: Fake) -> None:
        self._model = model

    def models(self) -> list[Fake]:
        return [self._model]


class Priced(Fake):
    """Each answer costs 0.2 cents."""

    @property
    def provider(self) -> str:
        return "openai"


def opened(answer: Say | Fake = both, **settings: Any) -> burnish.Platform:
    model = answer if isinstance(answer, Fake) else Fake(answer)
    return burnish.open(plugins=[Given(model)], **settings)


def asked(**more: Any) -> burnish.Optimize:
    given: dict[str, Any] = {"data": ROWS, "model": "fake:a", "writer": "fake:w"} | more
    return burnish.Optimize(**given)


def found_of(made: burnish.Generation) -> Any:
    assert made.optimized is not None
    return made.optimized


@pytest.mark.spec("GEN-02")
def test_the_better_prompt_takes_the_place_of_the_original() -> None:
    begun: list[str] = []
    jobs: list[str] = []

    def heard(plan: OptimizationPlan) -> None:
        begun.append(plan.optimization.id)

    def told(job: Job) -> None:
        jobs.append(job.id)

    with opened() as p:
        made = p.generate(IDEA, name="mail/kind", optimize=asked(begun=heard, progress=told))
        found = found_of(made)
        assert (found.outcome, found.original) == ("improved", "mail/kind@1")
        assert made.reference == found.best == "mail/kind@2"
        assert any(rule in made.text for rule in RULES)
        assert p.prompts.get("mail/kind").version.text == made.text
        original = p.prompts.get("mail/kind@1").version.text
        assert not any(rule in original for rule in RULES)
        assert original in [each.text for each in made.candidates[1:]]
        assert begun == [found.id]
        job = p.optimizations.get(found.id).job_id
        assert set(jobs) == {job}
        # Techniques are named of which all that they added is there.
        assert all(each.added in made.text for each in made.best.applied)


def test_an_enhanced_text_is_optimised_too() -> None:
    with opened() as p:
        made = p.enhance(PROMPT, save="mail/kind", optimize=asked())
        assert found_of(made).outcome == "improved"
        assert p.prompts.get("mail/kind").version.text == made.text
        plan = p.plan_enhancement(PROMPT, asked(), save="mail/other")
        assert (plan.optimization.prompt, plan.optimization.model) == ("mail/other", "fake:a")
        with pytest.raises(NotFound):
            p.prompts.get("mail/other")


def test_a_plan_asks_nobody_and_names_what_it_is_for() -> None:
    model = Fake(both)
    with opened(model) as p:
        plan = p.plan_generation(IDEA, asked(budget=200), name="mail/kind", count=2)
        assert plan.optimization.prompt == "mail/kind"
        assert plan.search + plan.final + 2 * plan.test == 200
        with pytest.raises(TypeError, match="nmae"):
            p.plan_generation(IDEA, asked(), nmae="mail/kind")
    assert model.requests == []


def test_labels_that_the_idea_leaves_open_are_what_the_examples_expect() -> None:
    with opened() as p:
        made = p.generate("classify support mails", name="mail/open", optimize=asked(budget=150))
        rendered = p.prompts.render(found_of(made).original, {"mail": "It is broken."})
    assert "the labels are what the examples expect: bug, praise" in found_of(made).notes
    assert "exactly like this: bug, praise." in rendered.messages[-1].content


def test_a_column_that_the_idea_names_already_is_filled_there() -> None:
    rows = [{"inputs": {"topic": f"thing {n}"}, "expected": f"thing {n}"} for n in range(40)]
    how = asked(data=rows, model="fake:b", writer="offline", scorers=["contains"], budget=100)
    with opened(Fake()) as p:
        named = p.generate("summarise {{ topic }} in one sentence", optimize=how)
    assert (found_of(named).before, found_of(named).outcome) == (1.0, "kept")
    assert "topic" in {variable.name for variable in named.variables}


def test_a_save_meanwhile_is_not_overwritten() -> None:
    taken: list[asyncio.Task[Any]] = []

    def answer(request: ModelRequest) -> str:
        if not taken:
            library = asyncio.ensure_future(p._target.prompts.update("mail/kind", "Mine."))  # pyright: ignore[reportPrivateUsage] - the loop that asks is the platform's
            taken.append(library)
        return both(request)

    with opened(answer) as p:
        made = p.generate(IDEA, name="mail/kind", optimize=asked())
        assert p.prompts.get("mail/kind").version.text == "Mine."
        assert p.prompts.get(made.reference).version.text == made.text
    found = found_of(made)
    assert "mail/kind has changed meanwhile, so the result stands on the branch" in found.text


def test_one_bound_on_money_holds_for_the_prompt_and_the_search() -> None:
    def dear(request: ModelRequest) -> ModelReply:
        text = request.messages[-1].content
        said = "x"
        for tag in ("outline", "prompt"):
            if f"<{tag}>\n" in text:
                said = text.split(f"<{tag}>\n")[1].split(f"\n</{tag}>")[0]
        return ModelReply(text=said, usage=Usage(input_tokens=0, output_tokens=1_000))

    model = Priced(dear, capabilities=Capabilities(local=False))
    with opened(model) as p:
        made = p.generate(
            IDEA,
            name="mail/kind",
            model="openai:gpt-5-mini",
            phases=["draft"],
            count=1,
            max_tokens=2_000,
            max_cost_usd=0.2,
            optimize=asked(model="", writer="offline", max_tokens=1_000, concurrency=1),
        )
        bound = p.optimizations.get(found_of(made).id).budget["cost_usd"]
    assert made.cost_usd is not None
    assert made.cost_usd > 0
    assert bound == pytest.approx(0.2 - made.cost_usd)
    assert 0 < found_of(made).cost_usd <= 0.2
    assert 1 < len(model.requests) <= 100


def test_what_has_no_price_is_told_beside_what_has_one() -> None:
    """The writer's price is unknown."""

    def say(request: ModelRequest) -> str:
        return (with_rule if "unheard" in request.model else by_rules)(request)

    known, unheard = "openai:gpt-4o-mini", "openai:unheard-of"
    with opened(Priced(say, capabilities=Capabilities(local=False))) as p:
        how = asked(model=known, writer=unheard, max_tokens=20, budget=160)
        found = found_of(p.enhance(PROMPT, save="mail/kind", optimize=how))
        report = report_of(p.optimizations.show(found.id))
        assert found.unpriced == report.effort.unpriced == report.effort.proposals > 0
        assert found.cost_usd == report.effort.cost_usd
        assert found.cost_usd
        p.evaluate("mail/kind", ROWS, models=known, dataset="rows", max_tokens=20)
        options: dict[str, Any] = {
            "writer": unheard,
            "max_tokens": 20,
            "budget": 160,
            "fresh": True,
        }
        (one,) = p.optimize_where("name = mail/kind", algorithm="reflective", **options).optimized
        assert one.cost_usd
        assert one.unpriced > 0
        only = asked(model="openai:unknown", writer="offline", max_tokens=20, budget=120)
        none = found_of(p.enhance(PROMPT, save="mail/other", optimize=only))
        assert (none.cost_usd, none.unpriced > 0) == (None, True)


def test_a_model_that_is_down_leaves_the_original_and_a_search_to_go_on_with() -> None:
    def down(request: ModelRequest) -> str:
        raise ServerFault("the provider is down")

    with opened(down, models__max_retries=0) as p:
        with pytest.raises(BurnishError, match="burnish optimize --resume"):
            p.generate(IDEA, name="mail/kind", optimize=asked(writer="offline"))
        (one,) = p.optimizations.list()
        assert (one.prompt, one.outcome, one.state) == ("mail/kind@1", "", "stopped")
        assert p.prompts.get("mail/kind").version.revision == 1


@pytest.mark.parametrize(
    ("idea", "options", "kind", "told"),
    [
        (IDEA, {"data": None}, UsageError, "no examples"),
        (IDEA, {"data": "nowhere"}, NotFound, "nowhere"),
        (IDEA, {"data": ROWS[:7]}, UsageError, "7 examples are too few"),
        (IDEA, {"data": []}, UsageError, "no example"),
        (IDEA, {"scorers": ["exakt"]}, UsageError, "did you mean exact"),
        (IDEA, {"model": "offline"}, UsageError, "takes a model"),
        (IDEA, {"model": ""}, UsageError, "takes a model"),
        (IDEA, {"model": "fak:a"}, UsageError, "fak"),
        (IDEA, {"limit": 0}, UsageError, "limit is 0"),
        (
            "classify support mails",
            {"data": [{"inputs": {"mail": str(n)}, "expected": f"kind {n}"} for n in range(19)]},
            UsageError,
            "asks for labels, and the examples have mail",
        ),
        (
            IDEA,
            {"data": [{"inputs": {"a": str(n), "b": "x"}, "expected": "y"} for n in range(19)]},
            UsageError,
            "asks for support_email, and the examples have a, b",
        ),
        (
            IDEA,
            {"data": [{"inputs": {"mail": str(n)}} for n in range(19)]},
            UsageError,
            "nothing tells a right answer",
        ),
    ],
)
def test_what_could_show_nothing_is_refused_before_anything_is_asked(
    idea: str, options: dict[str, Any], kind: type[BurnishError], told: str
) -> None:
    model = Fake(both)
    with opened(model, generation__model="offline") as p:
        with pytest.raises(kind, match=told):
            p.generate(idea, name="mail/kind", optimize=asked(**options))
        with pytest.raises(NotFound):
            p.prompts.get("mail/kind")
    assert not model.requests


def test_what_is_not_stored_is_not_optimised() -> None:
    with opened() as p, pytest.raises(UsageError, match="store is false"):
        p.generate(IDEA, store=False, optimize=asked())


def test_an_error_of_the_store_leaves_the_original(monkeypatch: pytest.MonkeyPatch) -> None:
    with opened() as p:

        async def broken(*_: Any, **__: Any) -> None:
            raise BurnishError("the disk is full")

        monkeypatch.setattr(AsyncPlatform, "_optimize_for", broken)
        with pytest.raises(BurnishError, match="disk is full"):
            p.generate(IDEA, name="mail/kind", optimize=asked())
        assert p.prompts.get("mail/kind").version.revision == 1
