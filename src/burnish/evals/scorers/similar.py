"""Whether two texts mean the same, by vectors made on this machine."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

from burnish.evals.scorers.kind import Case, Grade, Options, ScorerKind, texts_of
from burnish.library.embedders import Embedder
from burnish.storage.example import ScorerSpec

_PASSAGE_WORDS = 40
_MOST_PASSAGES = 12
_CHARS_A_WORD = 40
_MOST_KNOWN = 4_000


async def similar(case: Case[Options]) -> Grade:
    wanted = texts_of(case.wanted, "what the answer is compared with")
    if case.output in wanted:
        return Grade(value=1.0)
    if not case.output.strip():
        return Grade(value=0.0, reason="the answer is empty")
    embedder = case.tools.embedder()
    value = await asyncio.to_thread(_nearest, embedder, case.output, wanted, case.tools.vectors)
    by_words = embedder.id.startswith("hashed")
    return Grade(
        value=value,
        reason="by words, not by meaning: burnish[embed] is not installed" if by_words else "",
        details={"embedder": embedder.id},
    )


def _nearest(
    embedder: Embedder, output: str, wanted: Sequence[str], known: dict[tuple[str, str], Any]
) -> float:
    """The largest cosine; vectors that point apart have nothing in common, which is 0."""
    first = _vector(embedder, output)
    others = [_remembered(embedder, each, known) for each in wanted]
    return min(1.0, max(0.0, *(float(first @ other) for other in others)))


def _remembered(embedder: Embedder, text: str, known: dict[tuple[str, str], Any]) -> Any:
    key = (embedder.id, text)
    vector = known.get(key)
    if vector is None:
        vector = _vector(embedder, text)
        if len(known) >= _MOST_KNOWN:
            known.clear()
        known[key] = vector
    return vector


def _vector(embedder: Embedder, text: str) -> Any:
    """The mean over the text's passages, as many as are read."""
    import numpy as np

    most = _MOST_PASSAGES * _PASSAGE_WORDS
    split = text[: most * _CHARS_A_WORD].split()[:most]
    passages = [
        " ".join(split[start : start + _PASSAGE_WORDS])
        for start in range(0, len(split), _PASSAGE_WORDS)
    ]
    mean = embedder.encode(passages or [""]).mean(axis=0)
    return mean / max(float(np.linalg.norm(mean)), 1e-9)


KINDS = (
    ScorerKind(
        name="similar",
        summary="The answer means the same: cosine of sentence vectors, made on this machine.",
        grade=similar,
        takes="text or list of texts",
        threshold=0.75,
        example=ScorerSpec(name="similar", value="The parcel will be late.", threshold=0.7),
    ),
)
