"""A server process, who asks it, and what is there to be asked for."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Generator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, NamedTuple

import burnish
from burnish.errors import BurnishError
from burnish.principal import Role

WORDS = "seven green lamps at noon"


class Caller:
    """Somebody who signs in again whenever that is needed."""

    def __init__(self, home: Path, role: Role) -> None:
        self._home = home
        self._role: Role = role
        self._number = 0
        self._token = ""

    def signs(self) -> type[Any]:
        """As it is asked before each case."""
        caller = self

        class Signing:
            def get(self, _case: object, _context: object) -> str:
                return caller.token()

            def set(self, case: Any, data: str, _context: object) -> None:
                case.headers = {**(case.headers or {}), "authorization": f"Bearer {data}"}

        return Signing

    def token(self) -> str:
        if not self._token:
            self._token = self._sign_in()
        return self._token

    def refused(self) -> None:
        self._token = ""

    def _sign_in(self) -> str:
        """An admin may have ended the account, or a request have changed its rights."""
        self._number += 1
        email = f"{self._role}{self._number}@example.com"
        with burnish.open(str(self._home), log__level="off") as platform:
            platform.users.create(email, WORDS, role=self._role)
            return platform.sessions.login(email, WORDS).access_token


class Place(NamedTuple):
    url: str
    home: Path
    caller: Caller | None


@contextmanager
def served(home: Path, auth: str) -> Generator[str]:
    """A server process of its own; its address."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [str(Path(sys.executable).with_name("burnish")), "serve", "--port", str(port)]
    command += ["--auth", auth]
    told = {
        "BURNISH_HOME": str(home),
        "BURNISH_SERVER__REQUESTS_PER_MIN": "0",
        "BURNISH_SERVER__REFUSALS_PER_MIN": "1000000",
        "BURNISH_LOG__LEVEL": "error",
    }
    with (home / "log").open("w") as log:
        process = subprocess.Popen(command, env={**os.environ, **told}, stdout=log, stderr=log)
        try:
            url = f"http://127.0.0.1:{port}"
            _wait(f"{url}/readyz", process)
            yield url
        finally:
            process.send_signal(signal.SIGINT)
            process.wait(60)


def _wait(url: str, process: subprocess.Popen[bytes]) -> None:
    while process.poll() is None:
        try:
            with urllib.request.urlopen(url):
                return
        except OSError:
            time.sleep(0.1)
    raise SystemExit("the server ended at once")


def prepared(p: burnish.Platform) -> None:
    """What the examples of the document speak of is there, again where it was deleted."""
    rows = [{"mail": f"It broke on day {day}.", "expected": "bug"} for day in range(20)]
    plan = ["mail/kind@1", "mail/kind@2"]
    for begin in (
        lambda: p.prompts.restore("mail/kind"),
        lambda: p.prompts.create("mail/kind", "Is this a bug or praise? {{ mail }}"),
        lambda: p.prompts.create("mail/kind", "Bug, praise or question? {{ mail }}"),
        lambda: p.prompts.set_label("mail/kind", "production", 1),
        lambda: p.prompts.branch("mail/kind", "shorter"),
        lambda: p.datasets.add("mails", rows[:10]),
        lambda: p.datasets.add("mails", rows),
        lambda: p.knowledge.add_text("Parcels take three days.", name="shipping.md"),
        lambda: p.experiments.create("shorter", plan, metric="solved"),
        lambda: p.experiments.start("shorter"),
        lambda: p.projects.create("news"),
        lambda: p.users.list() or p.users.create("ann@example.com", WORDS),
        lambda: p.schedules.add("nightly", "retention", "0 3 * * *", input={"days": 90}),
    ):
        # What is there already stays as it is.
        with suppress(BurnishError):
            begin()
