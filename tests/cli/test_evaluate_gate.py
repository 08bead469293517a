"""The bounds of an evaluation: kept with it, judged by whoever goes on with it, told afterwards."""

from __future__ import annotations

import json
import os
import subprocess
import time
from pathlib import Path
from typing import Any

import pytest
from tests.cli.conftest import COMMAND, MODEL, Done, Run
from tests.cli.test_terminal import screen
from tests.scenario.running import serving

import burnish
from burnish.errors import UsageError


def evaluated(run: Run, rows: str, *options: str) -> tuple[Done, str]:
    """What `mail/say`, which scores 0.8, came to, and the evaluation's id."""
    done = run("evaluate", "mail/say", "--data", rows, *MODEL, *options, "--json")
    return done, json.loads(done.out)["evaluation"]["id"]


def resumed(run: Run, evaluation: str, *options: str) -> tuple[int, Any]:
    """The exit code and the verdict."""
    done = run("evaluate", "--resume", evaluation, *options, "--json")
    return done.code, json.loads(done.out)["verdict"]


def jobs(run: Run) -> list[dict[str, Any]]:
    """Newest first."""
    told: list[dict[str, Any]] = json.loads(run("jobs", "list", "--json").out)
    return told


@pytest.mark.usefixtures("server")
@pytest.mark.parametrize(("bound", "gate", "code"), [("0.8", "passed", 0), ("0.9", "failed", 1)])
def test_who_goes_on_is_held_to_the_bounds_it_was_begun_with(
    run: Run, rows: str, bound: str, gate: str, code: int
) -> None:
    done, evaluation = evaluated(run, rows, "--min-score", bound)
    assert done.code == code
    for _ in range(2):
        again = run("evaluate", "--resume", evaluation)
        assert (again.code, f"**Gate {gate}**" in again.out) == (code, True), again.out
    assert [(job["input"]["min_score"], job["result"]["gate"]) for job in jobs(run)] == [
        (float(bound), gate)
    ] * 3
    assert run("jobs", "watch", jobs(run)[0]["id"]).code == code


@pytest.mark.usefixtures("server")
def test_a_report_of_the_time_tells_the_gate_of_what_was_not_left_to_a_worker(
    run: Run, rows: str
) -> None:
    evaluated(run, rows, "--min-score", "0.9")
    told = json.loads(run("report", "--daily", "--json").out)
    assert told["evaluations"][0]["gate"] == "failed"
    assert told["worse"][0]["text"] == "mail/say@1 did not pass its gate"


def test_what_was_killed_does_not_pass_for_having_no_gate(
    run: Run, rows: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with serving(latency_s=0.3) as slow:
        monkeypatch.setenv("OPENAI_BASE_URL", slow.url)
        options = ("--data", rows, *MODEL, "--concurrency", "1", "--min-score", "0.9")
        process = subprocess.Popen(
            [*COMMAND, "evaluate", "mail/say", *options],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=os.environ | {"PYTHONPATH": str(Path(burnish.__file__).parents[1])},
        )
        try:
            while slow.counters().ok < 2:
                time.sleep(0.02)
        finally:
            process.kill()
            process.communicate()
        evaluation = run("evaluations", "list").out.split("\t")[0]
        code, verdict = resumed(run, evaluation)
    assert (code, verdict["passed"]) == (1, False)
    assert "below 0.9" in verdict["text"]
    (job,) = jobs(run)
    assert (job["attempts"], job["result"]["gate"]) == (2, "failed")


@pytest.mark.usefixtures("server")
def test_bounds_that_are_given_later_hold_from_then_on_and_leave_the_others(
    run: Run, rows: str
) -> None:
    run("prompts", "create", "mail/tell", "Tell: {{ text }}")
    done = run(
        *("evaluate", "mail/tell", "--data", rows, *MODEL, "--baseline", "mail/say", "--json"),
        *("--min-score", "0.5", "--max-regression", "0.02"),
    )
    assert done.code == 1
    evaluation = json.loads(done.out)["evaluation"]["id"]

    def held(*options: str) -> list[tuple[str, float]]:
        _, verdict = resumed(run, evaluation, *options)
        return [(check["name"], check["bound"]) for check in verdict["checks"]]

    assert held("--min-score", "0") == [("min_score", 0.0), ("max_regression", 0.02)]
    assert held("--max-regression", "1") == [("min_score", 0.0), ("max_regression", 1.0)]
    assert resumed(run, evaluation)[0] == 0
    assert jobs(run)[0]["result"]["gate"] == "passed"


@pytest.mark.usefixtures("server")
def test_bounds_for_what_has_not_ended_are_kept_with_its_job(run: Run, rows: str) -> None:
    for cancelled in (False, True):
        left = ("--data", rows, *MODEL, "--min-score", "0.9", "--background")
        job, evaluation = run("evaluate", "mail/say", *left).out.strip().split("\t")
        if cancelled:
            run("jobs", "cancel", job)
        code, verdict = resumed(run, evaluation, "--min-score", "0.7")
        assert (code, verdict["passed"]) == (0, True)
        now = jobs(run)[0]
        assert (now["id"], now["result"]["gate"]) == (job, "passed")
        assert now["input"] == {"id": evaluation, "min_score": 0.7}


@pytest.mark.usefixtures("server")
def test_without_bounds_there_is_no_gate(run: Run, rows: str) -> None:
    _, evaluation = evaluated(run, rows)
    assert resumed(run, evaluation) == (0, None)
    assert [job["result"]["gate"] for job in jobs(run)] == ["", ""]
    code, verdict = resumed(run, evaluation, "--min-score", "0.9")
    assert (code, verdict["passed"]) == (1, False)


@pytest.mark.usefixtures("server")
def test_bounds_that_make_no_sense_for_it_are_refused_and_not_kept(run: Run, rows: str) -> None:
    _, evaluation = evaluated(run, rows)
    refused = run("evaluate", "--resume", evaluation, "--max-regression", "0.1")
    assert (refused.code, "needs a baseline" in refused.err) == (2, True)
    assert len(jobs(run)) == 1
    with burnish.open() as p:
        plan = p.plan_evaluation("mail/say", "rows", models="fake:a")
        with pytest.raises(UsageError, match="min_score is 2"):
            p.run_evaluation(plan.evaluation, min_score=2)
        assert [each.id for each in p.evaluations.list()] == [evaluation]


@pytest.mark.usefixtures("server")
def test_a_baseline_that_nobody_answers_fails_the_gate(run: Run, rows: str) -> None:
    run("prompts", "create", "mail/tell", "Tell: {{ text }}")
    done = run(
        *("evaluate", "mail/tell", "--data", rows, "--model", "openai:gpt-4o-mini", "--json"),
        *("--baseline", "mail/say", "--max-regression", "0.1", "--max-cost", "0.000000001"),
    )
    assert (done.code, json.loads(done.out)["verdict"]["passed"]) == (1, False), done.err
    code, verdict = resumed(run, json.loads(done.out)["evaluation"]["id"])
    assert (code, verdict["passed"]) == (1, False)
    assert "nothing was answered to the baseline mail/say@1" in verdict["text"]
    assert [job["result"]["gate"] for job in jobs(run)] == ["failed", "failed"]


@pytest.mark.usefixtures("server")
def test_a_person_is_told_which_bounds_hold(run: Run, rows: str) -> None:
    _, evaluation = evaluated(run, rows, "--min-score", "0.9")
    assert "Held to --min-score 0.9 as before" in screen("evaluate", "--resume", evaluation)
    given = screen("evaluate", "--resume", evaluation, "--min-score", "0.7")
    assert "Held to --min-score 0.7\n" in given
