from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any, cast

import jsonschema
import msgspec
import pytest
import yaml

import burnish.techniques
from burnish.errors import NotFound, UsageError
from burnish.intents.intent import INTENTS
from burnish.techniques import (
    CATEGORIES,
    Catalog,
    SelectRequest,
    Technique,
    apply,
    built_in_techniques,
    load_technique,
    select,
    technique_schema,
)

Ask = Callable[..., SelectRequest]
FILES = sorted((Path(burnish.techniques.__file__).parent / "catalog").glob("*.yaml"))
STEPS_IN_ANY_FORM = (
    "zero_shot_cot",
    "few_shot_cot",
    "auto_cot",
    "contrastive_cot",
    "analogical",
    "chain_of_draft",
)


def validator() -> Any:
    return cast("Any", jsonschema.Draft202012Validator)(technique_schema())


@pytest.mark.spec("TEC-01")
def test_at_least_twenty_techniques_with_all_their_parts(catalog: Catalog) -> None:
    techniques = catalog.list(active=None)
    assert len(techniques) >= 54
    assert {each.category for each in techniques} == set(CATEGORIES)
    for each in techniques:
        assert 1 <= each.complexity <= 5
        assert each.template
        assert each.examples
        assert each.evidence
        assert each.version >= 1
    assert any(each.parameters for each in techniques)


@pytest.mark.spec("TEC-01")
@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_each_file_passes_the_schema_and_the_loader(path: Path) -> None:
    document = yaml.safe_load(path.read_text("utf-8"))
    document["calls"] = str(document.get("calls", "1"))
    assert list(validator().iter_errors(document)) == []
    assert load_technique(path).name == path.stem


def test_the_schema_refuses_what_the_loader_refuses() -> None:
    document = yaml.safe_load(FILES[0].read_text("utf-8"))
    changes: list[dict[str, Any]] = [
        {"complexity": 6},
        {"category": "magic"},
        {"examples": []},
        {"extra": 1},
    ]
    for change in changes:
        assert not validator().is_valid({**document, **change})
        with pytest.raises(msgspec.ValidationError):
            msgspec.convert({**document, **change}, Technique)


@pytest.mark.spec("TEC-01")
def test_a_technique_that_is_switched_off_is_not_selected(catalog: Catalog, ask: Ask) -> None:
    request = ask("reasoning", 3)
    assert "zero_shot_cot" in select(catalog, request).names
    off = catalog.without("zero_shot_cot")
    selection = select(off, request)
    offered = {each.technique for each in selection.alternatives}
    assert "zero_shot_cot" not in offered.union(selection.names)
    assert "zero_shot_cot" not in {each.name for each in off.list()}
    assert "zero_shot_cot" in {each.name for each in off.list(active=None)}
    assert "zero_shot_cot" in select(off.with_("zero_shot_cot"), request).names


def test_filter_by_category_and_intent(catalog: Catalog) -> None:
    found = catalog.list(category="reasoning", intent="planning")
    assert [each.name for each in found] == ["reasoning_budget"]
    for category in CATEGORIES:
        for intent in INTENTS:
            for each in catalog.list(category=category, intent=intent):
                assert each.category == category
                assert intent in each.suits or "all" in each.suits
                assert intent not in each.avoid_for
    with pytest.raises(UsageError, match="no category 'magic'; one of: structure"):
        catalog.list(category="magic")


def test_conflicts_hold_both_ways(catalog: Catalog) -> None:
    pairs = 0
    for each in catalog.list(active=None):
        for other in each.conflicts_with:
            assert each.name in catalog.get(other).conflicts_with
            pairs += 1
    assert pairs > 50


def test_step_by_step_never_suits_what_it_harms(catalog: Catalog) -> None:
    harmed = ("data_extraction", "translation", "summarization", "conversation", "creative_writing")
    for name in STEPS_IN_ANY_FORM:
        assert set(harmed) <= set(catalog.get(name).avoid_for)


