"""The checkers run as tests, so that one command is all that anybody has to remember."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
BIN = Path(sys.executable).parent


def run(*command: str) -> None:
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout[-5000:] + done.stderr[-2000:]


def test_the_formatter_would_change_nothing() -> None:
    run(str(BIN / "ruff"), "format", "--check", ".")


def test_the_linter_finds_nothing() -> None:
    run(str(BIN / "ruff"), "check", ".")


@pytest.mark.slow
def test_strict_type_checking_finds_nothing_in_source_and_tests() -> None:
    run(str(BIN / "pyright"), "--pythonpath", sys.executable)


def test_rooms_import_in_the_agreed_direction_only() -> None:
    run(str(BIN / "lint-imports"))
