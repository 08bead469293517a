"""What classification results add up to: accuracy, macro-F1, a confusion matrix."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

import msgspec

from burnish.storage.result import Result

NO_LABEL = ""


class LabelFigures(msgspec.Struct, frozen=True, kw_only=True):
    """`count` is how often it was right to say it."""

    label: str
    precision: float
    recall: float
    f1: float
    count: int


class Confusion(msgspec.Struct, frozen=True, kw_only=True):
    """`matrix` has a row for each of `labels` that was expected, a column for each that was
    found; the label `` stands for answers with no label in them. `macro_f1` is the mean of F1
    over labels that were expected or found. `unscored` counts results without a verdict."""

    n: int
    accuracy: float | None
    macro_f1: float | None
    labels: tuple[str, ...] = ()
    matrix: tuple[tuple[int, ...], ...] = ()
    figures: tuple[LabelFigures, ...] = ()
    unscored: int = 0


def confusion(results: Iterable[Result], metric: str = "classification") -> Confusion:
    """Over the scores of that metric, which a classification scorer gave."""
    pairs: Counter[tuple[str, str]] = Counter()
    unscored = 0
    for result in results:
        for score in result.scores:
            if score.metric != metric:
                continue
            expected, found = score.details.get("expected"), score.details.get("label")
            if score.value is None or not isinstance(expected, str) or not isinstance(found, str):
                unscored += 1
            else:
                pairs[expected, found] += 1
    if not pairs:
        return Confusion(n=0, accuracy=None, macro_f1=None, unscored=unscored)
    labels = tuple(sorted({label for pair in pairs for label in pair}))
    figures = tuple(_figures(label, pairs) for label in labels)
    real = [each.f1 for each in figures if each.label != NO_LABEL]
    n = pairs.total()
    return Confusion(
        n=n,
        accuracy=sum(count for (wanted, found), count in pairs.items() if wanted == found) / n,
        macro_f1=sum(real) / len(real) if real else None,
        labels=labels,
        matrix=tuple(tuple(pairs[wanted, found] for found in labels) for wanted in labels),
        figures=figures,
        unscored=unscored,
    )


def _figures(label: str, pairs: Counter[tuple[str, str]]) -> LabelFigures:
    """A share of nothing is 0, as it is usual."""
    hits = pairs[label, label]
    wanted = sum(count for (each, _), count in pairs.items() if each == label)
    found = sum(count for (_, each), count in pairs.items() if each == label)
    return LabelFigures(
        label=label,
        precision=hits / found if found else 0.0,
        recall=hits / wanted if wanted else 0.0,
        f1=2 * hits / (wanted + found) if wanted + found else 0.0,
        count=wanted,
    )
