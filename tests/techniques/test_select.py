from __future__ import annotations

from collections.abc import Callable
from itertools import combinations, product
from typing import Any

import pytest

from burnish.errors import NotFound, UsageError
from burnish.intents.intent import INTENTS
from burnish.techniques import (
    Catalog,
    Estimate,
    Selection,
    SelectRequest,
    explain,
    select,
    suggestion_basis,
)

Ask = Callable[..., SelectRequest]

STEPS_IN_ANY_FORM = {
    "zero_shot_cot",
    "few_shot_cot",
    "auto_cot",
    "contrastive_cot",
    "analogical",
    "chain_of_draft",
}
DROPPED_FOR_REASONING = {
    *STEPS_IN_ANY_FORM,
    "least_to_most",
    "plan_and_solve",
    "tree_of_thoughts",
    "graph_of_thoughts",
    "outline_draft_revise",
    "self_consistency",
}
SITUATIONS: tuple[dict[str, Any], ...] = (
    {},
    {"has_input": True},
    {"has_input": True, "input_is_long": True},
    {"has_examples": True, "has_labels": True},
    {"machine_output": True},
    {"machine_output": True, "has_input": True, "has_examples": True},
    {"has_tools": True},
    {"model_class": "reasoning"},
    {"model_class": "reasoning", "has_examples": True, "machine_output": True},
    {"model_class": "small"},
)
GRID = [
    pytest.param(intent, level, id=f"{intent}-{level}")
    for intent, level in product(INTENTS, range(1, 6))
]


def sound(catalog: Catalog, request: SelectRequest, selection: Selection) -> None:
    """What holds for every automatic selection, whatever the request."""
    assert bool(selection.recommendations) != bool(selection.none_needed)
    names = selection.names
    assert len(names) == len(set(names))
    for one, other in combinations(names, 2):
        assert other not in catalog.get(one).conflicts_with
    intent, level = request.classification.intent, request.classification.complexity.level
    for each in selection.recommendations:
        technique = catalog.get(each.technique)
        assert technique.suited_to(intent)
        assert level >= 4 or technique.published_calls.min == 1
        assert request.model_class not in technique.avoid_model_classes
        assert 0 <= each.confidence <= 1
        assert each.reasons
        assert each.source == "selected"
        assert not (request.machine_output and technique.writes_first)
    for other in (*selection.alternatives, *selection.skipped):
        assert other.technique not in names


@pytest.mark.spec("TEC-03")
@pytest.mark.parametrize(("intent", "level"), GRID)
def test_every_intent_at_every_complexity(
    catalog: Catalog, ask: Ask, intent: str, level: int
) -> None:
    for situation in SITUATIONS:
        request = ask(intent, level, **situation)
        selection = select(catalog, request)
        sound(catalog, request, selection)
        assert selection.recommendations


@pytest.mark.spec("TEC-03")
def test_two_hundred_requests_get_a_technique_or_a_reason(
    catalog: Catalog, two_hundred: list[tuple[str, SelectRequest]]
) -> None:
    assert len(two_hundred) == len({text for text, _ in two_hundred}) == 200
    idle: list[str] = []
    for text, request in two_hundred:
        selection = select(catalog, request)
        sound(catalog, request, selection)
        if selection.none_needed:
            idle.append(text)
    assert {"hi", "thanks a lot", "banana", "asdkjh qwe", "refactor"} <= set(idle)
    assert "tl;dr" not in idle
    assert "regex for uk postcodes" not in idle
    assert len(idle) < 25


def test_names_depend_on_the_suggestion_basis_alone(
    catalog: Catalog, two_hundred: list[tuple[str, SelectRequest]]
) -> None:
    for _, request in two_hundred:
        basis = suggestion_basis(request.classification)
        whole = select(catalog, SelectRequest(classification=request.classification))
        assert select(catalog, SelectRequest(classification=basis)).names == whole.names
        assert suggestion_basis(basis) == basis


@pytest.mark.parametrize(
    ("intent", "changes", "reason"),
    [
        ("conversation", {"tokens": 1}, "one word does not say what to do"),
        ("conversation", {"tokens": 5}, "small talk is best answered as it is"),
        ("conversation", {"parts": {"sub_intents": ("greeting",)}}, "small talk"),
        ("other", {"tokens": 8}, "names no task"),
        ("translation", {"tokens": 2}, "add what you want done with it"),
    ],
)
def test_none_needed(
    catalog: Catalog, ask: Ask, intent: str, changes: dict[str, Any], reason: str
) -> None:
    selection = select(catalog, ask(intent, 1, **changes))
    assert selection.recommendations == selection.alternatives == ()
    assert reason in selection.none_needed
    assert explain(selection).startswith("No technique is needed: ")
    with_input = select(catalog, ask(intent, 1, has_input=True, **changes))
    assert with_input.recommendations


