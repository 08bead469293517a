from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from burnish.optimizers.demonstrations import Demonstration, carried, shown, too_long, without
from burnish.prompts.prompt import Message
from burnish.prompts.render import Renderer
from burnish.prompts.template import find_variables, read

CLASSIFY = (Message("user", "Classify the mail.\n\nMail:\n{{ text }}\n\nLabel:"),)
PAIR = Demonstration({"text": "hello"}, "greeting")


@pytest.fixture(scope="module")
def renderer() -> Iterator[Renderer]:
    with Renderer() as renderer:
        yield renderer


def filled(renderer: Renderer, messages: tuple[Message, ...], **values: Any) -> list[str]:
    variables = find_variables([m.content for m in messages])
    return [m.content for m in renderer.messages(messages, variables, values)]


def rendered(messages: tuple[Message, ...], **values: Any) -> list[str]:
    with Renderer() as renderer:
        return filled(renderer, messages, **values)


def test_examples_stand_before_the_section_of_the_inputs() -> None:
    assert rendered(shown(CLASSIFY, [PAIR]), text="bye") == [
        "Classify the mail.\n\nExamples:\n\nInput: hello\nOutput: greeting\n\nMail:\nbye\n\nLabel:"
    ]


def test_several_inputs_are_labelled_by_their_names_and_values_are_json() -> None:
    pair = Demonstration({"question": "how?", "facts": ["a"]}, {"answer": "so\nand so"})
    [text] = rendered(shown(CLASSIFY, [pair]), text="bye")
    assert 'question: how?\nfacts: ["a"]\nOutput: {"answer":"so\\nand so"}' in text


@pytest.mark.parametrize(
    "messages",
    [
        (Message("user", "Summarise {{ text }} in 3 sentences."),),
        (Message("system", "You sort mail."), Message("user", "{{ text }}")),
        (Message("system", "You sort mail."), Message("user", "Sort {{ text }} into a box.")),
    ],
)
def test_where_the_inputs_have_no_section_they_stand_at_the_end_of_the_instructions(
    messages: tuple[Message, ...],
) -> None:
    found = shown(messages, [PAIR])
    assert found[0].content.endswith("Output: greeting{# /examples #}")
    assert found[1:] == messages[1:]


def test_a_place_that_the_prompt_marks_is_where_they_go_and_stays_when_they_go() -> None:
    own = (
        Message("user", "{# examples #}\nold\n{# /examples #}\n\nClassify it.\n\nMail: {{ text }}"),
    )
    [text] = rendered(shown(own, [PAIR]), text="x")
    assert text == "\nExamples:\n\nInput: hello\nOutput: greeting\n\n\nClassify it.\n\nMail: x"
    none = shown(shown(own, [PAIR]), [])
    assert none[0].content.startswith("{# examples #}{# /examples #}\n\nClassify")
    assert shown(none, [PAIR]) == shown(own, [PAIR])


def test_new_examples_replace_the_old_and_none_give_the_prompt_again() -> None:
    once = shown(CLASSIFY, [PAIR])
    assert shown(shown(CLASSIFY, [Demonstration({"text": "x"}, "y")]), [PAIR]) == once
    assert shown(once, ()) == without(once) == CLASSIFY


def test_kept_messages_are_not_touched() -> None:
    kept = (Message("system", "{# keep #}Never.{# /keep #}"), Message("placeholder", "history"))
    assert shown(kept, [PAIR]) == kept
    both = (*kept, Message("user", "Sort it: {{ text }} now."))
    assert shown(both, [PAIR])[:2] == kept
    assert shown(both, [PAIR]) != both


def test_a_changed_prompt_takes_its_examples_along() -> None:
    other = (Message("user", "Sort the mail.\n\nMail:\n{{ text }}\n\nLabel:"),)
    assert carried(shown(CLASSIFY, [PAIR]), other) == shown(other, [PAIR])
    assert carried(CLASSIFY, shown(other, [PAIR])) == other


def test_long_examples_are_told_apart() -> None:
    assert not too_long(PAIR)
    assert too_long(Demonstration({"text": "x" * 2_000}, "y"))
    assert too_long(PAIR, most=10)


_MARKS = ["{{", "}}", "{%", "%}", "{#", "#}", "{", "}", "raw", "endraw", "{% endraw %}", "{%- endraw -%}", "{# /examples #}", "{# examples #}", "{# keep #}", " ", "\n", '"', "'", "\\", "x", "é", "-", "+"]  # fmt: skip
HOSTILE = st.lists(st.one_of(st.sampled_from(_MARKS), st.text(max_size=4)), max_size=14).map(
    "".join
)


@settings(max_examples=300, deadline=None)
@given(given_text=HOSTILE, answer=HOSTILE, more=HOSTILE)
def test_whatever_an_example_holds_is_printed_as_it_is(
    renderer: Renderer, given_text: str, answer: str, more: str
) -> None:
    surrogate = any("\ud800" <= char <= "\udfff" for char in given_text + answer + more)
    pairs = [
        Demonstration({"text": given_text}, answer),
        Demonstration({"a": more, "b": given_text}, "end"),
    ]
    for messages in (CLASSIFY, (Message("system", "Sort."), Message("user", "{{ text }}"))):
        found = shown(messages, pairs)
        assert {name for m in found for name in read(m.content).names} == {"text"}
        assert without(found) == messages
        if not surrogate:
            text = "\n".join(filled(renderer, found, text="bye"))
            for value in (given_text, answer, more):
                assert value in text
