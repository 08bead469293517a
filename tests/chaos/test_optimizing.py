"""`burnish optimize` that is watched, killed and resumed."""

from __future__ import annotations

import json
import os
import re
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.chaos.killing import FAMILIES, Ground
from tests.cli.conftest import COMMAND
from tests.cli.optimizing import PROMPT, mails
from tests.scenario.running import Running, serving

import burnish

ENVIRONMENT = os.environ | {"PYTHONPATH": str(Path(burnish.__file__).parents[1])}
EXAMPLES, AT_ONCE = 80, 4
# Longer than any answer waits to be written down, also on a machine that is busy.
A_WHILE_S = 1.0
# A technique that is tried adds it, and the server repeats it.
GAIN = "contains:Before you finish, check"


class Place:
    """A data folder with the prompt in it."""

    def __init__(self, home: Path, url: str) -> None:
        self.home = home
        self._own = {"BURNISH_HOME": str(home), "OPENAI_BASE_URL": url}
        self.all: list[subprocess.Popen[str]] = []
        self.told("prompts", "create", "mail/kind", PROMPT)

    def start(self, *arguments: str) -> subprocess.Popen[str]:
        process = subprocess.Popen(
            [*COMMAND, *arguments],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env=ENVIRONMENT | self._own,
        )
        self.all.append(process)
        return process

    def optimize(self, file: str) -> subprocess.Popen[str]:
        asked = ("--data", file, "--model", "openai:m", "--writer", "offline", "--fresh")
        how = ("--scorer", GAIN, "--budget", "240", "--concurrency", str(AT_ONCE), "--json")
        return self.start("optimize", "mail/kind", *asked, *how)

    def told(self, *arguments: str) -> str:
        process = self.start(*arguments)
        out, err = process.communicate()
        assert process.returncode == 0, err
        return out

    def job(self) -> str:
        """The id of the job, once there is one."""
        until = time.monotonic() + 60
        while time.monotonic() < until:
            if found := self.told("jobs", "list", "--kind", "optimization"):
                return found.split("\t")[0]
        raise AssertionError("no job was begun")


@pytest.fixture
def server() -> Iterator[Running]:
    # A search lasts longer than two commands take to begin, also on a machine that is busy.
    with serving(latency_s=0.15) as running:
        yield running


@pytest.fixture
def places(tmp_path: Path, server: Running) -> Iterator[tuple[Place, Place]]:
    made = (Place(tmp_path / "broken", server.url), Place(tmp_path / "whole", server.url))
    yield made
    for process in (each for place in made for each in place.all):
        process.kill()
        process.communicate()


def calls_seen(watcher: subprocess.Popen[str], least: int) -> tuple[int, float]:
    """What the watcher tells of calls used and the best so far, once so many are used."""
    assert watcher.stdout is not None
    for line in watcher.stdout:
        found = re.search(r"(\d+) calls, best (\d\.\d\d), ", line)
        if found is not None and int(found[1]) >= least:
            return int(found[1]), float(found[2])
    raise AssertionError("the watcher ended")


@pytest.mark.slow
@pytest.mark.spec("OPT-06")
def test_a_search_is_watched_and_goes_on_after_a_kill_without_asking_again(
    tmp_path: Path, server: Running, places: tuple[Place, Place]
) -> None:
    broken, whole = places
    file = mails(tmp_path / "mails.csv", EXAMPLES)
    killed = broken.optimize(file)
    watcher = broken.start("jobs", "watch", broken.job())
    calls, best = calls_seen(watcher, 40)
    assert 40 <= calls < 240
    assert 0 <= best <= 1
    killed.kill()
    killed.communicate()
    assert killed.returncode == -9
    answered = server.counters().ok
    ((listed, *_),) = [
        line.split("\t") for line in broken.told("optimizations", "list").splitlines()
    ]
    resumed = json.loads(broken.told("optimize", "--resume", listed, "--json"))
    assert watcher.wait(60) == 0
    counters = server.counters()
    assert counters.ok > answered
    # Only what was under way at the kill, or not written down yet, is asked for again.
    assert counters.repeated <= 2 * AT_ONCE
    unbroken = json.loads(whole.optimize(file).communicate()[0])
    for name in ("outcome", "reason", "text", "diff", "won", "lost"):
        assert resumed[name] == unbroken[name], name
    assert resumed["outcome"] == "improved"
    assert _scores(resumed) == _scores(unbroken)
    assert resumed["effort"]["answers"] == unbroken["effort"]["answers"]


@pytest.mark.slow
@pytest.mark.spec("OPT-06")
@pytest.mark.parametrize("family", FAMILIES)
def test_each_way_to_search_comes_to_the_same_however_often_it_is_killed(
    tmp_path: Path, family: str
) -> None:
    log = tmp_path / "served.jsonl"
    with serving(latency_s=0.01, log=str(log)) as running:
        ground = Ground(tmp_path, running.url, log)
        whole = ground.search(family, seed=2)
        broken = ground.search(family, seed=2, kills=2)
    assert len(broken.kills) == 2
    assert whole.report["outcome"] in ("improved", "kept")
    assert broken.report == whole.report
    assert broken.candidates == whole.candidates
    # What was under way at a kill, or not written down yet: never more than were asked at once,
    # and as many that had come just before.
    lost = broken.lost(whole)
    assert len(lost) <= 2 * 2 * AT_ONCE
    assert all(each.age_s < A_WHILE_S for each in lost), lost


def _scores(report: dict[str, Any]) -> dict[str, Any]:
    """All but what clocks tell."""
    compared = dict(report["comparison"])
    for when in ("before", "after"):
        compared[when] = {k: v for k, v in compared[when].items() if k != "latency_ms"}
    return compared
