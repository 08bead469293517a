"""What a server takes under load: 50 connections that ask without a pause, over loopback, each
request with a key, bounded, counted, and answered with all headers.

The hot read is compared with bare uvicorn that sends the same bytes with the same headers, by the
processor's time of the server's process for each request, which does not depend on what else runs
on the machine.

    python benchmarks/load.py
    python benchmarks/load.py soak 600    # so many seconds at 70 % of what it takes
"""

from __future__ import annotations

import asyncio
import json
import os
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from _report import report

CONNECTIONS = 50
REQUESTS, WARM = 6_000, 500
TICKS = os.sysconf("SC_CLK_TCK")
TEXT = "Is this mail a bug or praise? {{ mail }}" + "y" * 600
LONG = "summarise the support tickets of last week for the people who build the product"
EXPERIMENT = ("experiments", "create", "e", "mail/kind@1", "mail/kind@2", "--metric", "solved")
Ask = Callable[[int], bytes]


def request(method: str, path: str, key: str, body: Any = None) -> bytes:
    data = b"" if body is None else json.dumps(body).encode()
    lines = [
        f"{method} {path} HTTP/1.1",
        "host: 127.0.0.1",
        f"authorization: Bearer {key}",
        "accept: application/json",
    ]
    if data:
        lines += ["content-type: application/json", f"content-length: {len(data)}"]
    return "\r\n".join([*lines, "", ""]).encode() + data


class Asking(asyncio.Protocol):
    """One connection. Sends the next request when the answer before it is whole."""

    def __init__(self, load: Load) -> None:
        self._load = load
        self._left = b""
        self._began = 0.0
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self.ask()

    def ask(self) -> None:
        assert self._transport is not None
        asked = self._load.next()
        if asked is None:
            self._transport.close()
            return
        self._began = time.perf_counter()
        self._transport.write(asked)

    def data_received(self, data: bytes) -> None:
        self._left += data
        head, found, rest = self._left.partition(b"\r\n\r\n")
        if not found:
            return
        length = 0
        for line in head.split(b"\r\n")[1:]:
            if line[:15].lower() == b"content-length:":
                length = int(line[15:])
        if len(rest) < length:
            return
        self._left = rest[length:]
        self._load.answered(int(head[9:12]), time.perf_counter() - self._began)
        wait_s = self._load.rest_s()
        if wait_s > 0:
            asyncio.get_running_loop().call_later(wait_s, self.ask)
        else:
            self.ask()

    def connection_lost(self, exc: Exception | None) -> None:
        self._load.lost(exc)


class Load:
    def __init__(self, ask: Ask, count: int, rate: float = 0.0) -> None:
        self._ask = ask
        self._count = count
        self._rate = rate
        self._began = time.perf_counter()
        self._sent = 0
        self._open = CONNECTIONS
        self.times: list[float] = []
        self.errors = 0
        self.done = asyncio.Event()

    def next(self) -> bytes | None:
        if self._sent >= self._count:
            return None
        self._sent += 1
        return self._ask(self._sent)

    def rest_s(self) -> float:
        """So that all together ask so often."""
        if not self._rate:
            return 0.0
        return self._began + self._sent / self._rate - time.perf_counter()

    def answered(self, status: int, took_s: float) -> None:
        self.times.append(took_s)
        self.errors += status >= 400

    def lost(self, exc: Exception | None) -> None:
        self.errors += exc is not None
        self._open -= 1
        if not self._open:
            self.done.set()


async def loaded(port: int, ask: Ask, count: int, rate: float = 0.0) -> Load:
    load = Load(ask, count, rate)
    loop = asyncio.get_running_loop()
    for _ in range(CONNECTIONS):
        await loop.create_connection(lambda: Asking(load), "127.0.0.1", port)
    await load.done.wait()
    return load


