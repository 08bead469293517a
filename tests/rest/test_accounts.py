"""People on a server: how they sign in, what they may do, and how they are kept out."""

from __future__ import annotations

import base64
import json
import random
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from tests.rest.asking import Reply, ask
from tests.rest.conftest import serving

import burnish
from burnish.errors import NotAuthenticated
from burnish.principal import ROLES, Role

WORDS = "seven green lamps at noon"
ANN, BOB = "ann@example.com", "bob@example.com"


@pytest.fixture
def address(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    monkeypatch.setenv("BURNISH_SERVER__AUTH", "accounts")
    with serving() as url:
        yield url


@pytest.fixture
def ann(address: str) -> dict[str, Any]:
    """Ann, an editor, has signed in."""
    with burnish.open() as p:
        p.users.create(ANN, WORDS, name="Ann", role="editor")
    return login(address, ANN)


def login(address: str, email: str, password: str = WORDS) -> dict[str, Any]:
    told = post(address, "auth/login", {"email": email, "password": password})
    assert told.status == 200, told.body
    return told.json


def post(address: str, path: str, body: object, token: str = "") -> Reply:
    return send("POST", address, path, token, body)


def send(method: str, address: str, path: str, token: str = "", body: object = None) -> Reply:
    headers = {"authorization": f"Bearer {token}"} if token else {}
    return ask(method, f"{address}/api/v1/{path}", body, raw=None, **headers)


@pytest.mark.spec("API-08")
def test_a_refresh_token_is_good_once_and_a_second_time_ends_all(
    address: str, ann: dict[str, Any]
) -> None:
    first = ann
    assert send("GET", address, "prompts", first["access_token"]).status == 200
    second = post(address, "auth/refresh", {"refresh_token": first["refresh_token"]})
    assert second.status == 200
    assert second.json["refresh_token"] != first["refresh_token"]
    for token in (first["access_token"], second.json["access_token"]):
        assert send("GET", address, "prompts", token).status == 200
    again = post(address, "auth/refresh", {"refresh_token": first["refresh_token"]})
    assert again.status == 401
    # Two hold it: the whole family is revoked, the newest tokens too.
    third = post(address, "auth/refresh", {"refresh_token": second.json["refresh_token"]})
    assert third.status == 401
    assert send("GET", address, "prompts", second.json["access_token"]).status == 401
    with burnish.open() as p:
        assert p.audit.list(action="sessions.reused").items
    assert login(address, ANN)["access_token"]


@pytest.mark.spec("API-08")
def test_people_register_where_they_are_invited_and_sign_out(address: str) -> None:
    with burnish.open() as p:
        p.users.create(ANN, WORDS, role="admin")
    admin = login(address, ANN)["access_token"]
    assert post(address, "auth/register", {"email": BOB, "password": WORDS}).status == 403
    invited = post(address, "users/invitations", {"email": BOB, "role": "editor"}, admin)
    assert invited.status == 201
    token = invited.json["token"]
    body = {"email": BOB, "password": WORDS, "name": "Bob", "invitation": token}
    other = post(address, "auth/register", {**body, "email": "eve@example.com"})
    assert other.status == 403
    made = post(address, "auth/register", body)
    assert made.status == 201
    assert (made.json["role"], made.json["created_by"]) == ("editor", ANN)
    assert "password" not in made.body.decode()
    again = post(address, "auth/register", body)
    assert again.status == 401
    bob = login(address, BOB.upper())
    assert send("GET", address, "profile", bob["access_token"]).json["user"]["name"] == "Bob"
    out = post(address, "auth/logout", {"refresh_token": bob["refresh_token"]})
    assert out.status == 204
    assert send("GET", address, "profile", bob["access_token"]).status == 401
    gone = post(address, "auth/refresh", {"refresh_token": bob["refresh_token"]})
    assert gone.status == 401
    assert post(address, "auth/logout", {"refresh_token": "br_none"}).status == 204


@pytest.mark.parametrize(("how", "status"), [("open", 201), ("invited", 403), ("closed", 403)])
def test_who_may_register_is_a_setting(
    monkeypatch: pytest.MonkeyPatch, how: str, status: int
) -> None:
    monkeypatch.setenv("BURNISH_SERVER__AUTH", "accounts")
    monkeypatch.setenv("BURNISH_ACCOUNTS__REGISTRATION", how)
    with serving() as address:
        told = post(address, "auth/register", {"email": BOB, "password": WORDS})
        assert told.status == status
        assert (told.json.get("role") == "viewer") == (status == 201)


def test_of_many_refreshes_at_once_one_gets_tokens(address: str, ann: dict[str, Any]) -> None:
    body = {"refresh_token": ann["refresh_token"]}
    with ThreadPoolExecutor(8) as pool:
        told = [
            each.status
            for each in pool.map(post, *zip(*[(address, "auth/refresh", body)] * 8, strict=True))
        ]
    assert sorted(told) == [200, *[401] * 7]


@pytest.mark.spec("SEC-06")
def test_what_is_no_access_token_gets_one_answer(address: str, ann: dict[str, Any]) -> None:
    token = ann["access_token"]
    head, body, signature = token.split(".")
    chance = random.Random(7)
    wrong = [
        f"{_part({'alg': 'none', 'kid': _of(head)['kid']})}.{body}.",
        f"{_part({'alg': 'none'})}.{body}.",
        f"{_part({'alg': 'HS512', 'kid': _of(head)['kid']})}.{body}.{signature}",
        f"{_part({**_of(head), 'kid': 'none'})}.{body}.{signature}",
        f"{_part({**_of(head), 'kid': 7})}.{body}.{signature}",
        f"{_part({**_of(head), 'jwk': {'kty': 'oct', 'k': 'AAAA'}})}.{body}.{signature}",
        f"{head}.{_part({**_of(body), 'exp': 4102444800})}.{signature}",
        f"{head}.{_part({**_of(body), 'sub': 'x'})}.{signature}",
        f"{head}.{body}",
        "..",
        "a.b.c",
        "x" * 7000,
        "é.é.é",
    ]
    letters = "ABCabc019-_=.{}\"' "
    for _ in range(1000):
        at, cut = chance.randrange(len(token) - 1), chance.randrange(1, 4)
        broken = token[:at] + chance.choice(letters) * chance.randrange(3) + token[at + cut :]
        wrong += [broken] if broken != token else []
    with burnish.open() as p:
        known = p.sessions.verify(token)
        assert (known.name, known.role, known.kind) == (ANN, "editor", "person")
        for each in wrong:
            if _same(each, token):
                continue
            with pytest.raises(NotAuthenticated, match="this token is not valid"):
                p.sessions.verify(each)
    for each in wrong[:10]:
        assert send("GET", address, "prompts", each).status == 401


def _part(value: object) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).decode().rstrip("=")


