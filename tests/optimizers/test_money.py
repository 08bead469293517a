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


class Judges:
    """A judge that is paid, beside the models there are."""

    def models(self) -> list[Fake]:
        return [Court(VERDICT).judge]


def planned(*, model: str = "fake:echo", judge: str = JUDGE, **more: Any) -> Any:
    criterion = burnish.ScorerSpec(
        name="closed-qa", value="It is a label.", weight=0.0, parameters={"model": judge}
    )
    asked: dict[str, Any] = {"model": model, "writer": "offline", "budget": 120}
    with burnish.open(plugins=[Judges()]) as p:
        p.prompts.create("mail/kind", PROMPT)
        return p.plan_optimization("mail/kind", ROWS, scorers=["exact", criterion], **asked | more)


def test_a_plan_tells_what_is_known_of_its_cost_and_of_which_models_nothing_is() -> None:
    whole = planned()
    assert 60 * EACH * 0.5 < whole.cost_usd < 60 * EACH * 1.5
    assert whole.unpriced == ()
    # What judges cost is not dropped where the price of answers is unknown,
    part = planned(model="openai:unheard-of")
    assert part.cost_usd == pytest.approx(whole.cost_usd)
    assert part.unpriced == ("openai:unheard-of",)
    # and answers that cost nothing do not make a judge without a price cost nothing.
    nothing = planned(judge="openai:unheard-of")
    assert (nothing.cost_usd, nothing.unpriced) == (None, ("openai:unheard-of",))


def test_a_plan_costs_no_more_than_it_may() -> None:
    bound = 0.004
    free = planned()
    assert bound < free.shortest_usd < free.cost_usd
    held = planned(budget=burnish.Budget(calls=120, cost_usd=bound))
    assert (held.cost_usd, held.shortest_usd) == (bound, free.shortest_usd)
    part = planned(
        model="openai:unheard-of",
        budget=burnish.Budget(calls=120, cost_usd=bound),
    )
    assert (part.cost_usd, part.unpriced) == (bound, ("openai:unheard-of",))


class Bought:
    """One model that answers and judges, and is paid for both."""

    def models(self) -> list[Fake]:
        return [Priced(self._said, capabilities=Capabilities(local=False))]

    def _said(self, request: ModelRequest) -> ModelReply:
        judges = any("It is a label." in each.content for each in request.messages)
        reply = VERDICT if judges else "yes"
        return ModelReply(text=reply, usage=Usage(input_tokens=100, output_tokens=100))


def test_each_attempt_of_an_evaluation_pays_its_bound_at_most() -> None:
    """Answers that were paid when their judge could not be any more are no results."""
    bound = 0.004
    asked: dict[str, Any] = {"scorers": [CRITERION], "fresh": True, "concurrency": 3}
    with burnish.open(plugins=[Bought()]) as p:
        p.prompts.create("mail/kind", PROMPT)
        plan = p.plan_evaluation(
            "mail/kind", ROWS, models=JUDGE, max_cost_usd=bound, max_tokens=100, **asked
        )
        done = p.run_evaluation(plan.evaluation)
        results = [each for each in p.evaluations.results(done.evaluation.id) if not each.error]
        assert 0 < len(results) < len(ROWS)
        for _ in range(4):
            p.resume_evaluation(done.evaluation.id)
        paid = sum(each.cost_usd or 0.0 for each in p.runs.page(limit=200).items)
    # Each attempt may pay that much more.
    assert 4 * bound < paid <= 5 * bound


def test_each_attempt_of_an_optimisation_pays_within_the_bound_of_all() -> None:
    bound = burnish.Budget(calls=200, cost_usd=0.0015)
    asked: dict[str, Any] = {"scorers": [CRITERION], "fresh": True, "concurrency": 3}
    with burnish.open(plugins=[Bought()]) as p:
        p.prompts.create("mail/kind", PROMPT)
        done = p.optimize(
            "mail/kind", ROWS, model=JUDGE, writer="offline", budget=bound, max_tokens=100, **asked
        )
        assert done.optimization.outcome == "not measured"
        for _ in range(4):
            p.resume_optimization(done.optimization.id)
        paid = sum(each.cost_usd or 0.0 for each in p.runs.page(limit=200).items)
        told = p.optimizations.get(done.optimization.id).report["cost_usd"]
    assert 0 < paid <= 0.0015
    assert told == pytest.approx(paid)