@pytest.mark.parametrize("intent", INTENTS)
def test_every_text_is_short_and_ready_to_read(catalog: Catalog, intent: str) -> None:
    from burnish.prompts.sections import Sections

    for each in catalog.list(active=None):
        applied = apply(Sections(), [each], intent=cast("Any", intent))
        added = applied.steps[0].added
        lines = added.split("\n")
        assert 1 <= len(lines) <= 4, each.name
        assert all(line.strip() for line in lines), each.name
        assert not re.search(r"[{%]|\bthis technique\b", added), each.name
        assert all(len(line) <= 130 for line in lines), each.name


def test_no_two_techniques_share_a_line(catalog: Catalog) -> None:
    owners: dict[str, set[str]] = {}
    for each in catalog.list(active=None):
        for text in (each.template, *each.variants.values()):
            for line in text.splitlines():
                if line.startswith(("- ", "1. ", "2. ", "3. ")):
                    owners.setdefault(line[2:].strip(), set()).add(each.name)
    assert {line for line, names in owners.items() if len(names) > 1} <= {
        "Answer from these facts.",
    }


def test_evidence_says_that_it_is_not_ours(catalog: Catalog) -> None:
    for each in catalog.list(active=None):
        for item in each.evidence:
            assert item.effect or item.note
            assert item.source
            if item.effect:
                assert "not measured" in item.note, each.name


def test_an_unknown_name_brings_the_nearest(catalog: Catalog) -> None:
    with pytest.raises(NotFound) as caught:
        catalog.get("few_shots")
    assert caught.value.hint == "did you mean 'few_shot'?"
    with pytest.raises(NotFound, match="list the techniques"):
        catalog.get("zzzzzzzz")


def own(name: str, **fields: Any) -> Technique:
    return msgspec.convert(
        {
            "name": name,
            "title": "Our own",
            "category": "structure",
            "complexity": 1,
            "suits": ["all"],
            "section": "constraints",
            "template": "- Keep to our house style.",
            "examples": [{"before": "a", "after": "b"}],
            "evidence": [{"source": "practice", "note": "ours"}],
            "harm": "None known.",
            "summary": "Adds the house style.",
            "why": "The house style counts.",
            **fields,
        },
        Technique,
    )


def test_a_technique_from_outside_joins_and_replaces(ask: Ask) -> None:
    added = Catalog((*built_in_techniques(), own("house_style", priority=95)))
    assert added.get("house_style").title == "Our own"
    assert select(added, ask("planning", 3)).names[0] == "house_style"
    replaced = Catalog((*built_in_techniques(), own("few_shot")))
    assert replaced.get("few_shot").title == "Our own"
    assert len(replaced) == len(built_in_techniques())


@pytest.mark.parametrize(
    ("fields", "problem"),
    [
        ({"conflicts_with": ["few_shto"]}, "'few_shto', which is no technique; did it mean"),
        ({"conflicts_with": ["house_style"]}, "names the technique itself"),
        ({"suits": ["research"], "avoid_for": ["research"], "avoid_because": "x"}, "both name"),
        ({"suits": ["research"], "first_choice_for": ["planning"]}, "which suits does not"),
        ({"avoid_for": ["research"]}, "needs avoid_because"),
        (
            {"parameters": [{"name": "a", "description": "x"}, {"name": "a", "description": "y"}]},
            "one name twice",
        ),
    ],
)
def test_contradictions_are_refused(fields: dict[str, Any], problem: str) -> None:
    with pytest.raises(UsageError, match=problem):
        Catalog((*built_in_techniques(), own("house_style", **fields)))


def test_switching_makes_a_new_catalogue(catalog: Catalog) -> None:
    before = catalog.list()
    catalog.without("few_shot")
    assert catalog.list() == before
    assert "house_style" in catalog.with_(own("house_style"))
    assert "house_style" not in catalog


def test_a_category_that_there_is_not_is_refused_in_python_too() -> None:
    known = next(iter(built_in_techniques()))
    given: dict[str, Any] = msgspec.structs.asdict(known)
    assert Technique(**given) == known
    given["category"] = "reasonin"
    with pytest.raises(UsageError, match="no category 'reasonin'; did you mean reasoning"):
        Technique(**given)
    with pytest.raises(UsageError, match=f"{known.name}: .*; use structure, zero_shot"):
        msgspec.structs.replace(known, category=cast("Any", "anything"))