@pytest.mark.parametrize("intent", INTENTS)
def test_written_steps_only_where_they_help(catalog: Catalog, ask: Ask, intent: str) -> None:
    may = {"reasoning", "problem_solving", "learning", "code_generation"}
    for level, situation in product(range(1, 6), SITUATIONS):
        for variation in range(4):
            request = ask(intent, level, count=6, variation=variation, **situation)
            used = STEPS_IN_ANY_FORM.intersection(select(catalog, request).names)
            assert not used or intent in may


def test_step_by_step_is_chosen_for_reasoning_and_explained_elsewhere(
    catalog: Catalog, ask: Ask
) -> None:
    assert select(catalog, ask("reasoning")).names[0] == "zero_shot_cot"
    extraction = select(catalog, ask("data_extraction"))
    reasons = {each.technique: each.reason for each in extraction.skipped}
    assert reasons["zero_shot_cot"] == (
        "Step-by-step reasoning is left out: data extraction needs no written reasoning, "
        "and it lowers instruction following"
    )


def test_a_second_ask_counts_against_a_harmful_technique(catalog: Catalog, ask: Ask) -> None:
    both = {"asks": ("reasoning", "translation")}
    selection = select(catalog, ask("reasoning", parts=both, count=12))
    assert not STEPS_IN_ANY_FORM.intersection(selection.names)
    assert "glossary_and_register" in selection.names


@pytest.mark.parametrize("intent", INTENTS)
def test_reasoning_models_get_no_written_steps(catalog: Catalog, ask: Ask, intent: str) -> None:
    for level in range(1, 6):
        request = ask(intent, level, model_class="reasoning", has_examples=True, count=12)
        assert not DROPPED_FOR_REASONING.intersection(select(catalog, request).names)


def test_reasoning_models_get_a_budget_and_few_examples(catalog: Catalog, ask: Ask) -> None:
    selection = select(catalog, ask("problem_solving", model_class="reasoning"))
    assert selection.names[0] == "reasoning_budget"
    assert any("a reasoning model works the steps out" in s.because for s in selection.skipped)
    extraction = ask("data_extraction", model_class="reasoning", has_examples=True)
    assert any("at most two examples" in note for note in select(catalog, extraction).warnings)
    assert not select(catalog, ask("data_extraction", has_examples=True)).warnings


@pytest.mark.parametrize(
    "intent",
    ["research", "data_extraction", "reasoning", "problem_solving", "analysis", "summarization"],
)
def test_no_persona_and_no_emotion_where_facts_count(
    catalog: Catalog, ask: Ask, intent: str
) -> None:
    for level, situation in product(range(1, 6), SITUATIONS):
        selection = select(catalog, ask(intent, level, count=12, **situation))
        seen = {*selection.names, *(each.technique for each in selection.alternatives)}
        assert not seen & {"role_persona", "emotion_stimulus"}


def test_emotion_only_by_hand(catalog: Catalog, ask: Ask) -> None:
    assert "emotion_stimulus" not in select(catalog, ask("creative_writing", count=12)).names
    by_hand = select(catalog, ask("creative_writing", chosen=("emotion_stimulus",)))
    assert by_hand.names[0] == "emotion_stimulus"


def test_machine_output_with_reasoning_puts_the_reasoning_into_a_field(
    catalog: Catalog, ask: Ask
) -> None:
    for intent in ("reasoning", "problem_solving", "analysis"):
        names = select(catalog, ask(intent, machine_output=True)).names
        assert {"reasoning_field_first", "schema_output"} <= set(names)
    assert "reasoning_field_first" not in select(catalog, ask("reasoning", count=12)).names


def test_simple_requests_get_less(catalog: Catalog, ask: Ask) -> None:
    simple = select(catalog, ask("translation", 1))
    assert simple.names == ("glossary_and_register", "positive_constraints")
    for intent in INTENTS:
        sizes = [len(select(catalog, ask(intent, level)).names) for level in range(1, 6)]
        assert sizes == sorted(sizes)
        assert sizes[0] <= 2
        assert sizes[-1] <= 4


