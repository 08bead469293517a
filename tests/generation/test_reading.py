"""What the composer reads from an idea, as an expert would expect it to."""

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
    ("intent", "idea", "expected"),
    [
        ("summarization", "summarize this article in 5 bullets for my boss", "Exactly 5 bullets."),
        ("summarization", "sum up the report in max 3 sentences", "At most 3 sentences."),
        ("summarization", "resume este artículo en 5 puntos para mi jefe", "Exactly 5 bullets."),
        ("summarization", "résume cet article en 3 phrases", "Exactly 3 sentences."),
        ("summarization", "Fasse diesen Artikel in 4 Stichpunkten zusammen", "Exactly 4 bullets."),
        ("summarization", "resuma este artigo em 2 parágrafos", "Exactly 2 paragraphs."),
        ("summarization", "riassumi questo articolo in tre frasi", "Exactly 3 sentences."),
        (
            "creative_writing",
            "linkedin post about remote work under 150 words",
            "Fewer than 150 words.",
        ),
        ("creative_writing", "a story of 500 to 700 words about rain", "500 to 700 words."),
        ("creative_writing", "poem about my cat, at least 12 lines", "At least 12 lines."),
        ("creative_writing", "product text for a lamp, about 80 words", "About 80 words."),
        (
            "creative_writing",
            "bio for my website in no more than 200 characters",
            "At most 200 characters.",
        ),
    ],
)
def test_lengths_are_hard_constraints(intent: Intent, idea: str, expected: str, make: Make) -> None:
    assert expected in read(intent, idea).lengths
    assert make(intent, idea).text.count(expected) == 1


@pytest.mark.parametrize(
    ("intent", "idea", "expected"),
    [
        ("summarization", "summarize this article in 5 bullets for my boss", "my boss"),
        ("learning", "explain inflation to my grandma", "my grandma"),
        ("learning", "Erkläre mir Rekursion für einen Anfänger", "einen Anfänger"),
        ("learning", "explica la fotosíntesis para niños", "niños"),
        ("learning", "explique la gravité pour un enfant", "un enfant"),
        ("data_extraction", "turn our meeting notes into action items for engineers", "engineers"),
        ("creative_writing", "write a cold email to dentists about our scheduling app", "dentists"),
        ("research", "best laptops for college students", "college students"),
        ("planning", "12 week marathon training plan for a beginner", "a beginner"),
    ],
)
def test_the_reader_of_the_answer_is_found(intent: Intent, idea: str, expected: str) -> None:
    assert read(intent, idea).audience == expected


@pytest.mark.parametrize(
    ("intent", "idea", "expected"),
    [
        ("learning", "explain recursion to a 10 year old", {"topic": "recursion", "age": 10}),
        ("learning", "how does photosynthesis work", {"topic": "photosynthesis"}),
        ("learning", "qué es la inflación", {"topic": "la inflación"}),
        ("learning", "Erkläre mir Quantencomputer einfach", {"topic": "Quantencomputer einfach"}),
        (
            "planning",
            "plan a 3 day trip to lisbon with kids, 600 euro",
            {"days": 3, "destination": "lisbon", "budget_eur": 600},
        ),
        (
            "planning",
            "plan de viaje de 4 días a Roma, 800 euros",
            {"days": 4, "destination": "Roma", "budget_eur": 800},
        ),
        ("planning", "weekend in Berlin for $1,200", {"budget_usd": 1200}),
        ("research", "give me 10 gift ideas under 50 pounds", {"count": 10, "budget_gbp": 50}),
        ("creative_writing", "seven taglines for a bakery", {"count": 7}),
        ("planning", "twelve week running plan", {"weeks": 12}),
    ],
)
def test_changeable_parts_become_typed_variables(
    intent: Intent, idea: str, expected: dict[str, object]
) -> None:
    found = defaults(read(intent, idea))
    assert {name: found.get(name) for name in expected} == expected


