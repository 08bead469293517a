"""Examples as turns of a talk before the last message."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.optimizers.test_demonstrations import CLASSIFY, HOSTILE, PAIR, rendered

from burnish.errors import UsageError
from burnish.optimizers.demonstrations import carried, shown, shown_as_turns, without
from burnish.optimizers.frozen import check
from burnish.optimizers.turns import Demonstration
from burnish.prompts.prompt import Message

SYSTEM = (Message("system", "You sort mail."), Message("user", "Mail: {{ text }}"))
MORE = Demonstration({"text": "thanks"}, "praise")


def test_each_is_asked_as_the_last_message_brings_its_inputs() -> None:
    found = shown_as_turns(CLASSIFY, [PAIR, MORE])
    assert found is not None
    assert [each.role for each in found] == ["user", "assistant", "user", "assistant", "user"]
    assert rendered(found, text="bye") == [
        "Mail:\nhello\n\nLabel:",
        "greeting",
        "Mail:\nthanks\n\nLabel:",
        "praise",
        "Classify the mail.\n\nMail:\nbye\n\nLabel:",
    ]


def test_they_follow_a_system_message() -> None:
    found = shown_as_turns(SYSTEM, [PAIR])
    assert found is not None
    assert rendered(found, text="bye") == ["You sort mail.", "Mail: hello", "greeting", "Mail: bye"]


def test_inputs_inside_of_a_sentence_are_asked_with_the_sentence() -> None:
    whole = (Message("user", "Sort {{ text }} into a {# keep #}box{# /keep #}."),)
    found = shown_as_turns(whole, [PAIR])
    assert found is not None
    assert rendered(found, text="bye")[0] == "Sort hello into a box."
    other = (Message("user", "Put {{ text }} into a {# keep #}box{# /keep #}, please."),)
    assert rendered(carried(found, other), text="bye") == [
        "Put hello into a box, please.",
        "greeting",
        "Put bye into a box, please.",
    ]


@pytest.mark.parametrize(
    "messages",
    [
        (Message("system", "Sort mail.\n\n{{ text }}"),),
        (Message("user", "Mail: {{ text | upper }}"),),
        (Message("user", "{% if text %}{{ text }}{% endif %}"),),
        (Message("system", "Of {{ text }}"), Message("user", "Mail: {{ text }}")),
        (Message("user", "Mail: {{ text }} of {{ sender }}"),),
        (Message("placeholder", "history"), Message("user", "Mail: {{ text }}")),
        (Message("user", "{# examples #}{# /examples #}Sort it.\n\nMail: {{ text }}"),),
        (Message("user", "Tell a joke."),),
    ],
)
def test_a_prompt_that_cannot_be_asked_for_an_example_shows_none(
    messages: tuple[Message, ...],
) -> None:
    assert shown_as_turns(messages, [PAIR]) is None


def test_they_go_and_are_replaced_like_any_others() -> None:
    once = shown_as_turns(CLASSIFY, [PAIR])
    assert once is not None
    check(once)
    assert without(once) == CLASSIFY
    assert shown(once, [MORE]) == shown(CLASSIFY, [MORE])
    assert shown_as_turns(shown(CLASSIFY, [MORE]), [PAIR]) == once
    assert shown_as_turns(once, [MORE]) == shown_as_turns(CLASSIFY, [MORE])
    with pytest.raises(UsageError, match="2 places for examples"):
        check((*once, Message("user", "{# examples #}x{# /examples #} and more")))


def test_new_instructions_keep_them() -> None:
    once = shown_as_turns(CLASSIFY, [PAIR])
    assert once is not None
    other = (Message("user", "Name its kind.\n\nMail:\n{{ text }}\n\nLabel:"),)
    assert carried(once, other) == shown_as_turns(other, [PAIR])


@settings(deadline=None)
@given(HOSTILE, HOSTILE, HOSTILE)
def test_whatever_an_example_holds_is_printed_as_it_is(one: str, answer: str, more: str) -> None:
    once = shown_as_turns(CLASSIFY, [Demonstration({"text": one}, answer)])
    assert once is not None
    check(once)
    assert without(once) == CLASSIFY
    asked, told, last = rendered(once, text=more)
    assert asked == f"Mail:\n{one}\n\nLabel:"
    assert told == answer
    assert last.endswith(f"Mail:\n{more}\n\nLabel:")


@settings(deadline=None)
@given(st.lists(HOSTILE, min_size=1, max_size=3))
def test_another_section_asks_for_the_same_values(values: list[str]) -> None:
    """As before, where a value holds what is a template's."""
    pairs = [Demonstration({"text": value}, "x") for value in values]
    once, other = shown_as_turns(SYSTEM, pairs), (SYSTEM[0], Message("user", "This: {{ text }}."))
    assert once is not None
    asked = rendered(carried(once, other), text="y")[1:-1:2]
    assert all(
        one
        in (
            (f"This: {value}.",)
            if not set(value) & set("{}")
            else (f"Mail: {value}", f"This: {value}.")
        )
        for one, value in zip(asked, values, strict=True)
    )


TWO = (Message("user", "{{ a }} {{ b }}"),)


def test_values_that_cannot_be_told_apart_are_asked_as_before() -> None:
    once = shown_as_turns(TWO, [Demonstration({"a": "hello world", "b": "x"}, "y")])
    other = (Message("user", "First: {{ a }}\nSecond: {{ b }}"),)
    assert once is not None
    assert rendered(carried(once, other), a="1", b="2")[0] == "hello world x"
    plain = shown_as_turns(TWO, [Demonstration({"a": "hello", "b": "x"}, "y")])
    assert plain is not None
    assert rendered(carried(plain, other), a="1", b="2")[0] == "First: hello\nSecond: x"


def test_marks_that_somebody_wrote_in_another_way_are_no_part_of_the_text() -> None:
    own = (
        Message("user", "{#examples#}Mail: hello{#/examples#}"),
        Message("assistant", "{#examples#}greeting{#/examples#}"),
        *SYSTEM[1:],
    )
    other = (Message("user", "This: {{ text }}"),)
    assert rendered(carried(own, other), text="x") == ["This: hello", "greeting", "This: x"]


def test_values_side_by_side_make_no_template() -> None:
    three = (Message("user", "{{ a }}{{ b }}{{ c }}"),)
    values = {"a": "{", "b": "{secret}", "c": "}"}
    found = shown_as_turns(three, [Demonstration(values, "{")])
    assert found is not None
    check(found)
    assert rendered(found, a="1", b="2", c="3")[:2] == ["{{secret}}", "{"]
