"""What a person is told when a command or a setting is wrong."""

from __future__ import annotations

from pathlib import Path

import pytest

from .conftest import Run


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--home", "x", "prompts", "list"], "write it behind the command"),
        (["prompts", "history", "x", "--limit", "abc"], '"abc" is no whole number'),
    ],
)
def test_a_mistyped_command_is_told_in_plain_words(
    run: Run, arguments: list[str], said: str
) -> None:
    refused = run(*arguments)
    assert refused.code == 2
    assert said in refused.err


def test_validate_names_the_file_in_force_and_a_model_that_is_none(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BURNISH_HOME", str(tmp_path))
    file = tmp_path / "burnish.yaml"
    file.write_text("generation: {techniques: 3}\n")
    assert str(file) in run("config", "validate").out
    file.write_text("generation: {target: martian}\n")
    refused = run("config", "validate")
    assert refused.code == 2
    assert "martian" in refused.err
    assert str(file) in refused.err
