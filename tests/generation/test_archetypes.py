"""The archetypes: each serves its kind of task, and reads like nothing but that kind."""

from __future__ import annotations

import difflib
import re
from itertools import combinations
from pathlib import Path
from typing import Any

import msgspec
import pytest
import yaml

from burnish.errors import UsageError
from burnish.generation.archetype import (
    FOLDER,
    Archetype,
    Line,
    choose,
    load_archetypes,
)
from burnish.generation.compose import Composed, compose, is_open
from burnish.generation.reading import read_idea, with_input
from burnish.intents import Classifier, task_types
from burnish.intents.embedding import embedding_available
from burnish.intents.intent import INTENTS, Intent
from burnish.prompts.prompt import Variable

from .conftest import classified

ARCHETYPES = {archetype.name: archetype for archetype in load_archetypes()}
IDEAS = msgspec.yaml.decode(
    (Path(__file__).parent / "archetype_ideas.yaml").read_bytes(), type=dict[str, list[str]]
)
PLAIN = [
    (name, re.sub(r"\A[a-z]{2}: ", "", idea)) for name, ideas in IDEAS.items() for idea in ideas
]
CASES = [(name, idea) for name, ideas in IDEAS.items() for idea in ideas]
VARIABLE = re.compile(r"\{\{\s*(\w+)\s*\}\}")
READ_BY_COMPOSER = {"audience", "language", "source_language", "budget"}
# A default is a decision; these leave it to the model and say nothing.
FILLER = re.compile(
    r"as the request|not stated|\bnone\b|not given|not known|otherwise", re.IGNORECASE
)
# Tasks in which a persona or an order to think aloud does harm or nothing.
WITHOUT_ROLE = {"data_extraction", "summarization", "translation", "research", "reasoning"}
WITHOUT_STEPS = {"data_extraction", "summarization", "translation", "conversation"}

every_archetype = pytest.mark.parametrize("archetype", ARCHETYPES.values(), ids=ARCHETYPES)


def split(entry: str) -> tuple[str, str]:
    """("de", idea) of "de: idea"; English has no mark."""
    marked = re.match(r"([a-z]{2}): (.+)\Z", entry)
    return (marked[1], marked[2]) if marked else ("en", entry)


def composed(intent: Intent, entry: str) -> tuple[Archetype, Composed]:
    language, idea = split(entry)
    found = msgspec.structs.replace(classified(idea, intent), language=language)
    archetype = choose(list(ARCHETYPES.values()), idea, found)
    return archetype, compose(read_idea(idea, found), archetype)


def made_by(name: str, entry: str) -> Composed:
    """The prompt that this archetype gives, however the idea is classified."""
    language, idea = split(entry)
    archetype = ARCHETYPES[name]
    found = msgspec.structs.replace(classified(idea, archetype.intent), language=language)
    return compose(with_input(read_idea(idea, found), archetype.input), archetype)


def full_text(made: Composed) -> str:
    return "\n".join(part.text for part in made.sections.parts)


def all_lines(archetype: Archetype) -> list[Line]:
    groups = (
        archetype.context,
        archetype.steps,
        archetype.constraints,
        archetype.format,
        archetype.quality,
    )
    return [Line(item) if isinstance(item, str) else item for group in groups for item in group]


def test_every_file_holds_the_archetype_it_is_named_after() -> None:
    assert sorted(ARCHETYPES) == sorted(path.stem for path in FOLDER.glob("*.yaml"))


@every_archetype
def test_a_file_says_nothing_that_is_not_read(archetype: Archetype) -> None:
    """An unquoted comma in a one-line mapping would start a key that nobody reads; and the
    loader that is written in Python is stricter than the one in C."""
    text = (FOLDER / f"{archetype.name}.yaml").read_text(encoding="utf-8")
    content = msgspec.convert(yaml.load(text, yaml.SafeLoader), dict[str, Any])
    fields = set(Variable.__struct_fields__)
    assert all(set(variable) <= fields for variable in content.get("variables", []))


@pytest.mark.parametrize("intent", INTENTS)
def test_every_intent_has_one_fallback(intent: Intent) -> None:
    fallbacks = [a.name for a in ARCHETYPES.values() if a.intent == intent and not a.match]
    assert len(fallbacks) == 1
    assert composed(intent, "zzz qqq")[0].name == fallbacks[0]


@pytest.mark.skipif(not embedding_available(), reason="needs the extra embed")
def test_ideas_find_the_archetype_of_their_kind() -> None:
    """End to end, so a few find a neighbour. It keeps what works from breaking and measures
    nothing: phrases that the kinds were fitted to say much the same. The held-out set measures."""
    classifier = Classifier()
    chosen = [
        (name, idea, choose(list(ARCHETYPES.values()), idea, found).name)
        for (name, idea), found in zip(
            PLAIN, classifier.classify_many([idea for _, idea in PLAIN]), strict=True
        )
    ]
    missed = [case for case in chosen if case[0] != case[2]]
    assert len(missed) <= 0.1 * len(chosen), missed
    assert {name for name, _, found in chosen if name == found} == set(ARCHETYPES)


def test_every_archetype_has_a_kind_that_the_classifier_knows() -> None:
    assert set(ARCHETYPES) == task_types()


def test_an_archetype_of_ones_own_is_chosen_where_its_pattern_matches() -> None:
    own = Archetype(name="menu", title="Menu", intent="creative_writing", match=(r"\bmenu card\b",))
    idea = "write the menu card of our canteen"
    found = msgspec.structs.replace(Classifier().classify(idea), intent="creative_writing")
    assert choose([*ARCHETYPES.values(), own], idea, found).name == "menu"
    assert choose([*ARCHETYPES.values(), own], "write a poem", found).name != "menu"


