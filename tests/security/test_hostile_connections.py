"""Connections that keep a server waiting: it ends them, and answers others meanwhile."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import ExitStack, suppress

import pytest
from tests.rest.asking import ask
from tests.rest.conftest import serving
from tests.security.raw import answered, connected, head, is_ended, sent

import burnish


@pytest.fixture
def short(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    monkeypatch.setenv("BURNISH_SERVER__RECEIVE_S", "0.5")
    monkeypatch.setenv("BURNISH_SERVER__SEND_S", "0.5")
    with serving() as url:
        yield url


def dripping(found: socket.socket, rest: bytes, stop: threading.Event) -> None:
    """Letter by letter, for as long as anybody listens."""
    with suppress(OSError):
        for at in range(len(rest)):
            found.sendall(rest[at : at + 1])
            if stop.wait(0.05):
                return


BODY = head("POST", "/api/v1/analyze", content_type="application/json", content_length="5000")


@pytest.mark.parametrize(
    ("first", "rest"),
    [
        (b"", b"GET / HTTP/1.1\r\n" + b"x-a: 1\r\n" * 10_000),
        (b"GET /healthz HTTP/1.1\r\nhost: localhost\r\n", b"x-a: 1\r\n" * 10_000),
        (BODY, b'{"text": "' + b"x" * 5000),
        (head("POST", "/api/v1/analyze", transfer_encoding="chunked"), b"1\r\nx\r\n" * 10_000),
    ],
    ids=["head", "further header", "body", "body in pieces"],
)
def test_a_request_that_comes_letter_by_letter_is_ended(
    short: str, first: bytes, rest: bytes
) -> None:
    stop = threading.Event()
    with connected(short) as found:
        found.sendall(first)
        thread = threading.Thread(target=dripping, args=(found, rest, stop))
        thread.start()
        try:
            assert ask("GET", f"{short}/healthz").status == 200
            told = answered(found)
            assert (told.status, told.headers["connection"]) == (408, "close")
            assert told.headers["content-type"] == "application/problem+json"
            assert told.json["request_id"] == told.headers["x-request-id"]
            assert "0.5 s" in told.json["detail"]
            assert is_ended(found)
        finally:
            stop.set()
            thread.join()


@pytest.mark.parametrize(
    "begun", [b"", b"\r\n", b"GET /healthz HTTP/1.1\r\nhost: localhost\r\n\r\n\r\n"]
)
def test_a_connection_that_says_nothing_more_is_ended(short: str, begun: bytes) -> None:
    with connected(short) as found:
        found.sendall(begun)
        assert is_ended(found)


def test_a_slow_body_that_keeps_coming_is_taken(short: str) -> None:
    """As a setting of the server bounds it, a second for each 10 kB that came is added."""
    stop = threading.Event()
    text = b'{"text": "' + b"a plan for the week " * 1000 + b'"}'
    with connected(short) as found:
        found.sendall(
            head(
                "POST",
                "/api/v1/analyze",
                content_type="application/json",
                content_length=str(len(text)),
            )
        )
        for at in range(0, len(text), 2500):
            found.sendall(text[at : at + 2500])
            stop.wait(0.1)
        assert answered(found).status == 200


def test_a_reader_who_reads_nothing_is_ended(short: str) -> None:
    with burnish.open() as p:
        p.prompts.create("long", "x" * 400_000)
    with connected(short, room=4096) as found:
        # More than the machine's own buffers hold.
        found.sendall(head("GET", "/api/v1/prompts/long") * 40)
        assert ask("GET", f"{short}/api/v1/prompts/long").status == 200
        threading.Event().wait(2)
        whole = 40 * 400_000
        got = 0
        with suppress(ConnectionResetError):
            while piece := found.recv(1_000_000):
                got += len(piece)
        assert got < whole


def test_more_connections_than_there_may_be_make_room_for_each_other(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("BURNISH_SERVER__CONNECTIONS", "10")
    with serving() as url, ExitStack() as stack:
        held = [stack.enter_context(connected(url)) for _ in range(50)]
        for each in held:
            with suppress(OSError):
                each.sendall(b"GET /healthz HTTP/1.1\r\nhost: loc")
        for _ in range(5):
            assert ask("GET", f"{url}/healthz").status == 200
        # Those who came first had to go.
        assert all(is_ended(each) for each in held[:30])


def test_where_all_connections_are_worked_on_the_next_one_is_told_so(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("BURNISH_SERVER__CONNECTIONS", "2")
    # Nobody works on it, so those who follow it stay.
    monkeypatch.setenv("BURNISH_SERVER__WORK", "false")
    with serving() as url, ExitStack() as stack:
        made = ask("POST", f"{url}/api/v1/prompts", {"name": "a", "content": "{{ x }}"})
        assert made.status == 201
        rows = {"name": "rows", "examples": [{"x": "1", "expected": "1"}]}
        assert ask("POST", f"{url}/api/v1/datasets", rows).status == 201
        wanted = {"prompts": "a", "data": "rows", "models": "fake:echo", "scorers": ["contains"]}
        job = ask("POST", f"{url}/api/v1/evaluations", wanted).json["job"]["id"]
        for _ in range(2):
            found = stack.enter_context(connected(url))
            found.sendall(head("GET", f"/api/v1/jobs/{job}/events"))
            assert found.recv(100).startswith(b"HTTP/1.1 200")
        told = sent(url, head("GET", "/healthz"))
        assert (told.status, told.headers["retry-after"]) == (503, "1")
        assert told.headers["content-type"] == "application/problem+json"
    assert told.json["request_id"] == told.headers["x-request-id"]
