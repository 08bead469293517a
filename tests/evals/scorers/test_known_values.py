"""Measures of overlap against values from their papers and reference implementations."""

from __future__ import annotations

import math
import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.evals.scorers.conftest import Scoring

from burnish.evals.scorers import measures
from burnish.storage.example import ScorerSpec


async def value_of(
    score: Scoring, name: str, output: str, expected: object, **options: object
) -> float:
    found = await score(ScorerSpec(name=name, parameters=dict(options)), output, expected)
    assert not found.error
    assert found.value is not None
    return found.value


# Lin 2004, section 3: S1 is the reference of S2 and S3.
S1, S2, S3 = "police killed the gunman", "police kill the gunman", "the gunman kill police"


@pytest.mark.parametrize(
    ("output", "reference", "n", "expected"),
    [
        (S2, S1, "L", 3 / 4),
        (S3, S1, "L", 2 / 4),
        (S2, S1, 2, 1 / 3),
        (S3, S1, 2, 1 / 3),
        # The tests of the rouge-score package: precision and recall 1 and 1/3, then 1/2 and 1/2.
        ("testing", "testing one two", 1, 1 / 2),
        ("testing one", "testing one two", 2, 2 / 3),
        ("testing one", "testing one two", "L", 4 / 5),
        ("the the the", "the cat", 1, 2 / 5),
    ],
)
async def test_rouge_as_published(
    score: Scoring, output: str, reference: str, n: object, expected: float
) -> None:
    assert await value_of(score, "rouge-n", output, reference, n=n) == pytest.approx(expected)


async def test_bleu_as_published(score: Scoring) -> None:
    # Papineni et al. 2002, example 2: seven times "the" matches twice.
    references = ["The cat is on the mat".lower(), "there is a cat on the mat"]
    the = "the the the the the the the"
    assert await value_of(score, "bleu", the, references, order=1) == pytest.approx(2 / 7)
    # By hand: precisions 5/6, 3/5, 1/4 and (smoothed, the first miss) 1/2 of 1/3.
    near = await value_of(score, "bleu", "the cat is on a mat", "the cat sat on a mat")
    assert near == pytest.approx((5 / 6 * 3 / 5 * 1 / 4 * 0.5 / 3) ** 0.25)
    # All runs match, but the text is half as long as its reference.
    short = await value_of(score, "bleu", "a b c d", "a b c d e f g h")
    assert short == pytest.approx(math.exp(1 - 8 / 4))
    unsmoothed = await value_of(
        score, "bleu", "the cat is on a mat", "the cat sat on a mat", smoothing="none"
    )
    assert unsmoothed == 0


@pytest.mark.parametrize(
    ("output", "reference", "expected"),
    [
        ("the Eiffel Tower", "Eiffel tower.", 1.0),
        ("It is in Paris, France", "Paris", 2 * (1 / 5 * 1) / (1 / 5 + 1)),
        ("a cat", "the dog", 0.0),
        ("北京市", "北京", 2 * (2 / 3 * 1) / (2 / 3 + 1)),
    ],
)
async def test_f1_as_squad_defines_it(
    score: Scoring, output: str, reference: str, expected: float
) -> None:
    assert await value_of(score, "f1", output, reference) == pytest.approx(expected)


@pytest.mark.parametrize(
    ("left", "right", "distance"),
    [
        ("kitten", "sitting", 3),
        ("saturday", "sunday", 3),
        ("intention", "execution", 5),
        ("gumbo", "gambol", 2),
        ("", "abc", 3),
        ("naïve 😀", "naive 😁", 2),
    ],
)
async def test_levenshtein_as_in_textbooks(
    score: Scoring, left: str, right: str, distance: int
) -> None:
    found = await score("levenshtein", left, right)
    assert found.details == {"distance": distance}
    assert found.value == pytest.approx(1 - distance / max(len(left), len(right)))


def plain_distance(left: str, right: str) -> int:
    row = list(range(len(right) + 1))
    for i, a in enumerate(left, 1):
        above, row[0] = row[0], i
        for j, b in enumerate(right, 1):
            above, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, above + (a != b))
    return row[-1]


def plain_common(left: str, right: str) -> int:
    row = [0] * (len(right) + 1)
    for a in left:
        before = 0
        for j, b in enumerate(right, 1):
            before, row[j] = row[j], before + 1 if a == b else max(row[j], row[j - 1])
    return row[-1]


@given(st.text("abcé", max_size=70), st.text("abcé", max_size=70))
@settings(deadline=None, max_examples=200)
def test_bits_say_what_tables_say(left: str, right: str) -> None:
    assert measures.edit_distance(left, right) == plain_distance(left, right)
    assert measures.common_order(left, right) == plain_common(left, right)


def test_bits_say_what_tables_say_of_long_texts() -> None:
    chance = random.Random(5)
    left = "".join(chance.choices("abcd", k=700))
    right = "".join(chance.choices("abcd", k=500))
    assert measures.edit_distance(left, right) == plain_distance(left, right)
    assert measures.common_order(left, right) == plain_common(left, right)


TEXT = st.text(max_size=60)
OVERLAPS = ("levenshtein", "rouge-n", "bleu", "f1", "similar", "exact")


@pytest.mark.parametrize("name", OVERLAPS)
async def test_equal_texts_are_alike_and_every_text_can_be_scored(
    score: Scoring, name: str
) -> None:
    texts = [
        "",
        " ",
        "a",
        "...",
        "日本語の文",
        "😀",
        "a\ud800b",
        "नमस्ते दुनिया",
        "the",
        "x" * 5000,
        "NaN",
    ]
    for text in texts:
        found = await score(name, text, text)
        assert (found.value, found.error) == (pytest.approx(1.0), ""), repr(text)
        for other in texts:
            crossed = await score(name, text, other)
            assert crossed.error == ""
            assert crossed.value is not None
            assert 0 <= crossed.value <= 1


@given(TEXT, TEXT)
@settings(deadline=None, max_examples=100)
def test_distances_do_not_mind_the_order(left: str, right: str) -> None:
    assert measures.edit_distance(left, right) == measures.edit_distance(right, left)
    assert measures.token_f1(left, right) == measures.token_f1(right, left)
    one, other = measures.rouge_tokens(left), measures.rouge_tokens(right)
    for n in (1, 2):
        assert measures.rouge_n(one, other, n) == measures.rouge_n(other, one, n)
    assert measures.rouge_l(one, other) == measures.rouge_l(other, one)
