"""Texts that mean ill, in every place of every operation: they are refused, or stay texts."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.rest.asking import Reply, ask
from tests.rest.conftest import serving
from tests.security.hostile import LONG, TEXTS, Place, places

from burnish.rest.operations import OPERATIONS

NUMBERS: tuple[Any, ...] = (float("nan"), float("-inf"), 10**400, -1, True, None, [], {})
PLACES = tuple(places())
GROUPS = sorted({each.path.split("/")[1] for each in PLACES})


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("home")


@pytest.fixture(scope="module")
def url(home: Path) -> Iterator[str]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("BURNISH_HOME", str(home))
        # What is begun stays where it is: the texts are looked at when they come.
        patch.setenv("BURNISH_SERVER__WORK", "false")
        with serving() as found:
            prepare(found)
            yield found


def prepare(url: str) -> None:
    """There is something to ask for."""
    examples = [{"mail": "late", "expected": "bug"}, {"mail": "fine", "expected": "praise"}]
    for path, body in {
        "prompts": {"name": "mail/kind", "content": "Bug or praise? {{ mail }}"},
        "datasets": {"name": "mails", "examples": examples},
        "knowledge": {"name": "notes", "text": "A parcel that is late is told of."},
    }.items():
        told = ask("POST", f"{url}/api/v1/{path}", body)
        assert told.status == 201, told.body


def tables(home: Path) -> dict[str, str]:
    found: dict[str, str] = {}
    for file in sorted(home.glob("*.db")) + sorted(home.glob("*.sqlite*")):
        if not file.name.endswith(("-wal", "-shm")):
            with sqlite3.connect(f"file:{file}?mode=ro", uri=True) as db:
                found |= dict(db.execute("select name, sql from sqlite_master where sql > ''"))
            db.close()
    return found


def ask_at(url: str, place: Place, text: Any) -> Reply:
    method, path, body = place.filled(text)
    return ask(method, f"{url}{path}", raw=body)


def check(told: Reply, about: object) -> None:
    assert told.status < 500, (about, told.status, told.body[:500])
    assert "set-cookie" not in told.headers, about
    if told.status >= 400:
        assert told.headers["content-type"] == "application/problem+json", about
        assert told.json["request_id"] == told.headers["x-request-id"], about
        assert told.json["detail"], about


def test_every_operation_has_its_places_here() -> None:
    taken = {each.operation for each in PLACES}
    without = {each.name for each in OPERATIONS} - taken
    for each in OPERATIONS:
        if each.name in without:
            assert "{" not in each.path, each.path
            assert each.in_query or not each.example, each.path


@pytest.mark.spec("SEC-04")
@pytest.mark.parametrize("group", GROUPS)
def test_no_text_breaks_the_server_or_its_tables(url: str, home: Path, group: str) -> None:
    before = tables(home)
    assert len(before) > 20
    for place in (each for each in PLACES if each.path.split("/")[1] == group):
        for name, text in TEXTS.items():
            check(ask_at(url, place, text), (place, name))
        if place.kind == "body":
            check(ask_at(url, place, LONG), (place, "long"))
            for number in NUMBERS:
                check(ask_at(url, place, number), (place, number))
    assert tables(home) == before
    assert ask("GET", f"{url}/api/v1/prompts?limit=1").json["items"]


# What can be kept as a text; half a letter and a zero are none.
KEPT = {name: text for name, text in TEXTS.items() if name not in {"zero", "half", "nothing"}}


@pytest.mark.spec("SEC-02")
@pytest.mark.parametrize("name", sorted(KEPT))
def test_what_is_kept_comes_back_letter_by_letter(url: str, name: str) -> None:
    kept = f"kept-{name.replace(' ', '-')}"
    text = f"x{KEPT[name]}x"
    at, wrapped = f"{url}/api/v1", {"role": "user", "content": "{{ text }}"}
    body = {"name": kept, "content": [wrapped], "description": text, "message": text}
    told = ask("POST", f"{at}/prompts", {**body, "tags": [text[:255]]})
    assert told.status == 201, told.body
    back = ask("GET", f"{at}/prompts/{kept}").json
    assert back["prompt"]["description"] == text
    assert back["prompt"]["tags"] == [text[:255]]
    assert back["version"]["message"] == text
    made = ask("POST", f"{at}/prompts/{kept}/render", {"values": {"text": text}})
    assert made.json["messages"][0]["content"] == text
    rows = [{"mail": text, "expected": text}]
    assert ask("POST", f"{at}/datasets", {"name": kept, "examples": rows}).status == 201
    shown = ask("GET", f"{at}/datasets/{kept}").json
    assert json.dumps(text) in json.dumps(shown)
    found = ask("POST", f"{at}/knowledge", {"name": kept, "text": text})
    assert found.status in {201, 422}
    # Nothing of it was worked out.
    assert "49" not in json.dumps(made.json["messages"])


@pytest.mark.spec("SEC-02")
@pytest.mark.parametrize(
    ("path", "body", "field"),
    [
        ("analyze", {"text": ""}, "text"),
        ("generate", {"idea": "a b"}, "idea"),
        ("enhance", {"text": "tell Ann", "variations": 10**6}, "variations"),
        ("prompts", {"name": "a|b", "content": "x"}, "name"),
        ("prompts", {"name": "a" * 256, "content": "x"}, "name"),
        ("prompts", {"name": "a", "content": "x", "tags": [str(n) for n in range(101)]}, "tags"),
        ("prompts", {"name": "a", "content": "x", "tags": ["x" * 256]}, "tags"),
        ("prompts", {"name": "a", "content": "x", "nmae": "b"}, "nmae"),
        ("prompts", {"name": 1, "content": "x"}, "name"),
        ("prompts", {"content": "x"}, "name"),
        ("prompts/mail/kind/labels/latest", {"revision": 1}, "latest"),
        ("prompts/mail/kind/labels/NO", {"revision": 1}, "NO"),
        ("feedback", {"target": "mail/kind", "stars": 6}, "stars"),
        ("feedback", {"target": "mail/kind", "score": 1.5}, "score"),
        ("datasets", {"name": "a", "examples": []}, "examples"),
    ],
)
def test_what_is_out_of_bounds_is_named(
    url: str, path: str, body: dict[str, Any], field: str
) -> None:
    told = ask("PUT" if "labels" in path else "POST", f"{url}/api/v1/{path}", body)
    assert told.status == 422, told.body
    check(told, path)
    pointers = [each["pointer"] for each in told.json.get("errors", [])]
    assert f"/{field}" in pointers or field in told.json["detail"], told.body


@pytest.mark.parametrize("field", ["output", "model", "prompt", "error"])
def test_a_run_that_cannot_be_kept_is_refused_and_not_lost(url: str, field: str) -> None:
    (example,) = [each.example for each in OPERATIONS if each.call == "record_run"]
    run = {**example["run"], "id": "01a20a00-0000-7000-8000-000000000001", field: "a\0b"}
    told = ask("POST", f"{url}/api/v1/runs", {"run": run})
    assert (told.status, told.json["subject"]) == (422, field)
