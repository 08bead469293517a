"""The offline composer: finished prompts from rough ideas."""

from __future__ import annotations

import difflib
import re
from itertools import combinations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import burnish
from burnish.errors import NotFound, UsageError
from burnish.generation.generator import parse_phases
from burnish.generation.target import parse_target
from burnish.intents.intent import Intent
from burnish.prompts.prompt import Variable
from burnish.prompts.render import Renderer

from .conftest import Make

IDEAS: list[tuple[Intent, str]] = [
    ("data_extraction", "extract name, email and order number from customer emails as json"),
    ("summarization", "summarize this article in 5 bullets for my boss"),
    ("learning", "explain recursion to a 10 year old"),
    ("planning", "plan a 3 day trip to lisbon with kids, vegetarian, 600 euro"),
    ("code_generation", "TypeError: 'NoneType' object is not iterable in my flask app"),
    ("creative_writing", "write a cold email to dentists about our scheduling app"),
    ("analysis", "compare postgres and mysql for a small startup in a table"),
    ("translation", "translate this contract from English to French, keep the legal terms"),
    ("reasoning", "if all roses are flowers and some flowers fade, do some roses fade?"),
    ("conversation", "pretend you are a pirate and chat with me about the sea"),
    ("research", "best three electric bikes for commuting under 2000 euro"),
    ("problem_solving", "my dishwasher leaves white film on the glasses"),
]


@pytest.mark.spec("GEN-03")
@pytest.mark.parametrize(("intent", "idea"), IDEAS)
def test_listed_variables_are_exactly_those_in_the_text(
    intent: Intent, idea: str, make: Make
) -> None:
    made = make(intent, idea)
    used = set(re.findall(r"\{\{\s*(\w+)\s*\}\}", made.text))
    assert {v.name for v in made.variables} == used
    for variable in made.variables:
        assert variable.type in ("string", "number", "boolean", "list", "object")
        assert variable.description
        assert variable.example is not None or variable.required


@pytest.mark.parametrize(("intent", "idea"), IDEAS)
def test_every_prompt_renders_with_its_own_examples(intent: Intent, idea: str, make: Make) -> None:
    made = make(intent, idea)
    values = {v.name: _sample(v) for v in made.variables if v.required}
    with Renderer() as renderer:
        rendered = renderer.messages(made.messages, made.variables, values)
    assert not any("{{" in message.content for message in rendered)


def _sample(variable: Variable) -> object:
    kinds = {"string": "some text", "number": 3, "boolean": True, "list": ["a"], "object": {"a": 1}}
    return variable.example if variable.example is not None else kinds[variable.type]


def test_different_ideas_give_visibly_different_prompts(make: Make) -> None:
    texts = [make(intent, idea).text for intent, idea in IDEAS]
    for one, other in combinations(texts, 2):
        assert difflib.SequenceMatcher(None, one.split(), other.split()).ratio() < 0.6


def test_extraction_names_the_keys_the_gaps_and_the_delimiters(make: Make) -> None:
    made = make(*IDEAS[0])
    required = [v.name for v in made.variables if v.required]
    assert required == ["customer_email"]
    assert '"name": null,\n  "email": null,\n  "order_number": null' in made.text
    assert "<customer_email>\n{{ customer_email }}\n</customer_email>" in made.text
    assert "Never guess, complete or invent" in made.text
    assert "{{ example }}" in made.text
    assert "step by step" not in made.text.lower()


def test_explaining_keeps_level_and_asks_for_analogy_and_check(make: Make) -> None:
    made = make(*IDEAS[2])
    assert {v.name: (v.type, v.default) for v in made.variables} == {
        "topic": ("string", "recursion"),
        "age": ("number", 10),
    }
    assert "analogy" in made.text
    assert "question that checks understanding" in made.text


def test_a_trip_has_a_table_per_day_and_a_way_out_of_the_budget(make: Make) -> None:
    made = make(*IDEAS[3])
    assert "one row per day" in made.text
    assert "cannot be done within {{ budget_eur }} EUR" in made.text


