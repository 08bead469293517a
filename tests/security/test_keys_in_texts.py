"""A prompt that holds a key is stored, and whoever stores it is told."""

from __future__ import annotations

import pytest

import burnish
from burnish.cli.main import main
from burnish.masking import keys_in, without_secrets

Capture = pytest.CaptureFixture[str]
# Put together here, so that no file holds what looks like one.
LETTERS = "4f8a2b9c1d7e6f5a4b3c2d1e"
KEYS = (
    f"sk-proj-{LETTERS}",
    f"ghp_{LETTERS}",
    f"AKIA{LETTERS[:16].upper()}",
    f"AIza{LETTERS}",
    f"glpat-{LETTERS}",
    f"whsec_{LETTERS}",
    "-----BEGIN RSA " + "PRIVATE KEY-----",
)
NONE = (
    "",
    "sk-learn and task-oriented planning",
    "password: required, token: {{ token }}",
    "use the api_key of the user",
    "the risk-averse investor-2024-portfolio",
    "sk-********************1234",
    "pk_customers_by_region_and_month",
)


@pytest.mark.parametrize("key", KEYS)
def test_a_key_is_found_and_not_repeated(key: str, capsys: Capture) -> None:
    text = f"Call the service with {key}, please."
    with burnish.open() as p:
        saved = p.prompts.create("a", text)
        assert len(saved.warnings) == 1
        assert key not in saved.warnings[0]
        assert key[:6] in saved.warnings[0]
        assert saved.version.text == text
        assert p.prompts.update("a", "Clean.").warnings == ()
    assert main(["prompts", "create", "b", text]) == 0
    told = capsys.readouterr()
    assert "looks like a key" in told.err
    assert key not in told.err


@pytest.mark.parametrize("text", NONE)
def test_words_are_no_keys(text: str) -> None:
    assert keys_in(text) == []


def test_every_key_that_is_found_is_masked_in_logs() -> None:
    for key in KEYS[:-1]:
        assert key not in without_secrets(f"with {key} in it")


@pytest.mark.parametrize("piece", ["}", "A.", "sk-", "-----BEGIN ", "AKIA", "x"])
def test_a_megabyte_is_looked_through_once(piece: str) -> None:
    """Looked at from each of its places to its end, it would take hours."""
    assert keys_in(piece * (1_000_000 // len(piece))) in ([], [f"{(piece * 6)[:6]}…"])
