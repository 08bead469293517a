"""From texts to vectors of what they mean.

Two embedders come along: sentence vectors of MiniLM where the extra `embed` is installed, else
hashed words and concepts, which need numpy alone. Vectors of different embedders are never
compared: each is stored under its embedder's id, which changes with anything that changes vectors.
"""

from __future__ import annotations

import re
import unicodedata
import zlib
from collections.abc import Iterator, Sequence
from functools import lru_cache
from itertools import pairwise
from math import log
from typing import Any, Literal, Protocol

from burnish.errors import UsageError
from burnish.intents.embedding import DIMENSION, MODEL_ID, embedding_available
from burnish.storage.index import IndexedText

EmbedderName = Literal["auto", "minilm", "hashed"]


class Embedder(Protocol):
    """`passages` and `passage_words` bound how much of a long text is read; `title_weight` is how
    much what stands above a text counts beside all of them. Two texts whose product is below
    `unrelated` have nothing in common that is worth a mention; from `alike` on they are about the
    same. `weight` is how much its ranking counts beside that by words."""

    @property
    def id(self) -> str: ...
    @property
    def dimension(self) -> int: ...
    @property
    def passages(self) -> int: ...
    @property
    def passage_words(self) -> int: ...
    @property
    def title_weight(self) -> float: ...
    @property
    def unrelated(self) -> float: ...
    @property
    def alike(self) -> float: ...
    @property
    def weight(self) -> float: ...

    def encode(self, texts: Sequence[str]) -> Any:
        """A float32 matrix: one row of length 1 for each text. Called on any thread."""
        ...


class MiniLm:
    """Sentence vectors of all-MiniLM-L6-v2; English first of all."""

    id = f"{MODEL_ID}/p1"
    dimension = DIMENSION
    passages = 2
    passage_words = 40
    title_weight = 2.0
    unrelated = 0.15
    # Of 113 starter prompts 17 have another so near, those on the same matter.
    alike = 0.6
    weight = 2.0

    def encode(self, texts: Sequence[str]) -> Any:
        from burnish.intents.embedding import shared_embedder

        return shared_embedder().encode(list(texts))


class MiniLmPieces(MiniLm):
    """For pieces of documents: most of each is read, and its headings stand in it anyway."""

    id = f"{MODEL_ID}/pieces1"
    passages = 5
    title_weight = 0.5


class Hashed:
    """Words, their stems, pairs and parts, and the concepts that words of many languages stand
    for, hashed into a vector; words that stand in any text weigh next to nothing."""

    id = "hashed-words/1"
    dimension = 512
    passages = 1
    passage_words = 600
    title_weight = 1.0
    unrelated = 0.05
    alike = 0.45
    weight = 2.0

    def encode(self, texts: Sequence[str]) -> Any:
        import numpy as np

        rows = np.zeros((len(texts), self.dimension), dtype=np.float32)
        for row, text in zip(rows, texts, strict=True):
            counts: dict[str, float] = {}
            for term, weight in _terms(text):
                counts[term] = counts.get(term, 0.0) + weight
            for term, weight in counts.items():
                place = zlib.crc32(term.encode("utf-8", "surrogatepass"))
                sign = 1.0 if place & 1 else -1.0
                row[(place >> 1) % self.dimension] += sign * log(1.0 + weight)
        return rows / np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-9)


def embedder_named(name: EmbedderName, *, pieces: bool = False) -> Embedder:
    """`auto` is the best that is installed, `pieces` asks for the one for pieces of documents.
    Raises UsageError for an unknown name; MissingExtra comes with the first text."""
    if name == "minilm" or (name == "auto" and embedding_available()):
        return MiniLmPieces() if pieces else MiniLm()
    if name == "auto":
        return Hashed()
    if name == "hashed":
        return Hashed()
    raise UsageError(f"there is no embedder {name!r}", hint="use auto, minilm or hashed")


