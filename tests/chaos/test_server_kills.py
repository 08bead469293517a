"""A server that is killed while it is written to: whatever it said that it has is there."""

from __future__ import annotations

import os
import random
import signal
import sqlite3
import subprocess
import sys
import threading
import time
import urllib.error
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from tests.rest.asking import ask

import burnish

_COMMAND = [sys.executable, "-c", "from burnish.cli.main import entry; entry()"]
_LONGEST_S = 60.0
_KILLS = 3


class Server:
    """A process of its own, and processes below it, that end together."""

    def __init__(self, home: Path, workers: int) -> None:
        environment = os.environ | {
            "BURNISH_HOME": str(home),
            "BURNISH_SERVER__REQUESTS_PER_MIN": "0",
            "PYTHONPATH": str(Path(burnish.__file__).parents[1]),
        }
        options = ("serve", "--auth", "keys", "--port", "0", "--workers", str(workers))
        self._process = subprocess.Popen(
            [*_COMMAND, *options],
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            env=environment,
            start_new_session=True,
        )
        assert self._process.stdout is not None
        self.url = self._process.stdout.readline().strip()
        self._wait_until_ready()

    def _wait_until_ready(self) -> None:
        until = time.monotonic() + _LONGEST_S
        while time.monotonic() < until:
            try:
                if ask("GET", f"{self.url}/readyz").status == 200:
                    return
            except OSError:
                time.sleep(0.02)
        pytest.fail("the server is not ready")

    def kill(self) -> None:
        os.killpg(self._process.pid, signal.SIGKILL)
        self._process.communicate()

    def end(self) -> int:
        self._process.send_signal(signal.SIGTERM)
        self._process.communicate(timeout=_LONGEST_S)
        return self._process.returncode


class Writers:
    """Threads that write until they are stopped, and note what was acknowledged to them."""

    def __init__(self, url: str, key: str, turn: int) -> None:
        self._url, self._key, self._turn = url, key, turn
        self._stopped = threading.Event()
        self.kept: dict[str, list[Any]] = {"prompts": [], "versions": [], "runs": [], "said": []}
        self.refused: list[int] = []
        self._threads = [
            threading.Thread(target=self._go_on, args=(each,))
            for each in (self._prompt, self._version, self._run, self._say)
        ]
        for each in self._threads:
            each.start()

    def stop(self) -> None:
        self._stopped.set()
        for each in self._threads:
            each.join()

    def _go_on(self, write: Callable[[int], None]) -> None:
        number = 0
        while not self._stopped.is_set():
            number += 1
            try:
                write(number)
            except (urllib.error.URLError, OSError):
                # It was killed while it answered: nothing was acknowledged.
                return

    def _post(self, path: str, body: object) -> Any:
        url = f"{self._url}/api/v1/{path}"
        told = ask("POST", url, body, raw=None, authorization=f"Bearer {self._key}")
        if told.status >= 300:
            self.refused.append(told.status)
            return None
        return told.json if told.body else {}

    def _prompt(self, number: int) -> None:
        name = f"p/{self._turn}-{number}"
        if self._post("prompts", {"name": name, "content": f"Say {number}."}) is not None:
            self.kept["prompts"].append(name)

    def _version(self, number: int) -> None:
        text = f"Version {self._turn}-{number}"
        if self._post("prompts/base/versions", {"content": text}) is not None:
            self.kept["versions"].append(text)

    def _run(self, number: int) -> None:
        run_id = f"0199f000-0000-7000-{8000 + self._turn}-{number:012x}"
        run = {"id": run_id, "kind": "completion", "model": "x:y", "output": "praise"}
        run["created_at"] = "2026-01-01T12:00:00Z"
        if self._post("runs", {"run": run}) is not None:
            self.kept["runs"].append(run_id)

    def _say(self, number: int) -> None:
        comment = f"said {self._turn}-{number}"
        body = {"target": "base@1", "thumb": "up", "comment": comment}
        if self._post("feedback", body) is not None:
            self.kept["said"].append(comment)


def _held(home: Path, query: str) -> set[str]:
    with closing(sqlite3.connect(home / "burnish.sqlite")) as connection:
        return {row[0] for row in connection.execute(query)}


def _check_whole(home: Path) -> None:
    assert _held(home, "PRAGMA integrity_check") == {"ok"}
    with burnish.open(str(home)) as p:
        assert p.audit.verify().is_whole
        texts = {each.version.text for each in p.prompts.history("base", limit=1000)}
        newest = p.prompts.get("base").version.text
    assert newest in texts


def _check_kept(home: Path, kept: dict[str, list[Any]]) -> None:
    held = {
        "prompts": _held(home, "SELECT name FROM prompts"),
        "runs": _held(home, "SELECT id FROM runs"),
        "said": _held(home, "SELECT comment FROM feedback"),
    }
    with burnish.open(str(home)) as p:
        history = p.prompts.history("base", limit=1000)
        held["versions"] = {each.version.text for each in history}
    for what, several in kept.items():
        assert set(several) <= held[what], what


@pytest.mark.spec("PER-11")
@pytest.mark.parametrize("workers", [1, 2])
def test_what_was_acknowledged_survives_kills(tmp_path: Path, workers: int) -> None:
    with burnish.open(str(tmp_path)) as p:
        p.prompts.create("base", "Version 0")
        key = p.keys.create("writer", role="editor").key
    chance = random.Random(workers)
    for turn in range(_KILLS):
        server = Server(tmp_path, workers)
        writers = Writers(server.url, key, turn)
        until = time.monotonic() + _LONGEST_S
        while min(map(len, writers.kept.values())) < 3 and time.monotonic() < until:
            time.sleep(0.01)
        time.sleep(chance.random() * 0.5)
        server.kill()
        writers.stop()
        assert min(map(len, writers.kept.values())) >= 3
        assert not writers.refused
        _check_kept(tmp_path, writers.kept)
        _check_whole(tmp_path)


@pytest.mark.spec("PER-11")
def test_a_server_that_is_ended_answers_whoever_is_being_answered(tmp_path: Path) -> None:
    with burnish.open(str(tmp_path)) as p:
        p.prompts.create("base", "Version 0")
        key = p.keys.create("writer", role="editor").key
    server = Server(tmp_path, 1)
    writers = Writers(server.url, key, 0)
    while min(map(len, writers.kept.values())) < 3:
        time.sleep(0.01)
    code = server.end()
    writers.stop()
    assert code in {0, -signal.SIGTERM}
    assert not writers.refused
    _check_kept(tmp_path, writers.kept)
    _check_whole(tmp_path)
