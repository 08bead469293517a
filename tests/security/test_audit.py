"""Who changed what: written as it happens, by whom, and never changed unseen."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from tests.rest.asking import ask
from tests.rest.conftest import serving

import burnish
from burnish.cli.main import main

Capture = pytest.CaptureFixture[str]


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Path]:
    """With five entries."""
    with burnish.open() as p:
        for n in range(5):
            p.audit.record("test", f"thing {n}", before={"n": n}, after={"n": n + 1})
        yield Path(p.settings.home_path) / "burnish.sqlite"


def changed(database: Path, *statements: str) -> None:
    with closing(sqlite3.connect(database)) as connection:
        connection.execute("DROP TRIGGER IF EXISTS audit_kept")
        connection.execute("DROP TRIGGER IF EXISTS audit_not_cut")
        for each in statements:
            connection.execute(each)
        connection.commit()


@pytest.mark.spec("SEC-13")
@pytest.mark.parametrize(
    ("statements", "number", "problem"),
    [
        (["UPDATE audit SET who = 'eve' WHERE number = 3"], 3, "entry 3 was changed"),
        (["""UPDATE audit SET after = '{"n":9}' WHERE number = 1"""], 1, "entry 1 was changed"),
        (["UPDATE audit SET at = '2026-01-01T00:00:00.000000+00:00' WHERE number = 5"], 5, "entry 5 was"),
        (["DELETE FROM audit WHERE number = 2"], 2, "entry 2 is missing"),
        (["DELETE FROM audit WHERE number = 1"], 1, "entry 1 is missing"),
        (
            ["DELETE FROM audit WHERE number = 4", "UPDATE audit SET number = 4 WHERE number = 5"],
            4,
            "entry 4 does not follow",
        ),
    ],
)  # fmt: skip
def test_a_changed_log_is_told(
    database: Path, capsys: Capture, statements: list[str], number: int, problem: str
) -> None:
    assert main(["audit", "verify"]) == 0
    assert capsys.readouterr().out.startswith("5\t")
    changed(database, *statements)
    assert main(["audit", "verify"]) == 1
    assert problem in capsys.readouterr().out
    assert main(["audit", "verify", "--json"]) == 1
    assert json.loads(capsys.readouterr().out)["number"] == number


def test_entries_taken_off_the_end_are_missed_by_who_kept_the_head(
    database: Path, capsys: Capture
) -> None:
    assert main(["audit", "verify"]) == 0
    head = capsys.readouterr().out.split()[1]
    changed(database, "DELETE FROM audit WHERE number = 5")
    assert main(["audit", "verify"]) == 0
    assert main(["audit", "verify", "--head", head]) == 1
    assert "told before is not in it" in capsys.readouterr().out


def test_the_database_itself_refuses_a_change(database: Path) -> None:
    for statement in ("UPDATE audit SET who = 'eve'", "DELETE FROM audit"):
        with (
            closing(sqlite3.connect(database)) as connection,
            pytest.raises(sqlite3.IntegrityError, match="only ever added to"),
        ):
            connection.execute(statement)


@pytest.mark.spec("SEC-13")
def test_what_is_done_over_http_names_who_what_when_and_where(
    monkeypatch: pytest.MonkeyPatch, capsys: Capture, tmp_path: Path
) -> None:
    monkeypatch.setenv("BURNISH_SERVER__AUTH", "keys")
    with serving() as url, burnish.open() as p:
        key = p.keys.create("ci", role="admin").key
        shown = f"Bearer {key}"
        body = {"name": "mail", "content": "a text with PRIVATE words"}
        made = ask("POST", f"{url}/api/v1/prompts", body, raw=None, authorization=shown)
        assert made.status == 201
        with burnish.Client(url, key) as client:
            client.prompts.update("mail", "b")
            client.prompts.set_label("mail", "production", 1)
            client.prompts.set_label("mail", "production", 2)
            client.prompts.list()
            client.analyze("translate this letter")
            client.keys.create("second")
            client.keys.revoke("second")
            found = client.audit.list(who="ci").items
            assert client.audit.verify().entries == len(found) + 1
    actions = [each.action for each in found]
    assert actions == [
        "keys.revoke",
        "keys.create",
        "prompts.set_label",
        "prompts.set_label",
        "prompts.update",
        "prompts.create",
    ]
    moved = found[2]
    assert (moved.subject, moved.before, moved.after["to_revision"]) == (
        "mail production",
        {"from_revision": 1},
        2,
    )
    assert {(each.name, each.kind, each.address) for each in found} == {
        ("ci", "service", "127.0.0.1")
    }
    created = found[-1]
    assert created.request_id == made.headers["x-request-id"]
    assert created.after["revision"] == 1
    target = tmp_path / "log.jsonl"
    assert main(["audit", "export", str(target)]) == 0
    lines = target.read_bytes().splitlines()
    assert len(lines) == 7
    assert [json.loads(each)["number"] for each in lines] == list(range(1, 8))
    assert b"PRIVATE" not in target.read_bytes()
    assert key.encode() not in target.read_bytes()
    assert main(["audit", "export", str(target)]) == 4
    assert main(["audit", "list", "--action", "keys.", "--who", "ci"]) == 0
    rows = [each.split("\t") for each in capsys.readouterr().out.splitlines()]
    assert [row[3] for row in rows] == ["keys.revoke", "keys.create"]


def test_secrets_and_long_texts_are_cut_out() -> None:
    with burnish.open() as p:
        secret = "sk-" + "a" * 40
        entry = p.audit.record("test", f"with {secret}", after={"x": "y" * 500, "k": secret})
        assert secret not in str(entry)
        assert len(entry.after["x"]) == 200
        assert p.audit.list(subject="with [secret]").items == (entry,)
        with pytest.raises(burnish.errors.UsageError):
            p.audit.list(limit=0)
        with pytest.raises(burnish.errors.UsageError):
            p.audit.list(cursor="x")


def test_pages_join_into_the_whole_log(database: Path) -> None:
    with burnish.open() as p:
        found: list[int] = []
        cursor = None
        while True:
            page = p.audit.list(limit=2, cursor=cursor)
            found += [each.number for each in page.items]
            if (cursor := page.next) is None:
                break
        assert found == [5, 4, 3, 2, 1]