def test_every_archetype_is_shown_by_several_ideas_and_in_several_languages() -> None:
    assert set(IDEAS) == set(ARCHETYPES)
    assert min(len(set(ideas)) for ideas in IDEAS.values()) >= 2
    languages = {split(entry)[0] for _, entry in CASES}
    assert languages >= {"en", "es", "fr", "de", "pt", "it"}


def test_prompts_of_different_archetypes_are_visibly_different() -> None:
    texts = {name: full_text(made_by(name, IDEAS[name][0])) for name in IDEAS}
    for (one, text), (other, other_text) in combinations(texts.items(), 2):
        matcher = difflib.SequenceMatcher(None, text.split(), other_text.split(), autojunk=False)
        # The quick ratio is an upper bound of the ratio.
        assert matcher.quick_ratio() < 0.75 or matcher.ratio() < 0.75, (one, other)


@pytest.mark.parametrize(("name", "entry"), CASES)
def test_listed_variables_are_exactly_those_in_the_text(name: str, entry: str) -> None:
    made = made_by(name, entry)
    assert {v.name for v in made.variables} == set(VARIABLE.findall(full_text(made)))
    for variable in made.variables:
        assert variable.description
        assert variable.required == (variable.default is None)


@every_archetype
def test_variables_can_be_filled_by_someone_who_sees_them_for_the_first_time(
    archetype: Archetype,
) -> None:
    assert len(archetype.variables) <= 3
    kinds = {"string": str, "number": int}
    for variable in archetype.variables:
        assert variable.description
        assert isinstance(variable.example, kinds[variable.type])
        if variable.required:
            assert variable.default is None
        elif not is_open(variable):
            assert isinstance(variable.default, kinds[variable.type])
            assert not FILLER.search(str(variable.default))
    assert set(archetype.documents) <= {variable.name for variable in archetype.variables}


@every_archetype
def test_lines_name_only_what_is_there(archetype: Archetype) -> None:
    own = {variable.name for variable in archetype.variables if not is_open(variable)}
    for line in all_lines(archetype):
        for name in VARIABLE.findall(line.text):
            guarded = any(name.startswith(when.strip()) for when in line.when.split(",") if when)
            assert name in own or guarded or name in READ_BY_COMPOSER, line.text


@every_archetype
def test_an_archetype_is_short_and_holds_what_a_prompt_needs(archetype: Archetype) -> None:
    always = [c for c in archetype.constraints if isinstance(c, str) or not c.when]
    assert 2 <= len(always) <= 5
    assert len(archetype.steps) <= 5
    assert 1 <= len(archetype.quality) <= 3
    assert len(archetype.best_practices) == len(set(archetype.best_practices)) == 3
    assert all(len(line.text) <= 260 for line in all_lines(archetype))


@every_archetype
def test_no_role_and_no_steps_where_they_do_not_help(archetype: Archetype) -> None:
    assert not (archetype.role and archetype.intent in WITHOUT_ROLE)
    assert not (archetype.steps and archetype.intent in WITHOUT_STEPS)
    assert archetype.name != "maths_problem" or not archetype.role


def test_no_line_is_shared_so_that_prompts_do_not_become_boilerplate() -> None:
    places: dict[str, list[str]] = {}
    for archetype in ARCHETYPES.values():
        for text in {line.text for line in all_lines(archetype)}:
            places.setdefault(text, []).append(archetype.name)
    assert {t: names for t, names in places.items() if len(names) > 2} == {}


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("fact_answer", "I don't know"),
        ("research", "I don't know"),
        ("literature_overview", "Invent no title"),
        ("market_research", "Invent no report"),
        ("essay", "source needed"),
        ("interpret_data", "Use only the data given"),
        ("translation", "nothing more"),
        ("support_bot", "Answer from the knowledge alone"),
    ],
)
def test_factual_tasks_forbid_invention(name: str, words: str) -> None:
    assert words in full_text(made_by(name, IDEAS[name][0]))


@pytest.mark.parametrize(
    ("intent", "idea", "kept", "gone"),
    [
        ("creative_writing", "poem about rain, max 8 lines", "At most 8 lines.", "12 to 20 lines"),
        ("research", "recommend 4 books about bees", "Exactly {{ count }} choices", "otherwise seven"),
        ("analysis", "compare tea and coffee in a table", "one row per criterion", "answer as a table"),
        ("planning", "meal plan for a week under 50 euro", "within a total budget of {{ budget_eur }} EUR", "the budget"),
        ("translation", "translate this letter", "into {{ target_language }}", "the language asked for"),
        ("translation", "translate this letter to Dutch", "to Dutch", "target_language"),
    ],
)  # fmt: skip
def test_what_the_idea_says_replaces_the_default(
    intent: Intent, idea: str, kept: str, gone: str
) -> None:
    text = full_text(composed(intent, idea)[1])
    assert kept in text
    assert gone not in text


@pytest.mark.parametrize(
    "piece",
    [
        "a",
        " ",
        "a ",
        "my ",
        "write ",
        "how to ",
        "tests for ",
        "1 ",
        "(",
        "é",
        "make it more ",
        "the x ",
    ],
)
def test_patterns_return_on_hostile_text(piece: str) -> None:
    text = piece * (20_000 // len(piece))
    for archetype in ARCHETYPES.values():
        for pattern in archetype.match:
            found = re.search(pattern, text)
            assert found is None or found[0] in text


def test_a_broken_file_is_named_with_what_is_wrong(tmp_path: Path) -> None:
    (tmp_path / "odd.yaml").write_text("name: odd\ntitle: Odd\nintent: cooking\n", encoding="utf-8")
    with pytest.raises(UsageError, match=r"odd\.yaml.*intent"):
        load_archetypes(tmp_path)