def test_an_error_is_kept_verbatim_and_asks_for_what_is_missing(make: Make) -> None:
    made = make(*IDEAS[4])
    assert "TypeError: 'NoneType' object is not iterable in my flask app" in made.text
    assert {"code", "traceback"} <= {v.name for v in made.variables}
    assert all(
        word in made.text for word in ("Cause", "Fix", "Check", "say exactly what else you need")
    )


def test_a_cold_email_asks_for_facts_and_sender_and_invents_nothing(make: Make) -> None:
    made = make(*IDEAS[5])
    assert {"product_facts", "sender"} <= {v.name for v in made.variables}
    assert "Invent no" in made.text
    assert "subject line" in made.text.lower()
    assert re.search(r"\d+ to \d+ words", made.text)


@pytest.mark.spec("GEN-04")
@pytest.mark.parametrize(("intent", "idea"), IDEAS)
def test_description_and_best_practices_are_there(intent: Intent, idea: str, make: Make) -> None:
    made = make(intent, idea)
    assert idea[:30] in made.description
    assert len(made.best_practices) == 3
    assert all(len(practice) > 20 for practice in made.best_practices)


@pytest.mark.spec("GEN-06")
def test_phases_have_lineage_model_temperature_and_tokens(make: Make) -> None:
    phases = make(*IDEAS[0]).best.phases
    assert [phase.phase for phase in phases] == ["explore", "draft", "refine"]
    assert [phase.parent_id for phase in phases] == [None, phases[0].id, phases[1].id]
    assert all(p.model == "offline" and p.temperature is None and p.tokens > 0 for p in phases)
    assert phases[2].text == make(*IDEAS[0]).text


@pytest.mark.spec("GEN-08")
def test_phases_can_be_left_out_and_go_by_their_old_names(make: Make) -> None:
    made = make(*IDEAS[1], phases=parse_phases(["solutio", "coagulatio"]))
    assert [phase.phase for phase in made.best.phases] == ["draft", "refine"]
    drafted = make(*IDEAS[1], phases=("draft",))
    assert not drafted.best.techniques
    with pytest.raises(UsageError, match="no phase"):
        parse_phases(["polish"])


@pytest.mark.spec("GEN-09")
def test_count_gives_that_many_distinct_texts_and_has_bounds(make: Make) -> None:
    for intent, idea in IDEAS:
        assert len({c.text for c in make(intent, idea, count=5).candidates}) == 5
    assert len({c.text for c in make(*IDEAS[3], count=100).candidates}) == 100
    for count in (0, 101):
        with pytest.raises(UsageError, match="ask for 1 to 100"):
            make(*IDEAS[0], count=count)


@pytest.mark.spec("GEN-13")
def test_personas_change_the_prompt(make: Make) -> None:
    texts = {p: make(*IDEAS[6], persona=p).text for p in ("generic", "code", "writing", "analysis")}
    assert len(set(texts.values())) == 4
    assert "You are an analyst." in texts["analysis"]
    with pytest.raises(NotFound, match="did you mean 'writing'"):
        make(*IDEAS[0], persona="writting")


@pytest.mark.spec("GEN-15")
def test_each_family_gets_its_structure_and_the_same_content(make: Make) -> None:
    idea = "summarise this article, keep `x = {1: 2}` and {{ tone }} as they are"
    by_family = {
        name: make("summarization", idea, target=parse_target(name))
        for name in ("claude", "gpt-4.1", "gemini", "llama3.2", "generic")
    }
    assert "<task>" in by_family["claude"].text
    assert by_family["claude"].text.index("<article>") < by_family["claude"].text.index("<task>")
    assert "# Task" in by_family["gpt-4.1"].text
    assert "**Task**" in by_family["gemini"].text
    assert "### Task:" in by_family["llama3.2"].text
    for made in by_family.values():
        assert "`x = {1: 2}`" in made.text
        assert "{{ tone }}" in made.text
        assert "<article>\n{{ article }}\n</article>" in made.text
    with pytest.raises(UsageError, match="no model family"):
        parse_target("frobnicator-9000")


