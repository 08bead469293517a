"""Logs say what happened, never what people wrote or which keys they hold."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

import burnish
from burnish.telemetry.logs import without_secrets

CANARY = "sk-live-abcdefghijklmnop1234567890"


def log_lines(path: Path) -> list[dict[str, object]]:
    return [msgspec.json.decode(line) for line in path.read_text("utf-8").splitlines()]


@pytest.mark.spec("MET-13")
def test_lines_are_json_with_a_request_id_and_without_texts_or_keys(tmp_path: Path) -> None:
    path = tmp_path / "logs" / "burnish.log"
    idea = f"summarise the secret harbour report using key {CANARY}"
    with burnish.open(log__file=str(path)) as p:
        p.generate(idea)
    lines = log_lines(path)
    assert {line["event"] for line in lines} >= {"composed", "stored"}
    assert all(line["request_id"] and line["time"] and line["level"] for line in lines)
    assert len({line["request_id"] for line in lines}) == 1  # one call, one id
    text = path.read_text("utf-8")
    assert "harbour report" not in text
    assert CANARY not in text


def test_texts_appear_only_when_enabled_and_keys_never(tmp_path: Path) -> None:
    path = tmp_path / "burnish.log"
    with burnish.open(log__file=str(path), log__texts=True) as p:
        p.analyze(f"summarise the harbour report, key {CANARY}")
    text = path.read_text("utf-8")
    assert "harbour report" in text
    assert CANARY not in text


def test_the_console_shows_the_level_that_was_asked_for(capsys: pytest.CaptureFixture[str]) -> None:
    with burnish.open(log__level="info") as p:
        p.analyze("summarise this article")
    assert '"event":"analyzed"' in capsys.readouterr().err
    with burnish.open(log__level="error") as p:
        p.analyze("summarise this article")
    assert not capsys.readouterr().err


@pytest.mark.parametrize(
    "secret",
    [
        CANARY,
        "Bearer abc.def-ghi",
        "api_key=supersecret1",
        '"password": "hunter22"',
        "AIzaSyA1234567890abcdefghij",
    ],
)
def test_things_that_look_like_keys_are_blanked(secret: str) -> None:
    assert "[secret]" in without_secrets(f"before {secret} after")


def test_a_log_file_that_cannot_be_written_says_which(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(burnish.SettingsError, match="cannot be written"):
        burnish.open(log__file=str(tmp_path / "file" / "x.log"))


def test_masking_leaves_json_whole_and_words_alone(tmp_path: Path) -> None:
    path = tmp_path / "b.log"
    with burnish.open(log__file=str(path), log__texts=True) as p:
        p.analyze('summarise this: password=abcdefgh" and more of the text')
        p.generate("summarise this for me", name="risk-assessment-for-new-clients")
    lines = log_lines(path)
    assert "abcdefgh" not in str(lines)
    assert lines[-1]["reference"] == "risk-assessment-for-new-clients@1"
