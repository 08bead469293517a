from __future__ import annotations

from collections.abc import Callable
from typing import Any, cast

import msgspec
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from minijinja import Environment

from burnish.errors import TemplateRefused, UsageError
from burnish.intents.intent import INTENTS
from burnish.prompts.sections import ORDER, Section, Sections
from burnish.techniques import (
    Catalog,
    SelectRequest,
    Technique,
    apply,
    built_in_techniques,
    select,
)

Ask = Callable[..., SelectRequest]
ALL = Catalog(built_in_techniques())

PIECES = st.sampled_from(
    [
        "Plain words.",
        "- a point",
        "1. a step",
        "12. a late step",
        "```python\nprint({'a': 1})\n```",
        "~~~\nfenced\n~~~",
        "```json",
        '{"a": {"b": [1, 2]}}',
        "{{ topic }} and {% if x %}y{% endif %}",
        "{# a note #}",
        "single {brace}",
        "crlf line\r\nnext\r\n",
        "https://example.org/?q={{q}}",
        "",
        "   indented",
        "\ttab",
        "Work through the problem one step at a time and write each step down.",
        "٣. ترجم",
    ]
)
TEXTS = st.one_of(
    st.lists(PIECES, max_size=6).map("\n".join),
    st.text(st.characters(exclude_categories=["Cs"]), max_size=60),
)
SECTIONS = st.dictionaries(st.sampled_from(ORDER), TEXTS, max_size=9).map(
    lambda found: Sections(tuple(Section(kind, found[kind]) for kind in ORDER if kind in found))
)


@pytest.mark.spec("GEN-22")
@settings(max_examples=1000, deadline=None)
@given(
    sections=SECTIONS,
    names=st.lists(st.sampled_from([t.name for t in ALL.list(active=None)]), max_size=5),
    intent=st.sampled_from(INTENTS),
)
@example(Sections((Section("steps", "```\nopen"),)), ["zero_shot_cot"], "reasoning")
@example(Sections((Section("constraints", "a\r\n- b\r\n"),)), ["delimiters"], "analysis")
def test_what_stood_there_stays_as_it_was(
    sections: Sections, names: list[str], intent: Any
) -> None:
    after = apply(sections, [ALL.get(name) for name in names], intent=intent).sections
    for part in sections.parts:
        assert part.text in after.get(part.kind)
        left = iter(after.get(part.kind).split("\n"))
        for line in part.text.removesuffix("\n").split("\n"):
            assert not part.text or line in left
    kinds = [part.kind for part in after.parts]
    assert len(kinds) == len(set(kinds))
    before = [part.kind for part in sections.parts]
    if "long_context_layout" not in names:
        assert [kind for kind in kinds if kind in before] == before


@pytest.mark.spec("TEC-08")
def test_a_chain_records_order_times_and_what_each_added(catalog: Catalog) -> None:
    sections = Sections().set("task", "How many handshakes?")
    names = ["zero_shot_cot", "positive_constraints", "re_reading"]
    applied = apply(sections, [catalog.get(name) for name in names], intent="reasoning")
    assert [(step.order, step.name) for step in applied.steps] == [
        (1, "re_reading"),
        (2, "zero_shot_cot"),
        (3, "positive_constraints"),
    ]
    for step in applied.steps:
        assert step.duration_ms > 0
        assert step.title == catalog.get(step.name).title
        assert step.added in applied.sections.get(step.section)
    assert applied.sections.get("steps").splitlines() == [
        '1. Read the task a second time before you begin; mind every condition, number and "not".',
        "2. Work through the problem one step at a time and write each step down.",
        "3. Give the final answer on a line of its own at the end.",
    ]
    assert applied.sections.get("task") == "How many handshakes?"


def test_nothing_applied_changes_nothing() -> None:
    sections = Sections().set("task", "Sing.")
    assert apply(sections, []).sections == sections


def test_lists_join_and_prose_keeps_its_distance(catalog: Catalog) -> None:
    delimiters = [catalog.get("delimiters")]
    joined = apply(Sections().set("constraints", "- At most 100 words."), delimiters)
    assert joined.sections.get("constraints").startswith("- At most 100 words.\n- The material")
    apart = apply(Sections().set("constraints", "At most 100 words."), delimiters)
    assert apart.sections.get("constraints").startswith("At most 100 words.\n\n- The material")
    counted = apply(Sections().set("steps", "1. Read.\n2. Think."), [catalog.get("zero_shot_cot")])
    assert counted.sections.get("steps").splitlines()[2].startswith("3. Work through")


def test_an_addition_never_lands_in_an_open_code_fence(catalog: Catalog) -> None:
    sections = Sections().set("constraints", "```\nsome code")
    text = apply(sections, [catalog.get("delimiters")]).sections.get("constraints")
    assert text.startswith("- The material")
    assert text.endswith("\n\n```\nsome code")


def test_the_same_thing_is_not_said_twice(catalog: Catalog) -> None:
    once = apply(Sections(), [catalog.get("clear_task")], intent="research").sections
    twice = apply(once, [catalog.get("clear_task")], intent="research")
    assert twice.sections == once
    assert twice.steps[0].added == ""
    said = Sections().set("task", "Find out who built it. stop when the question is answered")
    applied = apply(said, [catalog.get("positive_constraints")], intent="research")
    assert applied.steps[0].added.count("\n") == 0
    assert "Stop when" not in applied.steps[0].added


