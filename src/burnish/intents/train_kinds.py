"""Trains and grades the weights for the kinds of task; part of `burnish.intents.train`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec
import numpy as np

from burnish.intents.corpus import Example, folds
from burnish.intents.fit import Read, Recipe, fit, kinds_goal, temperature
from burnish.intents.grading import calibration_error, interval
from burnish.intents.intent import INTENTS
from burnish.intents.kinds import kind_chances
from burnish.intents.trained import TrainedModel

# There are many kinds and few examples of each: a small penalty, and fewer terms in the file.
RECIPE = Recipe(penalty=0.1, kept_terms={"words": 3_000, "chars": 1_500})
_SPREAD = 0.02


def fitted(rows: Sequence[Read], *, terms: bool, vectors: bool) -> TrainedModel:
    """Temperature 1; only rows that have a kind may be given."""
    goal = kinds_goal(rows, RECIPE)
    model = fit(rows, goal, RECIPE, terms=terms, vectors=vectors)
    return msgspec.structs.replace(model, intents_of=_intents_of(rows, model.classes))


def _intents_of(rows: Sequence[Read], kinds: tuple[str, ...]) -> Any:
    counts = np.full((len(kinds), len(INTENTS)), _SPREAD, dtype=np.float32)
    for row in rows:
        counts[kinds.index(row.example.kind), INTENTS.index(row.example.intent)] += 1
    return counts / counts.sum(axis=1, keepdims=True)


class CrossValidatedKinds(msgspec.Struct, frozen=True):
    """`report` of grouped cross-validation and the temperature that it found."""

    report: dict[str, Any]
    temperature: float


def cross_validate(
    rows: Sequence[Read], intents: Mapping[str, Any], *, terms: bool, vectors: bool
) -> CrossValidatedKinds:
    """Five folds by group, tested on the requests that `intents` has the chances of the intents
    for, each from a fit that saw none of the text's group. A kind that occurs in one group alone
    cannot be met."""
    parts: list[tuple[TrainedModel, list[Read]]] = []
    for fold in folds(r.example for r in rows):
        kept = [r for r in rows if r.example.group not in fold]
        left = [r for r in rows if r.example.group in fold and r.example.text in intents]
        parts.append((fitted(kept, terms=terms, vectors=vectors), left))
    found = _temperature(parts, intents)
    graded = [
        (model.classes, _chances(msgspec.structs.replace(model, temperature=found), left, intents))
        for model, left in parts
    ]
    examples = [[r.example for r in left] for _, left in parts]
    return CrossValidatedKinds(_grade(graded, examples), round(found, 4))


def graded(model: TrainedModel, rows: Sequence[Read], intents: Mapping[str, Any]) -> dict[str, Any]:
    chances = _chances(model, rows, intents)
    return _grade([(model.classes, chances)], [[r.example for r in rows]])


def _temperature(
    parts: Sequence[tuple[TrainedModel, list[Read]]], intents: Mapping[str, Any]
) -> float:
    found: list[float] = []
    for model, left in parts:
        met = [r for r in left if r.example.kind in model.classes]
        truth = np.array([model.classes.index(r.example.kind) for r in met])
        found.append(temperature(np.log(_chances(model, met, intents)), truth))
    return float(np.mean(found))


def _chances(model: TrainedModel, rows: Sequence[Read], intents: Mapping[str, Any]) -> Any:
    return np.stack(
        [
            kind_chances(model.logits(r.request, r.vector), model, intents[r.example.text])
            for r in rows
        ]
    )


def _grade(
    parts: Sequence[tuple[tuple[str, ...], Any]], examples: Sequence[Sequence[Example]]
) -> dict[str, Any]:
    """Strict, any acceptable, among the first three, and whether confidence is honest."""
    right: list[bool] = []
    fine: list[bool] = []
    third: list[bool] = []
    errors: list[float] = []
    for (classes, chances), tested in zip(parts, examples, strict=True):
        order: list[list[int]] = np.argsort(-chances, axis=1, kind="stable").tolist()
        for row, example in zip(order, tested, strict=True):
            best = classes[row[0]]
            right.append(best == example.kind)
            fine.append(best in (example.kind, *example.also_kinds))
            third.append(example.kind in [classes[j] for j in row[:3]])
        places = {name: i for i, name in enumerate(classes)}
        truth = np.array([places.get(e.kind, -1) for e in tested])
        errors.append(calibration_error(chances, truth))
    groups = [e.group for tested in examples for e in tested]
    return {
        "n": len(right),
        "accuracy": round(float(np.mean(right)), 4),
        "accuracy_interval": interval(np.array(right), groups),
        "lenient": round(float(np.mean(fine)), 4),
        "lenient_interval": interval(np.array(fine), groups),
        "top_3": round(float(np.mean(third)), 4),
        "ece": round(float(np.mean(errors)), 4),
    }
