"""What classification results add up to: accuracy, macro-F1, a confusion matrix."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping

import msgspec

from burnish.storage.result import Result, Score

NO_LABEL = ""
# What stands for the labels that a matrix has no place for.
OTHERS = "(others)"
MAX_LABELS = 20
_MAX_PAIRS = 10_000
_MAX_CHARS = 200


class LabelFigures(msgspec.Struct, frozen=True, kw_only=True):
    """`count` is how often it was right to say it, `found` how often it was said."""

    label: str
    precision: float
    recall: float
    f1: float
    count: int
    found: int


class Confusion(msgspec.Struct, frozen=True, kw_only=True):
    """`matrix` has a row for each of `labels` that was expected, a column for each that was
    found; the label `` stands for answers with no label in them. Of many labels it has the 20
    commonest; the last row and column, `(others)`, are all the rest, `others` in number.
    `macro_f1` is the mean of F1 over all labels that were expected or found, and None where these
    are too many to count. `unscored` counts results without a verdict."""

    metric: str = "classification"
    n: int
    accuracy: float | None
    macro_f1: float | None
    labels: tuple[str, ...] = ()
    matrix: tuple[tuple[int, ...], ...] = ()
    figures: tuple[LabelFigures, ...] = ()
    others: int = 0
    unscored: int = 0


class Pairs:
    """How often which label was found where which was expected, in bounded memory."""

    def __init__(self) -> None:
        self._pairs: Counter[tuple[str, str]] = Counter()
        self._n = self._right = 0
        self._unscored = 0
        self._full = False

    def add(self, score: Score) -> None:
        pair = pair_of(score)
        if pair is None:
            self._unscored += 1
            return
        self._n += 1
        self._right += pair[0] == pair[1]
        pair = pair[0][:_MAX_CHARS], pair[1][:_MAX_CHARS]
        if pair not in self._pairs and len(self._pairs) >= _MAX_PAIRS:
            self._full = True
            pair = OTHERS, OTHERS
        self._pairs[pair] += 1

    def confusion(self, metric: str) -> Confusion:
        if not self._n:
            return Confusion(
                metric=metric, n=0, accuracy=None, macro_f1=None, unscored=self._unscored
            )
        every = _figures(self._pairs)
        real = [each.f1 for each in every.values() if each.label != NO_LABEL]
        shown, pairs = _bounded(every, self._pairs)
        return Confusion(
            metric=metric,
            n=self._n,
            accuracy=self._right / self._n,
            macro_f1=sum(real) / len(real) if real and not self._full else None,
            labels=shown,
            matrix=tuple(tuple(pairs[wanted, found] for found in shown) for wanted in shown),
            figures=tuple(every[label] for label in shown if label in every),
            others=len(set(every) - set(shown)),
            unscored=self._unscored,
        )


def confusion(results: Iterable[Result], metric: str = "classification") -> Confusion:
    """Over the scores of that metric, which a classification scorer gave."""
    pairs = Pairs()
    for result in results:
        for score in result.scores:
            if score.metric == metric:
                pairs.add(score)
    return pairs.confusion(metric)


def pair_of(score: Score) -> tuple[str, str] | None:
    """The label that was expected and the one that was found, where a scorer tells of both."""
    expected, found = score.details.get("expected"), score.details.get("label")
    if score.value is None or not isinstance(expected, str) or not isinstance(found, str):
        return None
    return expected, found


def _figures(pairs: Counter[tuple[str, str]]) -> dict[str, LabelFigures]:
    """Of each label, by name. A share of nothing is 0, as it is usual."""
    wanted, found = Counter[str](), Counter[str]()
    for (one, other), count in pairs.items():
        wanted[one] += count
        found[other] += count
    figures: dict[str, LabelFigures] = {}
    for label in sorted(wanted.keys() | found.keys()):
        hits = pairs[label, label]
        figures[label] = LabelFigures(
            label=label,
            precision=hits / found[label] if found[label] else 0.0,
            recall=hits / wanted[label] if wanted[label] else 0.0,
            f1=2 * hits / (wanted[label] + found[label]),
            count=wanted[label],
            found=found[label],
        )
    return figures


def _bounded(
    every: Mapping[str, LabelFigures], pairs: Counter[tuple[str, str]]
) -> tuple[tuple[str, ...], Counter[tuple[str, str]]]:
    """The commonest labels in their order, and the pairs with all others as one."""
    if len(every) <= MAX_LABELS:
        return tuple(every), pairs
    often = sorted(every.values(), key=lambda each: (-each.count, -each.found, each.label))
    kept = {each.label for each in often[:MAX_LABELS]} - {OTHERS}
    fewer: Counter[tuple[str, str]] = Counter()
    for (one, other), count in pairs.items():
        fewer[one if one in kept else OTHERS, other if other in kept else OTHERS] += count
    return (*sorted(kept), OTHERS), fewer
