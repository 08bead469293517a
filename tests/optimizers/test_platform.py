"""`p.optimize`: what it makes of a prompt, and what it leaves alone."""

from __future__ import annotations

import random
import re
import sys
from collections.abc import Callable, Iterator
from typing import Any

import pytest

import burnish
from burnish.errors import Conflict, ConnectionLost, MissingExtra, UsageError
from burnish.models.fake import Fake
from burnish.models.model import ModelReply, ModelRequest, Usage
from burnish.optimizers.problem import Problem, Search

RULES = {"in lower case": 0.3, "with one word": 0.25}
ROWS = [
    {"id": f"{letter}{n}", "inputs": {"text": f"item {letter}{n}"}, "expected": f"{letter}{n}"}
    for letter in "abcdefghij"
    for n in range(16)
]
TEXT = "Name the item.\n\n- Be brief.\n\n{{ text }}"


def answered(request: ModelRequest) -> ModelReply:
    """A model that follows some rules, and is right the more often for it; it also writes rules
    when it is asked to improve a prompt."""
    text = "\n".join(each.content for each in request.messages)
    chance = random.Random(f"{text} {request.sample}")
    if "You improve prompts" in text:
        rule = chance.choice([*RULES, "with a rhyme"])
        return _reply(text, _written(text, f"- Answer {rule}."))
    asked = re.findall(r"item (\w+)", text)[-1]
    right = chance.random() < 0.25 + sum(gain for rule, gain in RULES.items() if rule in text)
    return _reply(text, asked if right else "no idea")


def _written(text: str, rule: str) -> str:
    if "<add>" in text:
        return f"<add>{rule}</add>"
    found = re.search(r"<prompt-\w+>\n(.*?)\n</prompt", text, re.DOTALL)
    assert found is not None
    head, blank, tail = found[1].rpartition("\n\n")
    return f"<cause>form</cause><new_prompt>\n{head}\n{rule}{blank}{tail}\n</new_prompt>"


