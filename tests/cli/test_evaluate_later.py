"""Evaluations in the background and at set times: what is asked, what is told, what is refused."""

from __future__ import annotations

import json
import os
import signal
import sqlite3
import subprocess
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pexpect
import pytest
from tests.cli.conftest import COMMAND, MODEL, Run
from tests.scenario.running import Running, serving

import burnish

ENVIRONMENT = os.environ | {"PYTHONPATH": str(Path(burnish.__file__).parents[1])}


@pytest.fixture
def slow(monkeypatch: pytest.MonkeyPatch) -> Iterator[Running]:
    with serving(latency_s=0.3) as running:
        monkeypatch.setenv("OPENAI_BASE_URL", running.url)
        yield running


def left(run: Run, rows: str, *options: str) -> tuple[str, str]:
    """The ids of the job and of the evaluation."""
    done = run("evaluate", "mail/say", "--data", rows, *MODEL, "--background", *options)
    assert (done.code, done.err) == (0, "")
    job, evaluation = done.out.strip().split("\t")
    return job, evaluation


def shown(run: Run, job: str) -> dict[str, Any]:
    told: dict[str, Any] = json.loads(run("jobs", "show", job, "--json").out)
    return told


def test_an_evaluation_is_left_to_a_worker(run: Run, rows: str, server: Running) -> None:
    job, evaluation = left(run, rows)
    assert server.counters().received == 0
    (line,) = run("jobs", "list").out.splitlines()
    assert line.split("\t")[:4] == [job, "queued", "evaluation", "mail/say@1 on rows@1"]
    assert run("worker", "--once").code == 0
    told = shown(run, job)
    assert (told["state"], told["result"]["id"], told["result"]["gate"]) == ("done", evaluation, "")
    (column,) = told["result"]["columns"]
    assert (column["prompt"], column["n"], column["score"]) == ("mail/say@1", 10, 0.8)
    assert (round(column["low"], 2), round(column["high"], 2)) == (0.49, 0.94)
    assert told["progress"]["facts"] == {
        "calls": 10, "cost_usd": 0.0, "failed": 0, "passed": 8, "judged": 10,
        "best": "mail/say@1", "best_score": 0.8,
    }  # fmt: skip
    lines = run("jobs", "show", job).out.splitlines()
    assert "score: mail/say@1 0.80 [0.49, 0.94] over 10 answers" in lines
    report = next(line for line in lines if line.startswith("report: burnish "))
    # What it names is one command away.
    assert "0.80 [0.49, 0.94]" in run(*report.removeprefix("report: burnish ").split()).out
    watched = run("jobs", "watch", job)
    assert watched.code == 0
    assert watched.out == "done\t10\t10\t10 calls, 0 USD, 8 of 10 pass, best 0.80 mail/say@1\n"


@pytest.mark.usefixtures("server")
@pytest.mark.parametrize(("bound", "gate", "code"), [("0.8", "passed", 0), ("0.9", "failed", 1)])
def test_a_gate_in_the_background_is_the_jobs_result(
    run: Run, rows: str, bound: str, gate: str, code: int
) -> None:
    job, _ = left(run, rows, "--min-score", bound)
    assert run("worker", "--once").code == 0
    told = shown(run, job)
    assert (told["state"], told["result"]["gate"]) == ("done", gate)
    assert bound in told["result"]["verdict"]
    assert run("jobs", "watch", job).code == code
    assert f"gate: {gate}" in run("jobs", "show", job).out


def test_a_gate_in_the_background_compares_with_its_baseline(
    run: Run, rows: str, server: Running
) -> None:
    del server
    run("prompts", "create", "mail/tell", "Tell: {{ text }}")
    done = run(
        *("evaluate", "mail/tell", "--data", rows, *MODEL, "--baseline", "mail/say"),
        *("--max-regression", "0.02", "--background", "--json"),
    )
    told = json.loads(done.out)
    assert told["evaluation"]["baseline"] == "mail/say@1"
    assert told["job"]["input"] == {"id": told["evaluation"]["id"], "max_regression": 0.02}
    run("worker", "--once")
    assert shown(run, told["job"]["id"])["result"]["gate"] == "failed"