def cpu_s(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


def memory_mb(pid: int) -> float:
    line = next(
        each
        for each in Path(f"/proc/{pid}/status").read_text().splitlines()
        if each.startswith("VmRSS")
    )
    return round(int(line.split()[1]) / 1024, 1)


@contextmanager
def served(*command: str, **env: str) -> Generator[tuple[int, int]]:
    """A process that prints its address; its id and port."""
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, text=True, env={**os.environ, **env}
    ) as process:
        assert process.stdout is not None
        port = int(process.stdout.readline().strip().rpartition(":")[2])
        try:
            yield process.pid, port
        finally:
            process.send_signal(signal.SIGINT)


def burnish(*arguments: str) -> str:
    command = str(Path(sys.executable).with_name("burnish"))
    done = subprocess.run([command, *arguments], capture_output=True, text=True, check=True)
    return done.stdout.strip()


BARE = """
import asyncio, json, socket, sys
import uvicorn
head, body = json.loads(sys.stdin.readline())
headers = [(name.encode(), value.encode()) for name, value in head]
body = body.encode()
async def app(scope, receive, send):
    if scope["type"] != "http":
        return
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": body})
sock = socket.create_server(("127.0.0.1", 0))
print("http://127.0.0.1:%d" % sock.getsockname()[1], flush=True)
import contextlib
config = uvicorn.Config(app, log_config=None, access_log=False, server_header=False, ws="none", lifespan="off")
with contextlib.suppress(KeyboardInterrupt):
    uvicorn.Server(config).run(sockets=[sock])
"""  # noqa: E501 - a program


