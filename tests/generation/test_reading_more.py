"""Readings that went wrong for people once: addresses, days, labels, pasted lines, languages."""

from __future__ import annotations

import pytest

from burnish.generation.brief import Brief
from burnish.generation.reading import read_idea
from burnish.intents.intent import Intent

from .conftest import Make, classified


def read(intent: Intent, idea: str) -> Brief:
    return read_idea(idea, classified(idea, intent))


def defaults(brief: Brief) -> dict[str, object]:
    return {v.name: v.default for v in brief.variables}


@pytest.mark.parametrize(
    ("idea", "labels"),
    [
        (
            "classify these support tickets as bug, billing or feature request",
            "bug, billing, feature request",
        ),
        ("sort my emails into urgent, normal and spam", "urgent, normal, spam"),
        ("label each review positive or negative", "positive, negative"),
        ("is this review positive or negative?", "positive, negative"),
        ("tag the photos. categories: food, rent, fun", "food, rent, fun"),
        ("klassifiziere diese Tickets als Fehler, Frage oder Wunsch", "Fehler, Frage, Wunsch"),
        ("sentiment of these tweets", "positive, neutral, negative, mixed"),
    ],
)
def test_labels_are_read_from_the_idea(idea: str, labels: str) -> None:
    assert defaults(read("analysis", idea))["labels"] == labels


@pytest.mark.parametrize(
    "idea", ["classify this", "classify these sentences in english and german"]
)
def test_no_labels_are_made_up(idea: str) -> None:
    assert "labels" not in defaults(read("analysis", idea))


@pytest.mark.parametrize(
    ("intent", "idea", "topic"),
    [
        ("learning", "help me study for my exam on friday about cell respiration", "cell respiration"),
        ("creative_writing", "write a note about https://example.com/foo: it is down", None),
        ("creative_writing", "write a note about [bold]x[/bold] [link=http://x]y[/link]", None),
        ("creative_writing", "remind the team on monday", None),
    ],
)  # fmt: skip
def test_topics_end_at_sentences_and_not_inside_words(
    intent: Intent, idea: str, topic: str | None
) -> None:
    brief = read(intent, idea)
    assert defaults(brief).get("topic") == topic
    if topic is None:
        assert idea.rsplit(" about ", maxsplit=1)[-1] in f"{brief.task[0].lower()}{brief.task[1:]}"


@pytest.mark.parametrize(
    ("idea", "ask", "pasted"),
    [
        ("translate this to French: good morning", "Translate this to French.", "good morning"),
        ("check my grammar: he go to school", "Check my grammar.", "he go to school"),
        (
            "Fix this email:\n\nDear Bob, i has recieved you invoice\nTom",
            "Fix this email.",
            "Dear Bob, i has recieved you invoice\nTom",
        ),
        (
            "Zusammenfassung schreiben:\nDer Rat tagte am Montag lange.",
            "Zusammenfassung schreiben.",
            "Der Rat tagte am Montag lange.",
        ),
    ],
)
def test_a_short_text_after_the_ask_is_what_to_work_on(idea: str, ask: str, pasted: str) -> None:
    brief = read("creative_writing", idea)
    assert (brief.task, brief.pasted) == (ask, pasted)
    assert pasted in defaults(brief).values()


def test_what_follows_an_order_is_no_material() -> None:
    assert not read("planning", "do this: first the roof, then the cellar, then rest").pasted


def test_kept_words_are_not_asked_for_again(make: Make) -> None:
    idea = "Fix this email:\n\nDear Bob, i has recieved you invoice\nTom"
    made = make("creative_writing", idea, keep_words=True)
    assert idea in made.text
    assert not [v.name for v in made.variables if v.required]


@pytest.mark.parametrize(
    ("idea", "language"),
    [
        ("napisz podziękowanie dla klienta, po polsku", "Polish"),
        ("write a toast, по-русски", "Russian"),
        ("poem about rain in German", "German"),
    ],
)
def test_the_language_of_the_answer_is_said_once(idea: str, language: str, make: Make) -> None:
    text = make("creative_writing", idea).text
    assert text.count(f"Write the answer in {language}.") == 1
    assert "po polsku" not in text.lower()


def test_a_target_language_is_read_with_its_ending() -> None:
    brief = read("translation", "Übersetze diesen Vertrag ins Englische")
    assert brief.answer_language == "English"
    assert "target_language" not in defaults(brief)


def test_a_place_ends_before_the_next_word_of_its_language() -> None:
    brief = read("planning", "plane eine 5-tägige Reise nach Rom für 2 Personen, Budget 800 Euro")
    assert defaults(brief) == {"destination": "Rom", "days": 5, "budget_eur": 800}
    assert "für 2 Personen" in brief.task


def test_a_week_at_home_is_no_place() -> None:
    assert "destination" not in defaults(read("planning", "workout 5 days a week at home"))


def test_no_phrase_of_another_language_stands_in_an_english_sentence(make: Make) -> None:
    idea = "Fasse diesen Text in 5 Stichpunkten zusammen für meinen Chef"
    text = make("summarization", idea).text
    assert "The answer is for: meinen Chef" in text
    assert text.count("meinen Chef") == 1


def test_a_length_for_each_item_stays_one_for_each_item() -> None:
    brief = read(
        "creative_writing", "write product descriptions for 5 mugs, 40 words each, playful"
    )
    assert brief.lengths == ("About 40 words each.",)
    assert brief.task == "Write product descriptions for 5 mugs."


@pytest.mark.parametrize(
    ("idea", "constraint"),
    [
        ("sql query for the top 10 customers, postgres", "Use {{ database }}."),
        ("function that parses dates, python 3.11", "Use python 3.11."),
        ("function that parses dates, with tests", "Include tests."),
    ],
)
def test_bare_words_beside_a_request_for_code_become_sentences(idea: str, constraint: str) -> None:
    assert read("code_generation", idea).constraints == (constraint,)


@pytest.mark.parametrize(
    ("idea", "task"),
    [
        ("i want to write to my landlord about the heating", "Write to my landlord about {{ topic }}."),
        ("can you write a poem?", "Write a poem."),
        ("could you please compose a limerick", "Compose a limerick."),
        ("I want to become rich", "I want to become rich."),
        ("can you swim", "Can you swim?"),
    ],
)  # fmt: skip
def test_a_wish_becomes_an_instruction(idea: str, task: str) -> None:
    assert read("creative_writing", idea).task == task


def test_things_on_a_list_are_no_conditions() -> None:
    brief = read("planning", "prioritize my to-do list: tax return, dentist, slides for monday")
    assert brief.constraints == ()


def test_a_budget_of_a_recommendation_is_not_a_total() -> None:
    brief = read("research", "best restaurants in Porto under 40 euro")
    assert "Stay within a budget of {{ budget_eur }} EUR." in brief.constraints
