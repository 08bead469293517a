"""`p.optimize_where` and its job: all weak prompts, none twice, none left behind by another."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import pytest
from tests.cli.optimizing import PROMPT, RULES, by_rules, right, with_rule

import burnish
from burnish.errors import Conflict, NotFound, UsageError
from burnish.models.fake import Fake
from burnish.models.model import Capabilities, ModelRequest
from burnish.optimizers.problem import Problem, Search
from burnish.platform.where import WhereLeft, WhereOptimized, WhereReport
from burnish.storage.job import Job

ROWS = [{"id": f"r{n}", "inputs": {"mail": f"mail {n}"}, "expected": right(n)} for n in range(120)]
GOOD = PROMPT.replace("\n\n", f"\n{RULES[0]}\n{RULES[1]}\n\n", 1)
WEAK = "score < 0.6"
Options = dict[str, Any]
POOR = burnish.Budget(calls=130, cost_usd=1e-4)
ASKED: Options = {"algorithm": "reflective", "writer": "fake:w", "budget": 250}
RIGHT = 0.6
OFFLINE: Options = {"writer": "offline", "budget": 130}
KEPT: Options = {"writer": "offline", "budget": 130, "algorithm": "bandit"}


class Given:
    """`fake:a` answers, `fake:w` writes."""

    def __init__(self, latency_s: float = 0.0) -> None:
        self._latency_s = latency_s

    def models(self) -> list[Fake]:
        def say(request: ModelRequest) -> str:
            return (with_rule if request.model.endswith("w") else by_rules)(request)

        return [Fake(say, latency_s=self._latency_s)]

    def optimizers(self) -> list[object]:
        return [Broken()]


@pytest.fixture
def p() -> Iterator[burnish.Platform]:
    with burnish.open(plugins=[Given()]) as opened:
        for name, text in (("mail/a", PROMPT), ("mail/b", f"{PROMPT}\n"), ("mail/good", GOOD)):
            opened.prompts.create(name, text)
            opened.evaluate(name, ROWS, models="fake:a", scorers=["exact"], dataset="rows")
        yield opened


def answers(p: burnish.Platform) -> int:
    return sum(p.optimizations.show(each.id).counts.answers for each in p.optimizations.list())


@pytest.mark.spec("OPT-10")
def test_each_weak_prompt_is_optimised_as_it_was_evaluated_last(p: burnish.Platform) -> None:
    heard: list[WhereOptimized | WhereLeft] = []
    shown: list[Job] = []
    report = p.optimize_where(WEAK, each=heard.append, progress=shown.append, **ASKED)
    assert [(e.prompt, e.dataset, e.model, e.best) for e in report.optimized] == [
        ("mail/a@1", "rows@1", "fake:a", "mail/a@2"),
        ("mail/b@1", "rows@1", "fake:a", "mail/b@2"),
    ]
    assert (tuple(heard), report.left, report.is_measured) == (report.optimized, (), True)
    assert RULES[0] in p.prompts.get("mail/a").version.text
    assert {each.progress.message for each in shown} == {"mail/a@1 (1 of 2)", "mail/b@1 (2 of 2)"}
    # The new versions were not evaluated yet: nobody knows them to be weak.
    assert p.optimize_where(WEAK, **ASKED) == WhereReport(where=WEAK)


@pytest.mark.spec("OPT-10")
def test_what_was_optimised_already_is_not_paid_for_again(p: burnish.Platform) -> None:
    first = p.optimize_where(WEAK, **KEPT)
    assert [each.outcome for each in first.optimized] == ["kept", "kept"]
    paid = answers(p)
    again = p.optimize_where(WEAK, **KEPT)
    assert again.optimized == ()
    assert [(e.prompt, e.failed, e.optimization) for e in again.left] == [
        (each.prompt, False, each.id) for each in first.optimized
    ]
    assert "optimised already on rows@1 with fake:a: kept" in again.left[0].why
    assert answers(p) == paid
    # Another dataset version, another version of the prompt or another aim is another question.
    other = p.optimize_where("name = mail/a", goal="efficiency", **KEPT)
    assert [each.prompt for each in other.optimized] == ["mail/a@1"]
    p.datasets.add("rows", ROWS[:100], replace=True)
    assert len(p.optimize_where("name = mail/a", **KEPT).optimized) == 1
    assert len(p.optimize_where("name = mail/a", again=True, **KEPT).optimized) == 1


def test_a_version_that_came_of_one_waits_for_an_evaluation(p: burnish.Platform) -> None:
    p.optimize_where("name = mail/a", **ASKED)
    report = p.optimize_where("name = mail/a", **ASKED)
    assert (report.optimized, report.is_measured) == ((), True)
    assert "was not evaluated since" in report.left[0].why
    p.prompts.create("mail/new", PROMPT)
    assert p.optimize_where("name = mail/new", **ASKED).left[0].failed


def test_a_result_is_kept_on_a_branch(p: burnish.Platform) -> None:
    report = p.optimize_where("name = mail/a", branch="weekly", **ASKED)
    assert report.optimized[0].text.endswith("it stands on the branch weekly")
    assert p.prompts.get("mail/a").version.revision == 1
    assert RULES[0] in p.prompts.get("mail/a@branch:weekly").version.text
    with pytest.raises(UsageError, match="a branch 'main' already"):
        p.optimize("mail/a", "rows", branch="main")


class Priced(Fake):
    """As dear as a model of that provider."""

    @property
    def provider(self) -> str:
        return "openai"


def test_one_bound_on_money_holds_for_all() -> None:
    class Dear:
        def models(self) -> list[Fake]:
            return [Priced(by_rules, capabilities=Capabilities())]

    with burnish.open(plugins=[Dear()]) as p:
        for name in ("mail/a", "mail/b"):
            p.prompts.create(name, PROMPT)
            p.evaluate(name, ROWS, models="openai:gpt-4o-mini", dataset="rows")
        asked: Options = {**KEPT, "again": True, "fresh": True, "max_tokens": 10}
        whole = p.optimize_where(WEAK, **asked)
        each_usd = [each.cost_usd or 0.0 for each in whole.optimized]
        assert len(each_usd) == 2
        bound = each_usd[0] * 0.5  # enough for a short search, and not for two
        assert 0 < bound < sum(each_usd)
        report = p.optimize_where(WEAK, max_cost_usd=bound, **asked)
        assert [each.prompt for each in report.optimized] == ["mail/a@1"]
        assert "are left of the bound on all" in report.left[0].why
        assert sum(each.cost_usd or 0.0 for each in report.optimized) <= bound
        # The first call alone could pass it: nothing is known of the prompt then.
        poor = p.optimize_where("name = mail/a", max_cost_usd=1e-7, again=True, **KEPT)
        assert not poor.is_measured
        none = p.optimize("mail/a", "rows", model="openai:gpt-4o-mini", budget=POOR, fresh=True)
        assert none.optimization.outcome == "not measured"
        assert "are allowed" in none.optimization.text


def test_what_a_job_has_spent_before_it_was_cancelled_counts_in_its_bound() -> None:
    class Dear:
        latency_s = 0.0

        def models(self) -> list[Fake]:
            return [Priced(by_rules, capabilities=Capabilities(), latency_s=self.latency_s)]

    with burnish.open(plugins=[Dear()]) as p:
        for name in ("mail/a", "mail/b"):
            p.prompts.create(name, PROMPT)
            p.evaluate(name, ROWS, models="openai:gpt-4o-mini", dataset="rows")
        asked: Options = {**KEPT, "again": True, "fresh": True, "max_tokens": 10}
        whole = p.optimize_where(WEAK, **asked)
        each_usd = [each.cost_usd or 0.0 for each in whole.optimized]
    slow = Dear()
    slow.latency_s = 0.05
    bound = each_usd[0] + 0.6 * each_usd[1]
    with burnish.open(plugins=[slow]) as p:
        before = {each.id for each in p.optimizations.list()}
        job = p.jobs.submit("optimizations", {"where": WEAK, "max_cost_usd": bound, **asked})
        for now in p.jobs.watch(job.id):
            if int(now.progress.facts.get("calls") or 0) >= 40:
                break
        p.jobs.cancel(job.id)
        (begun,) = [each for each in p.optimizations.list() if each.id not in before]
        until = time.monotonic() + 20
        while p.optimizations.get(begun.id).outcome != "stopped":
            assert time.monotonic() < until
            time.sleep(0.05)
        done = p.jobs.wait(p.jobs.resume(job.id).id)
        spent = [each["cost_usd"] for each in done.result["optimized"]]
    assert 0 < sum(spent) <= bound


class Broken:
    """An optimizer of somebody's own, which fails on one prompt."""

    name = "broken"

    def search(self, problem: Problem) -> Search:
        yield from problem.measure([problem.original], problem.validation[:10])
        if problem.standing(problem.original)[0] < RIGHT:
            raise KeyError("not today")


