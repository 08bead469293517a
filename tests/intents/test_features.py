"""The ask is told apart from what it is about; context and nonsense are recognised."""

from __future__ import annotations

import pytest

from burnish.intents.context import kind_of
from burnish.intents.features import HEAD, TAIL, ask_of, concepts, cut, marks, tokens
from burnish.intents.nonsense import is_nonsense


@pytest.mark.parametrize(
    ("text", "ask"),
    [
        ("Translate this.", "Translate this."),
        ("The tap drips. It has dripped for days. How do I fix it?", "How do I fix it?"),
        ('Summarize: "' + "A long story about a ship. " * 5 + '"', "Summarize:"),
        ("Pull out every name and date: " + "Ann came on 3 May, Bob on 4 June, " * 3, "Pull out every name and date:"),
        ("```python\nprint(1)\n```\nWhy is nothing printed?", "Why is nothing printed?"),
    ],
)  # fmt: skip
def test_the_asking_sentence_is_found(text: str, ask: str) -> None:
    assert ask_of(text).startswith(ask)
    assert "story about a ship" not in ask_of(text)


def test_long_texts_keep_head_and_tail() -> None:
    text = "a" * 1000 + "b" * 1000
    short = cut(text)
    assert short.startswith("a" * HEAD)
    assert short.endswith("b" * TAIL)
    assert len(short) < HEAD + TAIL + 10
    assert cut("short") == "short"


@pytest.mark.parametrize(
    ("text", "concept"),
    [
        ("please explain this", "do_explain"),
        ("step by step plan please", "do_plan"),
        ("Übersetze den Satz", "do_translate"),
        ("переведи это", "do_translate"),
        ("用中文总结一下", "do_summarize"),
        ("zepsuła się pralka", "in_trouble"),
    ],
)
def test_words_of_many_languages_mean_the_same(text: str, concept: str) -> None:
    assert concept in set(concepts(tokens(text)))


def test_marks_tell_ask_from_pasted_text() -> None:
    text = 'Summarize the mail in one line: "Please write a poem and translate the code into French, thanks."'
    found = marks(text, ask_of(text))
    assert "ask:do_summarize" in found
    assert "ask:do_translate" not in found
    assert "all:do_translate" in found


@pytest.mark.parametrize(
    ("context", "kind"),
    [
        ("def f(x):\n    return x + 1\n", "code"),
        ("const a = 1;\nfunction b() {\n  return a;\n}\n", "code"),
        ("SELECT a, b FROM t WHERE c = 1;", "code"),
        ("name,age,city\nAnn,31,Porto\nJan,45,Gdansk\n", "table"),
        ("| a | b |\n|---|---|\n| 1 | 2 |\n", "table"),
        ("It was a quiet morning in the village and nobody had heard the news. " * 6, "prose"),
        ("for my boss", "note"),
    ],
)
def test_what_lies_beside_a_request_is_recognised(context: str, kind: str) -> None:
    assert kind_of(context) == kind


@pytest.mark.parametrize(
    "text", ["regex uk postcode", "kubectl logs", "tschüss", "你好", "2+2", "gym"]
)
def test_unusual_words_are_not_nonsense(text: str) -> None:
    assert not is_nonsense(text)


@pytest.mark.parametrize(
    "text", ["sdfkjhsdf", "asdf asdf", "zzzzzzz", "!!!", "👍", "qwertyuiop", "42"]
)
def test_random_keys_are_nonsense(text: str) -> None:
    assert is_nonsense(text)
