"""`burnish serve`, as its own process."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager
from pathlib import Path

import pytest
from tests.cli.conftest import COMMAND
from tests.rest.asking import ask

import burnish
from burnish.cli.main import main

Served = tuple[str, "subprocess.Popen[str]"]


@contextmanager
def server(*options: str) -> Generator[Served]:
    process = subprocess.Popen(
        [*COMMAND, "serve", "--port", "0", "--json", *options],
        stdout=subprocess.PIPE,
        text=True,
        env=os.environ,
        start_new_session=True,
    )
    assert process.stdout is not None
    told = "".join(iter(process.stdout.readline, "}\n")) + "}"
    try:
        yield json.loads(told)["url"], process
    finally:
        process.stdout.close()
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def until(done: Callable[[], bool]) -> None:
    for _ in range(300):
        if done():
            return
        time.sleep(0.1)
    pytest.fail("it did not come")


def ready(url: str) -> bool:
    try:
        return ask("GET", f"{url}/readyz").status == 200
    except OSError:
        return False


@pytest.mark.parametrize("sign", [signal.SIGINT, signal.SIGTERM])
def test_it_answers_until_it_is_ended(sign: signal.Signals) -> None:
    with server() as (url, process):
        made = ask("POST", f"{url}/api/v1/prompts", {"name": "a", "content": "Say {{ x }}"})
        assert made.status == 201
        process.send_signal(sign)
        process.wait(20)
    with burnish.open() as p:
        assert p.prompts.get("a").version.revision == 1


def test_what_is_being_answered_is_answered_and_jobs_go_on_elsewhere() -> None:
    with server() as (url, process):
        rows = [{"mail": f"m{n}", "expected": "x"} for n in range(400)]
        ask("POST", f"{url}/api/v1/prompts", {"name": "a", "content": "Say {{ mail }}"})
        ask("POST", f"{url}/api/v1/datasets", {"name": "mails", "examples": rows})
        wanted = {"prompts": "a", "data": "mails", "models": "fake:echo", "repeats": 5}
        begun = ask("POST", f"{url}/api/v1/evaluations", {**wanted, "concurrency": 1}).json
        process.send_signal(signal.SIGTERM)
        process.wait(40)
    with burnish.open() as p:
        job = p.jobs.get(begun["job"]["id"])
        assert job.state in {"queued", "done"}
        assert main(["worker", "--once"]) == 0
        report = p.evaluations.report(begun["evaluation"]["id"])
        assert report.report.columns[0].score.n == 2000


def test_several_processes_answer_at_one_address() -> None:
    with server("--workers", "2") as (url, process):
        until(lambda: ready(url))
        ask("POST", f"{url}/api/v1/prompts", {"name": "a", "content": "Say {{ x }}"})
        for _ in range(10):
            assert ask("GET", f"{url}/api/v1/prompts/a").status == 200
        process.send_signal(signal.SIGTERM)
        process.wait(40)


@pytest.mark.parametrize("options", [("--workers", "0"), ("--workers", "2", "--reload")])
def test_numbers_that_make_no_sense_are_refused(options: tuple[str, ...]) -> None:
    assert main(["serve", *options]) == 2


def test_a_port_that_is_taken_is_told_in_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    with server() as (url, _):
        port = url.rpartition(":")[2]
        assert main(["serve", "--port", port]) == 5
        told = capsys.readouterr().err
        assert told.startswith(f"burnish: cannot listen at 127.0.0.1:{port}")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("BURNISH_SERVER__HOST", "0.0.0.0"),
        ("BURNISH_SERVER__PORT", "70000"),
        ("BURNISH_SERVER__BODY_MB", "0"),
        ("BURNISH_SERVER__STOP_S", "-1"),
    ],
)
def test_settings_are_checked(name: str, value: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(name, value)
    assert main(["serve"]) in {2, 6}


def test_a_server_need_not_run_jobs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BURNISH_SERVER__WORK", "false")
    with server() as (url, _):
        ask("POST", f"{url}/api/v1/prompts", {"name": "a", "content": "Say {{ mail }}"})
        rows = [{"mail": "m", "expected": "m"}]
        ask("POST", f"{url}/api/v1/datasets", {"name": "mails", "examples": rows})
        wanted = {"prompts": "a", "data": "mails", "models": "fake:echo"}
        job = ask("POST", f"{url}/api/v1/evaluations", wanted).json["job"]["id"]
        time.sleep(1)
        assert ask("GET", f"{url}/api/v1/jobs/{job}").json["state"] == "queued"


@pytest.mark.spec("DEP-02")
@pytest.mark.skipif(not Path("/proc").is_dir(), reason="tells processes by /proc")
def test_it_begins_anew_when_the_source_changes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    source = tmp_path / "plugin.py"
    source.write_text("LIMIT = 1\n")
    with server("--reload") as (url, process):
        until(lambda: ready(url))
        before = children(process.pid)

        def changed() -> bool:
            # Whoever watches may not have begun when the first change comes.
            source.write_text(f"LIMIT = {time.monotonic()}\n")
            return bool(children(process.pid) - before)

        until(changed)
        until(lambda: ready(url))


def children(pid: int) -> set[str]:
    return set(Path(f"/proc/{pid}/task/{pid}/children").read_text().split())