def test_expensive_methods_wait_for_complexity(catalog: Catalog, ask: Ask) -> None:
    moderate = select(catalog, ask("creative_writing", 3))
    offered = {each.technique: each for each in moderate.alternatives}
    assert "The full method takes 3 model calls" in offered["outline_draft_revise"].reasons[0]
    assert "outline_draft_revise" in select(catalog, ask("creative_writing", 5)).names


def test_runs_outside_the_prompt_are_shown_and_left_to_the_user(catalog: Catalog, ask: Ask) -> None:
    assert "self_consistency" not in select(catalog, ask("reasoning", 5, count=12)).names
    by_hand = select(catalog, ask("reasoning", 5, chosen=("self_consistency",)))
    assert str(by_hand.recommendations[0].expected_calls) == "5 to 40"
    assert str(by_hand.expected_calls) == "5 to 40"
    assert "Model calls per answer: 5 to 40." in explain(by_hand)


@pytest.mark.spec("TEC-04")
@pytest.mark.parametrize(("intent", "level"), GRID)
def test_count_gives_that_many_and_lists_alternatives(
    catalog: Catalog, ask: Ask, intent: str, level: int
) -> None:
    request = ask(intent, level, count=3)
    selection = select(catalog, request)
    sound(catalog, request, selection)
    assert len(selection.recommendations) == 3
    assert selection.alternatives
    assert all(each.reasons for each in selection.alternatives)


@pytest.mark.parametrize("count", [0, 13, -1])
def test_count_has_bounds(catalog: Catalog, ask: Ask, count: int) -> None:
    with pytest.raises(UsageError, match="choose 1 to 12"):
        select(catalog, ask("research", count=count))


@pytest.mark.spec("TEC-05")
def test_expected_improvement_is_the_estimate_or_no_data(catalog: Catalog, ask: Ask) -> None:
    estimate = Estimate(mean=0.062, low=0.031, high=0.094, n=180)
    selection = select(catalog, ask("reasoning", estimates={"zero_shot_cot": estimate}))
    first, second = selection.recommendations[:2]
    assert first.expected_improvement == estimate
    assert second.expected_improvement is None
    text = explain(selection)
    assert "Expected improvement: +0.062 (+0.031 to +0.094, n=180)." in text
    assert "Expected improvement: no data." in text


def test_estimates_move_the_ranking_with_their_weight(catalog: Catalog, ask: Ask) -> None:
    def names(n: int, mean: float) -> tuple[str, ...]:
        estimate = Estimate(mean=mean, low=mean - 0.1, high=mean + 0.1, n=n)
        request = ask("learning", count=12, estimates={"context_block": estimate})
        return select(catalog, request).names

    without = select(catalog, ask("learning", count=12)).names
    assert names(1, 0.3) == without
    assert names(400, 0.3)[0] == "context_block"
    assert "context_block" not in names(400, -0.3)


def test_a_measured_harm_is_told(catalog: Catalog, ask: Ask) -> None:
    bad = Estimate(mean=-0.1, low=-0.15, high=-0.05, n=60)
    selection = select(catalog, ask("reasoning", estimates={"zero_shot_cot": bad}))
    assert "zero_shot_cot" not in selection.names
    because = {each.technique: each.because for each in selection.skipped}
    assert because["zero_shot_cot"] == "runs recorded here show that it lowers the score"


@pytest.mark.spec("TEC-11")
def test_a_choice_by_hand_is_honoured_and_recorded(catalog: Catalog, ask: Ask) -> None:
    selection = select(catalog, ask("creative_writing", chosen=("few_shot",), has_examples=True))
    first, *others = selection.recommendations
    assert (first.technique, first.source) == ("few_shot", "chosen")
    assert first.reasons[0] == "You chose it."
    assert {each.source for each in others} == {"selected"}
    assert "chosen by you" in explain(selection)
    assert selection.warnings == ()


def test_a_choice_against_the_rules_is_kept_with_a_warning(catalog: Catalog, ask: Ask) -> None:
    selection = select(catalog, ask("data_extraction", chosen=("zero_shot_cot",)))
    assert selection.names[0] == "zero_shot_cot"
    [warning] = selection.warnings
    assert warning == (
        "Step-by-step reasoning was kept because you chose it, though data extraction needs no "
        "written reasoning, and it lowers instruction following"
    )
    unmet = select(catalog, ask("translation", chosen=("few_shot",)))
    assert "though no examples are given" in unmet.warnings[0]
    greeting = select(catalog, ask("conversation", 1, tokens=1, chosen=("style_tone",)))
    assert greeting.names == ("style_tone",)
    assert "Without your choice no technique would be used" in greeting.warnings[0]


