from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import pytest

from burnish.cli.main import main


class Done(NamedTuple):
    code: int
    out: str
    err: str


Run = Callable[..., Done]
COMMAND = [sys.executable, "-c", "from burnish.cli.main import entry; entry()"]


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Run:
    """One command in this process; what it printed and its exit code."""

    def call(*arguments: str) -> Done:
        capsys.readouterr()
        code = main(list(arguments))
        printed = capsys.readouterr()
        return Done(code, printed.out, printed.err)

    return call


@pytest.fixture
def spawn(tmp_path: Path) -> Run:
    """One command as its own process, as a shell would run it."""

    def call(*arguments: str, stdin: str | bytes = "", **env: str) -> Done:
        given = stdin.encode() if isinstance(stdin, str) else stdin
        done = subprocess.run(
            [*COMMAND, *arguments],
            input=given,
            capture_output=True,
            check=False,
            env=os.environ | env,
            cwd=tmp_path,
        )
        return Done(done.returncode, done.stdout.decode(), done.stderr.decode())

    return call
