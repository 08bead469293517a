"""What the guide of security tells people to look at is there."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from tests.cli.conftest import Run

_GUIDE = Path(__file__).parents[2] / "docs" / "guide" / "security.md"
_COMMANDS = sorted(set(re.findall(r"`burnish ([a-z]+(?: [a-z-]+)?)[^`]*`", _GUIDE.read_text())))


@pytest.mark.spec("SEC-15")
@pytest.mark.parametrize("command", _COMMANDS)
def test_every_control_has_its_command(run: Run, command: str) -> None:
    shown = run(*command.split(), "--help")
    assert shown.code == 0
    assert f"burnish {command}" in shown.out


@pytest.mark.spec("SEC-15")
def test_the_policy_is_named_and_says_how_to_tell_of_something() -> None:
    policy = (_GUIDE.parents[2] / "SECURITY.md").read_text()
    assert len(_COMMANDS) > 8
    assert "in private" in policy
    assert "docs/guide/security.md" in policy
