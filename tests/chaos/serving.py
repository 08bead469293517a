"""Servers that are killed while they are written to, and what they had acknowledged."""

from __future__ import annotations

import os
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

from tests.rest.asking import ask

import burnish

_COMMAND = [sys.executable, "-c", "from burnish.cli.main import entry; entry()"]
_LONGEST_S = 60.0
_SOME = 3


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
        raise AssertionError("the server is not ready")

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

    def wait(self) -> None:
        """Until some of everything was acknowledged."""
        until = time.monotonic() + _LONGEST_S
        while min(map(len, self.kept.values())) < _SOME:
            assert time.monotonic() < until, self.refused
            time.sleep(0.01)

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


def check_whole(home: Path) -> None:
    assert _held(home, "PRAGMA integrity_check") == {"ok"}
    with burnish.open(str(home)) as p:
        assert p.audit.verify().is_whole
        (newest,) = p.prompts.history("base", limit=1)
        assert p.prompts.get("base@latest").version == newest.version


def lost(home: Path, kept: dict[str, list[Any]]) -> list[str]:
    """What was acknowledged and is not there."""
    held = {
        "prompts": _held(home, "SELECT name FROM prompts"),
        "runs": _held(home, "SELECT id FROM runs"),
        "said": _held(home, "SELECT comment FROM feedback"),
    }
    with burnish.open(str(home)) as p:
        history = p.prompts.history("base", limit=1000)
        held["versions"] = {each.version.text for each in history}
    return [each for what, several in kept.items() for each in set(several) - held[what]]


def killed(home: Path, workers: int, turn: int, wait_s: float) -> tuple[dict[str, int], list[str]]:
    """A server that is killed some time after it has acknowledged some of everything: how much it
    had acknowledged, and what of that is lost. Its file and its audit log are checked."""
    with burnish.open(str(home)) as p:
        name = f"writer-{turn}"
        key = p.keys.create(name, role="editor").key
        if not turn:
            p.prompts.create("base", "Version 0")
    server = Server(home, workers)
    writers = Writers(server.url, key, turn)
    writers.wait()
    time.sleep(wait_s)
    server.kill()
    writers.stop()
    assert not writers.refused
    check_whole(home)
    acknowledged = {what: len(several) for what, several in writers.kept.items()}
    return acknowledged, lost(home, writers.kept)
