"""How well labels are met: strict, any acceptable, per intent, and whether confidence is honest."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from burnish.intents.corpus import Example
from burnish.intents.fit import MIX
from burnish.intents.intent import INTENTS, Intent


def grade(chances: Any, examples: Sequence[Example]) -> dict[str, Any]:
    """Figures of a matrix of probabilities (rows x intents, in the order of `INTENTS`).

    `mix_accuracy` and `mix_lenient` weigh the intents as requests to assistants come, without
    `other`; the rest counts each row once.
    """
    truth = np.array([INTENTS.index(e.intent) for e in examples])
    order = np.argsort(-chances, axis=1, kind="stable")
    best = order[:, 0]
    right = best == truth
    fine = np.array(
        [INTENTS[b] in (e.intent, *e.also) for b, e in zip(best, examples, strict=True)]
    )
    per_intent: dict[Intent, dict[str, float]] = {
        intent: _of_intent(i, truth, best) for i, intent in enumerate(INTENTS) if (truth == i).any()
    }
    mixed: list[Intent] = [i for i in per_intent if i != "other"]
    total = sum(MIX[i] for i in mixed)

    def by_mix(hits: Any) -> float:
        return sum(MIX[i] / total * hits[truth == INTENTS.index(i)].mean() for i in mixed)

    groups = [e.group for e in examples]
    return {
        "n": len(examples),
        "accuracy": _round(right.mean()),
        "accuracy_interval": interval(right, groups),
        "lenient": _round(fine.mean()),
        "lenient_interval": interval(fine, groups),
        "macro_f1": _round(np.mean([figures["f1"] for figures in per_intent.values()])),
        "ece": _round(calibration_error(chances, truth)),
        "top_2": _round((order[:, :2] == truth[:, None]).any(axis=1).mean()),
        "mix_accuracy": _round(by_mix(right)),
        "mix_lenient": _round(by_mix(fine)),
        "per_intent": per_intent,
    }


def interval(hits: Any, groups: Sequence[str], *, draws: int = 2000, seed: int = 0) -> list[float]:
    """95 % interval of a mean, by bootstrap over whole groups: rows of one voice are alike."""
    names, member = np.unique(np.array(groups), return_inverse=True)
    right = np.bincount(member, weights=hits, minlength=len(names))
    sizes = np.bincount(member, minlength=len(names))
    drawn = np.random.default_rng(seed).integers(len(names), size=(draws, len(names)))
    means = right[drawn].sum(axis=1) / sizes[drawn].sum(axis=1)
    return [_round(bound) for bound in np.percentile(means, (2.5, 97.5))]


def calibration_error(chances: Any, truth: Any) -> float:
    """Expected calibration error over ten bins of equal width."""
    confidence = chances.max(axis=1)
    right = chances.argmax(axis=1) == truth
    bins = np.minimum((confidence * 10).astype(int), 9)
    return float(
        sum(
            abs(right[bins == b].mean() - confidence[bins == b].mean()) * (bins == b).mean()
            for b in range(10)
            if (bins == b).any()
        )
    )


def _of_intent(i: int, truth: Any, best: Any) -> dict[str, float]:
    hits = int(((truth == i) & (best == i)).sum())
    real, said = int((truth == i).sum()), int((best == i).sum())
    return {
        "n": real,
        "recall": _round(hits / real),
        "precision": _round(hits / said if said else 0.0),
        "f1": _round(2 * hits / (real + said)),
    }


def _round(value: Any) -> float:
    return round(float(value), 4)