def _reply(text: str, answer: str) -> ModelReply:
    used = Usage(input_tokens=len(text) // 4, output_tokens=len(answer) // 4 + 1)
    return ModelReply(text=answer, usage=used)


class Given:
    def __init__(self, *optimizers: Any) -> None:
        self._optimizers = list(optimizers)

    def models(self) -> list[Fake]:
        return [Fake(answered)]

    def optimizers(self) -> list[Any]:
        return self._optimizers


@pytest.fixture
def p() -> Iterator[burnish.Platform]:
    with burnish.open(plugins=[Given()]) as opened:
        opened.prompts.create("name/item", TEXT)
        yield opened


Options = dict[str, Any]
ASKED: Options = {"model": "fake:a", "writer": "fake:w", "dataset": "items", "seed": 1}


@pytest.mark.spec("OPT-07", "LIB-19")
def test_what_is_surely_better_becomes_the_next_version(p: burnish.Platform) -> None:
    p.prompts.set_label("name/item", "production", 1)
    done = p.optimize("name/item", ROWS, algorithm="reflective", **ASKED)
    one = done.optimization
    assert (one.outcome, one.prompt, one.best) == ("improved", "name/item@1", "name/item@2")
    found = one.report["verdict"]["beside"]
    assert found["low"] > 0
    assert found["after"]["score"] - found["before"]["score"] == pytest.approx(found["difference"])
    # Those that judged are none of those that were chosen by.
    assert one.report["examples"]["test"] == found["n"]
    new = p.prompts.get("name/item@latest").version
    assert new.revision == 2
    assert any(rule in new.text for rule in RULES)
    assert new.metadata["optimised"]["optimization"] == one.id
    assert "name/item@1" in new.message
    assert p.prompts.get("name/item").version.revision == 1  # production stays where it was
    kinds = {edge.kind for edge in p.prompts.graph("name/item").edges}
    assert "optimised" in kinds
    # Each step that made candidates is there, with the operator and what it was made of.
    steps = [each for each in done.candidates if each.step is not None]
    assert {"reflect", "unite"} & {each.operator for each in steps}
    assert all(each.parents for each in steps)


def test_the_budget_is_never_passed_and_counts_proposals(p: burnish.Platform) -> None:
    done = p.optimize("name/item", ROWS, algorithm="reflective", budget=150, **ASKED)
    report = done.optimization.report
    assert report["calls"] <= 150
    assert report["calls"] == report["answers"] + report["proposals"]
    budget = burnish.Budget(calls=200, proposals=3)
    done = p.optimize("name/item@1", ROWS, algorithm="reflective", budget=budget, **ASKED)
    assert done.optimization.report["proposals"] <= 3


@pytest.mark.spec("OPT-05")
def test_the_pareto_set_is_over_score_cost_latency_tokens_and_length(p: burnish.Platform) -> None:
    done = p.optimize("name/item", ROWS, algorithm="reflective", **ASKED)
    front = done.optimization.report["front"]
    lower = ("cost_usd", "latency_ms", "tokens", "length")
    losses = [(-each["score"], *(each[name] or 0.0 for name in lower)) for each in front]
    kept = {done.optimization.report["leader"], done.candidates[0].id}
    for mine, point in zip(losses, front, strict=True):
        if point["candidate"] not in kept:
            assert not any(
                other != mine and all(a <= b for a, b in zip(other, mine, strict=True))
                for other in losses
            )
    assert kept <= {each["candidate"] for each in front}


@pytest.mark.parametrize("algorithm", ["auto", "reflective", "genetic", "bandit", "fewshot"])
def test_what_is_kept_and_included_survives_each_algorithm(algorithm: str) -> None:
    with burnish.open(plugins=[Given()]) as p:
        p.prompts.create("house/rules", "Never name a price above 3 EUR.")
        kept = "{# keep #}Sign as `ACME-7`.{# /keep #}"
        text = f'Name the item.\n\n{kept}\n\n{{% include "house/rules@1" %}}\n\n{{{{ text }}}}'
        p.prompts.create("name/item", text)
        done = p.optimize("name/item", ROWS, algorithm=algorithm, budget=200, **ASKED)
        assert done.optimization.outcome in ("improved", "kept")
        assert len(done.candidates) > 1
        for each in done.candidates:
            whole = "\n".join(message.content for message in each.messages)
            assert kept in whole
            assert '{% include "house/rules@1" %}' in whole
            assert "{{ text }}" in whole
        asked = p.runs.get(p.runs.page(limit=1).items[0].id).input
        assert "Never name a price above 3 EUR." in str(asked)


def test_without_a_model_that_writes_techniques_and_examples_are_tried(
    p: burnish.Platform,
) -> None:
    asked: Options = ASKED | {"writer": "offline"}
    done = p.optimize("name/item", ROWS, algorithm="auto", budget=200, **asked)
    assert done.optimization.writer == ""
    assert done.optimization.report["proposals"] == 0
    operators = {each.operator for each in done.candidates} - {"original"}
    assert operators
    assert not operators & {"reflect", "critique_edit", "crossover", "paraphrase"}


def test_what_somebody_saved_meanwhile_is_not_written_over(p: burnish.Platform) -> None:
    plan = p.plan_optimization("name/item", ROWS, algorithm="reflective", **ASKED)
    p.prompts.update("name/item", TEXT.replace("Be brief", "Be kind"))
    done = p.run_optimization(plan.optimization).optimization
    assert done.outcome == "improved"
    assert "has changed meanwhile" in done.text
    assert "Be kind" in p.prompts.get("name/item@latest").version.text
    branch = p.prompts.get(done.best).version.branch
    assert branch.startswith("optimized-")


@pytest.mark.spec("OPT-13")
def test_a_variant_is_kept_for_its_model_beside_the_prompt(p: burnish.Platform) -> None:
    done = p.optimize("name/item", ROWS, algorithm="reflective", variant=True, **ASKED)
    assert done.optimization.outcome == "improved"
    assert p.prompts.get("name/item").version.text == TEXT
    variant = p.prompts.get("name/item@branch:for-fake-a").version
    assert variant.metadata["optimised"]["model"] == "fake:a"
    assert any(rule in variant.text for rule in RULES)


class Shouting:
    """An optimizer of somebody's own."""

    name = "shouting"

    def search(self, problem: Problem) -> Search:
        yield from problem.measure([problem.original], problem.validation[:10])
        made = yield from problem.propose("critique_edit", [problem.original], examples=[])
        made += yield from problem.propose("phrase", [problem.original])
        yield from problem.measure(made, problem.validation[:10])


def test_an_optimizer_of_a_plug_in_is_used_by_its_name() -> None:
    with burnish.open(plugins=[Given(Shouting())]) as p:
        p.prompts.create("name/item", TEXT)
        assert next(iter(p.optimizers)) == "auto"
        done = p.optimize("name/item", ROWS, algorithm="shouting", **ASKED)
        assert done.optimization.algorithm == "shouting"
        assert done.counts.answers >= 10
        with pytest.raises(UsageError, match="no optimizer is called 'whispering'") as caught:
            p.optimize("name/item", ROWS, algorithm="whispering", **ASKED)
        assert "shouting" in (caught.value.hint or "")


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"budget": 20}, "leaves nothing to search with"),
        ({"budget": 0}, "a budget of 0 calls allows nothing"),
        ({"limit": 2}, "2 examples are too few"),
        ({"target": 1.5}, "a target of 1.5"),
        ({"rounds": 0}, "rounds is 0"),
        ({"goal": "beauty"}, "there is no goal 'beauty'"),
        ({"colour": "red"}, "optimize has no option 'colour'"),
    ],
)
def test_what_could_show_nothing_is_refused_before_a_call(
    p: burnish.Platform, change: Options, told: str
) -> None:
    with pytest.raises(UsageError, match=told):
        p.plan_optimization("name/item", ROWS, **(ASKED | change))
    assert p.runs.count() == 0


