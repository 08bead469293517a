"""Keys that people make for themselves: they act for their owner, with no more than is wanted."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from tests.rest.asking import Reply, ask
from tests.rest.conftest import serving

import burnish

WORDS = "seven green lamps at noon"
ANN, BOB = "ann@example.com", "bob@example.com"


@pytest.fixture
def address(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    monkeypatch.setenv("BURNISH_SERVER__AUTH", "accounts")
    with burnish.open() as p:
        p.users.create(ANN, WORDS, role="editor")
        p.users.create(BOB, WORDS, role="viewer")
    with serving() as url:
        yield url


def token(address: str, email: str = ANN) -> str:
    with burnish.Client(address) as nobody:
        return nobody.sessions.login(email, WORDS).access_token


def send(method: str, address: str, path: str, key: str, body: object = None) -> Reply:
    url = f"{address}/api/v1/{path}"
    return ask(method, url, body, raw=None, authorization=f"Bearer {key}")


def made(address: str, email: str = ANN, **body: object) -> str:
    told = send("POST", address, "profile/keys", token(address, email), {"name": "cli", **body})
    assert told.status == 201, told.body
    return told.json["key"]


@pytest.mark.spec("SEC-06")
def test_a_key_of_ones_own_acts_for_its_owner_with_the_rights_it_was_given(address: str) -> None:
    reads, writes = made(address), made(address, name="bot", rights=["read", "write"])
    prompt = {"name": "a", "content": "x"}
    refused = send("POST", address, "prompts", reads, prompt)
    assert refused.status == 403
    assert "'write'" in refused.json["detail"]
    created = send("POST", address, "prompts", writes, prompt)
    assert created.status == 201
    history = send("GET", address, "prompts/a/versions", writes).json["items"]
    assert [each["version"]["author"] for each in history] == [ANN]
    assert send("GET", address, "prompts/a", reads).status == 200
    # What an admin may is not given, whatever the key asks for.
    assert send("GET", address, "users", writes).status == 403
    with burnish.Client(address, writes) as p:
        me = p.users.me()
    assert (me.kind, me.name, me.rights) == ("key", ANN, ("read", "write"))


def test_nobody_makes_a_key_that_may_do_more_than_they_may(address: str) -> None:
    told = send(
        "POST", address, "profile/keys", token(address, BOB), {"name": "b", "rights": ["write"]}
    )
    assert told.status == 403
    nothing = send("POST", address, "profile/keys", token(address), {"name": "b", "rights": []})
    assert nothing.status == 422
    key = made(address)
    assert send("POST", address, "profile/keys", key, {"name": "more"}).status == 403
    assert send("GET", address, "profile/keys", key).status == 403


@pytest.mark.spec("SEC-06")
def test_a_key_may_no_more_when_its_owner_may_no_more(address: str) -> None:
    key = made(address, rights=["read", "run", "write"])
    assert send("POST", address, "prompts", key, {"name": "a", "content": "x"}).status == 201
    with burnish.open() as p:
        p.users.change(ANN, role="viewer")
        assert send("POST", address, "prompts", key, {"name": "b", "content": "x"}).status == 403
        p.users.change(ANN, disabled=True)
        assert send("GET", address, "prompts", key).status == 401
        p.users.change(ANN, disabled=False)
        assert send("GET", address, "prompts", key).status == 200
        p.users.remove(ANN)
    assert send("GET", address, "prompts", key).status == 401


def test_people_see_and_revoke_their_own_alone(address: str) -> None:
    anns, bobs = made(address), made(address, BOB)
    # Both have one of the same name, and neither hears of the other's.
    for email, key, other in ((ANN, anns, bobs), (BOB, bobs, anns)):
        listed = send("GET", address, "profile/keys", token(address, email)).json["items"]
        assert [each["name"] for each in listed] == ["cli"]
        assert "hash" not in str(listed)
        assert key.split("_")[2] not in str(listed)
        theirs = other.split("_")[1]
        gone = send("DELETE", address, f"profile/keys/{theirs}", token(address, email))
        assert gone.status == 404
    again = send("POST", address, "profile/keys", token(address), {"name": "cli"})
    assert again.status == 409
    assert send("DELETE", address, "profile/keys/cli", token(address)).status == 200
    assert send("GET", address, "prompts", anns).status == 401
    assert send("GET", address, "prompts", bobs).status == 200


def test_an_admin_sees_and_revokes_the_keys_of_people(address: str) -> None:
    key = made(address)
    with burnish.open() as p:
        (found,) = p.keys.list()
        assert (found.name, found.created_by) == ("cli", ANN)
        assert found.owner == p.users.get(ANN).id
        with pytest.raises(burnish.NotFound):
            p.keys.revoke("cli")
        p.keys.revoke(found.id)
    assert send("GET", address, "prompts", key).status == 401


def test_in_a_project_a_key_may_do_what_its_owner_may_there(address: str) -> None:
    with burnish.open() as p:
        p.projects.create("news")
        p.projects.create("other")
        p.projects.grant("news", BOB, role="editor")
    body = {"name": "cli", "rights": ["read", "write"]}
    url = f"{address}/api/v1/profile/keys"
    bob = f"Bearer {token(address, BOB)}"
    told = ask("POST", url, body, raw=None, authorization=bob, burnish_project="news")
    assert told.status == 201, told.body
    key = told.json["key"]
    with burnish.Client(address, key, project="news") as p:
        p.prompts.create("a", "x")
    with burnish.Client(address, key) as p, pytest.raises(burnish.NotPermitted):
        p.prompts.create("a", "x")
    with burnish.Client(address, key, project="other") as p, pytest.raises(burnish.NotFound):
        p.prompts.list()


@pytest.mark.spec("SEC-14")
def test_keys_are_told_and_erased_with_their_owner(address: str) -> None:
    key = made(address, name="laptop-of-ann")
    with burnish.open() as p:
        ann = p.users.get(ANN)
        assert [each.name for each in p.users.data(ANN).keys] == ["laptop-of-ann"]
        p.users.erase(ANN)
        held = (p.settings.home_path / "burnish.sqlite").read_bytes()
    assert send("GET", address, "prompts", key).status == 401
    for what in (ANN, ann.id, "laptop-of-ann"):
        assert what.encode() not in held


@pytest.mark.spec("SEC-05")
def test_more_keys_do_not_ask_for_more(address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BURNISH_SERVER__REQUESTS_PER_MIN", "10")
    keys = [made(address, name=f"k{number}") for number in range(3)]
    with serving() as bounded:
        told = [send("GET", bounded, "prompts", keys[each % 3]).status for each in range(12)]
    assert told.count(200) == 10
    assert told[-2:] == [429, 429]
