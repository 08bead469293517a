"""Repositories over ssh: within the time there is, and to no literal address out of reach.

Who a name means is ssh's own matter: its settings give names other hosts, and other ways there.
"""

from __future__ import annotations

import re
import socket
import threading
import time
from typing import Any
from urllib.parse import urlsplit

from burnish.addresses import Reach, check_reach

_SCHEMES = ("ssh", "git+ssh")
# user@host:path
_SHORT = re.compile(r"[^/:@\s]+@([^/:@\s]+):")


def host_of(address: str) -> str:
    """Of an address in any of git's forms; empty where there is none."""
    if "://" not in address:
        found = _SHORT.match(address)
        return found[1] if found else ""
    try:
        return urlsplit(address).hostname or ""
    except ValueError:
        return ""


def is_ssh(address: str) -> bool:
    return "://" not in address or urlsplit(address).scheme.lower() in _SCHEMES


def check_literal(host: str, reach: Reach) -> None:
    """Raises NotPermitted for a host that is written as a number, in any of the ways that systems
    take, and is not within reach. No name is looked up."""
    try:
        found = socket.getaddrinfo(host, None, flags=socket.AI_NUMERICHOST)
    except (OSError, UnicodeError):
        return
    for _, _, _, _, (address, *_) in found:
        check_reach(host, str(address), reach)


class TimedSsh:
    """Runs ssh as `vendor` does it, and ends it at the moment `until` of the monotonic clock, since
    whoever reads from it waits for as long as it lives."""

    def __init__(self, vendor: Any, until: float) -> None:
        self._vendor = vendor
        self._until = until
        self._begun: list[tuple[Any, threading.Timer]] = []

    def run_command(self, *given: Any, **options: Any) -> Any:
        connection = self._vendor.run_command(*given, **options)
        process = getattr(connection, "proc", None)
        end = connection.close if process is None else process.kill
        timer = threading.Timer(max(0.0, self._until - time.monotonic()), end)
        timer.daemon = True
        timer.start()
        self._begun.append((connection, timer))
        return connection

    def close(self) -> None:
        """Ends what is still there: what failed on the way nobody else has ended."""
        for connection, timer in self._begun:
            timer.cancel()
            process = getattr(connection, "proc", None)
            if process is not None:
                process.kill()
            connection.close()
