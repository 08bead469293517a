"""`burnish users`."""

from __future__ import annotations

import io
import json

import pytest

from burnish.cli.main import main

Capture = pytest.CaptureFixture[str]
ANN = "ann@example.com"


@pytest.fixture(autouse=True)
def words(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO("seven green lamps at noon\n"))


def test_people_are_made_changed_and_removed(capsys: Capture) -> None:
    assert main(["users", "create", ANN, "--role", "editor", "--name", "Ann"]) == 0
    row = capsys.readouterr().out.rstrip("\n").split("\t")
    assert row[1:] == [ANN, "Ann", "editor", "-", "active", "never"]
    assert main(["users", "change", ANN, "--right", "publish", "--disabled"]) == 0
    assert "\tpublish\tdisabled\t" in capsys.readouterr().out
    assert main(["users", "show", row[0], "--json"]) == 0
    shown = json.loads(capsys.readouterr().out)
    assert (shown["email"], shown["rights"]) == (ANN, ["publish"])
    assert main(["users", "invite", "bob@example.com"]) == 0
    assert capsys.readouterr().out.startswith("bo_")
    assert main(["users", "reset", ANN]) == 0
    assert capsys.readouterr().out.startswith("bo_")
    assert main(["users", "remove", ANN, "--no-input"]) == 2
    assert main(["users", "remove", ANN, "--yes"]) == 0
    capsys.readouterr()
    assert main(["users", "list", "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == []


@pytest.mark.parametrize(
    ("given", "code"),
    [
        (["create", "no address"], 2),
        (["create", ANN, "--role", "owner"], 2),
        (["show", "none@example.com"], 3),
        (["change", ANN], 2),
        (["remove", "none@example.com", "--yes"], 3),
    ],
)
def test_what_cannot_be_is_refused(capsys: Capture, given: list[str], code: int) -> None:
    assert main(["users", *given]) == code
    assert capsys.readouterr().err


def test_an_address_has_one_account(capsys: Capture, monkeypatch: pytest.MonkeyPatch) -> None:
    assert main(["users", "create", ANN]) == 0
    monkeypatch.setattr("sys.stdin", io.StringIO("seven green lamps at noon\n"))
    assert main(["users", "create", ANN.upper()]) == 4
    assert "account already" in capsys.readouterr().err
