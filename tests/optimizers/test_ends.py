"""How an optimisation ends where its metric or its dataset is gone."""

from __future__ import annotations

from tests.optimizers.test_platform import ASKED, ROWS, TEXT, Given

import burnish
from burnish.models.fake import Fake


def test_what_has_ended_is_told_though_its_dataset_is_gone() -> None:
    with burnish.open(plugins=[Given()]) as p:
        p.prompts.create("name/item", TEXT)
        p.datasets.add("items", ROWS)
        plan = p.plan_optimization("name/item", "items", algorithm="reflective", **ASKED)
        done = p.run_optimization(plan.optimization).optimization
        p.datasets.delete("items")
        again = p.resume_optimization(done.id).optimization
    assert (again.outcome, again.text, again.best) == (done.outcome, done.text, done.best)


class Unmeasurable:
    def models(self) -> list[Fake]:
        return [Fake(lambda request: "an answer")]

    def scorers(self) -> list[burnish.ScorerKind]:
        @burnish.scorer(name="odd")
        def odd(output: str) -> float:
            """Divides by nothing."""
            return float("nan") if output else 0.0

        return [odd]


def test_a_metric_that_is_no_number_ends_the_search_before_it_costs_much() -> None:
    with burnish.open(plugins=[Unmeasurable()]) as p:
        p.prompts.create("name/item", TEXT)
        done = p.optimize("name/item", ROWS, scorers=["odd"], **ASKED).optimization
        assert done.outcome == "not measured"
        assert "gives nan; a score is 0 to 1" in done.text
        assert done.report["calls"] <= 8
        assert p.prompts.get("name/item@latest").version.revision == 1