def test_what_fails_is_told_and_keeps_none_from_its_turn(p: burnish.Platform) -> None:
    p.prompts.create("mail/new", PROMPT)
    given = {"where": "category = mail", "algorithm": "broken", **OFFLINE}
    job = p.jobs.wait(p.jobs.submit("optimizations", given).id)
    assert job.state == "done"
    assert [each["prompt"] for each in job.result["optimized"]] == ["mail/good@1"]
    failed = {each["prompt"]: each["why"] for each in job.result["left"] if each["failed"]}
    assert sorted(failed) == ["mail/a@1", "mail/b@1", "mail/new@1"]
    assert "KeyError: 'not today'" in failed["mail/a@1"]
    assert "never evaluated" in failed["mail/new@1"]
    here = p.optimize_where("name = mail/a", algorithm="broken", **OFFLINE)
    assert "KeyError: 'not today'" in here.left[0].why


@pytest.mark.usefixtures("p")
def test_a_job_that_was_cancelled_goes_on_where_it_was() -> None:
    with burnish.open(plugins=[Given(latency_s=0.05)]) as p:
        job = p.jobs.submit("optimizations", {"where": WEAK, **KEPT, "fresh": True})
        for now in p.jobs.watch(job.id):
            if now.progress.facts.get("calls"):
                break
        (begun,) = p.optimizations.list()
        with pytest.raises(Conflict, match="another process is at optimisation"):
            p.resume_optimization(begun.id)
        waiting = p.optimize_where("name = mail/a", **KEPT)
        assert "another job is at it" in waiting.left[0].why
        p.jobs.cancel(job.id)
        until = time.monotonic() + 20
        while p.optimizations.get(begun.id).outcome != "stopped":
            assert time.monotonic() < until
            time.sleep(0.05)
        done = p.jobs.wait(p.jobs.resume(job.id).id)
        assert [each["outcome"] for each in done.result["optimized"]] == ["kept", "kept"]
        assert done.result["optimized"][0]["id"] == begun.id


