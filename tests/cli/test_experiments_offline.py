"""burnish experiments on a dataset: asked here or by a worker, stopped and gone on with."""

from __future__ import annotations

import json
import os
import shlex
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.cli.conftest import COMMAND, Run
from tests.scenario.running import Running, serving

VARIANTS = ("short=say@1,model=openai:m", "long=say@2,model=openai:m")


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Running]:
    with serving(latency_s=0.02) as running:
        monkeypatch.setenv("OPENAI_BASE_URL", running.url)
        yield running


@pytest.fixture
def made(run: Run, tmp_path: Path) -> Run:
    """A draft over 40 examples, which the longer prompt gets wrong."""
    path = tmp_path / "rows.jsonl"
    rows = [
        {"inputs": {"n": str(n)}, "expected": f"You said: Say {n}", "split": "test"}
        for n in range(40)
    ]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    for arguments in (
        ("prompts", "create", "say", "Say {{ n }}"),
        ("prompts", "edit", "say", "Please say {{ n }}"),
        ("datasets", "add", "rows", str(path)),
        ("experiments", "create", "try", *VARIANTS, "--data", "rows"),
    ):
        done = run(*arguments)
        assert (done.code, done.err) == (0, "")
    return run


@pytest.mark.usefixtures("server")
def test_it_is_asked_to_its_end(made: Run) -> None:
    done = made("experiments", "start", "try")
    assert (done.code, done.err) == (0, "")
    assert done.out.startswith("try is completed. Keep short: every other variant is worse (long")
    (line,) = made("experiments", "list", "--state", "completed").out.splitlines()
    assert line.split("\t")[:5] == ["try", "completed", "say", "score", "short"]
    again = made("experiments", "start", "try")
    assert (again.code, again.out) == (4, "")
    assert again.err.count("\n") == 1


@pytest.mark.usefixtures("server")
def test_a_worker_does_what_is_left_to_it(made: Run) -> None:
    now = json.loads(made("experiments", "start", "try", "--background", "--json").out)
    assert (now["state"], len(now["evaluations"])) == ("running", 1)
    assert made("worker", "--once").code == 0
    shown = made("jobs", "show", now["job_id"]).out
    assert "80 of 80, 80 calls" in shown
    assert "Keep short" in shown
    told = json.loads(made("jobs", "show", now["job_id"], "--json").out)
    assert told["result"]["state"] == "completed"


def test_who_interrupts_it_goes_on_later(made: Run, server: Running) -> None:
    command = [*COMMAND, "experiments", "start", "try"]
    process = subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=os.environ
    )
    until = time.monotonic() + 60
    while server.counters().received < 2:
        assert time.monotonic() < until
        time.sleep(0.005)
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=60)
    assert process.returncode == 130
    assert "go on with burnish experiments start try" in err
    (line,) = made("experiments", "list").out.splitlines()
    assert line.split("\t")[1] == "stopped"
    # Nobody goes on with it by himself.
    assert made("worker", "--once").out == ""
    assert made("experiments", "start", "try").code == 0
    assert server.counters().ok <= 80 + 16


@pytest.mark.usefixtures("server")
def test_one_that_ends_before_its_time_has_failed(made: Run) -> None:
    cheap = ("a=say@1,model=openai:gpt-5-mini", "b=say@2,model=openai:gpt-5-mini")
    made("experiments", "create", "dear", *cheap, "--data", "rows", "--max-cost", "0.00001")
    done = made("experiments", "start", "dear")
    assert done.code == 1
    assert done.out.startswith("dear is stopped. No verdict")
    (line,) = made("jobs", "list", "--kind", "experiment").out.splitlines()
    assert made("jobs", "show", line.split("\t")[0]).out.count("could bring the cost") == 1


def test_what_cannot_be_begun_is_one_line(made: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("ANTHROPIC_API_KEY", raising=False)
    keyless = ("a=say@1,model=anthropic:m", "b=say@2,model=anthropic:m")
    made("experiments", "create", "keyless", *keyless, "--data", "rows")
    done = made("experiments", "start", "keyless")
    assert (done.code, done.out, done.err.count("\n")) == (5, "", 1)
    assert "'a' cannot be asked: Anthropic needs a key" in done.err
    made("experiments", "create", "none", "a=say@1", "b=say@2", "--data", "rows")
    done = made("experiments", "start", "none")
    assert done.code == 2
    assert done.err == (
        "burnish: variant 'a' names no model, and none is set up; name one: "
        "a=say@1,model=provider:model; see burnish models list\n"
    )
    refused = made("experiments", "create", "x", *VARIANTS, "--data", "rows", "--units", "40")
    assert refused.code == 2
    assert "a number of units makes no sense on a dataset" in refused.err


def test_a_file_in_the_place_of_a_dataset_is_told_how_it_becomes_one(
    made: Run, tmp_path: Path
) -> None:
    path = tmp_path / "off hours.csv"
    path.write_text("n,expected\n1,You said: Say 1\n")
    done = made("experiments", "create", "off", *VARIANTS, "--data", str(path))
    add = f"burnish datasets add off-hours '{path}'"
    assert (done.code, done.out) == (3, "")
    assert done.err == (f"burnish: {path} is a file and no dataset; {add}, then --data off-hours\n")
    assert made(*shlex.split(add)[1:]).code == 0
    assert made("experiments", "create", "off", *VARIANTS, "--data", "off-hours").code == 0
    none = made("experiments", "create", "none", *VARIANTS, "--data", "none.csv")
    assert "there is no dataset 'none.csv'" in none.err
