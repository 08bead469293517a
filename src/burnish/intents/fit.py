"""Fits the softmax regression: soft targets, weighted rows, one L2 penalty, L-BFGS.

Needs scipy (extra `train`). Everything is deterministic: no sampling happens here.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from importlib.util import find_spec
from types import MappingProxyType
from typing import Any, cast

import msgspec
import numpy as np

from burnish.errors import MissingExtra
from burnish.intents.corpus import Example, Source
from burnish.intents.intent import INTENTS, Intent
from burnish.intents.trained import TERM_SCALE, Block, Request, TrainedModel, softmax

# What people ask assistants for, in per cent, and a little of what cannot be classed.
MIX: Mapping[Intent, float] = MappingProxyType(
    {
        "creative_writing": 21.0, "learning": 15.0, "code_generation": 11.0, "research": 11.0,
        "problem_solving": 8.0, "analysis": 8.0, "planning": 7.0, "conversation": 5.0,
        "reasoning": 5.0, "data_extraction": 4.0, "summarization": 3.0, "translation": 2.0,
        "other": 1.0,
    }
)  # fmt: skip


class Recipe(msgspec.Struct, frozen=True, kw_only=True):
    """What cross-validation chose. `balance` 0 keeps the data's mix of intents for none, 1 takes
    `MIX` in full; `second` is the part of a row's target that its further intents share."""

    penalty: float = 3.0
    vector_scale: float = 3.0
    balance: float = 0.75
    second: float = 0.1
    smoothing: float = 0.02
    source_weight: dict[Source, float] = msgspec.field(
        default_factory=lambda: {"request": 1.0, "template": 0.5, "pool": 0.4, "correction": 2.0}
    )
    min_marks: int = 3
    min_words: int = 3
    min_chars: int = 4
    iterations: int = 60
    kept_terms: dict[str, int] = msgspec.field(
        default_factory=lambda: {"words": 14_000, "chars": 14_000}
    )


class Read(msgspec.Struct, frozen=True):
    """An example with everything that any weight set looks at; `vector` may be absent."""

    example: Example
    request: Request
    terms: Mapping[str, list[str]]
    vector: Any = None


def read(examples: Sequence[Example], vectors: Any = None) -> list[Read]:
    rows: list[Read] = []
    for i, example in enumerate(examples):
        request = Request.read(example.text)
        rows.append(Read(example, request, request.terms, None if vectors is None else vectors[i]))
    return rows


class Goal(msgspec.Struct, frozen=True):
    """What is learnt: the classes, a distribution over them for each row (rows x classes), and
    how much each row counts (mean 1)."""

    classes: tuple[str, ...]
    targets: Any
    weights: Any


def fit(
    rows: Sequence[Read], goal: Goal, recipe: Recipe, *, terms: bool, vectors: bool
) -> TrainedModel:
    """Weights over marks alone, with terms, and with terms and vectors. Temperature 1."""
    mark_index = _vocabulary((r.request.marks for r in rows), recipe.min_marks)
    dense = np.zeros((len(rows), len(mark_index)), dtype=np.float32)
    for i, row in enumerate(rows):
        dense[i, [mark_index[m] for m in row.request.marks if m in mark_index]] = 1.0
    if vectors:
        stacked = np.stack([r.vector for r in rows]).astype(np.float32)
        dense = np.hstack([dense, stacked * np.float32(recipe.vector_scale)])
    names = ("words", "chars") if terms else ()
    indexes = {
        name: _vocabulary(
            (set(r.terms[name]) for r in rows),
            recipe.min_words if name == "words" else recipe.min_chars,
        )
        for name in names
    }
    rarities = {name: _rarity(rows, name, indexes[name]) for name in names}
    blocks = [_sparse(rows, name, indexes[name], rarities[name]) for name in names]
    solved = _solve(dense, blocks, goal, recipe)
    heavy, sparse_parts, bias = solved
    marks_count = len(mark_index)
    model_blocks = {
        name: _pruned(indexes[name], rarities[name], part, recipe.kept_terms[name])
        for name, part in zip(names, sparse_parts, strict=True)
    }
    vector_weights = heavy[marks_count:] * recipe.vector_scale if vectors else None
    return TrainedModel(
        goal.classes, bias, 1.0, mark_index, heavy[:marks_count], model_blocks, vector_weights
    )


def temperature(logits: Any, truth: Any) -> float:
    """The divisor of the logits that makes the true labels likeliest; by golden section."""

    def loss(log_t: float) -> float:
        chosen = softmax(logits / math.exp(log_t))[np.arange(len(truth)), truth]
        return -float(np.log(np.maximum(chosen, 1e-12)).mean())

    low, high, ratio = math.log(0.3), math.log(3.0), (math.sqrt(5) - 1) / 2
    for _ in range(40):
        left, right = high - ratio * (high - low), low + ratio * (high - low)
        low, high = (low, right) if loss(left) < loss(right) else (left, high)
    return math.exp((low + high) / 2)


def _vocabulary(lists: Any, least: int) -> dict[str, int]:
    counts: Counter[str] = Counter()
    for terms in lists:
        counts.update(terms)
    return {t: i for i, t in enumerate(sorted(t for t, n in counts.items() if n >= least))}