def test_one_that_was_stopped_is_gone_on_with(p: burnish.Platform) -> None:
    plan = p.plan_optimization("mail/a@1", "rows", model="fake:a", scorers=["exact"], **KEPT)
    job = p.submit_optimization(plan.optimization)
    p.jobs.cancel(job.id)
    report = p.optimize_where("name = mail/a", **KEPT)
    assert [each.id for each in report.optimized] == [plan.optimization.id]


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({}, "Object missing required field `where`"),
        ({"where": "stars < 3"}, "no 'stars' to choose by"),
        ({"where": WEAK, "algorithm": "none"}, "no optimizer is called 'none'"),
        ({"where": WEAK, "goal": "speed"}, "no goal 'speed'"),
        ({"where": WEAK, "data": "none"}, "none"),
        ({"where": WEAK, "scorers": "none"}, "none"),
        ({"where": WEAK, "scorers": "python:x.py:f"}, "would run a file"),
        ({"where": WEAK, "model": "none:m"}, "none"),
        ({"where": WEAK, "budget": 0}, "budget"),
        ({"where": WEAK, "max_cost_usd": -1}, "max_cost_usd"),
        ({"where": WEAK, "branch": "latest"}, "always means a label"),
        ({"where": WEAK, "prompts": "mail/a"}, "prompts"),
    ],
)
def test_what_would_fail_is_refused_when_it_is_scheduled(given: Options, says: str) -> None:
    with burnish.open(plugins=[Given()]) as p:
        with pytest.raises((UsageError, NotFound), match=says):
            p.schedules.add("weekly", "optimizations", "@weekly", input=given)
        assert p.schedules.list() == []


def test_an_option_that_there_is_not_is_refused(p: burnish.Platform) -> None:
    with pytest.raises(UsageError, match="no option 'colour'"):
        p.optimize_where(WEAK, colour="red")
    with pytest.raises(UsageError, match="no option 'prompt'"):
        p.optimize_where(WEAK, prompt="mail/a")
