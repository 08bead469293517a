"""Help says what an option that is left out means."""

from __future__ import annotations

import re

import pytest

from burnish.cli.commands import COMMANDS, GROUPS
from burnish.settings import fields

from .conftest import Run

PATHS = [[name] for name, *_ in COMMANDS] + [
    [group, name] for group, _, commands in GROUPS for name, *_ in commands
]
_DEFAULT = re.compile(r"\[default: ([^\]]*)\]")


def defaults(run: Run, path: list[str]) -> dict[str, str]:
    """By the first name of the option."""
    found: dict[str, str] = {}
    for line in run(*path, "--help").out.splitlines():
        option = re.search(r"(--[\w-]+|[A-Z]+)", line)
        if option and (default := _DEFAULT.search(line)):
            found[option[1]] = default[1]
    return found


def test_help_tells_defaults_and_which_setting_decides(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "200")
    batch = defaults(run, ["batch"])
    assert (batch["--workers"], batch["--count"]) == ("4", "1")
    assert batch["--output"] == "FILE.results.jsonl"
    assert batch["--phases"] == "setting generation.phases"
    assert defaults(run, ["stats"]) == {"--by": "model", "--days": "7", "--home": "setting home"}
    assert defaults(run, ["generate"])["--history"] == "on"
    for path in PATHS:
        for option, default in defaults(run, path).items():
            assert default not in ("", '""', "None", "False", "()", "[]"), (path, option)
            if default.startswith("setting "):
                assert default.removeprefix("setting ") in fields(), (path, option)


@pytest.mark.parametrize("columns", [80, 120])
def test_help_keeps_to_the_width_and_examples_to_their_line(
    run: Run, monkeypatch: pytest.MonkeyPatch, columns: int
) -> None:
    monkeypatch.setenv("COLUMNS", str(columns))
    examples = {name: example for name, _, _, example in COMMANDS}
    for group, _, commands in GROUPS:
        examples |= {f"{group} {name}": example for name, _, _, example in commands}
    for path in PATHS:
        lines = run(*path, "--help").out.splitlines()
        assert f"Example: {examples[' '.join(path)]}" in [line.rstrip() for line in lines]
        assert [line for line in lines if len(line) > columns] == []
