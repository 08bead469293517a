"""Each command that manages something has a way to succeed and a way to fail, and says which."""

from __future__ import annotations

import pytest
from tests.cli.conftest import Run

PROMPT = ("prompts", "create", "mail/late", "Tell {{ name }} that the parcel is late.")


@pytest.mark.spec("CLI-03")
@pytest.mark.parametrize(
    ("good", "says", "bad", "expected"),
    [
        (
            ("prompts", "edit", "mail/late", "Tell {{ name }} where the parcel is."),
            "mail/late@2",
            ("prompts", "edit", "mail/later", "A text that is long enough."),
            (3, "mail/late"),
        ),
        (
            ("prompts", "delete", "mail/late"),
            "deleted",
            ("prompts", "delete", "mail/later"),
            (3, "mail/late"),
        ),
        (("stats", "--by", "category"), "1", ("stats", "--by", "colour"), (2, "model, prompt")),
        (("models", "list"), "openai\tno", ("models", "list", "opnai"), (2, "did you mean openai")),
        (
            ("models", "check", "fake"),
            "fake\tyes",
            ("models", "check", "openai"),
            (5, "OPENAI_API_KEY"),
        ),
        (("config", "show"), "cache.prompts\t2048", ("config", "shaw"), (2, "did you mean show")),
        (("config", "validate"), "settings are valid", ("config", "validate", "--now"), (2, "now")),
        (("version",), ".", ("version", "--loud"), (2, "loud")),
    ],
    ids=[
        "update",
        "delete",
        "metrics",
        "providers",
        "provider status",
        "config",
        "validate",
        "version",
    ],
)
def test_it_succeeds_and_fails(
    run: Run,
    good: tuple[str, ...],
    says: str,
    bad: tuple[str, ...],
    expected: tuple[int, str],
) -> None:
    assert run(*PROMPT).code == 0
    done = run(*good)
    assert done.code == 0, done.err
    assert says in done.out
    failed = run(*bad)
    code, told = expected
    assert failed.code == code
    assert told in failed.err + failed.out
