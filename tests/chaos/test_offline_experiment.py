"""An experiment on a dataset that is killed at any moment, and taken up again."""

from __future__ import annotations

import json
import random
import sqlite3
import subprocess
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from tests.chaos.test_evaluation import ENVIRONMENT
from tests.cli.conftest import COMMAND
from tests.scenario.running import Running, log_of
from tests.scenario.server import Plan

import burnish

KILLS, EXAMPLES, AT_ONCE, SEED = 10, 150, 4, 7
VARIANTS = (
    "short=quiz@1,model=openai:m",
    "long=quiz@2,model=openai:m",
    # Another config, so another evaluation.
    "warm=quiz@1,model=openai:m,temperature=1",
)


class Place:
    """A draft, and the commands on it, each a process."""

    def __init__(self, folder: Path, url: str) -> None:
        self.home = folder / "home"
        self.environment = ENVIRONMENT | {"BURNISH_HOME": str(self.home), "OPENAI_BASE_URL": url}
        rows = [
            {"id": f"n{n}", "inputs": {"n": str(n)}, "expected": f"You said: Number {n}"}
            for n in range(EXAMPLES)
        ]
        with burnish.open(str(self.home)) as p:
            p.prompts.create("quiz", "Number {{ n }}")
            p.prompts.create("quiz", "Give number {{ n }}")
            p.datasets.add("numbers", rows)
            p.experiments.create(
                "killed", VARIANTS, data="numbers", split="all", concurrency=AT_ONCE
            )

    def start(self) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [*COMMAND, "experiments", "start", "killed", "--json"],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env=self.environment,
        )

    def answered(self) -> set[str]:
        """The cells that are kept: evaluation, prompt and example."""
        with closing(sqlite3.connect(self.home / "burnish.sqlite")) as connection:
            query = "SELECT evaluation_id, prompt, example FROM results WHERE error = ''"
            return {" ".join(row) for row in connection.execute(query)}

    def wait_for(self, count: int, process: subprocess.Popen[str]) -> None:
        until = time.monotonic() + 60
        while len(self.answered()) < count and process.poll() is None:
            assert time.monotonic() < until, process.communicate()
            time.sleep(0.005)


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Running]:
    running = Running(Plan(latency_s=0.05, log=str(tmp_path / "server.log")))
    yield running
    running.close()


@pytest.mark.slow
@pytest.mark.spec("EXP-02")
def test_a_killed_experiment_asks_for_no_finished_answer_again(
    tmp_path: Path, server: Running
) -> None:
    place, chance = Place(tmp_path, server.url), random.Random(SEED)
    process = place.start()
    for _ in range(KILLS):
        # Also before the first answer is there.
        place.wait_for(len(place.answered()) + chance.choice((0, 1, 1)), process)
        time.sleep(chance.random() * 0.2)
        process.kill()
        out, err = process.communicate()
        assert process.returncode == -9, (out, err)
        process = place.start()
    kept = len(place.answered())
    out, err = process.communicate()
    assert process.returncode == 0, err
    total = len(VARIANTS) * EXAMPLES
    assert 0 < kept < total
    assert len(place.answered()) == total

    ended = json.loads(out)
    assert (ended["state"], ended["winner"], len(ended["evaluations"])) == ("completed", "", 2)
    log = [line for line in log_of(tmp_path / "server.log") if line.outcome == "ok"]
    asked = Counter(line.text for line in log)
    # Of each question at most what was under way at a kill is asked more than once; that of
    # `short` and `warm` has the same text, and counts twice.
    assert len(asked) == 2 * EXAMPLES
    assert total <= asked.total() <= total + KILLS * AT_ONCE
    with burnish.open(str(place.home)) as p:
        found = p.experiments.report("killed")
        assert found.analysis is not None
        assert [each.outcome for each in found.analysis.contrasts] == ["worse", "no difference"]
        assert [each.pairs for each in found.analysis.contrasts] == [EXAMPLES, EXAMPLES]
        moves = [each.what for each in p.experiments.log("killed")]
        # It never ended on the way: whoever took it up found it running.
        assert moves == ["completed", "started", "created"]
