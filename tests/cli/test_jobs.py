"""burnish jobs, worker and schedule; the work of each kind."""

from __future__ import annotations

import json
import os
import re
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Generator
from contextlib import closing, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pexpect
import pytest
from tests.cli.conftest import COMMAND, Run
from tests.cli.test_terminal import screen

import burnish
from burnish.errors import SettingsError
from burnish.settings.load import load
from burnish.storage.run import Run as StoredRun

ENVIRONMENT = os.environ | {"PYTHONPATH": str(Path(burnish.__file__).parents[1])}
IDEAS = [f"write a short note about {thing}" for thing in ("tea", "rain", "trains", "maps")]


@pytest.fixture
def ideas(tmp_path: Path) -> Path:
    path = tmp_path / "ideas.txt"
    path.write_text("\n".join(IDEAS), encoding="utf-8")
    return path


def submitted(run: Run, ideas: Path, *options: str) -> str:
    done = run("batch", str(ideas), "--background", "--model=offline", *options)
    assert (done.code, done.err) == (0, "")
    return done.out.strip()


def test_a_batch_is_left_to_a_worker(run: Run, ideas: Path) -> None:
    job_id = submitted(run, ideas)
    (line,) = run("jobs", "list").out.splitlines()
    assert line.split("\t")[:7] == [job_id, "queued", "batch", "ideas.txt", "0", "0", "0"]
    told = [line.split("\t") for line in run("worker", "--once").out.splitlines()]
    assert [each[1:5] for each in told] == [
        ["running", job_id, "batch", "ideas.txt"],
        ["done", job_id, "batch", "ideas.txt"],
    ]
    shown = json.loads(run("jobs", "show", job_id, "--json").out)
    assert shown["result"] == {
        "total": 4, "done": 4, "failed": 0, "resumed": 0, "left": 0,
        "journal": f"{ideas}.results.jsonl",
    }  # fmt: skip
    assert (shown["state"], shown["progress"]["done"], shown["progress"]["total"]) == ("done", 4, 4)
    assert len(run("prompts", "list").out.splitlines()) == 4
    assert run("jobs", "list", "--state=queued").out == ""
    assert "state: done" in run("jobs", "show", job_id).out


def test_watch_ends_with_the_jobs_exit_code(run: Run, ideas: Path) -> None:
    good = submitted(run, ideas)
    bad = submitted(run, ideas)  # its journal is the other's
    assert run("worker", "--once").code == 1
    watched = run("jobs", "watch", good)
    assert (watched.code, watched.out) == (0, "done\t4\t4\t\n")
    failed = run("jobs", "watch", bad)
    assert (failed.code, failed.out) == (1, "failed\t0\t0\t\n")
    assert "is there already" in failed.err
    (line,) = run("jobs", "watch", bad, "--json").out.splitlines()
    assert json.loads(line)["state"] == "failed"
    # Taken up again it goes on with the journal, in which everything is done.
    again = run("jobs", "resume", bad, "--json")
    assert again.code == 0
    last = json.loads(again.out.splitlines()[-1])
    assert (last["state"], last["attempts"], last["result"]["resumed"]) == ("done", 2, 4)


def test_a_cancelled_job_is_resumed_here_or_by_a_worker(run: Run, ideas: Path) -> None:
    job_id = submitted(run, ideas)
    assert run("jobs", "cancel", job_id).out == f"{job_id} cancelled\n"
    assert run("worker", "--once").out == ""
    assert run("jobs", "watch", job_id).code == 1
    assert run("jobs", "resume", job_id, "--background").out == f"{job_id} queued\n"
    assert run("jobs", "cancel", job_id[:13]).code == 0
    resumed = run("jobs", "resume", job_id)
    assert (resumed.code, resumed.out.splitlines()[-1]) == (0, "done\t4\t4\t")


def test_what_cannot_be_is_said_in_one_line(run: Run, ideas: Path, spawn: Run) -> None:
    job_id = submitted(run, ideas)
    run("worker", "--once")
    for arguments, code, said in (
        (["jobs", "show", "zzz"], 3, "no job has the id 'zzz'"),
        (["jobs", "cancel", "zzz"], 3, "no job has the id 'zzz'"),
        (["jobs", "resume", job_id], 4, "is done; submit another"),
        (["jobs", "list", "--state", "asleep"], 2, "asleep"),
        (["jobs", "list", "--limit", "0"], 2, "0 jobs"),
        (["jobs", "forget", "--older-than", "soon"], 2, "soon"),
        (["jobs", "forget", "--older-than", "30d", "--no-input"], 2, "--yes"),
        (["worker", "--once", "--kinds", "dance"], 2, "no work of the kind 'dance'"),
        (["schedule", "add", "n", "dance", "@daily"], 2, "no work of the kind 'dance'"),
        (["schedule", "add", "n", "backup", "soon"], 2, "no cron expression"),
        (["schedule", "add", "n", "backup", "@daily", "--set", "keep"], 2, "sets nothing"),
        (["schedule", "add", "n", "backup", "@daily", "--zone", "X/Y"], 2, "no time zone"),
        (["schedule", "remove", "n"], 3, "no schedule 'n'"),
        (["batch", str(ideas), "--background", "--workers", "x"], 2, "x"),
        (["batch", "nowhere.txt", "--background"], 2, "nowhere.txt"),
    ):
        done = run(*arguments)
        assert (done.code, done.out) == (code, ""), arguments
        assert said in done.err
        assert done.err.count("\n") == 1
    assert "outlives standard input" in spawn("batch", "-", "--background", stdin="tea").err