def _rarity(rows: Sequence[Read], name: str, index: Mapping[str, int]) -> Any:
    found = np.zeros(len(index), dtype=np.float32)
    for row in rows:
        found[[index[t] for t in set(row.terms[name]) if t in index]] += 1
    return (1.0 + np.log((1.0 + len(rows)) / (1.0 + found))).astype(np.float32)


def _sparse(rows: Sequence[Read], name: str, index: Mapping[str, int], rarity: Any) -> Any:
    if find_spec("scipy") is None:
        raise MissingExtra("scipy", "train")
    from scipy import sparse

    starts, columns, values = [0], list[int](), list[float]()
    for row in rows:
        counts = Counter(index[t] for t in row.terms[name] if t in index)
        weighed = np.array([(1 + math.log(n)) * rarity[j] for j, n in counts.items()])
        norm = float(np.linalg.norm(weighed)) if counts else 1.0
        columns.extend(counts)
        values.extend(weighed * (TERM_SCALE / norm))
        starts.append(len(columns))
    shape = (len(rows), len(index))
    return sparse.csr_matrix((np.array(values, np.float32), columns, starts), shape=shape)


def intents_goal(rows: Sequence[Read], recipe: Recipe) -> Goal:
    """The intents, the further ones a little, in the mix in which people ask."""
    labels = [(r.example.intent, r.example.also) for r in rows]
    truth = np.array([INTENTS.index(intent) for intent, _ in labels])
    own = np.array([r.example.share * recipe.source_weight[r.example.source] for r in rows])
    wanted = np.array([MIX[intent] for intent in INTENTS]) ** recipe.balance
    present = np.array([own[truth == i].sum() for i in range(len(INTENTS))])
    factor = np.where(present > 0, wanted / np.maximum(present, 1e-9), 0.0)
    weights = own * factor[truth]
    weights = (weights / weights.mean()).astype(np.float32)
    return Goal(INTENTS, _targets(labels, INTENTS, recipe), weights)


def kinds_goal(rows: Sequence[Read], recipe: Recipe) -> Goal:
    """The kinds of task, in the mix of the rows, which were written to cover what people ask."""
    labels = [(r.example.kind, r.example.also_kinds) for r in rows]
    classes = tuple(sorted({kind for kind, _ in labels}))
    return Goal(classes, _targets(labels, classes, recipe), np.ones(len(rows), np.float32))


def _targets(
    labels: Sequence[tuple[str, Sequence[str]]], classes: tuple[str, ...], recipe: Recipe
) -> Any:
    targets = np.zeros((len(labels), len(classes)), dtype=np.float32)
    place = {name: i for i, name in enumerate(classes)}
    for i, (first, also) in enumerate(labels):
        further = [place[name] for name in also if name in place]
        targets[i, place[first]] = 1.0 - (recipe.second if further else 0.0)
        for j in further:
            targets[i, j] += recipe.second / len(further)
    return targets * (1 - recipe.smoothing) + recipe.smoothing / len(classes)


def _solve(
    dense: Any, blocks: Sequence[Any], goal: Goal, recipe: Recipe
) -> tuple[Any, list[Any], Any]:
    if find_spec("scipy") is None:
        raise MissingExtra("scipy", "train")
    from scipy import optimize

    parts = [dense, *blocks]
    targets, weights, classes = goal.targets, goal.weights, len(goal.classes)
    sizes = [part.shape[1] for part in parts]
    turned = [np.ascontiguousarray(dense.T), *(block.T.tocsr() for block in blocks)]

    def split(flat: Any) -> tuple[list[Any], Any]:
        found: list[Any] = []
        at = 0
        for size in sizes:
            found.append(flat[at : at + size * classes].reshape(size, classes))
            at += size * classes
        return found, flat[at:]

    def loss(flat: Any) -> tuple[float, Any]:
        small = flat.astype(np.float32)
        matrices, bias = split(small)
        logits = sum((p @ m for p, m in zip(parts, matrices, strict=True)), start=bias)
        chances = softmax(logits)
        gap = (chances - targets) * weights[:, None]
        gradient = np.concatenate(
            [
                *(
                    (t @ gap + recipe.penalty * m).ravel()
                    for t, m in zip(turned, matrices, strict=True)
                ),
                gap.sum(axis=0),
            ]
        )
        wrong = -(weights[:, None] * targets * np.log(np.maximum(chances, 1e-12))).sum()
        weight_cost = 0.5 * recipe.penalty * float(sum((m * m).sum() for m in matrices))
        return float(wrong) + weight_cost, gradient.astype(np.float64)

    objective: Callable[[Any], tuple[float, Any]] = loss
    start = np.zeros(sum(sizes) * classes + classes)
    found: Any = cast("Any", optimize).minimize(
        objective, start, jac=True, method="L-BFGS-B", options={"maxiter": recipe.iterations}
    )
    matrices, bias = split(found.x.astype(np.float32))
    return matrices[0], matrices[1:], bias


def _pruned(index: Mapping[str, int], rarity: Any, weights: Any, kept: int) -> Block:
    """The terms that can move an answer most; the rest would only fill the file."""
    reach = np.abs(weights).max(axis=1) * rarity
    chosen = np.sort(np.argsort(-reach, kind="stable")[:kept])
    names = list(index)
    return Block({names[j]: i for i, j in enumerate(chosen)}, rarity[chosen], weights[chosen])
