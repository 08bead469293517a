"""Classification results, added up as scikit-learn does."""

from __future__ import annotations

import random
import tracemalloc
from typing import Any

import pytest
from tests.evals.scorers.conftest import answered

from burnish.evals.confusion import MAX_LABELS, OTHERS, Pairs, confusion
from burnish.evals.registry import Scorers
from burnish.plugins import Plugins
from burnish.storage.example import ScorerSpec
from burnish.storage.result import Result, Score

LABELS = ["Billing", "Delivery", "Other"]


async def results(outputs: list[tuple[str, str]], *, repeats: int = 1) -> list[Result]:
    scorers = Scorers(Plugins(installed=False).collect("scorers"))
    scorer = scorers.make(ScorerSpec(name="classification", parameters={"labels": LABELS}))
    found: list[Result] = []
    for number, (output, expected) in enumerate(outputs):
        scores = (await scorer.score(answered(output, expected)),)
        found.append(Result(prompt="p@1", model="m", example=str(number), scores=scores))
    scorers.close()
    return found * repeats


async def test_figures_are_those_of_scikit_learn() -> None:
    from sklearn import metrics

    tools: Any = metrics
    chance = random.Random(4)
    pairs = [(chance.choice(LABELS), chance.choice(LABELS)) for _ in range(60)]
    report = confusion(await results(pairs))
    found, wanted = zip(*pairs, strict=True)
    assert report.n == 60
    assert list(report.labels) == LABELS
    assert report.accuracy == pytest.approx(tools.accuracy_score(wanted, found))
    assert report.macro_f1 == pytest.approx(tools.f1_score(wanted, found, average="macro"))
    matrix = tools.confusion_matrix(wanted, found, labels=LABELS)
    assert [list(row) for row in report.matrix] == matrix.tolist()
    each = tools.precision_recall_fscore_support(wanted, found, labels=LABELS)
    for column, figures in enumerate(report.figures):
        ours = (figures.precision, figures.recall, figures.f1, figures.count)
        assert ours == pytest.approx([float(row[column]) for row in each])


async def test_answers_without_one_label_count_as_wrong_and_errors_do_not_count() -> None:
    report = confusion(
        await results([("billing", "Billing"), ("billing or other", "Other"), ("x", "unknown")])
    )
    assert (report.n, report.unscored) == (2, 1)
    assert report.labels == ("", "Billing", "Other")
    assert report.accuracy == 0.5
    # Billing 1, Other 0; what names no label is no class of its own.
    assert report.macro_f1 == 0.5
    other = Score(metric="exact", value=1.0, passed=True)
    empty = confusion([Result(prompt="p@1", model="m", example="1", scores=(other,))])
    assert (empty.n, empty.accuracy, empty.macro_f1) == (0, None, None)


def labelled(pairs: list[tuple[str, str]]) -> list[Result]:
    """Each is what was found and what was expected."""
    return [
        Result(
            prompt="p@1",
            model="m",
            example=str(number),
            scores=(
                Score(
                    metric="classification",
                    value=float(found == expected),
                    passed=found == expected,
                    details={"label": found, "expected": expected},
                ),
            ),
        )
        for number, (found, expected) in enumerate(pairs)
    ]


def test_of_many_labels_the_commonest_have_a_place() -> None:
    """30 labels, the first of them the commonest; the figures are still those of all."""
    from sklearn import metrics

    tools: Any = metrics
    chance = random.Random(5)
    names = [f"label {number:02}" for number in range(30)]
    pairs = [
        (chance.choice([expected, chance.choice(names)]), expected)
        for place, expected in enumerate(names)
        for _ in range(60 - place)
    ]
    report = confusion(labelled(pairs))
    assert report.labels == (*names[:MAX_LABELS], OTHERS)
    assert report.others == 30 - MAX_LABELS
    assert sum(map(sum, report.matrix)) == report.n == len(pairs)
    found, wanted = zip(*pairs, strict=True)
    assert report.macro_f1 == pytest.approx(tools.f1_score(wanted, found, average="macro"))
    first = [sum(pair == (name, names[0]) for pair in pairs) for name in names[:MAX_LABELS]]
    assert list(report.matrix[0][:-1]) == first
    assert [each.label for each in report.figures] == names[:MAX_LABELS]


def test_labels_without_end_take_bounded_memory() -> None:
    """Whatever a model says is a label where no list of labels is given."""
    pairs = [(f"{number} " + "x" * 5_000, "yes") for number in range(12_000)]
    pairs += [("yes", "yes")] * 4_000
    tracemalloc.start()
    try:
        counting = Pairs()
        for found, expected in pairs:
            details = {"label": found, "expected": expected}
            counting.add(Score(metric="c", value=0.0, passed=False, details=details))
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    report = counting.confusion("c")
    assert peak < 12_000_000
    assert (report.n, report.accuracy) == (16_000, 0.25)
    # Too many to count one by one: no figure is better than a wrong one.
    assert report.macro_f1 is None
    assert len(report.labels) == len(report.matrix) <= MAX_LABELS + 1
