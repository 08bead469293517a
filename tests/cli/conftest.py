from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import pytest
from tests.scenario.running import Running, serving

from burnish.cli.main import main


class Done(NamedTuple):
    code: int
    out: str
    err: str


Run = Callable[..., Done]
COMMAND = [sys.executable, "-c", "from burnish.cli.main import entry; entry()"]
MODEL = ("--model", "openai:m")


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


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Running]:
    with serving() as running:
        monkeypatch.setenv("OPENAI_BASE_URL", running.url)
        yield running


@pytest.fixture
def rows(run: Run, tmp_path: Path) -> str:
    """A file of ten examples for the prompt `mail/say`, of which two expect what does not come."""
    run("prompts", "create", "mail/say", "Say: {{ text }}")
    path = tmp_path / "rows.csv"
    lines = [f"r{n},item {n},{'' if n % 5 else 'NOT '}You said: Say: item {n}\n" for n in range(10)]
    path.write_text("id,text,expected\n" + "".join(lines))
    return str(path)
