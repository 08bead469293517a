"""What models put around an answer is taken off, whatever pieces it comes in."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from burnish.generation.phases.clean import Cleaner, clean, messages_of
from burnish.prompts.prompt import Message

PARTS = st.sampled_from(
    [
        "```\n", "```markdown\n", "\n```", "\n", "  ", " " * 210, "text", "<think>", "</think>",
        "Sure! ", "Here is the prompt:\n", "a b c", "[system]\n", "[user]\n", "\n\n", "<thi",
    ]
)  # fmt: skip


def in_pieces(text: str, sizes: list[int]) -> str:
    cleaner, result, at = Cleaner(), "", 0
    for size in sizes:
        result += cleaner.feed(text[at : at + size])
        at += size
    return result + cleaner.feed(text[at:]) + cleaner.end()


@given(st.lists(PARTS, max_size=9).map("".join), st.lists(st.integers(1, 9), max_size=60))
def test_pieces_join_into_the_clean_text(text: str, sizes: list[int]) -> None:
    assert in_pieces(text, sizes) == clean(text)


@pytest.mark.parametrize(
    ("answer", "text"),
    [
        ("Sure! Here is the improved prompt:\n\n## Task\nDo it.", "## Task\nDo it."),
        ("Certainly.\nHere's the prompt:\n## Task\nDo it.\n", "## Task\nDo it."),
        ("```markdown\n## Task\nDo it.\n```", "## Task\nDo it."),
        ("<think>\nlet me see\n</think>\n\n## Task\nDo it.", "## Task\nDo it."),
        ("<think>never closed", ""),
    ],
)
def test_what_stands_around_it_is_taken_off(answer: str, text: str) -> None:
    assert clean(answer) == text


@pytest.mark.parametrize(
    "first",
    [
        "Absolutely no jargon.",
        "Here is a customer email:",
        "OK means that the test passed.",
        "Sure signs of fraud:",
        "```python",
    ],
)
def test_a_prompt_s_own_first_line_stays(first: str) -> None:
    assert clean(f"{first}\nThen the rest.\nAnd more.").startswith(first)


@pytest.mark.parametrize(
    "hostile",
    [
        "<think>" + "abc " * 50_000 + "</think>x",
        "a" + " " * 200_000,
        "[system]\nx" + "\n" * 100_000 + "y",
        "a" + "` " * 50_000,
        "[system]\n" * 10_000,
    ],
)
def test_long_texts_end(hostile: str) -> None:
    messages_of(in_pieces(hostile, [4] * (len(hostile) // 4)))


def test_a_prompt_with_marks_has_two_messages() -> None:
    assert messages_of("[system]\nBe kind.\n\n[user]\nSay {{ x }}.\n[user]\nmore") == (
        Message("system", "Be kind."),
        Message("user", "Say {{ x }}.\n[user]\nmore"),
    )
    assert messages_of("[assistant]\nI am told") == (Message("user", "[assistant]\nI am told"),)