def test_old_jobs_are_forgotten(run: Run, ideas: Path) -> None:
    submitted(run, ideas)
    run("worker", "--once")
    assert run("jobs", "forget", "--older-than=1d", "--yes").out == "0 jobs forgotten\n"
    future = (datetime.now(UTC) + timedelta(days=1)).date().isoformat()
    assert run("jobs", "forget", "--older-than", future, "--yes").code == 2
    assert json.loads(run("jobs", "forget", "--older-than=0h", "-y", "--json").out) == {
        "forgotten": 1
    }


@contextmanager
def worker(*options: str) -> Generator[subprocess.Popen[str]]:
    process = subprocess.Popen(
        [*COMMAND, "worker", *options],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=ENVIRONMENT | {n: os.environ[n] for n in ("BURNISH_HOME", "HOME")},
    )
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def until(seen: Callable[[], object]) -> None:
    while not seen():
        time.sleep(0.05)


@pytest.mark.slow
@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGINT, signal.SIGKILL])
def test_a_worker_that_ends_leaves_its_job_to_another(
    run: Run, tmp_path: Path, how: signal.Signals
) -> None:
    many = tmp_path / "many.txt"
    many.write_text("\n".join(f"{idea} number {n}" for n in range(100) for idea in IDEAS))
    job_id = submitted(run, many)
    journal = Path(f"{many}.results.jsonl")
    with worker() as first:
        until(lambda: journal.exists() and journal.read_bytes().count(b"\n") > 4)
        first.send_signal(how)
        code = first.wait()
        assert code == {signal.SIGTERM: 0, signal.SIGINT: 130, signal.SIGKILL: -9}[how]
    done = journal.read_bytes().count(b"\n")
    assert 4 < done < 400
    left = json.loads(run("jobs", "show", job_id, "--json").out)
    assert left["state"] == ("running" if how == signal.SIGKILL else "queued")
    assert left["failures"] == 0
    with worker("--once") as second:
        until(lambda: journal.read_bytes().count(b"\n") > done)
        assert second.poll() is None
        now = json.loads(run("jobs", "show", job_id, "--json").out)
        assert (now["state"], now["attempts"]) == ("running", 2)


def test_a_worker_makes_the_backups_that_are_scheduled(
    run: Run, p: burnish.Platform, tmp_path: Path
) -> None:
    copies = tmp_path / "copies"
    copies.mkdir()
    added = run(
        "schedule", "add", "often", "backup", "* * * * *", f"--set=to={copies}", "--set=keep=2"
    )
    assert added.code == 0
    assert added.out.startswith("often: backup, next at ")
    assert run("worker", "--once").out == ""
    schedule = p.schedules.get("often")
    assert schedule.input == {"to": str(copies), "keep": 2}
    with closing(sqlite3.connect(tmp_path / "home" / "burnish.sqlite")) as connection:
        # As if the minute had passed.
        connection.execute("UPDATE schedules SET next_at = '2026-01-01T00:00:00.000000+00:00'")
        connection.commit()
    with worker() as running:
        until(lambda: running.poll() or [j.state for j in p.jobs.list()] == ["done"])
        assert running.poll() is None
    assert p.schedules.get("often").next_at >= schedule.next_at
    (job,) = p.jobs.list()
    (copy,) = copies.glob("*.sqlite")
    assert (job.kind, job.subject, job.result["path"]) == ("backup", "often", str(copy))
    columns = run("schedule", "list").out.strip().split("\t")
    assert columns[:5] == ["often", "backup", "* * * * *", "UTC", "active"]
    assert columns[7] == job.id


def test_a_narrow_terminal_shows_the_times_and_names_of_schedules_whole(run: Run) -> None:
    name = "optimize-score-0.6-and-category-mail"
    given = ("--set", "where=score < 0.6 and category = mail", "--set", "writer=offline")
    added = ("schedule", "add", name, "optimizations", "30 6 * * 1-5", *given)
    assert run(*added, "--zone", "Europe/Lisbon").code == 0
    shown = screen("schedule", "list", columns=80)
    assert all(len(line.rstrip()) <= 80 for line in shown.splitlines())
    assert "…" not in shown
    head, *lines = shown.splitlines()
    assert "30 6 * * 1-5" in lines[0]
    assert re.search(r"\d\d-\d\d \d\d:\d\d +never", lines[0])
    assert "".join(line[: head.index("about")].strip() for line in lines) == name
    told = " ".join(line[head.index("about") : head.index("when")].strip() for line in lines)
    assert told.split() == [
        "optimizations",
        "score",
        "<",
        "0.6",
        "and",
        "category",
        "=",
        "mail;",
        "writer=offline",
        "(Europe/Lisbon)",
    ]


