"""Evaluations that are killed at any moment, and taken up again."""

from __future__ import annotations

import json
import os
import random
import sqlite3
import subprocess
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any, cast

import pytest
from tests.cli.conftest import COMMAND
from tests.scenario.running import Running, log_of
from tests.scenario.server import Plan

import burnish

# A child finds the package under test wherever it runs.
ENVIRONMENT = os.environ | {"PYTHONPATH": str(Path(burnish.__file__).parents[1])}
KILLS, EXAMPLES, AT_ONCE, SEED = 20, 400, 4, 7
WRONG = 10


class Place:
    """A library with a prompt and a file of examples, some of which expect another answer."""

    def __init__(self, folder: Path, url: str) -> None:
        self.home = folder / "home"
        self.store = self.home / "burnish.sqlite"
        self.file = folder / "numbers.jsonl"
        self.url = url
        folder.mkdir(exist_ok=True)
        rows: list[dict[str, Any]] = [
            {
                "id": f"n{n}",
                "inputs": {"n": str(n)},
                "expected": f"You said: Number {n}" + ("?" if n % WRONG == 0 else ""),
            }
            for n in range(EXAMPLES)
        ]
        self.file.write_text("".join(json.dumps(row) + "\n" for row in rows))
        with burnish.open(str(self.home)) as p:
            p.prompts.create("quiz", "Number {{ n }}")

    def start(self, *arguments: str) -> subprocess.Popen[str]:
        own = {"BURNISH_HOME": str(self.home), "OPENAI_BASE_URL": self.url}
        return subprocess.Popen(
            [*COMMAND, "evaluate", "--json", *arguments],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env=ENVIRONMENT | own,
        )

    def begin(self) -> subprocess.Popen[str]:
        options = ("--data", str(self.file), "--model", "openai:m", f"--concurrency={AT_ONCE}")
        return self.start("quiz", *options)

    def go_on(self) -> subprocess.Popen[str]:
        return self.start("--resume", self.rows("SELECT id FROM evaluations")[0])

    def rows(self, query: str) -> list[str]:
        with closing(sqlite3.connect(self.store)) as connection:
            try:
                return [row[0] for row in connection.execute(query)]
            except sqlite3.OperationalError:  # not made yet
                return []

    def answered(self) -> list[str]:
        return self.rows("SELECT example FROM results WHERE error = ''")

    def wait_for(self, count: int, process: subprocess.Popen[str]) -> None:
        """Until so many answers are kept."""
        until = time.monotonic() + 60
        while len(self.answered()) < count and process.poll() is None:
            assert time.monotonic() < until, process.communicate()
            time.sleep(0.005)


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Running]:
    running = Running(Plan(latency_s=0.05, log=str(tmp_path / "server.log")))
    yield running
    running.close()


_OWN = ("latency", "cached", "cost", "run_id", "evaluation", "created_at")


def told(out: str) -> Any:
    """What a report says, without what depends on the clock, and on which answers were
    remembered when the kill came."""
    return _timeless(json.loads(out)["report"])


def _timeless(value: Any) -> Any:
    if isinstance(value, dict):
        fields = cast("dict[str, Any]", value)
        return {k: _timeless(v) for k, v in fields.items() if not k.startswith(_OWN)}
    if isinstance(value, list):
        items = cast("list[Any]", value)
        return [_timeless(each) for each in items]
    return value


@pytest.mark.slow
def test_a_killed_evaluation_asks_for_no_finished_answer_again(
    tmp_path: Path, server: Running
) -> None:
    place, chance = Place(tmp_path / "killed", server.url), random.Random(SEED)
    done: dict[str, float] = {}
    process = place.begin()
    for _ in range(KILLS):
        place.wait_for(len(done) + 1, process)
        time.sleep(chance.random() * 0.15)
        process.kill()
        out, err = process.communicate()
        assert process.returncode == -9, (out, err)
        at = time.monotonic()
        done |= {example: at for example in place.answered() if example not in done}
        process = place.go_on()
    out, err = process.communicate()
    assert process.returncode == 0, err
    assert KILLS < len(done) < EXAMPLES
    assert sorted(place.answered()) == sorted(f"n{n}" for n in range(EXAMPLES))

    asked: Counter[str] = Counter()
    for one in log_of(tmp_path / "server.log"):
        example = f"n{one.text.rpartition(' ')[2]}"
        asked[example] += one.outcome == "ok"
        # What was kept when a kill came is not asked for after it.
        assert one.received_at < done.get(example, one.received_at + 1), example
    assert all(asked.values())
    assert asked.total() - EXAMPLES <= KILLS * AT_ONCE

    whole = Place(tmp_path / "whole", server.url).begin()
    unbroken, err = whole.communicate()
    assert whole.returncode == 0, err
    assert told(out) == told(unbroken)
    (column,) = told(out)["columns"]
    assert column["passed"]["mean"] == 1 - 1 / WRONG