def encode_texts(embedder: Embedder, texts: Sequence[IndexedText]) -> Any:
    """One vector for each: the mean over what stands above the text and its first passages."""
    import numpy as np

    passages = [_passages(each, embedder) for each in texts]
    flat = embedder.encode([passage for each in passages for passage, _ in each])
    rows = np.zeros((len(texts), embedder.dimension), dtype=np.float32)
    start = 0
    for row, each in zip(rows, passages, strict=True):
        weights = np.array([weight for _, weight in each], dtype=np.float32)
        np.matmul(weights, flat[start : start + len(each)], out=row)
        start += len(each)
    return rows / np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-9)


_SPACE = re.compile(r"\s+")
# More than any passage reads of a text; cutting first keeps megabytes from being split.
_CHARS_A_WORD = 40


def _passages(text: IndexedText, embedder: Embedder) -> list[tuple[str, float]]:
    name = re.sub(r"[/_.-]+", " ", text.name)
    title = ". ".join(part for part in (name, text.description, text.tags) if part.strip())
    size = embedder.passage_words
    most = embedder.passages * size
    words = _SPACE.split(text.body[: most * _CHARS_A_WORD].strip())[:most]
    if embedder.passages == 1:
        return [(f"{title}. {' '.join(words)}", 1.0)]
    cut = [" ".join(words[start : start + size]) for start in range(0, len(words), size)]
    rest = [(passage, 1.0 / len(cut)) for passage in cut if passage]
    return [(title or "prompt", embedder.title_weight), *rest]


_WORD = re.compile(r"[^\W\d_]+|\d+")
_UNSPACED = re.compile(r"[\u0e00-\u0eff\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff]")
_MAX_CHARS = 24_000
_LEAST = 0.05
_ENDINGS = (
    "isations", "izations", "isation", "ization", "ations", "ation", "ising", "izing", "ments",
    "ment", "ings", "ing", "ised", "ized", "ises", "izes", "ise", "ize", "ies", "ied", "ers",
    "er", "ed", "es", "ly", "s", "e", "y",
)  # fmt: skip


def _terms(text: str) -> Iterator[tuple[str, float]]:
    from burnish.intents.features import concepts

    words = _WORD.findall(plain(text[:_MAX_CHARS]))
    stems = [stem(word) for word in words]
    rare = [_LEAST if is_common(word) else 1.0 for word in words]
    for word, root, weight in zip(words, stems, rare, strict=True):
        yield f"w:{root}", weight
        if _UNSPACED.search(word):
            yield from ((f"u:{a}{b}", 0.7) for a, b in pairwise(word))
        elif len(root) > 4:
            yield from ((f"g:{root[i : i + 4]}", weight * 0.15) for i in range(len(root) - 3))
    for (a, left), (b, right) in pairwise(zip(stems, rare, strict=True)):
        if left == right == 1.0:
            yield f"p:{a} {b}", 0.5
    for concept in concepts(words):
        yield f"c:{concept}", 0.8


def plain(text: str) -> str:
    """Lower case without diacritics."""
    if text.isascii():
        return text.lower()
    folded = unicodedata.normalize("NFKD", text.casefold())
    return unicodedata.normalize("NFC", "".join(c for c in folded if not unicodedata.combining(c)))


@lru_cache(maxsize=20_000)
def stem(word: str) -> str:
    """A word of lower case without its commonest English endings; never shorter than three
    letters."""
    for ending in _ENDINGS:
        if word.endswith(ending) and len(word) - len(ending) >= 3:
            return word[: -len(ending)]
    return word


# English words that tell nothing of what a text is about.
_COMMON_WORDS = """
a about after all also am an and any are as at be been being but by can could did do does
doing done each for from get give had has have having he her here him his how i if in into is
it its just like make may me might more most must my need no not of on one only or other our
out over own please same she should so some such than that the their them then there these
they this those through to too under until up us very want was way we were what when where
which while who whom whose why will with without would you your
"""
_COMMON = frozenset(_COMMON_WORDS.split())


def is_common(word: str) -> bool:
    """Whether a word of lower case stands in texts about anything."""
    return word in _COMMON
