"""The measures of goals: whether two answers agree, and whether an answer has the wanted form."""

from __future__ import annotations

import pytest

from burnish.optimizers.goals.clarity import agreement
from burnish.optimizers.goals.form import form_of, labels_of, likeness

LABELS = labels_of(["bug", "praise", "Bug", "praise", "bug", "other thing"] * 3)
LONG = "The parcel left the house on Monday and is late"


@pytest.mark.parametrize(
    ("one", "other", "value"),
    [
        ("bug", "bug", 1.0),
        ("Bug\n", "  bug", 1.0),
        ("two  words", "Two words", 1.0),
        ("", "", 1.0),
        ("bug", "praise", 0.0),
        # Five words or fewer: what differs is another answer, though words are shared.
        ("a bug in the mail", "a bug in the app", 0.0),
        ("12", "12.5", 0.0),
        # 8 words of 8 and 8 ("the" is none): 6 are shared, F1 = 6/8.
        (LONG, "The parcel left the house on Friday and is early", 0.75),
        # 2 shared of 8 and 2: precision 1, recall 1/4, F1 = 2*2/(8+2).
        (LONG, "parcel late", 0.4),
        (LONG, "nothing of this kind was ever said", 0.0),
    ],
)
def test_two_answers_agree_as_far_as_their_words_do(one: str, other: str, value: float) -> None:
    assert agreement(one, other) == pytest.approx(value)
    assert agreement(other, one) == pytest.approx(value)


@pytest.mark.parametrize(
    ("text", "kind", "size"),
    [
        ("  ", "empty", 0),
        ("BUG", "label", 0),
        ("other  thing", "label", 0),
        ("bug.", "line", 1),
        ("-1,234.50 %", "number", 0),
        ("12", "number", 0),
        ("12 apples", "line", 2),
        ('{"a": 1, "b": [2]}', "object", 0),
        ('[{"a": 1}, {"b": 2}, 3]', "array", 3),
        ('{"a": 1', "line", 2),
        ('```json\n{"a": 1}\n```', "code", 3),
        ("- one\n- two\n\n- three", "list", 3),
        ("1. one\n2) two", "list", 2),
        ("Here they are:\n- one\n- two", "lines", 5),
        ("one two three", "line", 3),
        ("one\ntwo", "lines", 2),
        ("one\n\ntwo three", "paragraphs", 3),
    ],
)
def test_a_form_is_a_kind_and_a_size(text: str, kind: str, size: int) -> None:
    found = form_of(text, LABELS)
    assert (found.kind, found.size) == (kind, size)
    assert likeness(found, found) == 1


@pytest.mark.parametrize(
    ("answer", "expected", "value"),
    [
        ("praise", "bug", 1.0),
        ("I would say bug", "bug", 0.0),
        ("7", "1,250", 1.0),
        ("It is 7.", "1,250", 0.0),
        ('{"b": 2, "a": 1}', '{"a": 9, "b": 8}', 1.0),
        # Of three keys one is shared.
        ('{"a": 1, "c": 2}', '{"a": 9, "b": 8}', 1 / 3),
        ('```\n{"a": 1}\n```', '{"a": 9}', 0.0),
        ('[{"a": 1}]', '[{"a": 9}, {"a": 8}]', 1.0),
        ("- a\n- b", "- x\n- y\n- z\n- u\n- v\n- w\n- x\n- y", 0.5),
        ("four words are here", "two words", 1.0),
        ("one two three four five six seven eight", "two words", 0.5),
        ("", "two words", 0.0),
        ("one\n\ntwo", "one\ntwo", 0.0),
    ],
)
def test_forms_are_alike_by_kind_keys_and_size(answer: str, expected: str, value: float) -> None:
    one, other = form_of(answer, LABELS), form_of(expected, LABELS)
    assert likeness(one, other) == pytest.approx(value)
    assert likeness(other, one) == pytest.approx(value)


def test_answers_that_are_nearly_all_different_are_no_labels() -> None:
    assert labels_of([f"item {n}" for n in range(20)]) == frozenset()
    assert labels_of(["yes", "no"] * 2) == frozenset()  # each twice: they may be anything
    assert labels_of(["yes", "no\nnever"] * 9) == frozenset()
    assert labels_of(["Yes", "no "] * 9) == {"yes", "no"}
