"""Searches that may change parameters of the model, too."""

from __future__ import annotations

from typing import Any

import pytest
from tests.cli.optimizing import PROMPT, by_rules, number_of, right, with_rule

import burnish
from burnish.errors import UsageError
from burnish.models.fake import Fake
from burnish.models.model import ModelRequest
from burnish.optimizers.report.report import report_of

ROWS = [{"inputs": {"mail": f"mail {n}"}, "expected": right(n)} for n in range(80)]


def cool(request: ModelRequest) -> str:
    """Right where it is asked at 0.2, else now and then."""
    if request.temperature == 0.2 or number_of(request) % 5 == 0:
        return right(number_of(request))
    return "It may be either."


class Given:
    def __init__(self, answer: Any = cool) -> None:
        self.model = Fake(lambda r: (with_rule if r.model.endswith("w") else answer)(r))

    def models(self) -> list[Fake]:
        return [self.model]


def optimized(given: Given, **more: Any) -> Any:
    asked: dict[str, Any] = {"model": "fake:a", "writer": "offline", "budget": 240}
    with burnish.open(plugins=[given]) as p:
        p.prompts.create("mail/kind", PROMPT, config={"temperature": 1.0})
        shown = p.optimize("mail/kind", ROWS, **(asked | more))
        return report_of(shown), p.prompts.get("mail/kind").version


@pytest.mark.parametrize("algorithm", ["auto", "genetic", "bandit", "fewshot", "reflective"])
def test_a_better_temperature_is_found_and_kept_with_the_version(algorithm: str) -> None:
    given = Given()
    report, version = optimized(
        given, algorithm=algorithm, writer="fake:w", vary={"temperature": [0.2, 0.6, 1]}
    )
    assert report.outcome == "improved"
    assert report.parameters_after == {"temperature": 0.2}
    assert version.config["temperature"] == 0.2
    assert report.effort.calls <= 240
    answered = {r.temperature for r in given.model.requests if not r.model.endswith("w")}
    assert answered == {0.2, 0.6, 1.0}


def test_a_text_and_a_parameter_are_found_together() -> None:
    def both(request: ModelRequest) -> str:
        said = by_rules(request)
        return said if request.max_tokens == 8 or number_of(request) % 3 else "Well."

    report, version = optimized(
        Given(both),
        algorithm="reflective",
        writer="fake:w",
        budget=400,
        vary={"max_tokens": [8]},
    )
    assert report.outcome == "improved"
    assert version.config == {"temperature": 1.0, "max_tokens": 8}
    assert version.text != PROMPT


def test_nothing_varies_that_is_not_asked_for() -> None:
    given = Given()
    optimized(given, budget=120)
    assert {each.temperature for each in given.model.requests} == {1.0}


@pytest.mark.parametrize(
    ("vary", "told"),
    [
        ({"top_k": [1]}, "cannot vary"),
        ({"temperature": [3]}, "cannot be 3"),
        ({"temperature": [float("nan")]}, "cannot be nan"),
        ({"temperature": ["hot"]}, "cannot be 'hot'"),
        ({"temperature": []}, "has 0 values"),
        ({"max_tokens": [1.5]}, "cannot be 1.5"),
        ("temperature", "what may vary"),
    ],
)
def test_what_cannot_vary_is_refused(vary: Any, told: str) -> None:
    with pytest.raises(UsageError, match=told):
        optimized(Given(), vary=vary)


def test_clarity_is_not_measured_at_temperature_0() -> None:
    with pytest.raises(UsageError, match="there is one"):
        optimized(Given(), goal="clarity", vary={"temperature": [0, 0.5]})


def test_one_parameter_is_given_or_varies() -> None:
    with pytest.raises(UsageError, match="temperature is given one value, and may vary"):
        optimized(Given(), temperature=0.2, vary={"temperature": [0.7]})


def test_many_values_leave_the_search_its_share() -> None:
    given = Given(by_rules)
    values = {"temperature": [n / 10 for n in range(1, 9)], "max_tokens": list(range(1, 9))}
    report, _ = optimized(given, algorithm="genetic", budget=150, vary=values)
    asked = {r.messages[-1].content.split("<mail>")[0] for r in given.model.requests}
    assert len(asked) > 1  # other texts than that of the original
    assert report.effort.calls <= 150
