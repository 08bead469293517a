"""What is kept of a person is told to them, and erased when they want it."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from tests.rest.asking import ask
from tests.rest.conftest import serving

import burnish
from burnish.cli.main import main

ANN, BOB = "ann@example.com", "bob@example.com"
WORDS = "seven green lamps at noon"
ROWS = [{"mail": f"mail {n}", "expected": "mail"} for n in range(20)]


@pytest.fixture
def address(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    monkeypatch.setenv("BURNISH_SERVER__AUTH", "accounts")
    with serving() as url:
        yield url


def busy(address: str, email: str, name: str) -> tuple[str, str]:
    """Somebody who does a bit of everything; their id and their token."""
    with burnish.open() as p:
        p.users.create(email, WORDS, role="admin", name=name)
        user = p.users.get(email)
        token = p.sessions.login(email, WORDS).access_token
    with burnish.Client(address, token) as p:
        p.webhooks.add(f"https://{name}.invalid/hook")
        p.generate("summarise support tickets", name=f"{name}/sum")
        p.prompts.create(f"{name}/kind", "Bug or praise? {{ mail }}")
        p.prompts.update(f"{name}/kind", "Bug, praise or question? {{ mail }}")
        p.prompts.set_label(f"{name}/kind", "production", 1)
        p.prompts.branch(f"{name}/kind", "shorter")
        p.complete(f"{name}/kind", {"mail": "x"}, model="fake:echo")
        p.feedback(f"{name}/kind", stars=4, comment=f"words of {name}")
        p.datasets.add(f"{name}-mails", ROWS)
        p.evaluate(f"{name}/kind", f"{name}-mails", models="fake:echo", scorers=["contains"])
        p.optimize(
            f"{name}/kind", f"{name}-mails", model="fake:echo", budget=60, scorers=["contains"]
        )
        p.experiments.create(f"{name}-x", [f"{name}/kind@1", f"{name}/kind@2"], metric="thumb")
        p.keys.create(f"{name}-key")
        p.users.invite(f"friend-of-{name}@other.example")
    return user.id, token


def held(home: Path, text: str) -> list[str]:
    """Where in the tables a text stands; nothing is left out."""
    found: list[str] = []
    with closing(sqlite3.connect(home / "burnish.sqlite")) as connection:
        names = connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall()
        for (table,) in names:
            rows = connection.execute(f'SELECT * FROM "{table}"')
            columns = [each[0] for each in rows.description]
            found += [
                f"{table}.{column}"
                for row in rows
                for column, value in zip(columns, row, strict=True)
                if text in str(value)
            ]
    return sorted(set(found))


@pytest.mark.spec("SEC-14")
def test_of_who_is_erased_no_row_holds_the_id_or_the_name(address: str) -> None:
    ann, token = busy(address, ANN, "ann")
    bob, _ = busy(address, BOB, "bob")
    with burnish.open() as p:
        home = Path(p.settings.home_path)
        assert len(held(home, ANN)) > 10
        assert {"deliveries.payload", "happenings.data"} & set(held(home, ANN))
        assert held(home, ann)
        before = {each: len(held(home, each)) for each in (bob, BOB)}
        assert main(["users", "erase", ANN, "--no-input"]) == 2
        assert main(["users", "erase", ANN, "--yes"]) == 0
        assert held(home, ann) == []
        assert held(home, ANN) == []
        assert held(home, "words of ann") == []
        assert {each: len(held(home, each)) for each in (bob, BOB)} == before
        # Not even in what the database has freed.
        files = [each for each in home.iterdir() if each.name.startswith("burnish.sqlite")]
        assert not [each.name for each in files if ANN.encode() in each.read_bytes()]
        # What they made is there, and the log is whole.
        assert p.prompts.get("ann/kind@2").version.author == "[erased]"
        assert p.audit.verify().is_whole
        assert {each.name for each in p.audit.list(limit=500).items} >= {"", BOB}
    assert ask("GET", f"{address}/api/v1/profile", authorization=f"Bearer {token}").status == 401


@pytest.mark.spec("SEC-14")
def test_people_get_what_is_kept_of_them_and_of_nobody_else(address: str, tmp_path: Path) -> None:
    _, token = busy(address, ANN, "ann")
    busy(address, BOB, "bob")
    with burnish.Client(address, token) as client:
        found = client.users.data()
    assert found.user.email == ANN
    assert [each.comment for each in found.feedback] == ["words of ann"]
    assert {each.who for each in found.runs} == {ANN}
    assert {each.name for each in found.audit} == {ANN}
    assert "prompts.create" in {each.action for each in found.audit}
    assert len(found.sessions) == 1
    with burnish.open() as p:
        p.users.create("eve@example.com", WORDS)
        eve = p.sessions.login("eve@example.com", WORDS).access_token
    url = f"{address}/api/v1/profile/data?user={ANN}"
    assert ask("GET", url, authorization=f"Bearer {eve}").status == 403
    target = tmp_path / "ann.json"
    assert main(["users", "data", ANN, str(target)]) == 0
    assert ANN in target.read_text(encoding="utf-8")
    assert BOB not in target.read_text(encoding="utf-8")
    assert main(["users", "data", ANN, str(target)]) == 2


def test_who_does_not_want_to_be_learned_from_is_not(address: str) -> None:
    with burnish.open() as p:
        p.users.create(ANN, WORDS)
        token = p.sessions.login(ANN, WORDS).access_token
        p.generate("summarise support tickets", name="sum")
        with burnish.Client(address, token) as client:
            assert client.feedback("sum", stars=5).event.learn
            client.users.change_me(learn=False)
            assert not client.feedback("sum", stars=1).event.learn
