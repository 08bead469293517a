"""The fitted weights: a softmax regression over marks, terms and, where there is one, a vector.

Inference is numpy alone. Weights are stored as float16 in a compressed .npz with their vocabulary;
`train.py` writes them.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from io import BytesIO
from pathlib import Path
from typing import Any, Literal

import msgspec

from burnish.intents import features
from burnish.intents.intent import INTENTS

WEIGHTS = Path(__file__).parent / "weights"
WeightSet = Literal["rules", "floor", "embedding"]
KindSet = Literal["rules_kinds", "floor_kinds", "embedding_kinds"]
# How much a whole block of terms weighs beside one mark; fixed, because the regression's penalty
# is the same for every weight.
TERM_SCALE = 3.0
# From this confidence on the rules answer alone; measured by cross-validation in the report.
NEAR_CERTAIN = 0.97
# A text that names something to be done is not nothing, however short it is.
_INSTRUCTION = "ask:do_"
_LESS_OTHER = 3.0
_OTHER = "other"


@dataclass(frozen=True)
class Request:
    """A text read once for every tier."""

    text: str
    ask: str
    marks: tuple[str, ...]

    @classmethod
    def read(cls, text: str) -> Request:
        text = features.without_stop(text)
        ask = features.ask_of(text)
        return cls(text, ask, tuple(features.marks(text, ask)))

    @cached_property
    def terms(self) -> dict[str, list[str]]:
        return {
            "words": features.word_terms(self.text, self.ask),
            "chars": features.char_terms(self.ask),
        }


class Block(msgspec.Struct, frozen=True):
    """Terms of one kind with their inverse document frequency and weights (terms x intents)."""

    index: dict[str, int]
    rarity: Any
    weights: Any

    def logits(self, terms: Iterable[str]) -> Any:
        counts = Counter(self.index[t] for t in terms if t in self.index)
        if not counts:
            return 0.0
        import numpy as np

        rows = np.fromiter(counts, dtype=np.int64, count=len(counts))
        values = np.fromiter(
            (1.0 + math.log(n) for n in counts.values()), dtype=np.float32, count=len(counts)
        )
        values *= self.rarity[rows]
        values *= TERM_SCALE / float(np.linalg.norm(values))
        return values @ self.weights[rows]


class TrainedModel(msgspec.Struct, frozen=True):
    """`logits` are in the order of `classes`: the intents, or the kinds of task. Kinds come with
    `intents_of` (kinds x intents), the chance of each intent for a request of the kind."""

    classes: tuple[str, ...]
    bias: Any
    temperature: float
    mark_index: dict[str, int]
    mark_weights: Any
    blocks: Mapping[str, Block]
    vector_weights: Any = None
    intents_of: Any = None

    def logits(self, request: Request, vector: Any = None) -> Any:
        import numpy as np

        rows = [self.mark_index[m] for m in request.marks if m in self.mark_index]
        total = self.bias + self.mark_weights[np.array(rows, dtype=np.int64)].sum(axis=0)
        if self.blocks:
            terms = request.terms
            for name, block in self.blocks.items():
                total = total + block.logits(terms[name])
        if self.vector_weights is not None:
            total = total + vector @ self.vector_weights
        if any(mark.startswith(_INSTRUCTION) for mark in request.marks):
            total = total.copy()
            total[self.classes.index(_OTHER)] -= _LESS_OTHER
        return total / self.temperature


def softmax(logits: Any) -> Any:
    import numpy as np

    spread = np.exp(logits - logits.max(axis=-1, keepdims=True))
    return spread / spread.sum(axis=-1, keepdims=True)


def save_model(model: TrainedModel, path: Path) -> None:
    import numpy as np

    arrays: dict[str, Any] = {
        "bias": model.bias.astype(np.float32),
        "temperature": np.array([model.temperature], dtype=np.float32),
        "classes": _packed(model.classes),
        "marks": _packed(model.mark_index),
        "mark_weights": model.mark_weights.astype(np.float16),
    }
    for name, block in model.blocks.items():
        arrays[f"{name}.terms"] = _packed(block.index)
        arrays[f"{name}.rarity"] = block.rarity.astype(np.float16)
        arrays[f"{name}.weights"] = block.weights.astype(np.float16)
    if model.vector_weights is not None:
        arrays["vector_weights"] = model.vector_weights.astype(np.float16)
    if model.intents_of is not None:
        arrays["intents_of"] = model.intents_of.astype(np.float16)
    buffer = BytesIO()
    np.savez_compressed(buffer, **arrays)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(buffer.getvalue())


def load_model(path: Path, classes: Sequence[str] = ()) -> TrainedModel:
    """Raises ValueError for a file of other classes than those given."""
    import numpy as np

    def wide(array: Any) -> Any:
        return array.astype(np.float32)

    with np.load(path, allow_pickle=False) as stored:
        found = tuple(_unpacked(stored["classes"]))
        if classes and found != tuple(classes):
            raise ValueError(f"{path} was trained for other classes")
        blocks = {
            name: Block(
                _index(stored[f"{name}.terms"]),
                wide(stored[f"{name}.rarity"]),
                wide(stored[f"{name}.weights"]),
            )
            for name in ("words", "chars")
            if f"{name}.terms" in stored
        }
        return TrainedModel(
            classes=found,
            bias=wide(stored["bias"]),
            temperature=float(stored["temperature"][0]),
            mark_index=_index(stored["marks"]),
            mark_weights=wide(stored["mark_weights"]),
            blocks=blocks,
            vector_weights=wide(stored["vector_weights"]) if "vector_weights" in stored else None,
            intents_of=wide(stored["intents_of"]) if "intents_of" in stored else None,
        )


@lru_cache(maxsize=6)
def shipped_model(name: WeightSet | KindSet) -> TrainedModel:
    classes = () if name.endswith("_kinds") else INTENTS
    return load_model(WEIGHTS / f"{name}.npz", classes)


def _packed(terms: Iterable[str]) -> Any:
    import numpy as np

    # No term holds a line break: words are split on white space, runs of it are one blank.
    return np.frombuffer("\n".join(terms).encode(), dtype=np.uint8)


def _unpacked(array: Any) -> list[str]:
    return bytes(array).decode().split("\n")


def _index(array: Any) -> dict[str, int]:
    return {term: i for i, term in enumerate(_unpacked(array))}
