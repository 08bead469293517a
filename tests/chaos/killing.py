"""Searches of `burnish optimize` that are killed at any moment, and resumed until they end."""

from __future__ import annotations

import json
import os
import random
import shutil
import sqlite3
import subprocess
import sys
import time
from collections import Counter
from contextlib import closing
from pathlib import Path
from typing import Any, cast

import msgspec

import burnish

FAMILIES = ("reflective", "genetic", "bandit", "fewshot", "auto")
BUDGET, EXAMPLES, AT_ONCE = 220, 80, 4
_PROMPT = "Classify the mail as bug or praise.\n\n<mail>\n{{ mail }}\n</mail>"
_COMMAND = [sys.executable, "-c", "from burnish.cli.main import entry; entry()"]
# What clocks tell (the Pareto set is over latency too), what names one search among others, and what
# was paid: an answer that is remembered costs nothing when it is asked for again.
_OWN = frozenset(
    {
        "cost_usd",
        "unpriced",
        "latency_ms",
        "seconds",
        "id",
        "job_id",
        "created_at",
        "ended_at",
        "run_id",
        "front",
    }
)
_LONGEST_S = 120.0


class Answered(msgspec.Struct, frozen=True, kw_only=True):
    """A request of the server's log."""

    key: str
    model: str
    outcome: str
    received_at: float
    ended_at: float


class Lost(msgspec.Struct, frozen=True, kw_only=True):
    """An answer that was asked for again. It had left the server `age_s` before the kill."""

    model: str
    age_s: float


class Ended(msgspec.Struct, frozen=True, kw_only=True):
    """What a search came to: its report and its candidates without what clocks tell, and what the
    server answered. `kills` are moments of the machine's monotonic clock."""

    report: dict[str, Any]
    candidates: list[dict[str, Any]]
    answered: list[Answered]
    kills: tuple[float, ...] = ()

    def lost(self, whole: Ended) -> list[Lost]:
        """What was answered more often than in the unbroken search."""
        usual = Counter(each.key for each in whole.answered)
        times: dict[str, list[Answered]] = {}
        for each in self.answered:
            times.setdefault(each.key, []).append(each)
        found: list[Lost] = []
        for key, several in times.items():
            for each in several[: max(0, len(several) - max(1, usual[key]))]:
                # A server that is slow may have heard of it after the kill.
                before_s = [kill - each.ended_at for kill in self.kills]
                found.append(Lost(model=each.model, age_s=min(before_s, key=abs)))
        return found


class Ground:
    """Data folders with the prompt and the examples in them, and the server's `log`."""

    def __init__(self, folder: Path, url: str, log: Path) -> None:
        self._folder, self._log = folder, log
        self._environment = os.environ | {
            "PYTHONPATH": str(Path(burnish.__file__).parents[1]),
            "OPENAI_BASE_URL": url,
            "OPENAI_API_KEY": "sk-none",
        }
        self._count = 0
        mails = folder / "mails.csv"
        rows = (f"mail {n},{('praise', 'bug')[n % 2]}\n" for n in range(EXAMPLES))
        mails.write_text("mail,expected\n" + "".join(rows))
        with burnish.open(str(folder / "begun")) as p:
            p.prompts.create("mail/kind", _PROMPT)
            p.datasets.add("mails", mails)

    def search(
        self, family: str, seed: int, kills: int = 0, draw: int = 0, last: int = BUDGET - 60
    ) -> Ended:
        """To its end, killed so often at moments that follow from the seed and the draw, until its
        `last` call. One that ends before is killed less often."""
        self._count += 1
        home = self._folder / f"home-{self._count}"
        shutil.copytree(self._folder / "begun", home)
        chance = random.Random(f"{family} {seed} {draw}")
        before, killed = self._lines(), list[float]()
        process = self._start(home, *_begin(family, seed))
        # Later kills are of what goes on after the ones before.
        for calls in sorted(chance.randint(2, last) for _ in range(kills)):
            if not self._wait(process, before + calls):
                break
            time.sleep(chance.random() * 0.05)
            killed.append(time.monotonic())
            process.kill()
            process.communicate()
            process = self._start(home, "optimize", "--resume", _id_of(home), "--json")
        out, err = process.communicate(timeout=_LONGEST_S)
        assert process.returncode == 0, err
        with burnish.open(str(home)) as p:
            shown = msgspec.to_builtins(p.optimizations.candidates(_id_of(home)))
        shutil.rmtree(home)
        return Ended(
            report=plain(json.loads(out)),
            candidates=plain(shown),
            answered=self._answered(before),
            kills=tuple(killed),
        )

    def _wait(self, process: subprocess.Popen[str], lines: int) -> bool:
        """Whether so many requests came before it had ended."""
        until = time.monotonic() + _LONGEST_S
        while self._lines() < lines:
            if process.poll() is not None:
                return False
            assert time.monotonic() < until, "the search stands still"
            time.sleep(0.002)
        return process.poll() is None

    def _start(self, home: Path, *arguments: str) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [*_COMMAND, *arguments],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env=self._environment | {"BURNISH_HOME": str(home)},
        )

    def _lines(self) -> int:
        return self._log.read_bytes().count(b"\n") if self._log.exists() else 0

    def _answered(self, before: int) -> list[Answered]:
        lines = self._log.read_bytes().splitlines()[before:]
        found = [msgspec.json.decode(line, type=Answered) for line in lines]
        return [each for each in found if each.outcome == "ok"]


def _begin(family: str, seed: int) -> tuple[str, ...]:
    both = ("--model", "openai:mails", "--writer", "openai:writer")
    how = ("--algorithm", family, "--budget", str(BUDGET), "--seed", str(seed))
    at_once = ("--concurrency", str(AT_ONCE), "--json")
    return ("optimize", "mail/kind", "--data", "mails", *both, *how, *at_once)


def _id_of(home: Path) -> str:
    with closing(sqlite3.connect(home / "burnish.sqlite")) as connection:
        (found,) = connection.execute("SELECT id FROM optimizations").fetchone()
    return str(found)


def plain(value: Any) -> Any:
    """Without what clocks tell, and what names one search among others."""
    if isinstance(value, list):
        return [plain(each) for each in cast("list[Any]", value)]
    if not isinstance(value, dict):
        return value
    given = cast("dict[str, Any]", value)
    kept = {name: plain(each) for name, each in given.items() if name not in _OWN}
    is_text = "parents" in given and "id" in given
    return kept | ({"id": given["id"]} if is_text else {})
