"""A server that asks who they are: keys, roles, and what stands beside what is done."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.rest.asking import Reply, ask
from tests.rest.conftest import serving

import burnish
from burnish.principal import ROLES, Role
from burnish.rest.operations import OPERATIONS

SERVED = [each for each in OPERATIONS if each.call != "keys.create"]


@pytest.fixture
def address(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    monkeypatch.setenv("BURNISH_SERVER__AUTH", "keys")
    with serving() as url:
        yield url


def made(name: str, role: Role = "admin", **options: object) -> str:
    with burnish.open() as p:
        return p.keys.create(name, role=role, **options).key  # type: ignore[arg-type]


def shown(method: str, url: str, key: str, body: object = None, **headers: str) -> Reply:
    return ask(method, url, body, raw=None, authorization=f"Bearer {key}", **headers)


def test_nobody_is_answered_without_a_key(address: str) -> None:
    for path in ("/api/v1/prompts", "/api/v1/keys", "/api/templates", "/api/v1/none"):
        told = ask("GET", f"{address}{path}")
        assert told.status == 401, path
        assert told.headers["www-authenticate"] == "Bearer"
        assert told.json["hint"]
        assert told.json["request_id"]
    for path in ("/healthz", "/readyz", "/openapi.json"):
        assert ask("GET", f"{address}{path}").status == 200


def test_a_client_without_a_key_is_told_so(address: str) -> None:
    with burnish.Client(address) as p, pytest.raises(burnish.NotPermitted, match="wants a key"):
        p.prompts.list()
    with burnish.Client(address, made("ci", "viewer")) as p:
        assert p.prompts.list().items == ()
        with pytest.raises(burnish.NotPermitted, match="needs the right 'write'"):
            p.prompts.create("a", "x")


def test_what_is_no_key_gets_one_answer_whatever_is_wrong_with_it(address: str) -> None:
    key = made("ci")
    mark, plain, secret = key.split("_", 2)
    wrong = [
        "",
        "x",
        "bk_",
        f"{mark}_{plain}",
        f"{mark}_{plain}_",
        f"{mark}_{plain}_{secret[:-1]}",
        f"{mark}_{plain}_{secret}x",
        f"{mark}_{'0' * 32}_{secret}",
        f"{mark}_{plain.upper()}_{secret}",
        "bk_" + "z" * 5000,
        "eyJhbGciOiJub25lIn0.e30.",
    ]
    told = {(shown("GET", f"{address}/api/v1/prompts", each).status) for each in wrong}
    details = {shown("GET", f"{address}/api/v1/prompts", each).json["detail"] for each in wrong}
    assert told == {401}
    assert details == {"this key is not valid"}
    assert ask("GET", f"{address}/api/v1/prompts", authorization=f"Basic {key}").status == 401
    assert shown("GET", f"{address}/api/v1/prompts", key).status == 200


@pytest.mark.spec("SEC-06")
def test_a_key_is_kept_as_a_hash_alone_and_revoked_at_once(
    address: str, request: pytest.FixtureRequest
) -> None:
    key = made("ci", "editor")
    secret = key.split("_", 2)[2]
    url = f"{address}/api/v1/prompts"
    assert shown("POST", url, key, {"name": "a", "content": "x"}).status == 201
    with burnish.open() as p:
        home = Path(p.settings.home_path)
        (about,) = p.keys.list()
        assert about.last_used_at is not None
        p.keys.revoke("ci")
    assert shown("GET", url, key).status == 401
    files = [each for each in home.rglob("*") if each.is_file()]
    assert any(b"secret_hash" in each.read_bytes() for each in files)
    assert not [each for each in files if secret.encode() in each.read_bytes()]


def test_a_key_ends_when_it_was_to_end(address: str) -> None:
    key = made("short", days=0.000001)
    time.sleep(0.1)
    assert shown("GET", f"{address}/api/v1/prompts", key).status == 401


@pytest.mark.spec("SEC-08")
@pytest.mark.parametrize("role", ROLES)
def test_a_role_is_let_in_where_it_has_the_right_and_nowhere_else(address: str, role: Role) -> None:
    key = made("someone", role)
    for each in SERVED:
        path = re.sub(r"\{\w+\}", "none", each.path)
        body = None if each.in_query else {"unknown": 1}
        told = shown(each.method, f"{address}/api/v1{path}", key, body)
        refused = told.status == 403 and told.json.get("subject") == each.right
        assert refused == (each.right not in ROLES[role]), (each.call, told.status, told.body[:99])
        assert told.status != 401
    body = {"name": "other"}
    status = shown("POST", f"{address}/api/v1/keys", key, body).status
    assert status == (201 if role == "admin" else 403)


@pytest.mark.spec("LIB-17")
def test_an_editor_publishes_only_with_the_right(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("BURNISH_SERVER__AUTH", "keys")
    monkeypatch.setenv("BURNISH_LIBRARY__PROTECTED_LABELS", "production")
    editor, viewer = made("ed", "editor"), made("vi", "viewer")
    publisher = made("pub", "editor", rights=["publish"])
    with serving() as address:
        root = f"{address}/api/v1/prompts"
        new = {"name": "a", "content": "Say {{ x }}."}
        assert shown("POST", root, viewer, new).status == 403
        assert shown("POST", root, editor, new).status == 201
        ran = shown("POST", f"{root}/a/render", viewer, {"values": {"x": "hello"}})
        assert ran.status == 200
        moved = {"revision": 1, "why": "ready"}
        assert shown("PUT", f"{root}/a/labels/production", editor, moved).status == 403
        wish = {"label": "production", "revision": 1}
        asked = shown("POST", f"{root}/a/label-requests", editor, wish)
        assert asked.status == 201
        url = f"{address}/api/v1/label-requests/{asked.json['id']}/approve"
        assert shown("POST", url, editor, {}).status == 403
        assert shown("POST", url, publisher, {}).status == 200
        assert shown("GET", f"{root}/a?label=production", viewer).json["via"] == "label"


def test_the_name_of_the_key_stands_beside_what_is_done(address: str) -> None:
    key = made("ed", "editor")
    with burnish.Client(address, key) as p:
        p.prompts.create("a", "one", author="somebody else")
        p.prompts.update("a", "two")
        p.prompts.set_label("a", "staging", 2, by="somebody else")
        assert {each.version.author for each in p.prompts.history("a")} == {"ed"}
        assert [each.moved_by for each in p.prompts.label_log("a")] == ["ed"]


def test_two_keys_may_send_the_same_idempotency_key(address: str) -> None:
    for n, key in enumerate((made("one", "editor"), made("two", "editor"))):
        told = shown(
            "POST",
            f"{address}/api/v1/prompts",
            key,
            {"name": f"a{n}", "content": "x"},
            idempotency_key="same",
        )
        assert told.status == 201


def test_a_new_key_is_never_answered_again_nor_more_than_its_maker(address: str) -> None:
    admin = made("boss")
    url = f"{address}/api/v1/keys"
    first = shown("POST", url, admin, {"name": "ci"}, idempotency_key="one")
    assert first.status == 201
    assert first.headers["cache-control"] == "no-store"
    again = shown("POST", url, admin, {"name": "ci"}, idempotency_key="one")
    assert again.status == 409
    listed = shown("GET", url, admin)
    assert first.json["key"].split("_", 2)[2] not in listed.body.decode()
    assert {each["created_by"] for each in listed.json["items"] if each["name"] == "ci"} == {"boss"}
    with burnish.Client(address, admin) as p:
        p.keys.revoke("ci")
    assert shown("GET", url, first.json["key"]).status == 401


@pytest.mark.spec("SEC-17")
def test_an_address_that_others_reach_is_served_where_keys_are_asked_for() -> None:
    from burnish.rest.server import check_exposure

    check_exposure("0.0.0.0", "keys")
    with pytest.raises(burnish.NotPermitted, match="keys create"):
        check_exposure("0.0.0.0", "none")


@pytest.mark.spec("SEC-05")
def test_the_eleventh_request_of_a_minute_is_told_when_to_ask_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("BURNISH_SERVER__AUTH", "keys")
    monkeypatch.setenv("BURNISH_SERVER__REQUESTS_PER_MIN", "10")
    key, other = made("ci"), made("other")
    with serving() as address:
        url = f"{address}/api/v1/prompts"
        told = [shown("GET", url, key) for _ in range(11)]
        assert [each.status for each in told] == [200] * 10 + [429]
        assert [each.headers["ratelimit-remaining"] for each in told[:2]] == ["9", "8"]
        assert told[0].headers["ratelimit-limit"] == "10"
        assert 1 <= int(told[-1].headers["retry-after"]) <= 6
        assert told[-1].json["title"] == "Too Many Requests"
        assert shown("GET", url, other).status == 200
        assert ask("GET", f"{address}/healthz").status == 200


@pytest.mark.spec("SEC-05")
def test_processes_that_share_limits_count_together(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BURNISH_SERVER__AUTH", "keys")
    monkeypatch.setenv("BURNISH_SERVER__REQUESTS_PER_MIN", "10")
    monkeypatch.setenv("BURNISH_SERVER__LIMITS", "shared")
    key = made("ci")
    with serving() as one, serving() as other:
        told = [shown("GET", f"{url}/api/v1/prompts", key) for url in [one, other] * 5]
        assert [each.status for each in told] == [200] * 10
        late = [shown("GET", f"{url}/api/v1/prompts", key) for url in (one, other)]
        assert [each.status for each in late] == [429] * 2
        assert late[1].headers["retry-after"]


def test_whoever_guesses_keys_is_soon_not_heard(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BURNISH_SERVER__AUTH", "keys")
    monkeypatch.setenv("BURNISH_SERVER__REFUSALS_PER_MIN", "5")
    key = made("ci")
    with serving() as address:
        url = f"{address}/api/v1/prompts"
        assert [shown("GET", url, "x").status for _ in range(6)] == [401] * 5 + [429]
        assert shown("GET", url, key).status == 429