def test_marks_that_do_not_match_are_said_before_a_call(p: burnish.Platform) -> None:
    p.prompts.create("broken", "Name it. {# keep #} Sign it.\n\n{{ text }}")
    with pytest.raises(UsageError, match="keep"):
        p.optimize("broken", ROWS, **ASKED)


def test_a_dataset_made_anew_is_not_taken_for_the_old_one(p: burnish.Platform) -> None:
    p.datasets.add("items", ROWS)
    plan = p.plan_optimization("name/item", "items", algorithm="reflective", **ASKED)
    p.datasets.delete("items")
    p.datasets.add("items", ROWS[:50])
    with pytest.raises(Conflict, match="stored after this was planned"):
        p.run_optimization(plan.optimization)
    assert p.prompts.get("name/item").version.revision == 1


def test_plans_tell_what_is_done_with_what(p: burnish.Platform) -> None:
    plan = p.plan_optimization("name/item", ROWS, **ASKED)
    assert plan.search + plan.final + 2 * plan.test <= 300
    assert plan.train + plan.validation + plan.test <= len(ROWS)
    assert min(plan.train, plan.validation, plan.test, plan.proposals) > 0
    assert p.optimizations.list() == []


@pytest.mark.spec("OPT-09")
@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({"target": 0.5}, "the target of 0.5 is reached"),
        ({"rounds": 3}, "3 rounds are done"),
        ({"unchanged": 2}, "2 rounds in a row brought nothing better"),
    ],
)
def test_a_search_ends_at_its_target_or_cap_and_says_why(
    p: burnish.Platform, options: Options, told: str
) -> None:
    done = p.optimize("name/item", ROWS, algorithm="reflective", budget=600, **ASKED, **options)
    assert told in done.optimization.report["ended"]
    assert told in done.optimization.ended_why
    assert done.optimization.report["calls"] < 600


Check = Callable[[ModelRequest], ModelReply]


def _constant(request: ModelRequest) -> ModelReply:
    return _reply("", "always the same")


def _perfect(request: ModelRequest) -> ModelReply:
    return _reply("", re.findall(r"item (\w+)", request.messages[-1].content)[-1])


def _junk(request: ModelRequest) -> ModelReply:
    text = request.messages[-1].content
    if "<prompt-" in text:
        return _reply(text, "I am sorry, I cannot help with that.")
    return answered(request)


