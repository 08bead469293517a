"""`burnish keys` and `serve --auth keys`, in a terminal and in a pipe."""

from __future__ import annotations

import json

import pytest
from tests.cli.test_serve import ready, server, until
from tests.rest.asking import ask

from burnish.cli.main import main

Capture = pytest.CaptureFixture[str]


def test_a_key_is_made_listed_and_revoked(capsys: Capture) -> None:
    assert main(["keys", "create", "ci", "--role", "editor", "--right", "publish"]) == 0
    told = capsys.readouterr()
    assert told.out.startswith("bk_")
    assert main(["keys", "list"]) == 0
    row = capsys.readouterr().out.rstrip("\n").split("\t")
    assert row[1:] == ["ci", "editor", "publish", "valid", "never", "never"]
    assert main(["keys", "revoke", "ci"]) == 0
    assert main(["keys", "list", "--json"]) == 0
    capsys.readouterr()
    assert main(["keys", "list"]) == 0
    assert "\trevoked\t" in capsys.readouterr().out
    assert main(["keys", "revoke", "none"]) == 3


@pytest.mark.parametrize(
    ("given", "code"),
    [(["a b"], 2), (["x", "--role", "owner"], 2), (["x", "--days", "0"], 2), (["ci"], 4)],
)
def test_what_cannot_be_is_refused(capsys: Capture, given: list[str], code: int) -> None:
    assert main(["keys", "create", "ci"]) == 0
    assert main(["keys", "create", *given]) == code
    assert capsys.readouterr().err


def test_a_server_with_keys_may_be_reached_by_others(capsys: Capture) -> None:
    assert main(["keys", "create", "app", "--json"]) == 0
    key = json.loads(capsys.readouterr().out)["key"]
    with server("--host", "0.0.0.0", "--auth", "keys") as (url, _):
        here = url.replace("0.0.0.0", "127.0.0.1")
        until(lambda: ready(here))
        assert ask("GET", f"{here}/api/v1/prompts").status == 401
        shown = f"Bearer {key}"
        told = ask("GET", f"{here}/api/v1/prompts", authorization=shown, host="prompts.example")
        assert told.status == 200