@pytest.mark.parametrize(
    ("intent", "idea", "name"),
    [
        ("summarization", "summarize this article in 5 bullets", "article"),
        (
            "data_extraction",
            "extract name and email from customer emails as json",
            "customer_email",
        ),
        ("translation", "translate this contract from English to French", "contract"),
        ("summarization", "tl;dr of our meeting notes", "notes"),
        ("analysis", "what do these product reviews complain about", "product_reviews"),
        ("summarization", "résume cet article en 3 phrases", "article"),
        ("translation", "übersetze diesen Text ins Englische", "text"),
        ("code_generation", "review my code for security problems", "code"),
        ("analysis", "grade this essay on a scale from 1 to 10", "essay"),
        ("summarization", "shorten it to two sentences", "text"),
    ],
)
def test_texts_that_the_request_takes_for_granted_become_inputs(
    intent: Intent, idea: str, name: str
) -> None:
    variables = {v.name: v for v in read(intent, idea).variables}
    assert variables[name].required


@pytest.mark.parametrize(
    ("idea", "keys"),
    [
        (
            "extract name, email and order number from customer emails as json",
            ("name", "email", "order_number"),
        ),
        (
            "pull the invoice date, total amount and vendor out of these invoices",
            ("invoice_date", "total_amount", "vendor"),
        ),
        ("extrae nombre, fecha y precio de estos correos", ("nombre", "fecha", "precio")),
        ("get all phone numbers from this text as csv", ("phone_numbers",)),
        ("list people, places and dates in the following article", ("people", "places", "dates")),
    ],
)
def test_fields_to_extract_are_exactly_those_named(idea: str, keys: tuple[str, ...]) -> None:
    assert read("data_extraction", idea).fields == keys


@pytest.mark.parametrize(
    ("intent", "idea", "source", "target"),
    [
        ("translation", "translate this contract from English to French", "English", "French"),
        ("translation", "traduce este texto al inglés", "", "English"),
        (
            "translation",
            "übersetze diesen Text ins Englische",
            "",
            "English",
        ),
        ("translation", "put this into Japanese", "", "Japanese"),
        ("translation", "spanish to german please: hola", "Spanish", "German"),
    ],
)
def test_languages_of_a_translation(intent: Intent, idea: str, source: str, target: str) -> None:
    brief = read(intent, idea)
    assert (brief.source_language, brief.answer_language) == (source, target)


@pytest.mark.parametrize(
    ("intent", "idea", "language"),
    [
        ("data_extraction", "turn our notes into action items for engineers, in German", "German"),
        ("creative_writing", "write a birthday poem in Italian", "Italian"),
        ("summarization", "resume este artículo en 5 puntos para mi jefe", "Spanish"),
        ("research", "best Italian food in town", ""),
    ],
)
def test_the_language_of_the_answer(intent: Intent, idea: str, language: str) -> None:
    assert read(intent, idea).answer_language == language


@pytest.mark.parametrize(
    ("idea", "error"),
    [
        (
            "TypeError: 'NoneType' object is not iterable in my flask app",
            "TypeError: 'NoneType' object is not iterable",
        ),
        (
            "getting java.lang.NullPointerException when I click save",
            "java.lang.NullPointerException",
        ),
        (
            "why do I see Uncaught ReferenceError: foo is not defined in my page",
            "Uncaught ReferenceError: foo is not defined",
        ),
    ],
)
def test_the_error_text_is_found_verbatim(idea: str, error: str) -> None:
    assert read("code_generation", idea).error_text == error


def test_conditions_stand_once_and_as_conditions(make: Make) -> None:
    made = make("planning", "plan a 3 day trip to lisbon with kids, vegetarian, 600 euro")
    text = made.text.lower()
    assert text.count("kids") == text.count("vegetarian") == 1
    assert "- with kids." in text
    assert "- vegetarian." in text
    assert "stay within a total budget of {{ budget_eur }} eur" in text


def test_pasted_text_becomes_the_default_of_its_variable() -> None:
    article = ("The council met on Monday. " * 20).strip()
    brief = read("summarization", f"summarize this article in two sentences:\n\n{article}")
    assert defaults(brief)["article"] == article
    assert "council" not in brief.task


def test_long_and_structured_ideas_stay_whole() -> None:
    idea = "Do this:\n- first, read {config}\n- then 3 things\n- and report\n" + "word " * 70
    brief = read("planning", idea.strip())
    assert brief.verbatim
    assert "- first, read {config}\n- then 3 things" in brief.task
