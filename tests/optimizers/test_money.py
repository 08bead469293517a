"""What judges ask and cost counts in what an optimisation and an evaluation may use."""

from __future__ import annotations

from typing import Any

import pytest
from tests.cli.optimizing import PROMPT, by_rules, right

import burnish
from burnish.models.fake import Fake
from burnish.models.model import Capabilities, ModelReply, ModelRequest, Usage
from burnish.optimizers.report.report import report_of

JUDGE = "openai:gpt-5-mini"
VERDICT = '{"reason": "as asked", "met": true}'
# A token in at 0.25 dollars a million, 100 out at 2.
EACH = 0.00020025
ROWS = [{"inputs": {"mail": f"mail {n}"}, "expected": right(n)} for n in range(40)]
CRITERION = burnish.ScorerSpec(
    name="closed-qa", value="It is a label.", weight=0.0, parameters={"model": JUDGE}
)


class Priced(Fake):
    @property
    def provider(self) -> str:
        return "openai"


class Court:
    """Answers that cost nothing, and a judge that is paid."""

    def __init__(self, *said: str) -> None:
        self.answers, self._said = Fake(by_rules), said
        self.judge = Priced(self._verdict, capabilities=Capabilities(local=False))

    def models(self) -> list[Fake]:
        return [self.answers, self.judge]

    @property
    def calls(self) -> int:
        return len(self.answers.requests) + len(self.judge.requests)

    def _verdict(self, request: ModelRequest) -> ModelReply:
        again = "That cannot be used" in request.messages[-1].content
        text = self._said[min(int(again), len(self._said) - 1)]
        return ModelReply(text=text, usage=Usage(input_tokens=1, output_tokens=100))


def optimized(court: Court, **more: Any) -> Any:
    asked: dict[str, Any] = {
        "model": "fake:a",
        "writer": "offline",
        "scorers": ["exact", CRITERION],
        "concurrency": 4,
        "fresh": True,
    }
    with burnish.open(plugins=[court]) as p:
        p.prompts.create("mail/kind", PROMPT)
        shown = p.optimize("mail/kind", ROWS, **(asked | more))
        return shown, report_of(shown)


@pytest.mark.spec("OPT-06")
def test_what_judges_cost_is_part_of_what_an_optimisation_costs() -> None:
    court = Court(VERDICT)
    shown, report = optimized(court, budget=120)
    asked = len(court.judge.requests)
    assert asked > 30
    assert report.effort.cost_usd == pytest.approx(asked * EACH)
    assert shown.counts.calls == report.effort.calls == court.calls <= 120
    # An answer itself costs nothing, and so does the prompt that was found.
    assert all(not each.cost_usd for each in shown.candidates)


@pytest.mark.parametrize("budget", [110, 200])
def test_a_judge_that_has_to_be_asked_again_passes_no_bound_on_calls(budget: int) -> None:
    court = Court("It is fine.", VERDICT)
    shown, report = optimized(court, budget=budget)
    again = [each for each in court.judge.requests if len(each.messages) > 2]
    assert again
    assert report.effort.calls == shown.counts.calls == court.calls <= budget


def test_a_bound_on_money_holds_for_judges_too() -> None:
    court = Court(VERDICT)
    _, report = optimized(court, budget=burnish.Budget(calls=400, cost_usd=0.02))
    assert 0.01 < report.effort.cost_usd <= 0.02
    assert report.effort.cost_usd == pytest.approx(len(court.judge.requests) * EACH)
    assert report.is_measured


def test_an_evaluation_tells_what_judges_cost() -> None:
    court = Court(VERDICT)
    with burnish.open(plugins=[court]) as p:
        p.prompts.create("mail/kind", PROMPT)
        done = p.evaluate(
            "mail/kind", ROWS, models="fake:a", scorers=["exact", CRITERION], fresh=True
        )
        (column,) = done.report.columns
        results = list(p.evaluations.results(done.evaluation.id))
    assert column.cost.usd == pytest.approx(len(court.judge.requests) * EACH)
    assert column.cost.per_answer_usd == 0
    assert [each.judge_calls for each in results] == [1] * len(ROWS)
    assert sum(each.judge_cost_usd or 0.0 for each in results) == pytest.approx(column.cost.usd)


def test_judges_are_in_the_estimate_before_anything_is_asked() -> None:
    court = Court(VERDICT)
    asked: dict[str, Any] = {"models": "fake:a", "scorers": ["exact", CRITERION]}
    with burnish.open(plugins=[court]) as p:
        p.prompts.create("mail/kind", PROMPT)
        guess = p.plan_evaluation("mail/kind", ROWS, **asked).estimate
    assert court.calls == 0
    assert (guess.calls, guess.judge_calls) == (len(ROWS), len(ROWS))
    assert guess.cost_usd == pytest.approx(len(ROWS) * EACH, rel=0.5)
