"""An evaluation that a worker does: watched while it runs, killed, resumed."""

from __future__ import annotations

import json
import re
import subprocess
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.chaos.test_evaluation import AT_ONCE, ENVIRONMENT, EXAMPLES, Place
from tests.cli.conftest import COMMAND
from tests.scenario.running import Running, log_of
from tests.scenario.server import Plan

_LINE = re.compile(r"(\d+) calls, .*best (\d\.\d\d) quiz@1$")


class Processes:
    """Commands on the place, each a process."""

    def __init__(self, place: Place) -> None:
        self.place = place
        self.all: list[subprocess.Popen[str]] = []

    def start(self, *arguments: str) -> subprocess.Popen[str]:
        own = {"BURNISH_HOME": str(self.place.home), "OPENAI_BASE_URL": self.place.url}
        process = subprocess.Popen(
            [*COMMAND, *arguments],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env=ENVIRONMENT | own,
        )
        self.all.append(process)
        return process

    def told(self, *arguments: str) -> str:
        process = self.start(*arguments)
        out, err = process.communicate()
        assert process.returncode == 0, err
        return out

    def kill(self, process: subprocess.Popen[str]) -> None:
        process.kill()
        process.communicate()
        assert process.returncode == -9


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Running]:
    running = Running(Plan(latency_s=0.05, log=str(tmp_path / "server.log")))
    yield running
    running.close()


@pytest.fixture
def processes(tmp_path: Path, server: Running) -> Iterator[Processes]:
    made = Processes(Place(tmp_path / "place", server.url))
    yield made
    for process in made.all:
        process.kill()
        process.communicate()


def next_best(watcher: subprocess.Popen[str], calls: int) -> tuple[int, float]:
    """What the watcher prints next of calls used and the best so far, after so many calls."""
    assert watcher.stdout is not None
    for line in watcher.stdout:
        found = _LINE.search(line)
        if found is not None and int(found[1]) > calls:
            return int(found[1]), float(found[2])
    raise AssertionError("the watcher ended")


@pytest.mark.slow
@pytest.mark.spec("OPT-06")
def test_a_job_is_watched_while_it_runs_and_goes_on_after_kills(
    processes: Processes, tmp_path: Path
) -> None:
    place = processes.place
    data = ("--data", str(place.file), "--model", "openai:m", f"--concurrency={AT_ONCE}")
    job, _ = processes.told("evaluate", "quiz", *data, "--background").split()
    watcher = processes.start("jobs", "watch", job)

    # While a worker is at it, it tells the calls used and the best so far.
    first = processes.start("worker")
    calls, best = next_best(watcher, 40)
    assert 40 < calls < EXAMPLES
    assert best == pytest.approx(0.9, abs=0.05)
    processes.kill(first)
    kept = dict.fromkeys(place.answered(), time.monotonic())

    # The next worker goes on by itself.
    second = processes.start("worker")
    calls, best = next_best(watcher, len(kept) + 40)
    assert calls < EXAMPLES
    assert best == pytest.approx(0.9, abs=0.05)
    processes.kill(second)
    kept = dict.fromkeys(place.answered(), time.monotonic()) | kept

    # So does whoever resumes it.
    resumed = processes.start("jobs", "resume", job)
    assert resumed.wait() == 0
    assert watcher.wait() == 0
    told = json.loads(processes.told("jobs", "show", job, "--json"))
    assert (told["state"], told["attempts"]) == ("done", 3)
    assert told["progress"]["done"] == told["progress"]["total"] == EXAMPLES
    (column,) = told["result"]["columns"]
    assert (column["n"], column["score"]) == (EXAMPLES, 0.9)

    asked: Counter[str] = Counter()
    for one in log_of(tmp_path / "server.log"):
        example = f"n{one.text.rpartition(' ')[2]}"
        asked[example] += one.outcome == "ok"
        # What was kept when a kill came is not asked for after it.
        assert one.received_at < kept.get(example, one.received_at + 1), example
    assert sorted(asked) == sorted(f"n{n}" for n in range(EXAMPLES))
    assert all(asked.values())
    assert asked.total() - EXAMPLES <= 2 * AT_ONCE
