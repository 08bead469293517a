"""Processes that hold jobs: what each is called, and whether one is gone for sure."""

from __future__ import annotations

import os
import secrets
import socket
import sys
from pathlib import Path


def host() -> str:
    """Of all processes that can see one another. Containers may share a name, but number their
    processes apart."""
    try:
        space = f".{Path('/proc/self/ns/pid').stat().st_ino}"
    except OSError:
        space = ""
    return f"{socket.gethostname()}{space}:"


def own_name() -> str:
    """Of this process, and no other's, also after a restart under the same number."""
    return f"{host()}{os.getpid()}:{secrets.token_hex(4)}"


def is_gone(worker: str) -> bool:
    """Whether that process has certainly ended. False where this cannot be known: its jobs are
    free when their leases end."""
    here = host()
    number = worker.removeprefix(here).partition(":")[0]
    # On Windows the signal 0 would end the process.
    if not worker.startswith(here) or not number.isdecimal() or sys.platform == "win32":
        return False
    try:
        os.kill(int(number), 0)
    except ProcessLookupError:
        return True
    except (PermissionError, OverflowError):
        return False
    return False
