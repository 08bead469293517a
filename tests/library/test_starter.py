"""The prompts that come with Burnish: each is complete, and can be taken into a library."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import AsyncGenerator, Iterator
from itertools import combinations
from pathlib import Path

import pytest

import burnish
from burnish.errors import NotFound, UsageError
from burnish.intents import INTENTS
from burnish.library.prompts import AsyncPrompts
from burnish.library.starter import AsyncStarter, StarterPrompt, StarterTest, load_starter
from burnish.library.starter.load import load_starter_folder
from burnish.prompts.render import Renderer
from burnish.techniques import Catalog
from burnish.techniques.load import built_in_techniques

ALL = load_starter()
SMALL = """name: mail/late
intent: creative_writing
tags: [mail]
description: Write that a parcel is late.
techniques: [clear_task]
user: Tell {{ name }}.
variables:
  name: {description: Who, example: Ann}
best_practices: [Be brief., Be kind.]
tests:
  - expect: [It names Ann.]
"""


@pytest.fixture(scope="module")
def renderer() -> Iterator[Renderer]:
    with Renderer() as made:
        yield made


@pytest.fixture
async def prompts() -> AsyncGenerator[AsyncPrompts]:
    async with burnish.open_async() as platform:
        yield platform.prompts


@pytest.fixture
def starter(prompts: AsyncPrompts) -> AsyncStarter:
    return AsyncStarter(prompts)


@pytest.mark.spec("LIB-09")
async def test_an_empty_library_is_offered_prompts_for_every_intent(
    starter: AsyncStarter, prompts: AsyncPrompts
) -> None:
    assert (await prompts.list()).total == 0
    offered = await starter.list()
    assert len(offered) >= 100
    counts = Counter(each.intent for each in offered)
    assert set(counts) == set(INTENTS) - {"other"}
    assert min(counts.values()) >= 8
    assert all(each.variables and each.tests for each in offered)


@pytest.mark.parametrize("each", ALL, ids=lambda each: each.name)
def test_it_renders_with_the_inputs_of_its_tests(each: StarterPrompt, renderer: Renderer) -> None:
    for test in each.tests:
        rendered = renderer.messages(each.messages, each.variables, test.inputs)
        assert rendered[-1].role == "user"
        text = "\n".join(message.content for message in rendered)
        shown = [value for value in test.inputs.values() if isinstance(value, str)]
        assert all(value.strip() in text for value in shown)
        assert not re.search(r"\{\{|\{%|\n\n\n\n", text)


@pytest.mark.parametrize("each", ALL, ids=lambda each: each.name)
def test_it_renders_with_what_is_required_alone(each: StarterPrompt, renderer: Renderer) -> None:
    values = {v.name: v.example for v in each.variables if v.required}
    rendered = renderer.messages(each.messages, each.variables, values)
    assert all(message.content.strip() for message in rendered)


def test_every_variable_is_described_and_shown_by_an_example() -> None:
    for each in ALL:
        for variable in each.variables:
            assert len(variable.description) >= 5, f"{each.name} {variable.name}"
            assert variable.example is not None, f"{each.name} {variable.name}"
            assert (
                variable.required or variable.default is not None or _guarded(each, variable.name)
            )


def _guarded(each: StarterPrompt, name: str) -> bool:
    """Whether what belongs to it is left out where it has no value."""
    return bool(re.search(rf"\{{%-?\s*if {name}\b", each.text))


def test_its_techniques_exist_suit_its_intent_and_go_together() -> None:
    catalog = Catalog(built_in_techniques())
    for each in ALL:
        assert len(each.techniques) >= 2
        for technique in map(catalog.get, each.techniques):
            assert each.intent not in technique.avoid_for, f"{each.name} {technique.name}"
            assert not set(technique.conflicts_with) & set(each.techniques), each.name


def test_no_two_are_alike() -> None:
    grams = {each.name: _grams(each.text) for each in ALL}
    for one, other in combinations(grams, 2):
        shared = len(grams[one] & grams[other]) / min(len(grams[one]), len(grams[other]))
        assert shared < 0.25, f"{one} and {other}"
    assert len({each.description for each in ALL}) == len(ALL)


def _grams(text: str) -> set[tuple[str, ...]]:
    words = re.findall(r"\w+", text.lower())
    return {tuple(words[at : at + 5]) for at in range(len(words) - 4)}


def test_each_says_what_to_do_and_how_to_answer_in_few_words() -> None:
    for each in ALL:
        words = len(each.text.split())
        assert 100 <= words <= 400, each.name
        assert each.description.endswith("."), each.name
        assert "world-class" not in each.text.lower(), each.name
        assert 2 <= len(each.best_practices) <= 3, each.name
        assert all(test.expect for test in each.tests), each.name


def test_the_classifier_finds_the_intent_of_most_descriptions(p: burnish.Platform) -> None:
    found = p.analyze_many([each.description for each in ALL])
    right = sum(each.intent == one.intent for each, one in zip(ALL, found, strict=True))
    assert right / len(ALL) >= 0.8


async def test_the_list_narrows_to_a_category_or_an_intent(starter: AsyncStarter) -> None:
    code = await starter.list(category="code")
    assert {each.category for each in code} == {"code"}
    both = await starter.list(category="code", intent="learning")
    assert not both
    planning = await starter.list(intent="planning")
    assert {each.intent for each in planning} == {"planning"}
    with pytest.raises(UsageError, match=r"no category is called 'cooking'; use .*code"):
        await starter.list(category="cooking")
    with pytest.raises(UsageError, match="no intent is called 'other'"):
        await starter.list(intent="other")


async def test_one_is_shown_by_name_and_a_slip_names_the_nearest(starter: AsyncStarter) -> None:
    found = await starter.show("extract/invoice")
    assert found.category == "extract"
    with pytest.raises(NotFound, match="did you mean 'extract/invoice'"):
        await starter.show("invoice")
    with pytest.raises(NotFound, match="did you mean 'extract/invoice'"):
        await starter.show("extract/invoices")
    with pytest.raises(NotFound, match="burnish starter list"):
        await starter.show("../../etc/passwd")


async def test_installing_keeps_what_belongs_to_a_prompt(
    starter: AsyncStarter, prompts: AsyncPrompts
) -> None:
    report = await starter.install("code/review_diff")
    assert (report.new, report.prompts[0].name) == (1, "code/review_diff")
    held = await prompts.get("code/review_diff")
    shown = await starter.show("code/review_diff")
    assert held.prompt.category == "code"
    assert held.prompt.tags == shown.tags
    assert held.prompt.description == shown.description
    assert held.version.variables == shown.variables
    assert held.version.metadata["starter"] == {"name": "code/review_diff", "version": 1}
    assert held.version.metadata["techniques"] == list(shown.techniques)
    assert held.version.metadata["tests"][0]["expect"]
    rendered = await prompts.render("code/review_diff", shown.tests[0].inputs)
    assert "<diff>" in rendered.user


@pytest.mark.spec("LIB-09")
async def test_all_are_installed_and_a_second_time_changes_nothing(
    starter: AsyncStarter, prompts: AsyncPrompts
) -> None:
    first = await starter.install(all=True)
    assert first.new == len(ALL)
    assert (await prompts.list()).total == len(ALL)
    for conflict in ("skip", "new-revision"):
        again = await starter.install(all=True, conflict=conflict)
        assert again.unchanged == len(ALL)
    history = await prompts.history("plan/trip")
    assert len(history) == 1


async def test_a_prompt_of_your_own_stays_unless_you_say_otherwise(
    starter: AsyncStarter, prompts: AsyncPrompts
) -> None:
    await prompts.create("plan/trip", "Plan {{ where }}.", tags=["mine"])
    skipped = await starter.install(["plan/trip", "plan/event"])
    assert [each.outcome for each in skipped.prompts] == ["skipped", "new"]
    held = await prompts.get("plan/trip")
    assert (held.version.text, held.prompt.tags) == ("Plan {{ where }}.", ("mine",))
    revised = await starter.install(["plan/trip"], conflict="new-revision")
    assert (revised.revised, revised.prompts[0].revision) == (1, 2)
    assert (await prompts.get("plan/trip@1")).version.text == "Plan {{ where }}."
    edited = await prompts.update("plan/trip", "Plan it well.")
    assert edited.version.revision == 3
    kept = await starter.install("plan/trip")
    assert (kept.skipped, kept.prompts[0].revision) == (1, 3)


async def test_a_category_goes_into_a_folder_of_yours(
    starter: AsyncStarter, prompts: AsyncPrompts
) -> None:
    report = await starter.install(category="plan", prefix="team/")
    names = [each.name for each in report.prompts]
    assert names
    assert all(name.startswith("team/plan/") for name in names)
    assert (await prompts.get(names[0])).prompt.category == "plan"


async def test_what_cannot_be_installed_stores_nothing(
    starter: AsyncStarter, prompts: AsyncPrompts
) -> None:
    with pytest.raises(NotFound, match="no starter prompt is called 'plan/tripp'"):
        await starter.install(["plan/event", "plan/tripp"])
    for prefix in ("a|b", "a\nb", "x" * 300):
        with pytest.raises(UsageError):
            await starter.install("plan/event", prefix=prefix)
    with pytest.raises(UsageError, match="what to install is not clear"):
        await starter.install()
    with pytest.raises(UsageError, match="what to install is not clear"):
        await starter.install("plan/event", all=True)
    assert (await prompts.list()).total == 0


def test_an_answer_is_held_against_what_can_be_checked() -> None:
    test = StarterTest(
        expect=("It is brief.",), contains=("Lisbon",), lacks=("!",), json=("a", "b"), max_words=6
    )
    assert not test.problems('{"a": "LISBON", "b": 1}')
    assert not test.problems('[{"a": "Lisbon", "b": 1}, {"a": 2, "b": 3}]'.replace(" ", ""))
    assert test.problems('{"a": "Porto!"}') == (
        "'Lisbon' is missing",
        "'!' is in it",
        "the field 'b' is missing",
    )
    fenced = '```json\n{"a": "Lisbon", "b": 1}\n```'
    assert test.problems(fenced) == ("it is not JSON alone",)
    long = StarterTest(expect=("x",), max_words=2)
    assert long.problems("one two three") == ("it has 3 words, at most 2 are allowed",)


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("mail/late", "mail/later", "says that its name is mail/later"),
        ("creative_writing", "other", "has no intent of its own"),
        ("creative_writing", "singing", "Invalid enum value"),
        (
            "Tell {{ name }}.",
            "Tell {{ nmae }}.",
            r"does not declare what it uses: \['name', 'nmae'\]",
        ),
        ("Tell {{ name }}.", "Tell {{ name.", "line 1"),
        (", example: Ann", "", r"a test without a value for \['name'\]"),
        ("  - expect:", "  - inputs: {nmae: Bo}\n    expect:", r"for nothing: \['nmae'\]"),
        ("example: Ann", "example: [Ann]", "example of variable 'name'"),
        ("tests:", "texts:", "unknown field `texts`"),
        ("tags: [mail]", "tags: &a [mail]", "late.yaml:3 uses an anchor"),
    ],
)
def test_a_file_that_is_wrong_is_named(tmp_path: Path, old: str, new: str, says: str) -> None:
    (tmp_path / "mail").mkdir()
    file = tmp_path / "mail" / "late.yaml"
    file.write_text(SMALL, encoding="utf-8")
    assert load_starter_folder(tmp_path)[0].tests[0].inputs == {"name": "Ann"}
    file.write_text(SMALL.replace(old, new), encoding="utf-8")
    with pytest.raises(UsageError, match=says) as refused:
        load_starter_folder(tmp_path)
    assert "mail/late.yaml" in str(refused.value)


def test_each_file_stands_in_the_folder_of_its_category() -> None:
    folder = Path(burnish.__file__).parent / "library" / "starter" / "prompts"
    files = {path.relative_to(folder).as_posix() for path in folder.rglob("*.*")}
    assert files == {f"{each.name}.yaml" for each in ALL}
