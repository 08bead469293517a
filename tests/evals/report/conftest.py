"""Results of an evaluation that was never run."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

import pytest

from burnish.storage.result import Result, Score

Made = Callable[..., Result]
MadeAll = Callable[..., list[Result]]


def _made(example: int | str, score: float | None, **more: Any) -> Result:
    passed = None if score is None else score >= 0.5
    scores = () if score is None else (Score(metric="exact", value=score, passed=bool(passed)),)
    given: dict[str, Any] = {
        "prompt": "mail/late@1", "model": "fake:a", "example": str(example), "output": "an answer",
        "score": score, "passed": passed, "scores": scores, "latency_ms": 100.0, "cost_usd": 0.001,
    }  # fmt: skip
    return Result(**(given | more))


def _column(scores: list[float], **more: Any) -> list[Result]:
    return [_made(example, score, **more) for example, score in enumerate(scores)]


def _evaluation(
    seed: int, *, columns: int = 3, examples: int = 30, repeats: int = 2
) -> list[Result]:
    """With failed calls, answers without a score, missing cells, tags and unknown prices."""
    draw = random.Random(seed)
    made: list[Result] = []
    for example in range(examples):
        for column in range(columns):
            for repeat in range(repeats):
                where = {"model": f"fake:{column}", "repeat": repeat, "tags": (f"t{example % 3}",)}
                fate = draw.random()
                if fate < 0.05:
                    made.append(
                        _made(example, None, error=f"timed out after {draw.random()} s", **where)
                    )
                elif fate < 0.1:
                    made.append(_made(example, None, **where))
                elif fate < 0.95:
                    score = draw.choice([0.0, 0.3, 0.7, 1.0, draw.random()])
                    cost = draw.choice([None, 0.002])
                    latency = draw.uniform(1, 500)
                    made.append(_made(example, score, cost_usd=cost, latency_ms=latency, **where))
    return made


@pytest.fixture
def made() -> Made:
    return _made


@pytest.fixture
def column() -> MadeAll:
    return _column


@pytest.fixture
def evaluation() -> MadeAll:
    return _evaluation
