"""Bytes on a connection, as no program of good will sends them."""

from __future__ import annotations

import socket
import time
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.rest.asking import Reply


@contextmanager
def connected(address: str, *, room: int = 0) -> Generator[socket.socket]:
    """`room` is how many bytes of an answer the machine takes for a reader who reads nothing."""
    host, _, port = address.removeprefix("http://").partition(":")
    with socket.socket() as found:
        if room:
            found.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, room)
        found.settimeout(60)
        found.connect((host, int(port)))
        yield found


def head(method: str, path: str, **headers: str) -> bytes:
    lines = [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    return "\r\n".join([f"{method} {path} HTTP/1.1", "host: localhost", *lines, "", ""]).encode()


def sent(address: str, *pieces: bytes) -> Reply:
    """The answer to these bytes, however little of them the server wanted."""
    with connected(address) as found:
        for piece in pieces:
            try:
                found.sendall(piece)
            except (BrokenPipeError, ConnectionResetError):
                break
        return answered(found)


def answered(found: socket.socket) -> Reply:
    with found.makefile("rb") as stream:
        status = int(stream.readline().split()[1])
        headers: dict[str, str] = {}
        while (line := stream.readline().strip()) != b"":
            name, _, value = line.decode("latin-1").partition(":")
            headers[name.lower()] = value.strip()
        return Reply(status, headers, stream.read(int(headers.get("content-length", 0))))


def is_ended(found: socket.socket) -> bool:
    """Waits until the server has ended the connection, or a minute."""
    try:
        while found.recv(65_536):
            pass
    except ConnectionResetError:
        return True
    except TimeoutError:
        return False
    return True


def memory_mb(pid: int | str = "self") -> float:
    """What a process has in memory at once."""
    pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    return pages * 4096 / 1e6


def until(condition: Any, within_s: float = 60) -> bool:
    end = time.monotonic() + within_s
    while time.monotonic() < end:
        if condition():
            return True
        time.sleep(0.02)
    return False