@pytest.mark.spec("GEN-19")
def test_variations_have_different_technique_sets(make: Make) -> None:
    for intent, idea in IDEAS:
        if intent == "conversation":
            continue
        candidates = make(intent, idea, count=3, keep_words=True).candidates
        assert len({frozenset(t.technique for t in c.techniques) for c in candidates}) == 3


@pytest.mark.spec("TEC-11")
def test_a_technique_chosen_by_hand_is_honoured_and_recorded(make: Make) -> None:
    made = make(*IDEAS[1], techniques=("few_shot",))
    first = made.best.techniques[0]
    assert (first.technique, first.source) == ("few_shot", "chosen")
    assert next(step for step in made.best.applied if step.name == "few_shot").added


def test_step_by_step_is_left_out_for_reasoning_models(make: Make) -> None:
    plain = make(
        "problem_solving",
        "how many litres fit into a 3 by 4 by 2 metre pool",
        target=parse_target("gpt-4.1"),
    )
    reasoning = make(
        "problem_solving",
        "how many litres fit into a 3 by 4 by 2 metre pool",
        target=parse_target("openai:o3"),
    )
    cot = {"zero_shot_cot", "plan_and_solve", "least_to_most", "chain_of_draft"}
    assert cot & {t.technique for t in plain.best.techniques}
    assert not cot & {t.technique for t in reasoning.best.techniques}


def test_context_stands_in_a_delimited_block_verbatim(make: Make) -> None:
    context = "def f(x):\n    return {x: '{{ not_mine }}'}"
    made = make("code_generation", "make this function faster", context=context)
    with Renderer() as renderer:
        text = renderer.messages(
            made.messages, made.variables, {v.name: "x" for v in made.variables if v.required}
        )[-1].content
    assert f"<context>\n{context}\n</context>" in text


part = st.sampled_from(
    [
        "rewrite the following for my boss", "```py\ndef f(x):\n    return {x}\n```", '{"a": [1, {"b": null}]}',
        "| a | b |\n|---|---|\n| 1 | 2 |", "https://example.org/x?y=1&z=2", "keep 12.5 % and 3,000 units",
        "Объясни это просто", "请保持换行", "اشرح", "{{ customer_name }}", "{topic}", "{{{ odd }}}", "{% if x %}", "}} {# {{",
        "in 5 bullets", "for beginners", "no jargon", "first\r\nsecond", "    indented line", "🙂🎉", "600 euro",
    ]
)  # fmt: skip
ideas = st.lists(
    st.tuples(part, st.sampled_from([" ", "\n", "\n\n", ", ", "\r\n"])), min_size=1, max_size=7
).map(lambda pieces: "".join(text + gap for text, gap in pieces).strip())
some_intent = st.sampled_from(sorted({intent for intent, _ in IDEAS}))


