"""burnish optimize --background, --resume and an interruption; its job."""

from __future__ import annotations

import json
import os
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, cast

import pexpect
import pytest
from tests.cli.conftest import COMMAND, Run
from tests.cli.optimizing import PROMPT, install, mails
from tests.cli.test_terminal import screen
from tests.scenario.running import serving

from burnish.cli.best_so_far import BestSoFar
from burnish.storage.job import Job, Progress

BOTH = ("--data", "mails.csv", "--model", "fake:a", "--writer", "fake:w")
NOW = datetime.now(UTC)
SCORE = "def lenient(output, expected):\n    return 1.0 if expected in output else 0.0\n"


@pytest.fixture
def ready(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    install(monkeypatch)
    assert run("prompts", "create", "mail/kind", PROMPT).code == 0
    mails(Path("mails.csv"))


def submitted(run: Run, *options: str) -> tuple[str, str]:
    done = run("optimize", "mail/kind", *BOTH, *options, "--background")
    assert done.code == 0, done.err
    job, optimization = done.out.strip().split("\t")
    return job, optimization


@pytest.mark.usefixtures("ready")
def test_a_worker_does_one_that_is_left_to_it_and_its_job_tells_of_it(run: Run) -> None:
    job, optimization = submitted(run)
    assert run("optimizations", "list").out.split("\t")[2] == "queued"
    assert run("worker", "--once").code == 0
    watched = run("jobs", "watch", job)
    assert watched.code == 0
    assert " calls, best 0." in watched.out.splitlines()[-1]
    assert watched.out.splitlines()[-1].endswith(", 0 USD")
    shown = dict(line.split(": ", 1) for line in run("jobs", "show", job).out.splitlines())
    assert shown["outcome"].startswith("improved: ")
    assert shown["best"] == "mail/kind@2"
    assert shown["report"] == f"burnish optimizations show {optimization}"
    told = screen("jobs", "watch", job)
    assert "improved: 0.30" in told
    again = run("optimize", "--resume", optimization, "--json")
    assert json.loads(again.out)["best"] == "mail/kind@2"
    assert "it has ended already" in again.err


@pytest.mark.usefixtures("ready")
def test_a_job_that_measured_nothing_is_no_success(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    job, _ = submitted(run)
    install(monkeypatch, answer=lambda _: 1 / 0)  # pyright: ignore[reportArgumentType]
    run("worker", "--once")
    assert run("jobs", "watch", job).code == 1
    assert "not measured" in screen("jobs", "list", columns=120)


@pytest.mark.usefixtures("ready")
def test_a_dataset_that_was_made_anew_is_refused(run: Run) -> None:
    job, optimization = submitted(run)
    run("datasets", "delete", "mails", "--yes")
    gone = run("optimize", "--resume", optimization)
    assert (gone.code, "no dataset" in gone.err) == (3, True), gone.err
    mails(Path("mails.csv"), 40)
    run("datasets", "add", "mails", "mails.csv")
    other = run("optimize", "--resume", optimization)
    assert other.code == 4
    assert other.err.splitlines()[-1] == (
        "burnish: mails@1 is another dataset than when the optimisation began; begin another one"
    )
    assert json.loads(run("jobs", "show", job, "--json").out)["state"] == "queued"


@pytest.mark.usefixtures("ready")
@pytest.mark.parametrize(
    "bound", [("--budget", "600"), ("--max-cost", "1"), ("--max-minutes", "5"), ("--target", "1")]
)
def test_bounds_are_those_that_it_was_begun_with(run: Run, bound: tuple[str, str]) -> None:
    """One that its budget has ended is not gone on with under a larger one, nor as if none were
    given."""
    _, optimization = submitted(run)
    done = run("optimize", "--resume", optimization, *bound)
    assert (done.code, done.out) == (2, "")
    assert (
        "--resume goes on with an optimisation as it was asked for, within its bounds" in done.err
    )
    assert "for other bounds give the command that began it, with them" in done.err
    assert run("optimizations", "list").out.split("\t")[2] == "queued"


@pytest.mark.usefixtures("ready")
def test_functions_of_a_file_are_given_again(run: Run) -> None:
    Path("own.py").write_text(SCORE)
    own = ("--scorer", "python:own.py:lenient")
    first = run("optimize", "mail/kind", *BOTH, *own, "--rounds", "1", "--json")
    found = json.loads(first.out)
    assert found["scorers"] == ["lenient"]
    assert run("optimize", "--resume", found["id"], *own).code == 0
    refused = run("optimize", "mail/kind", *BOTH, *own, "--background")
    assert (refused.code, "no worker has" in refused.err) == (2, True)


@pytest.mark.usefixtures("ready")
def test_who_interrupts_it_is_told_how_to_go_on(run: Run) -> None:
    with serving(latency_s=0.1) as server:
        child = cast("Any", pexpect).spawn(
            COMMAND[0],
            [
                *(*COMMAND[1:], "optimize", "mail/kind", "--data", "mails.csv"),
                *("--model", "openai:m", "--writer", "offline", "--concurrency", "2"),
                *("--report", "what came.md"),
            ],
            timeout=60,
            encoding="utf-8",
            dimensions=(100, 80),
            env={**os.environ, "OPENAI_BASE_URL": server.url},
        )
        child.expect(r"calls, best \d")
        child.sendintr()
        child.expect(r"stopped; go on with burnish optimize --resume (\S+) --report 'what")
        optimization = child.match[1]
        child.expect(pexpect.EOF)
        child.close()
        assert child.exitstatus == 130
        asked = server.counters().ok
    listed = run("optimizations", "list").out.split("\t")
    assert (listed[0], listed[2]) == (optimization, "stopped")
    shown = json.loads(run("optimizations", "show", optimization, "--json").out)
    assert 0 < shown["counts"]["answers"] <= asked
    stopped = run("optimizations", "show", optimization, "--report", "stopped.md")
    assert stopped.code == 0
    assert "kept the original: it was cancelled" in Path("stopped.md").read_text("utf-8")


def job(calls: int, best: float) -> Job:
    facts: dict[str, float | str] = {"calls": calls, "best_score": best, "cost_usd": 0.0}
    progress = Progress(done=calls, total=300, facts=facts)
    return Job(id="1", kind="optimization", progress=progress, created_at=NOW)


def test_the_best_so_far_is_a_line_of_blocks() -> None:
    best = BestSoFar()
    assert best.line() == ""
    best.see(job(10, 0.0))
    best.see(job(10, 0.1))
    assert best.line() == ""
    best.see(job(20, 0.5))
    best.see(job(40, 1.0))
    line = best.line()
    blocks, told = line.split("  ", 1)
    assert told == "0.00 → 1.00 in 40 calls"
    assert len(line) <= 66
    assert list(blocks) == sorted(blocks)
    assert (blocks[0], blocks[-1], "▅" in blocks) == ("▁", "█", True)
