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
    "idea",
    [
        "classify this",
        "classify these sentences in english and german",
        "tell me if the plan is realistic and affordable",
        "flag errors in red or yellow",
        "compare the categories: price, size, weight of these phones",
    ],
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


@pytest.mark.parametrize(
    ("intent", "idea", "task"),
    [
        ("data_extraction", "turn this csv into json", "Turn this csv into json."),
        ("learning", "what's the best way to learn guitar", "What's the best way to learn guitar?"),
        ("planning", "plan my week: gym 3x, write chapter, dentist", "Plan my week: gym 3x, write chapter, dentist."),
        ("creative_writing", "draft slack message: server down tonight, expect downtime", "Draft slack message: server down tonight, expect downtime."),
        ("code_generation", "find the bug: for i in range(10): print(i+1", "Find the bug: for i in range(10): print(i+1."),
        ("problem_solving", "how do i tell my boss that i quit", "How do I tell my boss that I quit?"),
        ("planning", "京都旅行を計画してください", "京都旅行を計画してください"),
    ],
)  # fmt: skip
def test_a_sentence_keeps_what_makes_it_one(intent: Intent, idea: str, task: str) -> None:
    brief = read(intent, idea)
    assert brief.task == task
    assert brief.constraints == ()


def test_a_message_behind_the_ask_is_what_to_work_on() -> None:
    idea = "can you make this email shorter? Hi Tom, I just wanted to follow up on the invoice"
    brief = read("creative_writing", idea)
    assert brief.pasted == "Hi Tom, I just wanted to follow up on the invoice"
    assert defaults(brief) == {"email": brief.pasted}


def test_a_reader_keeps_the_article() -> None:
    assert read("learning", "explain TCP like I'm a junior developer").audience == (
        "a junior developer"
    )


def test_a_technique_whose_words_stand_in_the_prompt_is_not_listed(make: Make) -> None:
    made = make("planning", "plan a 3 day trip to lisbon with kids, vegetarian, 600 euro")
    assert not {"context_block", "plan_and_solve"} & {t.technique for t in made.best.techniques}
    chosen = make("planning", "plan a trip to lisbon", techniques=("plan_and_solve",))
    assert "plan_and_solve" in {t.technique for t in chosen.best.techniques}


@pytest.mark.parametrize(
    ("idea", "keys"),
    [
        (
            "extract all dates from this contract as JSON with keys date (ISO 8601), amount, currency",
            ("date", "amount", "currency"),
        ),
        ("extract name, price and sku as json from the product pages", ("name", "price", "sku")),
        (
            "extract name, price and sku from the pages, keys name, price_usd, sku",
            ("name", "price_usd", "sku"),
        ),
    ],
)
def test_keys_that_are_named_are_the_keys(idea: str, keys: tuple[str, ...]) -> None:
    assert read("data_extraction", idea).fields == keys


@pytest.mark.parametrize(
    ("intent", "idea", "expected"),
    [
        ("planning", "budget trip to Rome, 1.500 euro, 3 days", {"budget_eur": 1500, "days": 3}),
        ("planning", "trip to Rome under 1,500 euro", {"budget_eur": 1500}),
        ("learning", "leg uit, voor een starter met een inkomen van 42.000 euro", {}),
        ("planning", "rutina de 4 días para ganar músculo", {"days": 4}),
    ],
)
def test_amounts_are_read_as_people_write_them(
    intent: Intent, idea: str, expected: dict[str, int]
) -> None:
    found = defaults(read(intent, idea))
    assert {k: v for k, v in found.items() if k in ("budget_eur", "days")} == expected
    assert found.get("destination") in (None, "Rome")


def test_a_german_limit_is_a_limit() -> None:
    brief = read("creative_writing", "Absage auf eine Bewerbung, max. 120 Wörter, kein Gerede")
    assert brief.lengths == ("At most 120 words.",)


def test_details_after_a_colon_are_no_material() -> None:
    idea = (
        "email to landlord: heating broken since monday, third time this winter, want a rent "
        "reduction of 15%, don't threaten legal action"
    )
    brief = read("creative_writing", idea)
    assert not brief.pasted
    assert "heating broken since monday" in brief.task


@pytest.mark.parametrize(
    ("intent", "idea", "pasted"),
    [
        (
            "analysis",
            "Classify this as bug or praise, answer only with the label: 'I was charged twice'",
            "I was charged twice",
        ),
        (
            "translation",
            "traduci in inglese mantenendo il tono: Ciao raga, stasera non ce la faccio",
            "Ciao raga, stasera non ce la faccio",
        ),
        (
            "creative_writing",
            "次の文を敬語に直してください:明日行けないので、資料送っといて。",
            "明日行けないので、資料送っといて。",
        ),
    ],
)
def test_short_material_is_found_in_many_forms(intent: Intent, idea: str, pasted: str) -> None:
    assert read(intent, idea).pasted == pasted


def test_an_answer_of_one_thing_gets_no_other_form(make: Make) -> None:
    idea = "classify this as bug or praise, answer only with the label"
    text = make("analysis", idea).text
    assert "## Format" not in text


def test_a_text_beside_the_idea_is_not_asked_for(make: Make) -> None:
    made = make("code_generation", "refactor this code", context="def f(): return 1")
    assert "code" not in {v.name for v in made.variables}
    assert "def f(): return 1" in made.text


def test_what_was_pasted_is_announced_as_the_default(make: Make) -> None:
    made = make("creative_writing", "check my grammar: he go to school every days")
    assert "{{ text }}" in " ".join(made.warnings)


def test_a_condition_inside_a_query_stays_in_its_sentence() -> None:
    brief = read("code_generation", "query for customers who ordered in May but not in June")
    assert brief.task == "Query for customers who ordered in May but not in June."
    assert brief.constraints == ()


@pytest.mark.parametrize(
    "idea",
    [
        "my boss wants this report by friday! Dear Tom wrote it, please summarize",
        "plan this week: gym 3x, dentist on tuesday and the thesis",
    ],
)
def test_the_wish_itself_is_no_material(idea: str) -> None:
    assert not read("planning", idea).pasted


def test_two_databases_are_none_to_write_for() -> None:
    assert "database" not in defaults(read("code_generation", "migrate from mysql to postgres"))


def test_a_condition_taken_from_the_middle_leaves_a_whole_sentence() -> None:
    brief = read("code_generation", "query for the top customers. not mysql, we use postgres")
    assert ".," not in brief.task
