"""What `p.optimize_where` begins again of what could not be measured, and what it plans."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from tests.optimizers.stored import IMPROVED, optimization, put
from tests.optimizers.test_optimize_where import KEPT, PROMPT, ROWS, WEAK, Priced, answers

import burnish
from burnish.errors import KeyRefused, RequestRefused
from burnish.models.fake import Fake
from burnish.models.model import Capabilities, ModelRequest
from burnish.platform.where import WhereLeft

DEAR = "openai:gpt-4o-mini"
ENDED: dict[str, Any] = IMPROVED | {"outcome": "kept", "best": ""}
JUDGE = burnish.ScorerSpec(
    name="rubric", value="Says which it is.", parameters={"model": "fake:judge"}
)


class World:
    """Answers `answers_left` times, unless it is `refusing`; judges, unless that is `away`; measures, unless `broken`.
    None of its answers is right."""

    def __init__(self) -> None:
        self.refusing = self.away = self.broken = False
        self.answers_left = 1_000

    def models(self) -> list[Fake]:
        return [Fake(self._say), Priced(self._say, capabilities=Capabilities())]

    def scorers(self) -> list[burnish.ScorerKind]:
        @burnish.scorer(name="strict")
        def strict(output: str, expected: str) -> bool:
            """The same."""
            if self.broken:
                raise RuntimeError("no ruler")
            return output == expected

        return [strict]

    def _say(self, request: ModelRequest) -> str:
        if request.model.endswith("judge"):
            if self.away:
                raise KeyRefused("no key")
            return '{"reason": "It says neither.", "score": 1}'
        self.answers_left -= 1
        if self.answers_left < 0:
            raise KeyRefused("no key")
        if self.refusing:
            raise RequestRefused("it is too long")
        return "It may be either."


@pytest.fixture
def world() -> World:
    return World()


@pytest.fixture
def p(world: World) -> Iterator[burnish.Platform]:
    with burnish.open(plugins=[world]) as opened:
        opened.prompts.create("mail/a", PROMPT)
        opened.evaluate("mail/a", ROWS, models="fake:a", scorers=["exact"], dataset="rows")
        yield opened


def outcomes(p: burnish.Platform, **options: Any) -> list[str]:
    report = p.optimize_where(WEAK, **(KEPT | options))
    return [each.outcome for each in report.optimized]


def left(p: burnish.Platform, **options: Any) -> WhereLeft:
    """Of the one prompt, for which nothing was asked."""
    paid = answers(p)
    report = p.optimize_where(WEAK, **(KEPT | options))
    (found,) = report.left
    assert (report.optimized, answers(p)) == ((), paid)
    assert report.is_measured is not found.failed
    return found


@pytest.mark.spec("OPT-10")
def test_a_scorer_that_fails_is_not_paid_for_again_until_something_changes(
    p: burnish.Platform, world: World
) -> None:
    world.broken = True
    assert outcomes(p, scorers=["strict"]) == ["not measured"]
    found = left(p, scorers=["strict"])
    assert found.failed
    assert "nothing could be measured: the scorer failed on" in found.why
    assert "no ruler" in found.why
    assert found.why.endswith(", then --again")
    assert found.optimization == p.optimizations.list()[0].id
    p.datasets.add("rows", ROWS[:100], replace=True)
    assert outcomes(p, scorers=["strict"]) == ["not measured"]
    world.broken = False
    assert left(p, scorers=["strict"]).failed
    assert outcomes(p, scorers=["strict"], again=True) == ["kept"]
    assert not left(p, scorers=["strict"]).failed


@pytest.mark.spec("OPT-10")
def test_a_request_that_is_refused_waits_until_it_is_another_one(
    p: burnish.Platform, world: World
) -> None:
    world.refusing = True
    assert outcomes(p, fresh=True) == ["not measured"]
    assert "request_refused" in left(p, fresh=True).why
    assert outcomes(p, fresh=True, max_tokens=9) == ["not measured"]


@pytest.mark.spec("OPT-10")
def test_a_model_that_was_away_is_asked_again_for_the_rest(
    p: burnish.Platform, world: World
) -> None:
    world.answers_left = 40  # and then it is away
    first = p.optimize_where(WEAK, **KEPT, fresh=True)
    assert (first.optimized, first.left[0].failed) == ((), True)
    (begun,) = p.optimizations.list()
    assert 0 < answers(p) <= 40
    world.answers_left = 1_000
    with burnish.open(plugins=[world]) as again:
        second = again.optimize_where(WEAK, **KEPT, fresh=True)
        assert [(e.id, e.outcome) for e in second.optimized] == [(begun.id, "kept")]


@pytest.mark.spec("OPT-10")
def test_a_judge_that_was_away_is_asked_again(p: burnish.Platform, world: World) -> None:
    world.away = True
    assert outcomes(p, scorers=[JUDGE]) == ["not measured"]
    assert outcomes(p, scorers=[JUDGE]) == ["not measured"]
    world.away = False
    assert outcomes(p, scorers=[JUDGE]) == ["kept"]
    assert "kept, for every answer scores 0.00" in left(p, scorers=[JUDGE]).why


@pytest.mark.spec("OPT-10")
def test_a_budget_that_did_not_reach_waits_for_a_larger_one(p: burnish.Platform) -> None:
    poor, richer = (burnish.Budget(calls=130, cost_usd=usd) for usd in (1e-5, 1e-4))
    assert outcomes(p, model=DEAR, budget=poor) == ["not measured"]
    assert "are allowed" in left(p, model=DEAR, budget=poor).why
    assert outcomes(p, model=DEAR, budget=richer) == ["not measured"]
    assert left(p, model=DEAR, budget=poor).failed


@pytest.mark.spec("OPT-10")
def test_one_that_stayed_as_it_was_is_tried_again_with_a_larger_budget(
    p: burnish.Platform,
) -> None:
    small = int(KEPT["budget"])
    assert outcomes(p) == ["kept"]
    assert left(p).why.endswith(f"; a --budget of more than {small} tries again")
    assert left(p, budget=small - 10).optimization == p.optimizations.list()[0].id
    assert left(p, max_cost_usd=5.0).optimization == p.optimizations.list()[0].id
    assert outcomes(p, budget=small + 40) == ["kept"]
    assert len(p.optimizations.list()) == 2
    assert left(p, budget=small + 40).why.endswith(f"{small + 40} tries again")


def test_what_costs_nothing_to_refuse_is_told_each_time(p: burnish.Platform) -> None:
    few = left(p, limit=10)
    assert few.failed
    assert "10 examples are too few" in few.why
    assert "leaves nothing to search with" in left(p, budget=20).why


@pytest.mark.spec("OPT-10")
def test_a_plan_tells_what_would_be_optimised_at_what_cost_and_what_not_and_why(
    p: burnish.Platform,
) -> None:
    asked: dict[str, Any] = {**KEPT, "model": DEAR, "max_tokens": 10}
    for name in ("mail/b", "mail/c"):
        p.prompts.create(name, PROMPT)
        p.evaluate(name, ROWS, models="fake:a", scorers=["exact"], dataset="rows")
    p.prompts.create("mail/new", PROMPT)
    assert len(p.optimize_where("name = mail/b", **asked).optimized) == 1
    paid = answers(p)
    plan = p.plan_optimizations("category = mail", **asked)
    told = [(e.prompt, e.score, e.dataset, e.model) for e in plan.planned]
    assert told == [(f"mail/{name}@1", 0.0, "rows@1", DEAR) for name in "ac"]
    assert {each.answers for each in plan.planned} == {130}
    assert [(e.prompt, e.failed) for e in plan.left] == [("mail/b@1", False), ("mail/new@1", True)]
    assert "optimised already" in plan.left[0].why
    one, other = (each.cost_usd or 0.0 for each in plan.planned)
    assert plan.cost_usd == one + other > 0
    assert (answers(p), len(p.optimizations.list())) == (paid, 1)
    # The second may have what the first one leaves.
    bound = p.plan_optimizations("category = mail", max_cost_usd=one * 1.1, **asked)
    assert [each.prompt for each in bound.planned] == ["mail/a@1"]
    assert "are left of the bound on all" in bound.left[-2].why
    unknown = p.plan_optimizations("category = mail", **KEPT)
    assert (unknown.cost_usd, unknown.unpriced, len(unknown.planned)) == (None, 3, 3)


@pytest.mark.slow
def test_a_job_knows_all_that_it_has_begun_however_many(p: burnish.Platform) -> None:
    """Also where each is to be optimised again, and the first one was that of a weak prompt."""
    job = p.submit_optimizations(WEAK, again=True, writer="offline", budget=130)
    put(
        *(
            optimization(
                id=f"01970000-0000-7000-8000-{number:012d}",
                prompt=f"mail/{number or 'a'}@1",
                job_id=job.id,
                **ENDED,
            )
            for number in range(1_005)
        )
    )
    p.jobs.work(once=True)
    done = p.jobs.get(job.id)
    told = [each["prompt"] for each in done.result["optimized"]]
    assert (len(told), told[0]) == (1_005, "mail/a@1")
    assert answers(p) == 0
