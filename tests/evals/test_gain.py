"""When a prompt counts as better, and how many examples it takes to tell."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from burnish.evals import gain
from burnish.evals.report import Report, report_of
from burnish.storage.result import Result, Score


def column(prompt: str, scores: Sequence[float], model: str = "fake:a") -> list[Result]:
    return [
        Result(
            prompt=prompt,
            model=model,
            example=str(number),
            score=score,
            passed=score >= 0.5,
            scores=(Score(metric="exact", value=score, passed=score >= 0.5),),
        )
        for number, score in enumerate(scores)
    ]


def report(*columns: list[Result]) -> Report:
    return report_of([each for column in columns for each in column], baseline="p@1")


@pytest.mark.parametrize("candidates", [1, 2, 4, 20])
def test_with_one_example_less_no_answers_could_show_a_gain(candidates: int) -> None:
    least = gain.least_examples(candidates)
    outcomes: list[bool] = []
    for count in (least - 1, least):
        others = [column(f"p@{n}", [0.0] * count) for n in range(3, candidates + 2)]
        perfect = column("p@2", [1.0] * count)
        found = report(column("p@1", [0.0] * count), perfect, *others)
        outcomes.append(gain.is_gain(gain.compared(found, "p@2")))
    assert outcomes == [False, True]


@pytest.mark.parametrize(
    ("train", "test", "told"),
    [(20, 20, ("train", "test")), (500, 19, (None, None)), (19, 500, (None, None))],
)
def test_examples_are_held_back_where_there_are_enough(
    train: int, test: int, told: tuple[str | None, str | None]
) -> None:
    assert gain.held_back(train, test) == told


def test_the_leader_is_the_best_over_all_models_and_the_first_of_several() -> None:
    found = report(
        column("p@1", [0.0, 0.0]),
        column("p@1", [0.0, 0.0], "fake:b"),
        column("p@2", [1.0, 1.0]),
        column("p@2", [0.0, 0.0], "fake:b"),
        column("p@3", [1.0, 0.0]),
        column("p@3", [1.0, 0.0], "fake:b"),
        column("p@4", [1.0, 1.0]),
        column("p@4", [1.0, 0.0], "fake:b"),
    )
    assert gain.leading(found, ["p@2", "p@3"]) == "p@2"
    assert gain.leading(found, ["p@2", "p@3", "p@4"]) == "p@4"
    assert gain.leading(found, ["p@9"]) == ""
    assert gain.mean_score(found, "p@4") == 0.75


def test_worse_by_one_model_is_no_gain() -> None:
    flat, full = [0.0] * 30, [1.0] * 30
    found = report(
        column("p@1", flat),
        column("p@1", full, "fake:b"),
        column("p@2", full),
        column("p@2", flat, "fake:b"),
        column("p@3", full),
        column("p@3", full, "fake:b"),
    )
    assert {each.outcome for each in gain.compared(found, "p@2")} == {"better", "worse"}
    assert not gain.is_gain(gain.compared(found, "p@2"))
    assert gain.is_gain(gain.compared(found, "p@3"))
    assert not gain.is_gain(())
