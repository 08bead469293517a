"""The task sentence: what stands elsewhere leaves it, and everything else stays."""

from __future__ import annotations

import pytest

from burnish.generation.brief import Brief
from burnish.generation.reading import read_idea
from burnish.intents.intent import Intent

from .conftest import classified


def read(intent: Intent, idea: str) -> Brief:
    return read_idea(idea, classified(idea, intent))


def required(brief: Brief) -> list[str]:
    return [variable.name for variable in brief.variables if variable.required]


@pytest.mark.parametrize(
    ("intent", "idea", "task"),
    [
        ("creative_writing", "write a polite note to a client who has not paid", "Write a polite note to a client who has not paid."),
        ("creative_writing", "roast my friend who is always late", "Roast my friend who is always late."),
        ("creative_writing", "eulogy for my grandmother", "Eulogy for my grandmother."),
        ("reasoning", "suppose volcanoes had never existed", "Suppose volcanoes had never existed."),
        ("reasoning", "what has keys but no locks", "What has keys but no locks?"),
        ("problem_solving", "a pen costs $3, how much are 5 pens", "A pen costs $3, how much are {{ count }} pens."),
        ("planning", "help me pay off 8000 euros of debt", "Help me pay off 8000 euros of debt."),
        ("conversation", "what are you interested in", "What are you interested in?"),
        ("learning", "when do I use ser and estar", "When do I use ser and estar?"),
        ("code_generation", "refactor this 200 line function", "Refactor this 200 line function."),
        ("code_generation", "convert a csv file to json in go", "Convert a csv file to json in go."),
        ("data_extraction", "put this text into a table with year and winner", "Put this text into a table with year and winner."),
    ],
)  # fmt: skip
def test_words_that_tell_stay_in_the_sentence(intent: Intent, idea: str, task: str) -> None:
    brief = read(intent, idea)
    assert brief.task == task.replace("{{ count }} pens", "5 pens")
    assert brief.constraints == ()


@pytest.mark.parametrize(
    ("intent", "idea", "task", "constraint"),
    [
        ("creative_writing", "poem about rain, no rhymes", "Poem about {{ topic }}.", "No rhymes."),
        ("code_generation", "regex for dates, must reject 2024-13-01", "Regex for dates.", "Must reject 2024-13-01."),
        ("planning", "weekly menu for two vegans under 60 euros", "Weekly menu for two vegans.", "Stay within a total budget of {{ budget_eur }} EUR."),
        ("planning", "dinners for a week, no oven", "Dinners for a week.", "No oven."),
    ],
)  # fmt: skip
def test_conditions_leave_the_sentence(
    intent: Intent, idea: str, task: str, constraint: str
) -> None:
    brief = read(intent, idea)
    assert brief.task == task
    assert brief.constraints == (constraint,)


@pytest.mark.parametrize(
    ("intent", "idea", "names"),
    [
        ("summarization", "summarise the plot of a well known horror novel", []),
        ("summarization", "summarise this novel", ["text"]),
        ("translation", "how do you say good luck in japanese", []),
        ("translation", "translate this letter", ["letter", "target_language"]),
        ("code_generation", "explain this regex to me", ["code"]),
        ("code_generation", "what does this do: ```x = 1```", []),
        ("code_generation", "python script that renames photos in my documents", []),
        ("creative_writing", "make my email shorter", ["email"]),
        ("creative_writing", "escribe un cuento sobre una carta", []),
        ("creative_writing", "motivation letter for a master in data science", []),
        ("summarization", "write a headline for this article", ["article"]),
        ("learning", "teach my class about fractions", []),
        ("analysis", "score my ielts attempt", ["text"]),
    ],
)
def test_texts_are_asked_for_only_where_they_have_to_be_given(
    intent: Intent, idea: str, names: list[str]
) -> None:
    assert required(read(intent, idea)) == names


@pytest.mark.parametrize(
    "idea",
    ["turn these notes into action items", "list the tasks and deadlines from this transcript"],
)
def test_things_of_which_a_text_holds_many_are_no_keys_of_one_record(idea: str) -> None:
    assert read("data_extraction", idea).fields == ()
