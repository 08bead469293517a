"""The server beside this file in a process of its own."""

from __future__ import annotations

import itertools
import subprocess
import sys
import urllib.request
from collections.abc import Generator, Iterable
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import msgspec

from .server import Counters, Plan, Served

SCRIPT = Path(__file__).with_name("server.py")


class Running:
    """`url` is what clients call the base address, with `/v1`."""

    def __init__(self, plan: Plan) -> None:
        self._process = subprocess.Popen(
            [sys.executable, str(SCRIPT), msgspec.json.encode(plan).decode()],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self._process.stdout is not None
        self.url = self._process.stdout.readline().strip()
        assert self.url, "the server did not start"

    @property
    def port(self) -> int:
        return int(self.url.rsplit(":", 1)[1].partition("/")[0])

    def counters(self) -> Counters:
        return msgspec.json.decode(self._told("counters"), type=Counters)

    def log(self) -> list[Served]:
        return msgspec.json.decode(self._told("log"), type=list[Served])

    def kill(self) -> None:
        """At once, in the middle of whatever it was doing."""
        self._process.kill()
        self.close()

    def close(self) -> None:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        if self._process.poll() is None:
            self._process.stdin.close()
        self._process.wait(10)
        self._process.stdin.close()
        self._process.stdout.close()

    def _told(self, what: str) -> bytes:
        with urllib.request.urlopen(f"{self.url.removesuffix('/v1')}/{what}") as answer:
            content: bytes = answer.read()
        return content


@contextmanager
def serving(**plan: Any) -> Generator[Running]:
    running = Running(Plan(**plan))
    try:
        yield running
    finally:
        running.close()


def rests(log: list[Served], retry_after_s: float) -> list[tuple[float, float]]:
    """When no call may begin, as the server told."""
    return _joined(
        (one.ended_at, one.ended_at + retry_after_s) for one in log if one.outcome == "429"
    )


def idle_s(log: list[Served], retry_after_s: float) -> float:
    """Seconds between the first request and the last answer in which nothing was asked and no rest
    was due."""
    asked = [(one.received_at, one.ended_at) for one in log]
    busy = _joined([*asked, *rests(log, retry_after_s)])
    return sum(later[0] - one[1] for one, later in itertools.pairwise(busy))


def _joined(spans: Iterable[tuple[float, float]]) -> list[tuple[float, float]]:
    """In order, those that touch as one."""
    found: list[tuple[float, float]] = []
    for start, end in sorted(spans):
        if found and start <= found[-1][1]:
            found[-1] = (found[-1][0], max(end, found[-1][1]))
        else:
            found.append((start, end))
    return found


def log_of(path: Path) -> list[Served]:
    """Every request that was ended, of all servers that wrote to the file."""
    return [msgspec.json.decode(line, type=Served) for line in path.read_bytes().splitlines()]
