"""Language and token figures against tables made beforehand."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from burnish.intents.language import UNKNOWN, detect_language
from burnish.intents.tokens import estimate_tokens

HERE = Path(__file__).parent
LANGUAGES: dict[str, str] = json.loads((HERE / "languages.json").read_text(encoding="utf-8"))
# Texts with their number of o200k tokens, counted once with the package `bpe-openai`.
COUNTED: list[dict[str, Any]] = json.loads((HERE / "token_counts.json").read_text(encoding="utf-8"))


@pytest.mark.spec("INT-07")
def test_short_texts_in_more_than_thirty_languages() -> None:
    wrong = {code: detect_language(text) for code, text in LANGUAGES.items()}
    wrong = {code: said for code, said in wrong.items() if said != code}
    assert len(LANGUAGES) >= 30
    assert len(wrong) <= 0.1 * len(LANGUAGES), wrong


@pytest.mark.parametrize("text", ["", "42", "ok", "🎉"])
def test_too_few_letters_are_an_unknown_language(text: str) -> None:
    assert detect_language(text) == UNKNOWN


def test_code_does_not_hide_the_language_around_it() -> None:
    text = "Erkläre mir bitte diesen Code:\n```python\nfor i in range(10):\n    print(i)\n```"
    assert detect_language(text) == "de"


@pytest.mark.spec("INT-07")
def test_token_estimates_are_within_a_tenth_of_a_tokenizer() -> None:
    real = sum(row["tokens"] for row in COUNTED)
    estimated = sum(estimate_tokens(row["text"]) for row in COUNTED)
    assert abs(estimated - real) <= 0.1 * real


@pytest.mark.parametrize("row", COUNTED, ids=lambda row: row["what"])
def test_each_kind_of_text_is_estimated_closely(row: dict[str, Any]) -> None:
    assert estimate_tokens(row["text"]) == pytest.approx(row["tokens"], rel=0.25)


def test_no_text_has_no_tokens() -> None:
    assert estimate_tokens("  \n ") == 0
    assert estimate_tokens("a") == 1


@pytest.mark.parametrize(
    "text",
    ["draft a polite no to a meeting invite", "say no to a friend", "make a do and don't list"],
)
def test_small_words_that_english_shares_make_no_other_language(text: str) -> None:
    assert detect_language(text) == "en"


def test_a_few_english_words_are_taken_for_no_other_language() -> None:
    assert detect_language("summarise support tickets") in ("en", "unknown")