@pytest.mark.spec("GEN-22")
@given(ideas, some_intent)
@settings(max_examples=1000, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_the_users_text_survives_enhance_character_by_character(
    make: Make, idea: str, intent: Intent
) -> None:
    made = make(intent, idea, keep_words=True)
    values = {
        v.name: f"{{{{ {v.name} }}}}" if v.type == "string" else v.example for v in made.variables
    }
    with Renderer() as renderer:
        shown = "\n".join(
            m.content for m in renderer.messages(made.messages, made.variables, values)
        )
    assert re.sub(r"\{\{\s*(\w+)\s*\}\}", r"{{ \1 }}", idea, flags=re.ASCII) in shown


@pytest.mark.spec("GEN-22")
@given(ideas, some_intent, st.sampled_from(["claude", "gpt", "gemini", "open", "generic"]))
@settings(max_examples=1000, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_structure_of_the_idea_survives_generate(
    make: Make, idea: str, intent: Intent, family: str
) -> None:
    made = make(intent, idea, target=parse_target(family))
    defaults = "\n".join(str(v.default) for v in made.variables)
    with Renderer() as renderer:
        values = {
            v.name: f"{{{{ {v.name} }}}}"
            for v in made.variables
            if v.required and v.type == "string"
        }
        shown = "\n".join(
            m.content for m in renderer.messages(made.messages, made.variables, values)
        )
    for kept in (
        "```py\ndef f(x):\n    return {x}\n```",
        '{"a": [1, {"b": null}]}',
        "| 1 | 2 |",
        "https://example.org/x?y=1&z=2",
        "12.5",
        "3,000",
        "{topic}",
        "{% if x %}",
    ):
        if kept in idea:
            assert kept in shown + defaults


def test_the_place_for_an_example_takes_no_room_until_one_is_given(make: Make) -> None:
    made = make("data_extraction", IDEAS[0][1])
    given = {v.name: _sample(v) for v in made.variables if v.required}
    with Renderer() as renderer:
        empty = renderer.messages(made.messages, made.variables, given)[-1].content
        filled = renderer.messages(
            made.messages, made.variables, given | {"example": "Input: a. Output: b."}
        )[-1].content
    assert "Example" not in empty
    assert "\n\n\n" not in empty
    assert "## Example\nInput: a. Output: b." in filled
    assert "\n\n\n" not in filled


def test_examples_chosen_by_hand_get_a_place(make: Make) -> None:
    made = make("creative_writing", "write a toast", techniques=("few_shot",))
    assert "{{ example }}" in made.text
    assert "example" in {v.name for v in made.variables}


def test_what_the_idea_leaves_open_is_named_and_not_filled_in(make: Make) -> None:
    made = make("planning", IDEAS[3][1])
    assert {v.name for v in made.left_open} >= {"travel_dates"}
    assert not {v.name for v in made.left_open} & {v.name for v in made.variables}
    assert all(v.description and v.example for v in made.left_open)


@pytest.mark.parametrize(
    ("intent", "idea", "said"),
    [("other", "asdfgh", "not understood"), ("creative_writing", "email", "one word")],
)
def test_it_says_when_an_idea_tells_too_little(
    intent: Intent, idea: str, said: str, make: Make
) -> None:
    assert said in " ".join(make(intent, idea).warnings)


def test_an_idea_that_says_enough_gets_no_warning(make: Make) -> None:
    assert make("planning", IDEAS[3][1]).warnings == ()


SEVERAL = [
    (
        "translate this release note to Spanish, then summarise it in one sentence",
        "in one sentence",
        ("- Translation:", "- Summary:"),
    ),
    (
        "summarize this article in 5 bullets for my boss and suggest a title",
        "in 5 bullets",
        ("- Summary:", "- Headline:"),
    ),
    (
        "write a poem about rain and translate it to French",
        "about rain and translate it to French",
        ("- Poem:", "- Translation:"),
    ),
]


@pytest.mark.parametrize(("idea", "kept", "rules"), SEVERAL)
def test_of_several_results_each_has_its_own_rules_and_conditions(
    idea: str, kept: str, rules: tuple[str, str]
) -> None:
    with burnish.open() as p:
        text = p.generate(idea, store=False).text
    assert kept in text
    assert "Exactly" not in text
    assert text.index(rules[0]) < text.index(rules[1])
    assert "under a heading of its own, in the order of the request" in text
    assert "alone" not in text.split("## Format")[1]
    assert "\n\n-" not in text.split("## Constraints")[1].split("##")[0]


def test_thinking_on_the_way_to_a_result_is_no_result_of_its_own() -> None:
    with burnish.open() as p:
        text = p.generate("find the main risks in this contract and rank them", store=False).text
    assert "heading of its own" not in text


def test_a_template_with_a_place_gets_no_second_one() -> None:
    with burnish.open() as p:
        made = p.enhance("You are a bot. Answer {{ q }} in JSON with keys a and b.")
    assert [variable.name for variable in made.variables if variable.required] == ["q"]
    assert "<text>" not in made.text


def test_an_input_is_described_without_its_article() -> None:
    with burnish.open() as p:
        made = p.generate("extract the total and date from a scanned invoice", store=False)
    described = [variable.description for variable in made.variables if variable.required]
    assert not [text for text in described if "The a " in text]