@contextmanager
def bare(answer: tuple[list[tuple[str, str]], str]) -> Generator[tuple[int, int]]:
    with subprocess.Popen(
        [sys.executable, "-c", BARE], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(json.dumps(answer) + "\n")
        process.stdin.flush()
        port = int(process.stdout.readline().strip().rpartition(":")[2])
        try:
            yield process.pid, port
        finally:
            process.send_signal(signal.SIGINT)


def answer_of(port: int, key: str, path: str) -> tuple[list[tuple[str, str]], str]:
    """The headers that the application itself sends, and the bytes."""
    from http.client import HTTPConnection

    connection = HTTPConnection("127.0.0.1", port)
    connection.request("GET", path, headers={"authorization": f"Bearer {key}"})
    reply = connection.getresponse()
    body = reply.read().decode()
    own = [(name, value) for name, value in reply.getheaders() if name != "date"]
    connection.close()
    return own, body


def measured(pid: int, port: int, ask: Ask, count: int = REQUESTS) -> dict[str, Any]:
    asyncio.run(loaded(port, ask, WARM))
    before = cpu_s(pid)
    load = asyncio.run(loaded(port, ask, count))
    took = cpu_s(pid) - before
    cuts = statistics.quantiles(load.times, n=20)
    return {
        "requests": len(load.times),
        "errors": load.errors,
        "us_each": round(1e6 * took / len(load.times), 1),
        "per_cpu_s": round(len(load.times) / took),
        "p50_ms": round(cuts[9] * 1e3, 2),
        "p95_ms": round(cuts[18] * 1e3, 2),
    }


def asks(key: str) -> dict[str, tuple[Ask, int]]:
    """By what is asked for, and how often."""
    one = "/api/v1/prompts/mail/kind"
    hot = request("GET", f"{one}?label=production", key)
    units = [request("GET", f"{one}?label=production&unit=user-{n}", key) for n in range(5_000)]
    page = request("GET", "/api/v1/prompts?limit=10", key)
    render = request("POST", f"{one}/render", key, {"values": {"mail": "It broke."}})
    analyze = request("POST", "/api/v1/analyze", key, {"text": LONG})
    enhance = request("POST", "/api/v1/enhance", key, {"text": LONG})
    thumb = request("POST", "/api/v1/feedback", key, {"target": "mail/kind@1", "thumb": "up"})
    return {
        "hot read": (lambda _: hot, 4 * REQUESTS),
        "hot read, unit of an experiment": (lambda n: units[n % 5_000], 2 * REQUESTS),
        "list of prompts": (lambda _: page, 2_000),
        "render": (lambda _: render, 2_000),
        "analyze": (lambda _: analyze, 2_000),
        "enhance, offline": (lambda _: enhance, 1_000),
        "feedback": (lambda _: thumb, 1_000),
    }


TARGETS_MS = {"list of prompts": 20, "render": 20, "analyze": 20, "enhance, offline": 50}


@contextmanager
def ready() -> Generator[tuple[int, int, str, float]]:
    """A server with a key for everything and prompts; how long it took to be ready, seconds."""
    with tempfile.TemporaryDirectory() as home:
        os.environ["BURNISH_HOME"] = home
        key = burnish("keys", "create", "load", "--role", "admin")
        burnish("prompts", "create", "mail/kind", TEXT)
        burnish("prompts", "edit", "mail/kind", f"{TEXT} Answer with one word.")
        burnish("prompts", "label", "mail/kind", "production", "1")
        command = str(Path(sys.executable).with_name("burnish"))
        began = time.perf_counter()
        with served(
            *(command, "serve", "--port", "0", "--auth", "keys"),
            BURNISH_SERVER__REQUESTS_PER_MIN="1000000",
        ) as (pid, port):
            yield pid, port, key, time.perf_counter() - began


def routes() -> None:
    rows: list[dict[str, Any]] = []
    with ready() as (pid, port, key, took):
        rows.append(
            {
                "what": "ready to answer",
                "s": round(took, 2),
                "mb": memory_mb(pid),
                "target": "2 s, 200 MB",
                "met": took <= 2 and memory_mb(pid) <= 200,
            }
        )
        answer = answer_of(port, key, "/api/v1/prompts/mail/kind?label=production")
        found = asks(key)
        hot, count = found["hot read"]
        with bare(answer) as (raw_pid, raw_port):
            raw = measured(raw_pid, raw_port, hot, count)
        rows.append({"what": "bare uvicorn, the same bytes and headers", **raw})
        for what, (ask, many) in found.items():
            if "experiment" in what:
                burnish(*EXPERIMENT)
                burnish("experiments", "start", "e")
            row = measured(pid, port, ask, many)
            rows.append({"what": what, **row, **_judged(what, row, raw), "mb": memory_mb(pid)})
    report("load", rows)


def _judged(what: str, row: dict[str, Any], raw: dict[str, Any]) -> dict[str, Any]:
    if "hot" in what:
        of = round(raw["us_each"] / row["us_each"], 2)
        return {"of_bare": of, "target": 0.7, "met": of >= 0.7}
    if what in TARGETS_MS:
        target = TARGETS_MS[what]
        return {"target": f"p95 {target} ms", "met": row["p95_ms"] <= target}
    return {}


def soak(seconds: float) -> None:
    """A mixture, at 70 % of what the server takes of it."""
    rows: list[dict[str, Any]] = []
    with ready() as (pid, port, key, _):
        found = asks(key)
        names = ["hot read"] * 12 + ["list of prompts", "render", "analyze", "feedback"] * 2
        mixed: Ask = lambda n: found[names[n % len(names)]][0](n)  # noqa: E731 - one of many
        began = time.perf_counter()
        asyncio.run(loaded(port, mixed, 4_000))
        rate = 0.7 * 4_000 / (time.perf_counter() - began)
        memory: list[float] = []
        errors = requests = 0
        times: list[float] = []
        for _ in range(10):
            load = asyncio.run(loaded(port, mixed, int(rate * seconds / 10), rate))
            errors += load.errors
            requests += len(load.times)
            times += load.times
            memory.append(memory_mb(pid))
    cuts = statistics.quantiles(times, n=20)
    rows.append(
        {
            "what": f"{seconds:g} s at 70 % of what it takes",
            "requests": requests,
            "errors": errors,
            "p95_ms": round(cuts[18] * 1e3, 2),
            "mb_by_tenths": memory,
            "met": errors == 0 and memory[-1] <= 1.1 * memory[2],
        }
    )
    report("soak", rows, f"load.py soak {seconds:g}")


if __name__ == "__main__":
    if sys.argv[1:2] == ["soak"]:
        soak(float(sys.argv[2]))
    else:
        routes()