def test_a_role_that_is_there_stays_the_only_one(catalog: Catalog) -> None:
    own = Sections().set("role", "You are our style editor.")
    applied = apply(own, [catalog.get("role_persona")], intent="creative_writing")
    assert applied.sections == own
    assert applied.steps[0].added == ""


def test_long_material_comes_first(catalog: Catalog) -> None:
    sections = Sections().set("role", "You are a clerk.").set("task", "Find it.")
    sections = sections.set("input", "{{ pages }}")
    techniques = [catalog.get("long_context_layout"), catalog.get("positive_constraints")]
    kinds = [part.kind for part in apply(sections, techniques).sections.parts]
    assert kinds == ["role", "input", "task", "steps", "constraints"]
    again = apply(apply(sections, techniques).sections, [catalog.get("clear_task")]).sections
    assert [part.kind for part in again.parts][:3] == ["role", "input", "task"]


def test_the_wording_follows_the_intent(catalog: Catalog) -> None:
    code = apply(Sections(), [catalog.get("clear_task")], intent="code_generation")
    assert "The code runs as given" in code.sections.get("quality")
    plain = apply(Sections(), [catalog.get("clear_task")])
    assert "Do exactly what the task asks" in plain.sections.get("quality")


def test_parameters_replace_defaults(catalog: Catalog) -> None:
    glossary = {"glossary": ["invoice = Rechnung", "due = fällig"], "register": "formal"}
    applied = apply(
        Sections(),
        [catalog.get("glossary_and_register")],
        {"glossary_and_register": glossary},
        intent="translation",
    )
    assert applied.sections.get("constraints") == (
        "- Use this glossary, and one translation for each other term throughout: "
        "invoice = Rechnung; due = fällig.\n- Register: formal."
    )


@settings(deadline=None)
@given(value=st.one_of(st.text("{}%# ab\"'", max_size=12), st.text(max_size=20)))
@example("{{ secret }}")
@example("{% raw %}{{ x }}{% endraw %}")
@example("{")
@example("{{{{")
def test_a_parameter_is_printed_as_it_is(value: str) -> None:
    technique = plain("Say {{ word }}{{ word }} now.", {"name": "word"})
    sections = apply(Sections(), [technique], {"plain": {"word": value}}).sections
    rendered = Environment(undefined_behavior="strict", keep_trailing_newline=True).render_str(
        sections.get("task")
    )
    flat = " ".join(f"Say {value}{value} now.".split())
    assert " ".join(rendered.split()) == flat


def plain(template: str, *parameters: dict[str, Any]) -> Technique:
    return msgspec.convert(
        {
            "name": "plain",
            "title": "Plain",
            "category": "structure",
            "complexity": 1,
            "suits": ["all"],
            "section": "task",
            "template": template,
            "parameters": [{"description": "x", **each} for each in parameters],
            "examples": [{"before": "a", "after": "b"}],
            "evidence": [{"source": "practice", "note": "ours"}],
            "harm": "None known.",
            "summary": "Says it.",
            "why": "It counts.",
        },
        Technique,
    )


def test_a_prompt_variable_in_a_technique_stays_a_variable() -> None:
    technique = plain("Write about {% raw %}{{ topic }}{% endraw %}.")
    assert apply(Sections(), [technique]).sections.get("task") == "Write about {{ topic }}."


@pytest.mark.parametrize(
    ("template", "problem"),
    [
        ("{{ missing }}", "undefined"),
        ("{% if %}", "cannot be rendered"),
        ("{% for i in range(9999) %}{% for j in range(9999) %}x{% endfor %}{% endfor %}", "fuel"),
    ],
)
def test_a_template_that_cannot_be_rendered_is_refused(template: str, problem: str) -> None:
    with pytest.raises(TemplateRefused, match=problem) as caught:
        apply(Sections(), [plain(template)])
    assert caught.value.subject == "plain"


@pytest.mark.parametrize(
    ("values", "problem"),
    [
        ({"react": {"max_steps": "many"}}, "'max_steps' of react must be a number; it got \"many"),
        ({"react": {"max_steps": True}}, "must be a number"),
        ({"react": {"steps": 3}}, "react has no parameter 'steps'; it has: max_steps"),
        ({"few_shot": {}}, "parameters for 'few_shot', which is not applied"),
    ],
)
def test_wrong_parameters_are_refused(
    catalog: Catalog, values: dict[str, dict[str, Any]], problem: str
) -> None:
    with pytest.raises(UsageError, match=problem):
        apply(Sections(), [catalog.get("react")], values)


@pytest.mark.parametrize("intent", INTENTS)
def test_several_techniques_stay_a_tight_prompt(catalog: Catalog, ask: Ask, intent: str) -> None:
    for level in (1, 3, 5):
        request = ask(intent, level, has_input=True)
        names = select(catalog, request).names
        techniques = [catalog.get(name) for name in names]
        sections = Sections().set("task", "The task.").set("input", "{{ material }}")
        applied = apply(sections, techniques, intent=cast("Any", intent))
        added = [line for step in applied.steps for line in step.added.splitlines()]
        assert len(added) <= 3 * len(names) + 1
        assert len(added) == len(set(added))
        assert sum(map(len, added)) <= 900