def test_what_is_chosen_shapes_the_rest(catalog: Catalog, ask: Ask) -> None:
    selection = select(catalog, ask("reasoning", chosen=("chain_of_draft", "chain_of_draft")))
    assert selection.names[0] == "chain_of_draft"
    assert "zero_shot_cot" not in selection.names
    assert len(selection.names) == 4
    five = ("clear_task", "context_block", "re_reading", "zero_shot_cot", "positive_constraints")
    assert select(catalog, ask("reasoning", count=2, chosen=five)).names == five


@pytest.mark.parametrize(
    ("changes", "error", "message"),
    [
        ({"chosen": ("zero_shot_cot", "chain_of_draft")}, UsageError, "do not go together"),
        ({"chosen": ("few_shto",)}, NotFound, "did you mean 'few_shot'"),
        ({"exclude": ("few_shto",)}, NotFound, "did you mean 'few_shot'"),
        ({"chosen": ("re_reading",), "exclude": ("re_reading",)}, UsageError, "both chosen and"),
        ({"variation": -1}, UsageError, "begin with 0"),
    ],
)
def test_choices_that_cannot_be(
    catalog: Catalog, ask: Ask, changes: dict[str, Any], error: type[Exception], message: str
) -> None:
    with pytest.raises(error, match=message):
        select(catalog, ask("reasoning", **changes))


def test_a_technique_that_is_switched_off_cannot_be_chosen(catalog: Catalog, ask: Ask) -> None:
    with pytest.raises(UsageError, match="switched off"):
        select(catalog.without("few_shot"), ask("translation", chosen=("few_shot",)))


def test_excluded_techniques_are_named(catalog: Catalog, ask: Ask) -> None:
    selection = select(catalog, ask("reasoning", exclude=("zero_shot_cot",)))
    assert "zero_shot_cot" not in selection.names
    reasons = [each.reason for each in selection.skipped]
    assert "Step-by-step reasoning is left out: you excluded it" in reasons
    everything = tuple(each.name for each in catalog.list())
    nothing = select(catalog, ask("reasoning", exclude=everything))
    assert nothing.none_needed == "every technique that fits is excluded or switched off"


@pytest.mark.parametrize(("intent", "level"), GRID)
def test_variations_are_different_sets(catalog: Catalog, ask: Ask, intent: str, level: int) -> None:
    seen: set[frozenset[str]] = set()
    for variation in range(11):
        selection = select(catalog, ask(intent, level, variation=variation))
        for one, other in combinations(selection.names, 2):
            assert other not in catalog.get(one).conflicts_with
        seen.add(frozenset(selection.names))
    assert len(seen) == 11
    assert frozenset() not in seen


def test_variations_keep_the_choice_and_end(catalog: Catalog, ask: Ask) -> None:
    for variation in range(11):
        request = ask("planning", chosen=("clear_task",), variation=variation)
        assert select(catalog, request).names[0] == "clear_task"
    only = Catalog([catalog.get("clear_task"), catalog.get("context_block")])
    sets = {select(only, ask("planning", variation=k)).names for k in range(3)}
    assert len(sets) == 3
    with pytest.raises(UsageError, match=r"only 3 different sets .* at most 3 variations"):
        select(only, ask("planning", variation=3))
    with pytest.raises(UsageError, match="only 1 different sets"):
        select(catalog, ask("conversation", 1, tokens=1, variation=1))


def test_the_same_request_gives_the_same_answer(ask: Ask, catalog: Catalog) -> None:
    backwards = Catalog(reversed(catalog.list()))
    for intent, level in product(INTENTS, (1, 3, 5)):
        request = ask(intent, level, has_input=True, variation=2)
        assert select(catalog, request) == select(backwards, request)


@pytest.mark.spec("TEC-09")
def test_the_explanation_is_plain_language(catalog: Catalog, ask: Ask) -> None:
    text = explain(select(catalog, ask("data_extraction", has_input=True)))
    assert "1. Output format contract (confidence 0." in text
    assert "A fixed shape makes the result of data extraction usable without editing." in text
    assert "It is a first choice for data extraction." in text
    assert "Other possibilities:\n- " in text
    assert "Left out:\n" in text
    assert "data extraction depends on facts, and a role does not improve facts" in text
    assert "_" not in text
    assert "{{" not in text
