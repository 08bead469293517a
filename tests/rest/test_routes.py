"""What is served, as any program asks for it."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import httpx2
import pytest
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.types import ASGIApp, Receive, Scope, Send
from tests.rest.asking import Reply, ask

import burnish
from burnish.cli.main import main
from burnish.rest.health import Health
from burnish.rest.operations.labels import LABELS
from burnish.rest.operations.prompts import PROMPTS
from burnish.rest.operations.versions import VERSIONS

TEXT = "Is this mail a bug or praise? {{ mail }}"
Api = Callable[..., Reply]


@pytest.fixture
def api(address: str) -> Api:
    def call(method: str, path: str, body: object = None) -> Reply:
        return ask(method, f"{address}/api/v1{path}", body)

    return call


@pytest.mark.spec("API-01")
def test_a_text_is_enhanced_as_the_document_says(api: Api, address: str) -> None:
    told = ask("GET", f"{address}/openapi.json").json
    sent = told["paths"]["/enhance"]["post"]["requestBody"]["content"]["application/json"]
    made = api("POST", "/enhance", sent["example"])
    assert made.status == 200
    assert len(made.json["candidates"]) == 2
    assert sent["example"]["text"] in made.json["candidates"][0]["text"]


@pytest.mark.spec("API-02")
def test_an_analysis_is_that_of_the_command(api: Api, capsys: pytest.CaptureFixture[str]) -> None:
    text = "translate this letter into French, then summarise it"
    found = api("POST", "/analyze", {"text": text})
    capsys.readouterr()
    assert main(["analyze", text, "--json"]) == 0
    assert found.json == json.loads(capsys.readouterr().out)


@pytest.mark.spec("API-03")
def test_techniques_are_listed_by_category_and_shown(api: Api) -> None:
    known = api("GET", "/techniques").json["items"]
    category = known[0]["category"]
    some = api("GET", f"/techniques?category={category}").json["items"]
    assert 0 < len(some) < len(known)
    assert {each["category"] for each in some} == {category}
    shown = api("GET", f"/techniques/{known[0]['name']}")
    assert shown.json == known[0]
    assert api("GET", "/techniques/none").status == 404
    picked = api("POST", "/techniques/select", {"text": "find the bug in this function"})
    assert picked.json["recommendations"][0]["reasons"]


class Calls:
    """Asks by the routes of the table, and remembers which."""

    def __init__(self, api: Api) -> None:
        self._api = api
        self.asked: set[tuple[str, str]] = set()

    def __call__(
        self, method: str, route: str, body: object = None, status: int = 200, **at: str
    ) -> Any:
        self.asked.add((method, route.partition("?")[0]))
        told = self._api(method, route.format(**at) if at else route, body)
        assert told.status == status, (method, route, told.body)
        return told.json if told.body else None


NAME: Any = {"name": "mail/kind"}
FIRST: Any = {"reference": "mail/kind@1"}


@pytest.mark.spec("API-04")
def test_a_prompt_lives_over_http(api: Api) -> None:
    """Every route of prompts, versions and labels."""
    call = Calls(api)
    call("POST", "/prompts", {**NAME, "content": TEXT, "tags": ["mail"]}, 201)
    second = {"content": f"{TEXT} One word.", "expected_revision": 1}
    call("POST", "/prompts/{name}/versions", second, 201, **NAME)
    call("POST", "/prompts/{name}/versions", second, 409, **NAME)
    edited = call("PATCH", "/prompts/{name}", {"description": "Sorts mail"}, **NAME)
    assert edited["description"] == "Sorts mail"
    labels_move(call)
    versions_are_read(call)
    versions_go_on(call)
    call("POST", "/prompts/{prompt}/ratings", {"value": 0.8}, 204, prompt="mail/kind")
    prompt_id = call("GET", "/prompts/{reference}", None, 200, **FIRST)["prompt"]["id"]
    call("POST", "/prompts/{prompt_id}/uses", {"count": 2}, 204, prompt_id=prompt_id)
    call("POST", "/prompts/{prompt_id}/uses", {"count": -2}, 422, prompt_id=prompt_id)
    found = api("GET", "/search?query=praise&mode=text").json["items"]
    assert "mail/kind" in [each["prompt"]["name"] for each in found]
    assert call("GET", "/prompts?tags=mail&tags=other")["items"] == []
    call("DELETE", "/prompts/{name}", **NAME)
    call("GET", "/prompts/{reference}", None, 404, reference="mail/kind")
    call("POST", "/prompts/{name}/restore", {}, **NAME)
    assert call.asked == {(each.method, each.path) for each in (*PROMPTS, *VERSIONS, *LABELS)}


def labels_move(call: Calls) -> None:
    label: Any = {**NAME, "label": "production"}
    call("PUT", "/prompts/{name}/labels/{label}", {"revision": 1}, **label)
    call("PUT", "/prompts/{name}/tags/{tag}", {"revision": 1}, **NAME, tag="v1")
    for reference in ("mail/kind", "mail%2Fkind"):
        found = call("GET", "/prompts/{reference}?label=production", reference=reference)
        assert (found["via"], found["version"]["revision"]) == ("label", 1)
    labels = {each["name"] for each in call("GET", "/prompts/{name}/labels", **NAME)["items"]}
    assert {"production", "v1"} <= labels
    assert call("GET", "/prompts/{name}/labels/log", **NAME)["items"]
    call("DELETE", "/prompts/{name}/labels/{label}", **label)
    wanted = {"label": "production", "revision": 2, "by": "Ann"}
    first = call("POST", "/prompts/{name}/label-requests", wanted, 201, **NAME)["id"]
    refusal = {"because": "not measured", "by": "Bob"}
    call("POST", "/label-requests/{request_id}/refuse", refusal, request_id=first)
    again = call("POST", "/prompts/{name}/label-requests", wanted, 201, **NAME)["id"]
    assert [each["id"] for each in call("GET", "/label-requests")["items"]] == [again]
    call("POST", "/label-requests/{request_id}/approve", {"by": "Bob"}, request_id=again)


def versions_are_read(call: Calls) -> None:
    versions = call("GET", "/prompts/{name}/versions?limit=1", **NAME)["items"]
    assert [each["version"]["revision"] for each in versions] == [2]
    values = {"values": {"mail": "Hi"}}
    text = call("POST", "/prompts/{reference}/render", values, reference="mail/kind@2")
    assert text["messages"][0]["content"].endswith("praise? Hi One word.")
    assert call("GET", "/diff?before=mail/kind@1&after=mail/kind@2")
    assert call("GET", "/prompts/{reference}/blame", **FIRST)["items"]
    assert call("GET", "/prompts/{name}/graph", **NAME)
    call("POST", "/prompts/{reference}/copy", {"name": "mail/other"}, 201, **FIRST)
    assert call("GET", "/prompts/{reference}/similar", **FIRST)["items"]


def versions_go_on(call: Calls) -> None:
    call("POST", "/prompts/{name}/branches", {"branch": "short"}, 201, **NAME)
    shorter = {"content": "Bug? {{ mail }}", "branch": "short"}
    call("POST", "/prompts/{name}/versions", shorter, 201, **NAME)
    call("POST", "/prompts/{name}/merge", {"source": "short"}, 201, **NAME)
    assert "short" in [
        each["name"] for each in call("GET", "/prompts/{name}/branches", **NAME)["items"]
    ]
    call("DELETE", "/prompts/{name}/branches/{branch}", **NAME, branch="short")
    call("POST", "/prompts/{name}/rollback", {"revision": 1, "label": None}, 201, **NAME)
    call("POST", "/prompts/{name}/revert", {"revision": 4}, 201, **NAME)
    call("POST", "/prompts/{name}/archive", {"revisions": [3]}, **NAME)
    call("POST", "/prompts/{name}/unarchive", {"revisions": [3]}, **NAME)


def test_pages_follow_each_other(api: Api) -> None:
    for n in range(5):
        api("POST", "/prompts", {"name": f"p{n}", "content": "Say hello"})
    names: list[str] = []
    path = "/prompts?sort=name&limit=2"
    while path:
        page = api("GET", path).json
        names += [each["name"] for each in page["items"]]
        path = f"/prompts?sort=name&limit=2&cursor={page['next']}" if page["next"] else ""
    assert names == [f"p{n}" for n in range(5)]


@pytest.mark.spec("API-07")
def test_numbers_are_those_of_the_command(
    api: Api, address: str, capsys: pytest.CaptureFixture[str]
) -> None:
    api("POST", "/prompts", {"name": "mail/kind", "content": TEXT})
    for _ in range(3):
        asked = {"reference": "mail/kind", "values": {"mail": "x"}, "model": "fake:echo"}
        assert api("POST", "/complete", {**asked, "fresh": True}).status == 200
    told = api("GET", "/stats?by=prompt").json["items"]
    capsys.readouterr()
    assert main(["stats", "--by", "prompt", "--json"]) == 0
    assert told == json.loads(capsys.readouterr().out)
    assert told[0]["runs"] == 3
    assert len(api("GET", "/runs?limit=2").json["items"]) == 2


@pytest.mark.spec("API-06")
def test_long_work_is_begun_watched_and_cancelled(api: Api, address: str) -> None:
    api("POST", "/prompts", {"name": "mail/kind", "content": TEXT})
    rows = [{"mail": f"m{n}", "expected": f"m{n}"} for n in range(20)]
    assert api("POST", "/datasets", {"name": "mails", "examples": rows}).status == 201
    wanted = {"prompts": "mail/kind", "data": "mails", "models": "fake:echo"}
    begun = api("POST", "/evaluations", {**wanted, "scorers": ["contains"]})
    assert begun.status == 202
    job = begun.json["job"]["id"]
    events = ask("GET", f"{address}/api/v1/jobs/{job}/events").body.decode()
    *_, last = [line for line in events.splitlines() if line.startswith("data: ")]
    assert json.loads(last.removeprefix("data: "))["state"] == "done"
    report = api("GET", f"/evaluations/{begun.json['evaluation']['id']}").json
    assert report["report"]["columns"][0]["score"]["mean"] == 1
    assert api("POST", f"/jobs/{job}/cancel", {}).json["state"] == "done"
    assert api("GET", "/jobs?state=done").json["items"][0]["id"] == job


def test_what_is_generated_is_told_as_it_comes(address: str) -> None:
    told = ask("POST", f"{address}/api/v1/generate/stream", {"idea": "summarise tickets"})
    assert told.headers["content-type"].startswith("text/event-stream")
    events = told.body.decode().split("\n\n")
    assert events[0].startswith("event: ")
    assert events[-2].startswith("event: done\n")
    refused = ask("POST", f"{address}/api/v1/generate/stream", {"idea": ""})
    assert (refused.status, refused.headers["content-type"]) == (422, "application/problem+json")


@pytest.mark.spec("API-10")
async def test_it_is_ready_when_its_tables_are_up_to_date_and_until_it_ends() -> None:
    platform = burnish.open_async()
    health = Health(platform)
    app = Starlette(routes=health.routes(), middleware=[Middleware(_Named)])
    transport = httpx2.ASGITransport(app=app)
    async with platform, httpx2.AsyncClient(transport=transport, base_url="http://x") as client:
        assert (await client.get("/healthz")).status_code == 200
        before = await client.get("/readyz")
        assert (before.status_code, before.json()["detail"]) == (503, "the server is starting")
        await health.begin()
        assert (await client.get("/readyz")).status_code == 200
        health.end()
        assert (await client.get("/readyz")).status_code == 503
        assert (await client.get("/healthz")).status_code == 200


async def test_a_store_that_cannot_be_opened_is_why_it_is_not_ready(tmp_path: Path) -> None:
    platform = burnish.open_async(storage__database_url=f"sqlite:///{tmp_path}/gone/x.sqlite")
    async with platform:
        health = Health(platform)
        await health.begin()
        app = Starlette(routes=health.routes(), middleware=[Middleware(_Named)])
        transport = httpx2.ASGITransport(app=app)
        async with httpx2.AsyncClient(transport=transport, base_url="http://x") as client:
            told = await client.get("/readyz")
    assert (told.status_code, "there is no folder" in told.json()["detail"]) == (503, True)


class _Named:
    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self._app({**scope, "request_id": "mine"}, receive, send)


def test_a_server_says_how_it_is(address: str) -> None:
    assert ask("GET", f"{address}/healthz").json == {"status": "live"}
    assert ask("GET", f"{address}/readyz").json == {"status": "ready"}


class Bad(NamedTuple):
    method: str
    path: str
    raw: bytes
    status: int
    kind: str = "application/json"


BAD = [
    Bad("POST", "/prompts", b"[", 422),
    Bad("POST", "/prompts", b'{"name": ', 400),
    Bad("POST", "/prompts", b"\xff\xfe", 400),
    Bad("POST", "/prompts", b'{"name": "a"}', 422),
    Bad("POST", "/prompts", b'{"name": "a", "content": 5}', 422),
    Bad("POST", "/prompts", b'{"name": "a", "content": "x", "colour": 1}', 422),
    Bad("POST", "/prompts", b'{"name": "a", "content": "x"}', 415, "text/plain"),
    Bad("POST", "/prompts", b'{"name": "a", "content": "x", "config": {"a": ' + b"[" * 10_000, 400),
    Bad("POST", "/analyze", b'{"text": ""}', 422),
    Bad("GET", "/prompts?limit=0", b"", 422),
    Bad("GET", "/prompts?limit=many", b"", 422),
    Bad("GET", "/prompts?limit=1&limit=2", b"", 422),
    Bad("GET", "/prompts?colour=red", b"", 422),
    Bad("GET", "/prompts/none", b"", 404),
    Bad("GET", "/nothing", b"", 404),
    Bad("DELETE", "/stats", b"", 405),
]


@pytest.mark.parametrize("bad", BAD, ids=lambda bad: f"{bad.method} {bad.path} {bad.raw[:24]!r}")
def test_every_refusal_is_a_problem_document(address: str, bad: Bad) -> None:
    sent = {"raw": bad.raw, "content_type": bad.kind} if bad.raw else {}
    told = ask(bad.method, f"{address}/api/v1{bad.path}", **sent)  # pyright: ignore[reportArgumentType]
    assert (told.status, told.headers["content-type"]) == (bad.status, "application/problem+json")
    problem = told.json
    assert problem["type"].startswith("urn:burnish:problem:")
    assert all(problem[name] for name in ("title", "detail", "request_id"))
    assert problem["status"] == bad.status
    assert problem["request_id"] == told.headers["x-request-id"]


def test_texts_are_stored_as_they_were_sent(api: Api) -> None:
    text = "'; DROP TABLE prompts; --\n<script>alert(1)</script> \u202e\t\U0001f600 {{ x }}"
    api("POST", "/prompts", {"name": "odd", "content": text})
    found = api("GET", "/prompts/odd").json
    assert found["version"]["messages"][0]["content"] == text


@pytest.mark.usefixtures("p")
def test_a_wrong_part_of_a_body_is_pointed_at(api: Api) -> None:
    wrong = {"name": "a", "content": [{"role": "user", "content": 5}]}
    told = api("POST", "/prompts", wrong).json
    assert told["errors"][0]["pointer"] == "/content/0/content"


def test_what_is_written_by_one_is_seen_by_the_other(api: Api, p: burnish.Platform) -> None:
    p.prompts.create("mail/kind", TEXT)
    assert api("GET", "/prompts/mail/kind").json["version"]["revision"] == 1
    api("POST", "/prompts/mail/kind/versions", {"content": "Bug? {{ mail }}"})
    p.prompts.list()
    assert p.prompts.history("mail/kind")[0].version.revision == 2


@pytest.mark.parametrize(
    "name", ["../x.md", "/etc/x.md", "a/../../x.md", "", "a\u0000.md", "a\\b.md", "x" * 300]
)
def test_a_file_that_is_sent_stays_in_its_folder(api: Api, name: str) -> None:
    told = api("POST", "/import", {"files": {name: "Say {{ x }}"}})
    assert (told.status, "no name for a file" in told.json["detail"]) == (422, True)


def test_what_is_known_already_is_not_sent_again(address: str, api: Api) -> None:
    api("POST", "/prompts", {"name": "mail/kind", "content": TEXT})
    url = f"{address}/api/v1/prompts/mail/kind/versions"
    first = ask("GET", url)
    tag = first.headers["etag"]
    again = ask("GET", url, if_none_match=f'"other", {tag}')
    assert (again.status, again.body, again.headers["etag"]) == (304, b"", tag)
    api("POST", "/prompts/mail/kind/versions", {"content": "Bug? {{ mail }}"})
    assert ask("GET", url, if_none_match=tag).status == 200


def test_long_answers_are_packed_for_those_who_take_them(address: str) -> None:
    url = f"{address}/api/v1/techniques"
    plain, packed = ask("GET", url), ask("GET", url, accept_encoding="gzip")
    assert "content-encoding" not in plain.headers
    assert packed.headers["content-encoding"] == "gzip"
    assert len(packed.body) < len(plain.body) / 3
    assert gzip.decompress(packed.body) == plain.body


def test_short_paths_are_the_same_operations(address: str, api: Api) -> None:
    def short(method: str, path: str, body: object = None) -> Reply:
        return ask(method, f"{address}/api{path}", body)

    made = short("POST", "/generate", {"idea": "summarise support tickets", "name": "a/tickets"})
    assert (made.status, made.json["reference"]) == (200, "a/tickets@1")
    api("POST", "/prompts", {"name": "mail/kind", "content": TEXT})
    rows = [{"mail": f"m{n}", "expected": f"m{n}"} for n in range(40)]
    assert api("POST", "/datasets", {"name": "mails", "examples": rows}).status == 201
    wanted = {"data": "mails", "scorers": ["contains"]}
    tested = short("POST", "/test", {**wanted, "prompts": "mail/kind", "models": "fake:echo"})
    assert tested.status == 202
    better = {**wanted, "prompt": "mail/kind", "model": "fake:echo", "writer": "offline"}
    begun = short("POST", "/optimize", better)
    assert begun.status == 202
    assert short("GET", "/templates").json == api("GET", "/prompts").json
    assert len(short("GET", "/templates/a").json["items"]) == 1
    assert short("GET", "/templates/none").json["items"] == []
    assert short("GET", "/export").json["prompts"] == 2
    for each in (tested, begun):
        ask("GET", f"{address}/api/v1/jobs/{each.json['job']['id']}/events")
    assert short("GET", "/stats?by=model").json == api("GET", "/stats?by=model").json