def test_schedules_are_listed_paused_and_removed(run: Run) -> None:
    assert run("schedule", "list").out == ""
    assert run("schedule", "add", "n", "vacuum", "0 4 * * SUN", "--zone=Asia/Tokyo").code == 0
    assert run("schedule", "pause", "n").out == "n: paused\n"
    assert run("schedule", "list").out.split("\t")[4] == "paused"
    assert run("schedule", "resume", "n").out.startswith("n: vacuum, next at ")
    (listed,) = json.loads(run("schedule", "list", "--json").out)
    assert (listed["zone"], listed["paused"], listed["input"]) == ("Asia/Tokyo", False, {})
    assert json.loads(run("schedule", "remove", "n", "--json").out) == {"removed": "n"}


def did(p: burnish.Platform, kind: str, given: dict[str, Any] | None = None) -> Any:
    job = p.jobs.wait(p.jobs.submit(kind, given).id)
    return job.error or job.result


def test_retention_forgets_old_runs(p: burnish.Platform, monkeypatch: pytest.MonkeyPatch) -> None:
    assert "set runs.retention_days" in did(p, "retention")
    now = datetime.now(UTC)
    for days in (1, 10, 40):
        at = now - timedelta(days=days)
        p.record_run(StoredRun(id=p.new_id(), kind="k", created_at=at))
    p.flush()
    assert did(p, "retention", {"days": 30})["forgotten"] == 1
    assert p.runs.count() == 2
    assert sum(each.runs for each in p.stats("kind", days=None)) == 3
    monkeypatch.setenv("BURNISH_RUNS__RETENTION_DAYS", "5")
    with burnish.open() as other:
        assert did(other, "retention")["forgotten"] == 1
    assert "days" in did(p, "retention", {"days": -1})


def test_the_other_kinds_do_what_they_say(p: burnish.Platform, ideas: Path) -> None:
    assert set(p.jobs.kinds) >= {"backup", "batch", "retention", "vacuum"}
    p.prompts.create("a", "text")
    assert Path(did(p, "backup")["path"]).exists()
    assert did(p, "vacuum")["after_bytes"] > 0
    assert did(p, "batch", {"file": str(ideas), "options": {"model": "offline"}})["done"] == 4
    assert [job.kind for job in p.jobs.list(kind="vacuum")] == ["vacuum"]


@pytest.mark.parametrize(
    ("kind", "given"),
    [
        ("backup", {"keep": "many"}),
        ("backup", {"where": "x"}),
        ("vacuum", {"x": 1}),
        ("retention", {"days": "x"}),
        ("batch", {}),
        ("batch", {"file": "x.txt", "options": {"nonsense": 1}}),
        ("batch", {"file": "/nowhere/x.txt"}),
        ("batch", {"file": 7}),
    ],
)
def test_work_with_a_wrong_input_fails_and_says_why(
    p: burnish.Platform, kind: str, given: dict[str, Any]
) -> None:
    job = p.jobs.wait(p.jobs.submit(kind, given).id)
    assert (job.state, job.attempts) == ("failed", 1)
    assert job.error


def test_settings_say_how_jobs_are_run(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in (("AT_ONCE", "3"), ("LEASE_S", "60"), ("RETRIES", "0")):
        monkeypatch.setenv(f"BURNISH_JOBS__{name}", value)
    jobs = load().settings.jobs
    assert (jobs.at_once, jobs.lease_s, jobs.retries) == (3, 60.0, 0)
    # Of a job that fails for a reason that may pass, no second attempt is made.
    with burnish.open() as p:
        busy = p.jobs.submit("backup", {"to": str(Path.cwd() / "x" / "y" / "z.sqlite")})
        assert p.jobs.wait(busy.id).attempts == 1
    for key, value in (("jobs.at_once", "0"), ("jobs.lease_s", "1"), ("jobs.retries", "-1")):
        name = f"BURNISH_{key.replace('.', '__').upper()}"
        monkeypatch.setenv(name, value)
        with pytest.raises(SettingsError, match=key):
            load()
        monkeypatch.delenv(name)


def test_a_terminal_shows_how_far_a_job_is(run: Run, ideas: Path) -> None:
    job_id = submitted(run, ideas)
    child: pexpect.spawn[str] = pexpect.spawn(
        COMMAND[0], [*COMMAND[1:], "jobs", "watch", job_id],
        encoding="utf-8", dimensions=(40, 100), timeout=60,
    )  # fmt: skip
    child.expect("queued; burnish worker runs it")
    assert run("worker", "--once").code == 0
    child.expect("4 of 4")
    child.expect(pexpect.EOF)
    child.close()
    assert child.exitstatus == 0


def test_help_and_the_root_import_no_jobs() -> None:
    code = (
        "import sys, burnish; from burnish.cli.main import main; main(['--help'])\n"
        "assert not [name for name in sys.modules if name.startswith('burnish.jobs')]\n"
        "assert 'cronsim' not in sys.modules"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], env=ENVIRONMENT, capture_output=True, check=False
    )
    assert done.returncode == 0, done.stderr
