"""`config validate` and `--fix`."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from tests.cli.conftest import Run

WRONG = """\
# ours
generation:
  phases: [explore, refined]   # the order
  strategie: best
  model: opnai:gpt-5-mini
phases: {draft: {model: 'anthropik:claude-haiku-4-5'}}
log: {level: debugg}
"""


@pytest.mark.spec("CLI-04")
class TestFix:
    def test_all_mistakes_are_told_at_once(self, run: Run) -> None:
        Path("burnish.yaml").write_text(WRONG, encoding="utf-8")
        done = run("config", "validate", "--json")
        assert done.code == 2
        found = json.loads(done.out)
        assert not found["valid"]
        assert {each["key"] for each in found["problems"]} == {
            "generation.phases",
            "generation.strategie",
            "log.level",
        }

    def test_what_is_safe_is_mended_and_the_rest_stays(self, run: Run) -> None:
        file = Path("burnish.yaml")
        file.write_text(WRONG, encoding="utf-8")
        done = run("config", "validate", "--fix")
        assert done.code == 0
        assert "settings are valid" in done.out
        text = file.read_text(encoding="utf-8")
        assert text == WRONG.replace("refined", "refine").replace("strategie", "strategy").replace(
            "opnai", "openai"
        ).replace("anthropik", "anthropic").replace("'", "").replace("debugg", "debug")

    def test_a_key_in_a_file_is_told_and_never_taken_away(self, run: Run) -> None:
        file = Path("burnish.yaml")
        text = "models: {openai: {api_key: sk-something-very-secret}}\n"
        file.write_text(text, encoding="utf-8")
        done = run("config", "validate", "--fix")
        assert done.code == 2
        assert "keys come from the environment alone" in done.err
        assert "very-secret" not in done.out + done.err
        assert file.read_text(encoding="utf-8") == text

    @pytest.mark.parametrize("key", ["your-api-key", "sk-xxxxxxxx", "<KEY>", "changeme", "short"])
    def test_a_placeholder_key_is_told(
        self, run: Run, monkeypatch: pytest.MonkeyPatch, key: str
    ) -> None:
        monkeypatch.setenv("OPENAI_API_KEY", key)
        done = run("config", "validate")
        assert done.code == 2
        assert "OPENAI_API_KEY holds a placeholder" in done.err

    def test_a_real_looking_key_is_fine(self, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("OPENAI_API_KEY", "sk-proj-Zk3J9vQ2LmT8xRbN5yWd")
        assert run("config", "validate").code == 0

    def test_nothing_is_renamed_onto_what_is_there(self, run: Run) -> None:
        file = Path("burnish.yaml")
        text = "models: {timeout: 5, timeout_s: 7}\n"
        file.write_text(text, encoding="utf-8")
        assert run("config", "validate", "--fix").code == 2
        assert file.read_text(encoding="utf-8") == text
        file.write_text("models: {timeout_s: 5, timeout_s: 7}\n", encoding="utf-8")
        assert "2 times" in run("config", "validate").err

    def test_a_file_that_is_no_yaml_says_where(self, run: Run) -> None:
        Path("burnish.yaml").write_text("generation: [\n", encoding="utf-8")
        done = run("config", "validate", "--fix")
        assert done.code == 2
        assert "no valid YAML, line" in done.err