def _of(part: str) -> dict[str, Any]:
    return json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))


def _same(one: str, other: str) -> bool:
    """The last letter of base64 has bits that mean nothing."""
    parts, others = one.split("."), other.split(".")
    if len(parts) != 3 or parts[:2] != others[:2] or len(parts[2]) != len(others[2]):
        return False
    return parts[2][:-1] == others[2][:-1]


def test_a_token_ends_and_so_does_a_session(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BURNISH_ACCOUNTS__ACCESS_MIN", "0.0001")
    monkeypatch.setenv("BURNISH_ACCOUNTS__REFRESH_DAYS", "0.00003")
    with burnish.open() as p:
        p.users.create(ANN, WORDS)
        token = p.sessions.login(ANN, WORDS)
        assert timedelta(0) < token.session.ends_at - datetime.now(UTC) < timedelta(seconds=3)
        time.sleep(1.1)
        with pytest.raises(NotAuthenticated):
            p.sessions.verify(token.access_token)
        second = p.sessions.refresh(token.refresh_token)
        time.sleep(1.6)
        with pytest.raises(NotAuthenticated):
            p.sessions.refresh(second.refresh_token)


def test_a_lock_opens_by_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BURNISH_ACCOUNTS__TRIES", "1")
    # Longer than two passwords take on a slow machine.
    monkeypatch.setenv("BURNISH_ACCOUNTS__LOCK_S", "3")
    with burnish.open() as p:
        p.users.create(ANN, WORDS)
        for password in ("not these words at all", WORDS):
            with pytest.raises(NotAuthenticated):
                p.sessions.login(ANN, password)
        time.sleep(3)
        assert p.sessions.login(ANN, WORDS)


def test_wrong_passwords_lock_an_account_and_tell_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BURNISH_SERVER__AUTH", "accounts")
    monkeypatch.setenv("BURNISH_SERVER__REFUSALS_PER_MIN", "6")
    monkeypatch.setenv("BURNISH_ACCOUNTS__TRIES", "3")
    with serving() as address, burnish.open() as p:
        p.users.create(ANN, WORDS)
        wrong = {"email": ANN, "password": "seven green lamps at dusk"}
        told = [post(address, "auth/login", wrong) for _ in range(3)]
        told.append(post(address, "auth/login", {"email": ANN, "password": WORDS}))
        told.append(post(address, "auth/login", {"email": "none@example.com", "password": WORDS}))
        assert {each.status for each in told} == {401}
        assert len({each.json["detail"] for each in told}) == 1
        user = p.users.get(ANN)
        assert user.locked_until is not None
        assert p.audit.list().items[0].action == "sessions.locked"
        # The address that it comes from is slowed down, too.
        post(address, "auth/login", wrong)
        late = post(address, "auth/login", wrong)
        assert late.status == 429
        assert int(late.headers["retry-after"]) >= 1
        # An admin lets them in again.
        p.users.reset(p.users.reset_token(ANN).token, "nine blue lamps at dawn")
        assert p.sessions.login(ANN, "nine blue lamps at dawn").access_token


@pytest.mark.parametrize(
    ("password", "why"),
    [
        ("short", "5 characters"),
        ("x" * 257, "257 characters"),
        ("aaaaaaaaaaaaaaaa", "tried first"),
        ("qwertyuiopasdf", "tried first"),
        ("PasswordPassword", "tried first"),
        ("this is ann@example.com", "holds the e-mail"),
    ],
)
def test_a_weak_password_is_refused_with_its_reason(password: str, why: str) -> None:
    with burnish.open() as p:
        with pytest.raises(burnish.errors.UsageError, match=why) as caught:
            p.users.create(ANN, password)
        assert password not in str(caught.value) or len(password) < 6
        assert p.users.list() == []


@pytest.mark.spec("API-09")
def test_people_see_and_change_what_is_their_own(address: str, ann: dict[str, Any]) -> None:
    token = ann["access_token"]
    with burnish.open() as p:
        p.users.create(BOB, WORDS, role="editor")
    bob = login(address, BOB)["access_token"]
    me = send("GET", address, "profile", token).json
    assert (me["kind"], me["name"], me["rights"]) == ("person", ANN, ["read", "run", "write"])
    changed = send(
        "PATCH", address, "profile", token, {"name": "Ann B.", "preferences": {"theme": "dark"}}
    )
    assert (changed.json["name"], changed.json["preferences"]) == ("Ann B.", {"theme": "dark"})
    assert send("GET", address, "profile", token).json["user"]["preferences"] == {"theme": "dark"}
    for who, name in ((token, "of/ann"), (bob, "of/bob")):
        assert post(address, "prompts", {"name": name, "content": "x"}, who).status == 201
    for who, name in ((token, "of/ann"), (bob, "of/bob")):
        history = send("GET", address, "profile/history", who).json["items"]
        assert {each["subject"] for each in history if each["action"] == "prompts.create"} == {name}
    long = send("PATCH", address, "profile", token, {"preferences": {"x": "y" * 20_000}})
    assert long.status == 422
    second = login(address, ANN)
    (newest, oldest) = send("GET", address, "profile/sessions", token).json["items"]
    assert send("DELETE", address, f"profile/sessions/{oldest['id']}", bob).status == 403
    assert send("DELETE", address, f"profile/sessions/{newest['id']}", token).status == 200
    assert send("GET", address, "profile", second["access_token"]).status == 401
    new = {"old": WORDS, "new": "nine blue lamps at dawn"}
    assert post(address, "profile/password", {**new, "old": "no"}, token).status == 401
    other = login(address, ANN)
    assert post(address, "profile/password", new, token).status == 204
    assert send("GET", address, "profile", token).status == 200
    assert send("GET", address, "profile", other["access_token"]).status == 401
    assert post(address, "auth/login", {"email": ANN, "password": WORDS}).status == 401


@pytest.mark.spec("SEC-08")
@pytest.mark.parametrize("role", ROLES)
def test_a_role_changes_at_once_and_disabled_ones_are_out(address: str, role: Role) -> None:
    with burnish.open() as p:
        p.users.create(ANN, WORDS, role=role)
        token = login(address, ANN)["access_token"]
        may_write = post(address, "prompts", {"name": "a", "content": "x"}, token).status == 201
        may_rule = send("GET", address, "users", token).status == 200
        assert (may_write, may_rule) == (role != "viewer", role == "admin")
        p.users.change(ANN, role="viewer")
        assert post(address, "prompts", {"name": "b", "content": "x"}, token).status == 403
        p.users.change(ANN, disabled=True)
        assert send("GET", address, "prompts", token).status == 401
        assert post(address, "auth/login", {"email": ANN, "password": WORDS}).status == 401
        p.users.change(ANN, disabled=False)
        token = login(address, ANN)["access_token"]
        p.users.remove(ANN)
        assert send("GET", address, "prompts", token).status == 401
        assert p.users.list() == []


def test_nobody_gives_more_than_they_have(address: str, ann: dict[str, Any]) -> None:
    with burnish.open() as p:
        p.users.create("chief@example.com", WORDS, role="viewer", rights=("admin",))
        chief = login(address, "chief@example.com")["access_token"]
    body = {"email": BOB, "password": WORDS, "role": "admin"}
    assert post(address, "users", body, chief).status == 403
    assert post(address, "users", body, ann["access_token"]).status == 403
    assert post(address, "users", {**body, "role": "viewer"}, chief).status == 201


def test_keys_and_people_come_in_beside_one_another(address: str, ann: dict[str, Any]) -> None:
    with burnish.open() as p:
        key = p.keys.create("ci").key
    assert send("GET", address, "profile", key).json["kind"] == "service"
    assert send("PATCH", address, "profile", key, {"name": "x"}).status == 403
    assert send("GET", address, "prompts").status == 401
    with burnish.Client(address, ann["access_token"]) as client:
        assert client.users.me().name == ANN
    with burnish.Client(address) as client:
        assert client.sessions.login(ANN, WORDS).access_token
        with pytest.raises(NotAuthenticated):
            client.sessions.login(ANN, "another one entirely")


def test_of_passwords_and_tokens_hashes_alone_are_kept(address: str, ann: dict[str, Any]) -> None:
    with burnish.open() as p:
        invited = p.users.invite(BOB).token
        home = Path(p.settings.home_path)
    secret = {WORDS, ann["refresh_token"], ann["access_token"], invited}
    for path in (each for each in home.rglob("*") if each.is_file()):
        held = path.read_bytes()
        assert not [each for each in secret if each.encode() in held], path
    assert (home / "signing-keys.json").stat().st_mode & 0o077 == 0


def test_a_tier_sets_the_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BURNISH_SERVER__AUTH", "accounts")
    monkeypatch.setenv("BURNISH_SERVER__TIERS", "free=3,open=0")
    with serving() as address, burnish.open() as p:
        p.users.create(ANN, WORDS)
        token = login(address, ANN)["access_token"]
        assert send("GET", address, "profile", token).headers["ratelimit-limit"] == "600"
        p.users.change(ANN, tier="free")
        told = [send("GET", address, "profile", token) for _ in range(4)]
        assert {each.headers["ratelimit-limit"] for each in told} == {"3"}
        assert told[-1].status == 429
        p.users.change(ANN, tier="open")
        assert "ratelimit-limit" not in send("GET", address, "profile", token).headers
    monkeypatch.setenv("BURNISH_SERVER__TIERS", "free")
    with pytest.raises(burnish.errors.SettingsError, match=r"server\.tiers"):
        burnish.open()
