"""A server with accounts where some have signed in, and a server that answers it."""

from __future__ import annotations

import threading
from collections.abc import Generator
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, NamedTuple, cast

import pytest
from tests.rest.asking import Reply, ask
from tests.rest.conftest import serving

import burnish
from burnish.principal import Role

WORDS = "nine white boats at dawn"
ROOT, ED, VI, EVE = (f"{each}@example.com" for each in ("root", "ed", "vi", "eve"))
OF: dict[str, Role] = {ROOT: "admin", ED: "editor", VI: "viewer", EVE: "viewer"}


class Place(NamedTuple):
    url: str
    home: Path
    tokens: dict[str, str]

    def __call__(self, who: str, method: str, path: str, body: Any = None, **headers: str) -> Reply:
        if who:
            headers["authorization"] = f"Bearer {self.tokens[who]}"
        return ask(method, f"{self.url}/api/v1{path}", body, raw=None, **headers)


def sign_in(url: str, email: str, password: str = WORDS) -> Reply:
    body = {"email": email, "password": password}
    return ask("POST", f"{url}/api/v1/auth/login", body)


@contextmanager
def people(home: Path, *who: str, **more: str) -> Generator[Place]:
    """A server where each of them has signed in; `more` are its settings."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("BURNISH_HOME", str(home))
        patch.setenv("BURNISH_SERVER__AUTH", "accounts")
        for name, value in more.items():
            patch.setenv(f"BURNISH_{name}", value)
        with burnish.open(str(home)) as p:
            for email in who:
                p.users.create(email, WORDS, role=OF[email])
        with serving() as url:
            tokens = {email: sign_in(url, email).json["access_token"] for email in who}
            yield Place(url, home, tokens)


class Listener(ThreadingHTTPServer):
    """Answers all in one way, and keeps what it has heard."""

    def __init__(self, status: int = 200, body: bytes = b"{}", location: str = "") -> None:
        super().__init__(("127.0.0.1", 0), _Answering)
        self.status, self.body, self.location = status, body, location
        self.heard: list[str] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/"


class _Answering(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        here = cast("Listener", self.server)
        here.heard.append(self.path)
        self.rfile.read(int(self.headers.get("content-length", 0)))
        self.send_response(here.status)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(here.body)))
        self.send_header("location", here.location)
        self.end_headers()
        # Whoever has read enough goes.
        with suppress(OSError):
            self.wfile.write(here.body)

    def do_GET(self) -> None:
        self.do_POST()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - its own name
        """Nothing: it would be told on stderr."""


@contextmanager
def listening(server: Listener) -> Generator[Listener]:
    with server:
        thread = threading.Thread(target=server.serve_forever, args=(0.02,))
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()
