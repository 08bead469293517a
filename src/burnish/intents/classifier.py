"""Which intent a request has: rules, then fitted weights, then weights over a sentence vector.

Each tier is dearer and better than the one before; the budget and what is installed decide how far
an answer goes, and `method` says which tier gave it.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Any

from burnish.errors import UsageError
from burnish.intents import subject
from burnish.intents.asks import ordered_intents, without_answer_language
from burnish.intents.complexity import complexity
from burnish.intents.context import lean
from burnish.intents.embedding import Embedder, embedding_available, shared_embedder
from burnish.intents.features import cut_for_vector
from burnish.intents.intent import (
    INTENTS,
    Classification,
    Intent,
    IntentScore,
    Method,
    TaskScore,
)
from burnish.intents.kinds import task_scores
from burnish.intents.language import detect_language
from burnish.intents.nonsense import is_nonsense
from burnish.intents.tokens import estimate_tokens
from burnish.intents.trained import NEAR_CERTAIN, Request, TrainedModel, shipped_model, softmax

MAX_CHARACTERS = 200_000
_RULES_BUDGET_MS = 5.0
# Guesses until this machine has been measured.
_FIRST_COST_MS: Mapping[Method, float] = MappingProxyType(
    {"trained": 3.0, "trained+embedding": 20.0}
)
_NONSENSE_CONFIDENCE = 0.9
_NO_KIND = (TaskScore("other", _NONSENSE_CONFIDENCE),)
_SURE_OF_A_PART = 0.4


class Classifier:
    """Classifies requests offline; numpy is all that it needs.

    `floor` is the confidence (0 to 1) below which the answer is `other`. With `embedding` and the
    extra `embed` installed, answers use a sentence vector. `clock` counts seconds.
    """

    def __init__(
        self,
        *,
        floor: float = 0.2,
        embedding: bool = True,
        clock: Callable[[], float] = time.perf_counter,
    ) -> None:
        if not 0 <= floor <= 1:
            raise UsageError(f"floor is {floor}", hint="give a number from 0 to 1")
        self._floor = floor
        self._wants_embedding = embedding
        self._clock = clock
        self._embeds: bool | None = None
        self._costs_ms: dict[Method, float] = dict(_FIRST_COST_MS)

    def classify(self, text: str, *, context: str = "", budget_ms: float = 50.0) -> Classification:
        """`context` is a file or text beside the request. The time to load the weights, once a
        process, is not counted in `budget_ms`. Raises `UsageError` for an empty text."""
        _check(text)
        if is_nonsense(text):
            return self._nonsense(text)
        request = Request.read(without_answer_language(text))
        leaning = lean(context) if context.strip() else None
        scores, certain = self._by_rules(request, leaning)
        method = "rules" if certain else self._tier(budget_ms)
        vector = None
        if method != "rules":
            scores, vector = self._by_weights(request, method, leaning)
        kinds = _kinds(request, scores, _kind_tier(method, budget_ms), vector)
        return self._described(text, request, scores, method=method, kinds=kinds)

    def classify_many(
        self, texts: Sequence[str], *, budget_ms: float = 50.0
    ) -> list[Classification]:
        """The same answers as one by one, in the order given; vectors are computed together, on
        every core. `budget_ms` is for one text."""
        for text in texts:
            _check(text)
        method = self._tier(budget_ms)
        distinct = list(dict.fromkeys(texts))
        requests = {
            text: Request.read(without_answer_language(text))
            for text in distinct
            if not is_nonsense(text)
        }
        rules = {text: self._by_rules(request, None) for text, request in requests.items()}
        open_ones = [text for text, (_, certain) in rules.items() if not certain]
        vectors: dict[str, Any] = {}
        if method == "trained+embedding" and open_ones:
            cuts = [cut_for_vector(requests[text].text) for text in open_ones]
            rows = shared_embedder().encode(cuts, threads=os.cpu_count() or 1)
            vectors = dict(zip(open_ones, rows, strict=True))
        answers: dict[str, Classification] = {}
        for text, request in requests.items():
            scores, certain = rules[text]
            used: Method = "rules" if certain else method
            vector = vectors.get(text)
            if used != "rules":
                scores = softmax(_weights(used).logits(request, vector))
            kinds = _kinds(request, scores, _kind_tier(used, budget_ms), vector)
            answers[text] = self._described(text, request, scores, method=used, kinds=kinds)
        return [answers.get(text) or self._nonsense(text) for text in texts]

    def _tier(self, budget_ms: float) -> Method:
        if budget_ms < _RULES_BUDGET_MS:
            return "rules"
        for method in ("trained+embedding", "trained"):
            if method == "trained+embedding" and not self._can_embed():
                continue
            if self._costs_ms[method] <= budget_ms:
                return method
            # One slow call must not switch a tier off for good.
            self._costs_ms[method] *= 0.98
        return "rules"

    def _can_embed(self) -> bool:
        if self._embeds is None:
            self._embeds = self._wants_embedding and embedding_available()
        return self._embeds

    def _by_rules(self, request: Request, leaning: Any) -> tuple[Any, bool]:
        scores = softmax(_leant(_weights("rules").logits(request), leaning))
        return scores, leaning is None and float(scores.max()) >= NEAR_CERTAIN

    def _by_weights(self, request: Request, method: Method, leaning: Any) -> tuple[Any, Any]:
        """(chances of the intents, the sentence vector where the tier has one)"""
        weights = _weights(method)
        embedder: Embedder | None = shared_embedder() if method == "trained+embedding" else None
        start = self._clock()
        vector = embedder.encode([cut_for_vector(request.text)])[0] if embedder else None
        scores = softmax(_leant(weights.logits(request, vector), leaning))
        spent = (self._clock() - start) * 1e3
        self._costs_ms[method] = 0.8 * self._costs_ms[method] + 0.2 * spent
        return scores, vector

    def _described(
        self,
        text: str,
        request: Request,
        scores: Any,
        *,
        method: Method,
        kinds: tuple[TaskScore, ...],
    ) -> Classification:
        order = sorted(range(len(INTENTS)), key=lambda i: -float(scores[i]))
        ranked = [IntentScore(INTENTS[i], round(float(scores[i]), 4)) for i in order]
        primary, rest = ranked[0], ranked[1:4]
        if primary.confidence < self._floor:
            other = next(s for s in ranked if s.intent == "other")
            rest = [s for s in ranked if s.intent != "other"][:3]
            primary = IntentScore("other", other.confidence)
        asks = ordered_intents(request.text, primary.intent, self._of_part)
        return _classification(text, primary, tuple(rest), asks, method=method, kinds=kinds)

    def _of_part(self, part: str) -> Intent | None:
        if not part.strip() or is_nonsense(part):
            return None
        scores, _ = self._by_rules(Request.read(part), None)
        best = int(scores.argmax())
        return INTENTS[best] if float(scores[best]) >= _SURE_OF_A_PART else None

    def _nonsense(self, text: str) -> Classification:
        return _classification(
            text,
            IntentScore("other", _NONSENSE_CONFIDENCE),
            (),
            ("other",),
            method="rules",
            kinds=_NO_KIND,
        )


def _weights(method: Method) -> TrainedModel:
    if method == "trained+embedding":
        return shipped_model("embedding")
    return shipped_model("floor" if method == "trained" else "rules")


def _kind_tier(method: Method, budget_ms: float) -> Method:
    # What the rules are certain of is the intent; they know little of its kinds.
    return "trained" if method == "rules" and budget_ms >= _RULES_BUDGET_MS else method


def _kinds(request: Request, intents: Any, tier: Method, vector: Any) -> tuple[TaskScore, ...]:
    return task_scores(_kind_weights(tier), request, vector, intents)


def _kind_weights(method: Method) -> TrainedModel:
    if method == "trained+embedding":
        return shipped_model("embedding_kinds")
    return shipped_model("floor_kinds" if method == "trained" else "rules_kinds")


def _leant(logits: Any, leaning: Any) -> Any:
    return logits if leaning is None else logits + leaning


def _check(text: str) -> None:
    if not text.strip():
        raise UsageError("the text is empty", hint="say what you want in a few words")
    if len(text) > MAX_CHARACTERS:
        raise UsageError(
            f"the text has {len(text):,} characters, more than {MAX_CHARACTERS:,}",
            hint="give the request here and the long text as a file or variable",
        )


def _classification(
    text: str,
    primary: IntentScore,
    alternatives: tuple[IntentScore, ...],
    asks: tuple[Intent, ...],
    *,
    method: Method,
    kinds: tuple[TaskScore, ...],
) -> Classification:
    return Classification(
        intent=primary.intent,
        confidence=primary.confidence,
        alternatives=alternatives,
        asks=asks,
        sub_intents=subject.sub_intents(text),
        complexity=complexity(text, primary.intent, len(asks)),
        domain=subject.domain(text, primary.intent),
        task_type=kinds[0].task_type,
        task_types=kinds,
        language=detect_language(text),
        estimated_tokens=estimate_tokens(text),
        method=method,
    )