def test_nothing_answered_is_told_of_a_job_that_is_done(
    run: Run, rows: str, server: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    del server
    monkeypatch.setenv("BURNISH_MODELS__MAX_RETRIES", "0")
    done = run("evaluate", "mail/say", "--data", rows, "--model", "openai:down", "--background")
    job = done.out.split("\t")[0]
    run("worker", "--once")
    assert shown(run, job)["result"]["answered"] == 0
    assert run("jobs", "watch", job).code == 1


def test_what_no_worker_can_do_is_refused(run: Run, rows: str, tmp_path: Path) -> None:
    (tmp_path / "checks.py").write_text("def polite(output):\n    return True\n")
    for options, code, said in (
        (["--scorer", "python:checks.py:polite"], 2, "a function that no worker has"),
        (["--report", "report.md"], 2, "evaluations show ID --report"),
        (["--min-score", "7"], 2, "7"),
        (["--max-regression", "0.1"], 2, "baseline"),
        (["--scorer", "exakt"], 2, "exact"),
    ):
        done = run("evaluate", "mail/say", "--data", rows, *MODEL, "--background", *options)
        assert (done.code, done.out, said in done.err) == (code, "", True), done.err
        assert done.err.count("\n") == 1
    refused = run("evaluate", "--resume", "01", "--background")
    assert (refused.code, "jobs resume JOB --background" in refused.err) == (2, True)
    assert run("jobs", "list").out == ""
    assert run("evaluations", "list").out == ""


def start(*arguments: str) -> subprocess.Popen[str]:
    names = [name for name in os.environ if name.startswith(("BURNISH_", "HOME", "OPENAI_"))]
    own = {name: os.environ[name] for name in names}
    return subprocess.Popen(
        [*COMMAND, *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=ENVIRONMENT | own,
    )


def until_asked(server: Running, count: int) -> None:
    while server.counters().received < count:
        time.sleep(0.02)


def test_an_evaluation_that_a_worker_is_at_is_not_begun_beside_it(
    run: Run, rows: str, slow: Running
) -> None:
    job, evaluation = left(run, rows, "--concurrency", "1", "--repeats", "3")
    worker = start("worker", "--once")
    try:
        until_asked(slow, 2)
        (listed,) = run("evaluations", "list").out.splitlines()
        assert listed.split("\t")[2] == "running"
        refused = run("evaluate", "--resume", evaluation)
        assert (refused.code, refused.out) == (4, "")
        assert f"another process is at evaluation {evaluation}" in refused.err
        assert f"burnish jobs watch {job}" in refused.err
        assert run("jobs", "cancel", job).code == 0
        worker.communicate(timeout=60)
    finally:
        worker.kill()
        worker.communicate()
    assert slow.counters().ok < 30
    (line,) = run("evaluations", "list").out.splitlines()
    assert [line.split("\t")[at] for at in (2, 7)] == ["stopped", "cancelled"]
    # Cancelled, it goes on here.
    done = run("evaluate", "--resume", evaluation, "--json")
    assert json.loads(done.out)["report"]["columns"][0]["answered"] == 30
    # At most the one that was under way is asked for twice.
    assert slow.counters().ok <= 31
    assert shown(run, job)["state"] == "done"


def test_an_evaluation_that_a_worker_put_back_has_not_ended(
    run: Run, rows: str, slow: Running
) -> None:
    job, _ = left(run, rows, "--concurrency", "1")
    worker = start("worker")
    until_asked(slow, 2)
    worker.send_signal(signal.SIGTERM)
    worker.communicate(timeout=60)
    assert shown(run, job)["state"] == "queued"
    (evaluation,) = json.loads(run("evaluations", "list", "--json").out)
    assert (evaluation["stop"], evaluation["ended_at"]) == ("", None)
    assert run("worker", "--once").code == 0
    # At most the one that was under way.
    assert slow.counters().repeated <= 1


def test_two_workers_do_an_evaluation_each(
    run: Run, rows: str, slow: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BURNISH_JOBS__AT_ONCE", "1")
    # Long enough that both are under way at the same time.
    long = ("--repeats", "100", "--concurrency", "1")
    jobs = [left(run, rows, *long)[0] for _ in range(2)]
    first = start("worker")
    second = None
    try:
        until_asked(slow, 1)
        assert [shown(run, job)["state"] for job in jobs] == ["running", "queued"]
        second = start("worker")
        while shown(run, jobs[1])["state"] == "queued":
            time.sleep(0.1)
        one, two = (shown(run, job) for job in jobs)
        assert [one["state"], two["state"]] == ["running", "running"]
        assert f":{first.pid}:" in one["worker"]
        assert f":{second.pid}:" in two["worker"]
        assert (one["attempts"], two["attempts"]) == (1, 1)
    finally:
        for process in (first, second):
            if process is not None:
                process.kill()
                process.communicate()


def test_a_queued_evaluation_can_be_done_here_instead(run: Run, rows: str, server: Running) -> None:
    del server
    job, evaluation = left(run, rows)
    assert run("jobs", "cancel", job).code == 0
    assert run("evaluate", "--resume", evaluation).code == 0
    assert shown(run, job)["state"] == "done"
    # Done, it can be gone over once more, by another job.
    assert run("evaluate", "--resume", evaluation).code == 0
    assert run("evaluate", "--resume", evaluation).code == 0
    assert len(run("jobs", "list", "--kind=evaluation").out.splitlines()) == 3
    assert run("worker", "--once").out == ""


def test_what_somebody_stops_is_left_to_no_worker(run: Run, rows: str, slow: Running) -> None:
    process = start("evaluate", "mail/say", "--data", rows, *MODEL, "--concurrency", "1")
    until_asked(slow, 2)
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=60)
    assert process.returncode == 130
    assert "go on with burnish evaluate --resume" in err
    (line,) = run("jobs", "list").out.splitlines()
    assert line.split("\t")[1] == "cancelled"
    assert run("worker", "--once").out == ""


BOUND = 0.00003  # about six answers


@pytest.mark.usefixtures("slow")
def test_a_bound_on_money_holds_over_all_attempts(run: Run, rows: str, tmp_path: Path) -> None:
    done = run(
        *("evaluate", "mail/say", "--data", rows, "--model", "openai:gpt-4o-mini"),
        *("--max-tokens", "8", "--max-cost", str(BOUND), "--concurrency", "1", "--background"),
    )
    job, evaluation = done.out.strip().split("\t")

    def spent() -> float:
        with closing(sqlite3.connect(tmp_path / "home" / "burnish.sqlite")) as connection:
            found = connection.execute("SELECT sum(cost_usd) FROM results").fetchone()[0]
        return found or 0.0

    worker = start("worker")
    while spent() < BOUND / 2:
        time.sleep(0.02)
    worker.kill()
    worker.communicate()
    assert run("worker", "--once").code == 0
    told = shown(run, job)
    assert (told["attempts"], told["result"]["stop"]) == (2, "cost")
    assert told["result"]["why"]
    assert BOUND / 2 <= spent() <= BOUND
    # Whoever goes on after that means to spend as much once more.
    before = spent()
    run("evaluate", "--resume", evaluation)
    assert before < spent() <= 2 * BOUND


SET = ("--set=prompts=mail/say@production", "--set=data=rows", "--set=models=openai:m,openai:n")


def pass_the_time(tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "home" / "burnish.sqlite")) as connection:
        connection.execute("UPDATE schedules SET next_at = '2026-01-01T00:00:00.000000+00:00'")
        connection.commit()


def test_a_schedule_evaluates_what_is_in_production_then(
    run: Run, rows: str, server: Running, tmp_path: Path
) -> None:
    run("prompts", "label", "mail/say", "production", "1")
    run("datasets", "add", "rows", rows)
    added = run(
        *("schedule", "add", "nightly", "evaluation", "0 3 * * *", *SET),
        *('--set=scorers=["exact", "icontains:item"]', "--set=limit=4", "--set=min_score=0.9"),
    )
    assert added.code == 0, added.err
    assert server.counters().received == 0
    pass_the_time(tmp_path)
    assert run("worker", "--once").code == 0
    # The next time, another revision is in production and the dataset has grown.
    run("prompts", "edit", "mail/say", "Tell: {{ text }}")
    run("prompts", "label", "mail/say", "production", "2")
    (tmp_path / "more.csv").write_text("id,text,expected\nx,new,You said: Tell: new\n")
    run("datasets", "add", "rows", str(tmp_path / "more.csv"))
    pass_the_time(tmp_path)
    assert run("worker", "--once").code == 0
    second, first = json.loads(run("jobs", "list", "--json").out)
    assert (first["subject"], second["subject"]) == ("nightly", "nightly")
    ids = [first["result"]["id"], second["result"]["id"]]
    found = {each["id"]: each for each in json.loads(run("evaluations", "list", "--json").out)}
    assert [found[each]["prompts"] for each in ids] == [["mail/say@1"], ["mail/say@2"]]
    assert [found[each]["dataset"] for each in ids] == ["rows@1", "rows@2"]
    assert [each["job_id"] for each in found.values()] == [second["id"], first["id"]]
    assert [column["model"] for column in first["result"]["columns"]] == ["openai:m", "openai:n"]
    assert first["result"]["columns"][0]["n"] == 4
    assert (first["result"]["gate"], second["result"]["gate"]) == ("failed", "failed")
    assert run("jobs", "watch", first["id"]).code == 1
    # To go on with it is to go on with a job of it, and held to its bounds.
    assert run("evaluate", "--resume", ids[0]).code == 1


def test_a_scheduled_evaluation_that_was_killed_is_not_planned_twice(
    run: Run, rows: str, slow: Running, tmp_path: Path
) -> None:
    run("datasets", "add", "rows", rows)
    wanted = ("--set=prompts=mail/say", "--set=data=rows", "--set=models=openai:m")
    run("schedule", "add", "s", "evaluation", "@daily", *wanted, "--set=concurrency=2")
    pass_the_time(tmp_path)
    worker = start("worker")
    until_asked(slow, 5)
    worker.kill()
    worker.communicate()
    run("prompts", "edit", "mail/say", "Tell: {{ text }}")
    assert run("worker", "--once").code == 0
    (evaluation,) = json.loads(run("evaluations", "list", "--json").out)
    assert evaluation["prompts"] == ["mail/say@1"]
    (job,) = json.loads(run("jobs", "list", "--json").out)
    assert (job["state"], job["attempts"], job["progress"]["done"]) == ("done", 2, 10)
    assert slow.counters().repeated <= 2


@pytest.mark.parametrize(
    ("given", "code", "said"),
    [
        (("prompts=mail/sya", "data=rows"), 3, "mail/sya"),
        (("prompts=mail/say", "data=raws"), 3, "raws"),
        (("prompts=mail/say",), 2, "data=cases"),
        (("data=rows",), 2, "no prompt is named"),
        (("prompts=mail/say", "data=rows", "promts=x"), 2, "promts"),
        (("prompts=mail/say", "data=rows", "repeats=0"), 2, "repeats is 0"),
        (("prompts=mail/say", "data=rows", "repeats=many"), 2, "repeats"),
        (("prompts=mail/say", "data=rows", "min_score=7"), 2, "0 to 1"),
        (("prompts=mail/say", "data=rows", "max_regression=0.1"), 2, "baseline"),
        (("prompts=mail/say", "data=rows", "scorers=python:x.py:f"), 2, "would run a file"),
        (("prompts=mail/say", "data=rows", "scorers=exakt"), 2, "exact"),
        (("prompts=mail/say", "data=rows", "models=opanai:m"), 2, "opanai"),
        (("prompts=a", "prompts=b"), 2, "prompts is set twice"),
        (("prompts=mail/say", "data=rows"), 2, "takes a model"),
        (("prompts=promptfooconfig.yaml", "data=rows"), 3, "promptfooconfig"),
        (("prompts=mail/say", "data=rows.csv"), 3, "rows.csv"),
        (("prompts=mail/say", "data=/etc/passwd"), 2, "/etc/passwd"),
        (("id=nothing",), 2, "not done anew"),
        (("prompts=mail/say", "data=rows", "goes=0"), 2, "goes"),
    ],
)
def test_a_schedule_that_would_fail_is_refused(
    run: Run, rows: str, given: tuple[str, ...], code: int, said: str
) -> None:
    run("datasets", "add", "rows", rows)
    Path("promptfooconfig.yaml").write_text("prompts: ['Hi {{text}}']\n")
    options = [f"--set={each}" for each in given]
    done = run("schedule", "add", "n", "evaluation", "@daily", *options)
    assert (done.code, done.out, said in done.err) == (code, "", True), done.err
    assert done.err.count("\n") == 1
    assert run("schedule", "list").out == ""
    assert run("jobs", "list").out == ""


def test_a_terminal_names_what_a_job_is_about_and_where_its_report_is(
    run: Run, rows: str, server: Running
) -> None:
    del server
    job, evaluation = left(run, rows, "--min-score", "0.9")
    run("worker", "--once")

    def seen(*arguments: str) -> str:
        child: pexpect.spawn[str] = pexpect.spawn(
            COMMAND[0], [*COMMAND[1:], *arguments],
            encoding="utf-8", dimensions=(40, 140), timeout=60,
            env=os.environ | {"COLUMNS": "140"},
        )  # fmt: skip
        child.expect(pexpect.EOF)
        child.close()
        return child.before or ""

    listed = seen("jobs", "list")
    assert "mail/say@1 on rows@1" in listed
    assert "gate failed" in listed
    told = seen("jobs", "show", job)
    assert "mail/say@1 0.80 [0.49, 0.94] over 10 answers" in told
    assert f"burnish evaluations show {evaluation}" in told