@pytest.mark.spec("OPT-12")
@pytest.mark.parametrize(
    ("model", "reason", "told"),
    [
        (_perfect, "ceiling", "right on all "),
        (_constant, "constant metric", "every answer scores 0.00"),
        (_junk, "junk candidates", "could not be used"),
    ],
)
def test_a_search_without_a_gain_says_why(model: Check, reason: str, told: str) -> None:
    class Own:
        def models(self) -> list[Fake]:
            return [Fake(model)]

    with burnish.open(plugins=[Own()]) as p:
        p.prompts.create("name/item", "Name it: {{ text }}")
        done = p.optimize("name/item", ROWS, algorithm="reflective", budget=150, **ASKED)
        one = done.optimization
        assert one.outcome == "kept"
        assert (one.report["verdict"]["reason"], told in one.text) == (reason, True), one.text
        assert one.report["verdict"]["advice"]
        assert p.prompts.get("name/item").version.revision == 1


FLUFF = (
    "Please note that you should basically just name the item, if you would be so kind. "
    "Please make sure that you really name the item. In order to name it, kindly read it first.\n\n"
    "{{ text }}"
)


@pytest.mark.spec("OPT-08")
def test_the_goal_efficiency_lowers_tokens_and_not_the_score() -> None:
    class Own:
        def models(self) -> list[Fake]:
            return [Fake(_perfect)]

    with burnish.open(plugins=[Own()]) as p:
        p.prompts.create("name/item", FLUFF)
        asked: Options = ASKED | {"writer": "offline", "goal": "efficiency"}
        done = p.optimize("name/item", ROWS, budget=200, **asked).optimization
        assert done.outcome == "improved", done.text
        found = done.report["verdict"]["beside"]
        assert found["after"]["tokens"] < 0.95 * found["before"]["tokens"]
        assert found["difference"] >= 0
        assert len(p.prompts.get(done.best).version.text) < len(FLUFF)
        # For quality alone there is nothing to gain.
        asked["goal"] = "quality"
        kept = p.optimize("name/item@1", ROWS, budget=200, **asked).optimization
        assert (kept.outcome, kept.report["verdict"]["reason"]) == ("kept", "ceiling")


class Away:
    """Loses the connection from one call on, until it is back."""

    def __init__(self, after: int) -> None:
        self.calls = 0
        self.after: int | None = after

    def __call__(self, request: ModelRequest) -> ModelReply:
        self.calls += 1
        if self.after is not None and self.calls > self.after:
            raise ConnectionLost("the line is dead")
        return answered(request)

    def models(self) -> list[Fake]:
        return [Fake(self)]


def test_what_a_model_failed_while_it_was_away_is_asked_again() -> None:
    model = Away(60)
    with burnish.open(plugins=[model], models__max_retries=0, jobs__retries=0) as p:
        p.prompts.create("name/item", TEXT)
        plan = p.plan_optimization("name/item", ROWS, algorithm="reflective", **ASKED)
        with pytest.raises(burnish.BurnishError, match="times in a row"):
            p.run_optimization(plan.optimization)
        there = p.optimizations.show(plan.optimization.id)
        assert 40 <= there.counts.answers <= 60
        assert there.counts.failed == 0
    model.after = None
    with burnish.open(plugins=[model]) as p:
        done = p.resume_optimization(plan.optimization.id)
    assert (done.optimization.outcome, done.counts.failed) == ("improved", 0)


def test_one_call_that_failed_is_asked_once_more_and_then_counts() -> None:
    class Rare(Away):
        def __call__(self, request: ModelRequest) -> ModelReply:
            self.calls += 1
            text = "\n".join(each.content for each in request.messages)
            if "item a3" in text or (self.calls % 7 == 0 and "item b" in text):
                raise ConnectionLost("the line is dead")
            return answered(request)

    with burnish.open(plugins=[Rare(0)], models__max_retries=0, jobs__retries=0) as p:
        p.prompts.create("name/item", TEXT)
        done = p.optimize("name/item", ROWS, algorithm="reflective", **ASKED)
        failed = [each for each in done.candidates if each.failed]
        # That of one example, whoever asks it; the others went well at the second try.
        assert all(each.failed == 1 for each in failed)
        assert done.optimization.outcome in ("improved", "kept")


def test_gepa_is_asked_for_by_its_extra_before_anything_is_paid(
    p: burnish.Platform, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "gepa", None)
    with pytest.raises(MissingExtra, match=r"burnish\[gepa\]"):
        p.optimize("name/item", ROWS, algorithm="gepa", **ASKED)
    assert not p.optimizations.list()
