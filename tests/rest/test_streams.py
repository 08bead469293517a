"""Events over HTTP: whoever listens knows that somebody is there."""

from __future__ import annotations

import http.client
import socket
import threading
import time
from collections.abc import Generator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest
from tests.rest.conftest import serving

import burnish
from burnish.errors import Unavailable
from burnish.rest import events, wire


def queued() -> str:
    """A job that nobody runs."""
    with burnish.open() as p:
        return p.jobs.submit("backup", {}).id


def test_a_stream_in_which_nothing_happens_says_that_it_lives(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("BURNISH_SERVER__WORK", "false")
    monkeypatch.setattr(events, "ALIVE_S", 0.05)
    job = queued()
    with serving() as address:
        connection = http.client.HTTPConnection(address.removeprefix("http://"), timeout=5)
        connection.request("GET", f"/api/v1/jobs/{job}/events")
        reply = connection.getresponse()
        assert reply.headers["content-type"].startswith("text/event-stream")
        lines = [reply.readline().strip() for _ in range(8)]
        assert lines[0] == b"event: job"
        assert lines.count(b": still here") >= 2
        with burnish.open() as p:
            p.jobs.cancel(job)
        rest = b""
        while piece := reply.read1(65536):
            rest += piece
        assert b'"state":"cancelled"' in rest
        connection.close()


def test_the_client_hears_nothing_of_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BURNISH_SERVER__WORK", "false")
    monkeypatch.setattr(events, "ALIVE_S", 0.05)
    job = queued()
    with serving() as address, burnish.Client(address) as p, burnish.open() as here:
        threading.Timer(0.4, lambda: here.jobs.cancel(job)).start()
        assert p.jobs.wait(job).state == "cancelled"


@contextmanager
def silent() -> Generator[str]:
    """A server that begins an answer and then says nothing more."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        kept: list[socket.socket] = []

        def accept() -> None:
            taken, _ = server.accept()
            kept.append(taken)
            taken.recv(65536)
            taken.sendall(b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n\r\n")

        thread = threading.Thread(target=accept)
        thread.start()
        yield f"http://127.0.0.1:{server.getsockname()[1]}"
        thread.join()
        for each in kept:
            each.close()


def test_a_server_that_hangs_is_not_waited_for_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wire, "_SILENT_S", 0.3)
    with silent() as address, burnish.Client(address) as p:
        began = time.monotonic()
        with pytest.raises(Unavailable, match="cannot be reached"):
            p.jobs.wait("none")
        assert time.monotonic() - began > 0.25


@pytest.mark.parametrize(
    ("asked", "least", "most"),
    [("2", 2, 2), ("900", 5, 5), ("", 0.05, 0.2), ("soon", 0.05, 0.2), ("-3", 0.05, 0.2)],
)
def test_how_long_it_waits_is_what_the_server_says(asked: str, least: float, most: float) -> None:
    waits = {wire.wait_s(0, asked) for _ in range(5)}
    assert least <= min(waits)
    assert max(waits) <= most


def test_a_date_says_it_too() -> None:
    then = format_datetime(datetime.now(UTC) + timedelta(seconds=3), usegmt=True)
    assert 1 < wire.wait_s(0, then) <= 3
    assert wire.wait_s(0, format_datetime(datetime(2020, 1, 1, tzinfo=UTC))) == 0
