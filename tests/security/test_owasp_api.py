"""The ten risks that OWASP names for APIs (2023), each tried on a server with accounts."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.rest.asking import ask
from tests.security.places import (
    ED,
    EVE,
    OF,
    ROOT,
    VI,
    WORDS,
    Listener,
    Place,
    listening,
    people,
    sign_in,
)

import burnish
from burnish.principal import ROLES
from burnish.rest.app import build
from burnish.rest.openapi import document
from burnish.rest.operations import OPERATIONS
from burnish.rest.operations.aliases import ALIASES
from burnish.settings import load


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    more = {"SERVER__REQUESTS_PER_MIN": "0", "SERVER__REFUSALS_PER_MIN": "100000"}
    more |= {"SERVER__BODY_MB": "1"}
    with people(tmp_path_factory.mktemp("owasp"), *OF, **more) as place:
        yield place


# API1: broken object level authorization


def test_api1_an_id_of_somebody_else_opens_nothing(place: Place) -> None:
    session = place(ED, "GET", "/profile/sessions").json["items"][0]["id"]
    for other in (VI, ROOT):
        theirs, none = (
            place(other, "DELETE", f"/profile/sessions/{each}") for each in (session, "none")
        )
        assert (theirs.status, theirs.json["detail"]) == (none.status, none.json["detail"])
        assert theirs.status == 403
    users = {each["email"]: each["id"] for each in place(ROOT, "GET", "/users").json["items"]}
    for user in (users[ROOT], ROOT, users[ED], "none"):
        for method, path in (("GET", ""), ("PATCH", ""), ("DELETE", ""), ("POST", "/reset")):
            told = place(ED, method, f"/users/{user}{path}", {} if method != "GET" else None)
            assert told.status == 403, (method, user)
    assert place(ED, "GET", "/profile").status == 200


# API2: broken authentication


def test_api2_a_password_cannot_be_guessed(tmp_path: Path) -> None:
    with people(tmp_path, ED, VI, SERVER__REFUSALS_PER_MIN="6") as place:
        told = [sign_in(place.url, ED, f"not the words {n}").status for n in range(12)]
        assert set(told) == {401, 429}
        assert told == sorted(told)
        # Whoever asks from there waits, whoever they say that they are.
        waits = sign_in(place.url, VI)
        assert waits.status == 429
        assert int(waits.headers["retry-after"]) > 0


def test_api2_nobody_can_tell_who_has_an_account(place: Place) -> None:
    there, none = (sign_in(place.url, who, "no words of theirs") for who in (VI, "x@example.com"))
    assert there.status == none.status == 401
    assert {**there.json, "request_id": ""} == {**none.json, "request_id": ""}
    for path in ("/auth/forgot", "/auth/verify/again"):
        asked = [place("", "POST", path, {"email": who}) for who in (VI, "x@example.com")]
        assert asked[0].status == asked[1].status
    assert asked[0].status < 500


@pytest.mark.parametrize("where", ["query", "cookie", "basic", "other sort", "none"])
def test_api2_a_token_counts_in_one_place_alone(place: Place, where: str) -> None:
    token = place.tokens[ROOT]
    path, headers = "/users", dict[str, str]()
    match where:
        case "query":
            path = f"/users?access_token={token}&token={token}&key={token}"
        case "cookie":
            headers["cookie"] = f"access_token={token}; authorization=Bearer {token}"
        case "basic":
            headers["authorization"] = f"Basic {token}"
        case "other sort":
            headers["x_api_key"] = token
        case _:
            headers["authorization"] = "Bearer "
    assert place("", "GET", path, **headers).status == 401


def test_api2_a_changed_password_ends_what_a_thief_has(tmp_path: Path) -> None:
    with people(tmp_path, ED) as place:
        thief = sign_in(place.url, ED).json
        body = {"old": WORDS, "new": "eleven blue boats at night"}
        assert place(ED, "POST", "/profile/password", {**body, "old": "x"}).status in {401, 403}
        assert place(ED, "POST", "/profile/password", body).status == 204
        refresh = {"refresh_token": thief["refresh_token"]}
        assert place("", "POST", "/auth/refresh", refresh).status == 401
        place.tokens[ED] = thief["access_token"]
        assert place(ED, "GET", "/profile").status == 401
        assert sign_in(place.url, ED).status == 401


# API3: broken object property level authorization


@pytest.mark.parametrize(
    "more",
    [
        {"role": "admin"},
        {"rights": ["admin"]},
        {"tier": "open"},
        {"email": ROOT},
        {"verified_at": "2026-01-01T00:00:00Z"},
        {"disabled": False},
    ],
    ids=lambda more: next(iter(more)),
)
def test_api3_nobody_writes_what_is_not_theirs_to_write(place: Place, more: dict[str, Any]) -> None:
    before = place(EVE, "GET", "/profile").json["user"]
    told = place(EVE, "PATCH", "/profile", {"name": "Eve", **more})
    assert told.status == 422
    assert place(EVE, "GET", "/profile").json["user"] == before
    body = {"email": "new@example.com", "password": WORDS, "invitation": "x", **more}
    assert place("", "POST", "/auth/register", body).status >= 400
    assert place(ROOT, "GET", "/users/new@example.com").status == 404


def test_api3_a_name_beside_a_change_is_that_of_whoever_asks(place: Place) -> None:
    body = {"name": "signed", "content": "x", "author": ROOT}
    assert place(ED, "POST", "/prompts", body).json["version"]["author"] == ED
    told = place(ED, "PUT", "/prompts/signed/labels/staging", {"revision": 1, "by": ROOT})
    assert (told.status, told.json["moved_by"]) == (200, ED)


def test_api3_answers_hold_no_secret(place: Place) -> None:
    key = place(ROOT, "POST", "/keys", {"name": "ci"}).json["key"]
    hook = {"url": "https://example.com/", "events": ["label.moved"]}
    secret = place(ROOT, "POST", "/webhooks", hook).json["secret"]
    for path in ("/users", f"/users/{ED}", "/keys", "/webhooks", "/audit", "/profile/data"):
        told = place(ROOT, "GET", path).body.decode()
        for hidden in ("argon2", '"password', '"hash_', key, secret, secret.removeprefix("whsec_")):
            assert hidden not in told, path


# API4: unrestricted resource consumption


@pytest.mark.parametrize(
    ("method", "path", "body", "status"),
    [
        ("GET", "/prompts?limit=1000000", None, 422),
        ("GET", "/runs?limit=-1", None, 422),
        ("POST", "/enhance", {"text": "a", "variations": 10**6}, 422),
        ("POST", "/generate", {"idea": "a", "count": 10**6}, 422),
        ("POST", "/analyze", {"text": "a" * 1_200_000}, 413),
        ("POST", "/experiments/plan", {"baseline": 0.2, "least": 1e-300}, 422),
    ],
)
def test_api4_what_would_take_too_much_is_refused(
    place: Place, method: str, path: str, body: Any, status: int
) -> None:
    assert place(ED, method, path, body).status == status


def test_api4_a_template_that_never_ends_is_ended(place: Place) -> None:
    bomb = "{% for a in range(99999) %}{% for b in range(99999) %}xxxx{% endfor %}{% endfor %}"
    assert place(ED, "POST", "/prompts", {"name": "bomb", "content": bomb}).status == 201
    told = place(VI, "POST", "/prompts/bomb/render", {})
    assert 400 <= told.status < 500, told.body[:200]
    assert place(VI, "GET", "/profile").status == 200


def test_api4_everybody_has_so_many_requests_and_no_more(tmp_path: Path) -> None:
    with people(tmp_path, ED, VI, SERVER__REQUESTS_PER_MIN="5") as place:
        told = [place(VI, "GET", "/profile").status for _ in range(8)]
        assert told == sorted(told)
        assert set(told) == {200, 429}
        assert place(ED, "GET", "/profile").status == 200


# API5: broken function level authorization

_NEEDS = [each for each in OPERATIONS if not each.is_open]


@pytest.mark.parametrize("who", [VI, ED, ""])
def test_api5_nobody_does_what_their_role_has_no_right_to(place: Place, who: str) -> None:
    rights = ROLES[OF[who]] if who else ()
    refused = [each for each in _NEEDS if each.right not in rights]
    assert refused
    for operation in refused:
        path = operation.path.replace("{", "").replace("}", "")
        for body in (None, operation.example) if not operation.in_query else (None,):
            told = place(who, operation.method, path, body)
            assert told.status == (403 if who else 401), operation.call


def test_api5_no_header_makes_another_method_or_role_of_a_request(place: Place) -> None:
    assert place(ED, "POST", "/prompts", {"name": "stays", "content": "x"}).status == 201
    for name in ("x_http_method_override", "x_http_method", "x_method_override"):
        told = place(VI, "GET", "/prompts/stays", **{name: "DELETE"})
        assert told.status == 200
    for name in ("x_forwarded_user", "x_remote_user", "x_role", "x_original_url"):
        assert place(VI, "GET", "/users", **{name: "admin"}).status == 403
        assert place("", "GET", "/users", **{name: ROOT}).status == 401
    assert place(VI, "GET", "/prompts/stays").status == 200


@pytest.mark.parametrize(
    "path", ["//users", "/./users", "/prompts/../../users", "/%75sers", "/users/", "/Users"]
)
def test_api5_another_way_of_writing_a_path_is_no_way_round(place: Place, path: str) -> None:
    assert place(ROOT, "GET", "/users").status == 200
    told = place(VI, "GET", path)
    assert told.status >= 400
    assert EVE not in told.body.decode()
    assert place("", "GET", path).status == 401


# API6: unrestricted access to sensitive business flows


def test_api6_accounts_are_not_made_in_bulk(tmp_path: Path) -> None:
    limits = {"SERVER__REFUSALS_PER_MIN": "5", "ACCOUNTS__REGISTRATION": "open"}
    with people(tmp_path, **limits) as place:
        bodies = [{"email": f"bot{n}@example.com", "password": WORDS} for n in range(9)]
        told = [place("", "POST", "/auth/register", each).status for each in bodies]
        assert told == [201] * 5 + [429] * 4


# API7: server side request forgery

_NOT_CONNECTED = ("no public address", "InvalidUrl", "DNS")


@pytest.mark.parametrize(
    "url",
    [
        "https://127.0.0.1/",
        "https://2130706433/",
        "https://0x7f.1/",
        "https://0/",
        "https://[::1]/",
        "https://[::ffff:169.254.169.254]/",
        "https://169.254.169.254/latest/meta-data",
        "https://localhost/",
        "https://a.localhost/",
        "https://10.1.2.3\\@example.com/",
        "gopher://127.0.0.1:25/",
    ],
)
def test_api7_no_request_is_sent_inside(place: Place, url: str) -> None:
    """It is refused when it is said, or at the latest when it is to be connected to."""
    told = place(ROOT, "POST", "/webhooks", {"url": url, "events": ["label.moved"]})
    if told.status == 201:
        webhook = told.json["webhook"]["id"]
        tried = place(ROOT, "POST", f"/webhooks/{webhook}/test").json
        assert tried["status"] is None
        assert any(each in tried["error"] for each in _NOT_CONNECTED), tried["error"]
    else:
        assert told.status in {403, 422}
        assert told.headers["content-type"] == "application/problem+json"


def test_api7_a_redirect_is_not_followed(tmp_path: Path) -> None:
    with (
        listening(Listener()) as inner,
        listening(Listener(302, location=inner.url)) as outer,
        people(tmp_path, ROOT, WEBHOOKS__REACH="this machine") as place,
    ):
        webhook = place(ROOT, "POST", "/webhooks", {"url": outer.url}).json["webhook"]["id"]
        assert place(ROOT, "POST", f"/webhooks/{webhook}/test").json["status"] == 302
        assert (len(outer.heard), inner.heard) == (1, [])


# API8: security misconfiguration


def test_api8_answers_tell_nothing_of_the_inside(place: Place) -> None:
    bad = [
        place(ED, "GET", "/prompts/none"),
        place("", "GET", "/users"),
        place(ED, "POST", "/prompts", {"name": 7}),
        ask("POST", f"{place.url}/api/v1/prompts", raw=b"{", authorization=_bearer(place)),
    ]
    for told in bad:
        assert told.headers["content-type"] == "application/problem+json"
        assert told.headers["x-content-type-options"] == "nosniff"
        assert "default-src 'none'" in told.headers["content-security-policy"]
        assert not {"x-powered-by", "access-control-allow-origin"} & set(told.headers)
        assert "uvicorn" not in told.headers.get("server", "")
        for inside in ("Traceback", "site-packages", "sqlite", str(place.home)):
            assert inside not in told.body.decode()


@pytest.mark.parametrize("method", ["TRACE", "CONNECT", "PROPFIND", "DEBUG"])
def test_api8_methods_of_no_operation_are_none(place: Place, method: str) -> None:
    assert place(ROOT, method, "/prompts").status in {400, 404, 405}


# API9: improper inventory management


def test_api9_all_that_is_served_is_known(tmp_path: Path) -> None:
    told = document()
    known = {
        (method.upper(), f"/api/v1{path}")
        for path, methods in told["paths"].items()
        for method in methods
    }
    known |= {(each.method, f"/api{each.path}") for each in ALIASES}
    own = {"/healthz", "/readyz", "/metrics", "/openapi.json"}
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("BURNISH_HOME", str(tmp_path))
        platform = burnish.open_async(str(tmp_path))
        served = set(_routes(build(platform, max_bytes=1_000, asks=load({}).settings.server)))
    assert len(served) > 150
    assert {each for each in served if each[1] not in own} == known


@pytest.mark.parametrize(
    "path",
    ["/api/v0/prompts", "/api/v2/prompts", "/api/prompts", "/docs", "/redoc", "/admin", "/.env"],
)
def test_api9_nothing_else_answers(place: Place, path: str) -> None:
    assert ask("GET", f"{place.url}{path}").status == 401
    assert ask("GET", f"{place.url}{path}", authorization=_bearer(place, ROOT)).status == 404


def test_api9_short_paths_want_the_same_rights(place: Place) -> None:
    for each in ALIASES:
        url = f"{place.url}/api{each.path.replace('{', '').replace('}', '')}"
        body = None if each.in_query else each.example
        assert ask(each.method, url, body).status == 401
        if each.right == "write":
            told = ask(each.method, url, body, raw=None, authorization=_bearer(place, VI))
            assert told.status == 403, each.path


# API10: unsafe consumption of APIs


_ANSWERS = {
    "a page": (200, b"<html>no model</html>"),
    "another shape": (200, b'{"choices": [{"message": {"content": {"a": [1]}}}]}'),
    "nothing": (200, b'{"choices": []}'),
    "deep": (200, b"[" * 100_000),
    "huge": (200, b'"' + b"a" * 40_000_000 + b'"'),
    "no text": (400, b"\xff\xfe"),
    "a redirect": (302, b""),
}


def test_api10_what_a_provider_answers_is_not_trusted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    key = "sk-" + "a1b2" * 8
    monkeypatch.setenv("OPENAI_API_KEY", key)
    with (
        listening(Listener()) as other,
        listening(Listener(location=other.url)) as provider,
        people(tmp_path, ED, MODELS__OPENAI__BASE_URL=f"{provider.url}v1") as place,
    ):
        assert place(ED, "POST", "/prompts", {"name": "a", "content": "x"}).status == 201
        body = {"reference": "a", "model": "openai:gpt-5-mini"}
        for what, (provider.status, provider.body) in _ANSWERS.items():
            before = len(provider.heard)
            told = place(ED, "POST", "/complete", body)
            assert len(provider.heard) > before, what
            assert told.status == 502, what
            assert told.json["type"] != "urn:burnish:problem:bad_gateway", what
            assert len(told.body) < 5_000, what
            assert key not in told.body.decode(), what
        assert other.heard == []


def _bearer(place: Place, who: str = ED) -> str:
    return f"Bearer {place.tokens[who]}"


def _routes(app: Any) -> Iterator[tuple[str, str]]:
    while not hasattr(app, "routes"):
        app = app._app
    for route in app.routes:
        for method in route.methods - {"HEAD"}:
            yield method, route.path.replace(":path}", "}")
