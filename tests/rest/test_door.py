"""Whom a server without accounts answers: programs of this machine, and no page of the web."""

from __future__ import annotations

import http.client
import json
from pathlib import Path

import pytest
from tests.rest.asking import ask

from burnish.cli.main import main


@pytest.mark.spec("SEC-17")
@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.168.0.7", "example.org"])
def test_an_address_that_others_reach_is_refused_with_the_reason(
    host: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["serve", "--host", host]) == 6
    told = capsys.readouterr().err
    assert told.startswith(f"burnish: {host} can be reached from other machines")
    assert "burnish keys create" in told
    assert "127.0.0.1" in told


def test_only_names_of_this_machine_are_answered(address: str) -> None:
    for name in ("evil.example", "127.0.0.1.evil.example", "", "[", "localhost@evil.example"):
        told = ask("GET", f"{address}/api/v1/prompts", host=name)
        assert told.status in {400, 421}, name
    port = address.rpartition(":")[2]
    for name in (f"localhost:{port}", f"127.0.0.1:{port}", "[::1]"):
        assert ask("GET", f"{address}/api/v1/prompts", host=name).status == 200


def test_further_names_are_a_setting(monkeypatch: pytest.MonkeyPatch) -> None:
    from tests.rest.conftest import serving

    monkeypatch.setenv("BURNISH_SERVER__NAMES", "prompts.example")
    with serving() as url:
        assert ask("GET", f"{url}/api/v1/prompts", host="prompts.example").status == 200


@pytest.mark.parametrize("origin", ["https://evil.example", "null", "http://127.0.0.1:1"])
def test_a_page_of_another_origin_can_do_nothing(address: str, origin: str) -> None:
    body = {"name": "taken", "content": "x"}
    told = ask("POST", f"{address}/api/v1/prompts", body, origin=origin)
    assert told.status == 403
    assert "access-control-allow-origin" not in told.headers
    asked = ask("OPTIONS", f"{address}/api/v1/prompts", origin=origin)
    assert "access-control-allow-origin" not in asked.headers
    assert ask("GET", f"{address}/api/v1/prompts").json["items"] == []
    assert ask("GET", f"{address}/api/v1/prompts", origin=address).status == 200


def test_every_answer_says_that_nothing_in_it_may_run(address: str) -> None:
    kept = {"/api/v1/prompts": "private, no-cache"}
    for path in ("/healthz", "/api/v1/prompts", "/api/v1/none", "/openapi.json"):
        headers = ask("GET", f"{address}{path}").headers
        assert headers["x-content-type-options"] == "nosniff"
        assert "default-src 'none'" in headers["content-security-policy"]
        assert headers["cache-control"] == kept.get(path, "no-store")
        assert "server" not in headers


def test_a_request_has_an_id_that_its_sender_may_choose(address: str) -> None:
    assert ask("GET", f"{address}/healthz", x_request_id="mine-1").headers["x-request-id"] == (
        "mine-1"
    )
    for given in ("a b", "x" * 65, "a;b"):
        assert ask("GET", f"{address}/healthz", x_request_id=given).headers["x-request-id"] != given


def test_a_body_is_bounded_whether_or_not_it_says_how_large_it_is(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from tests.rest.conftest import serving

    monkeypatch.setenv("BURNISH_SERVER__BODY_MB", "0.1")
    text = json.dumps({"name": "a", "content": "x" * 200_000}).encode()
    with serving() as url:
        told = ask("POST", f"{url}/api/v1/prompts", raw=text)
        assert (told.status, told.json["title"]) == (413, "Request Entity Too Large")
        host, port = url.removeprefix("http://").split(":")
        connection = http.client.HTTPConnection(host, int(port))
        pieces = (text[at : at + 5_000] for at in range(0, len(text), 5_000))
        headers = {"content-type": "application/json", "transfer-encoding": "chunked"}
        connection.request("POST", "/api/v1/prompts", pieces, headers, encode_chunked=True)
        assert connection.getresponse().status == 413
        connection.close()
        assert ask("GET", f"{url}/api/v1/prompts").json["items"] == []


def test_requests_are_logged_without_what_they_say(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    from tests.rest.conftest import serving

    monkeypatch.setenv("BURNISH_LOG__FILE", str(tmp_path / "log"))
    with serving() as url:
        ask("POST", f"{url}/api/v1/analyze?x=canary", {"text": "tell the canary"})
        ask("POST", f"{url}/api/v1/analyze", {"text": "tell the canary"}, x_request_id="mine")
    lines = [json.loads(line) for line in (tmp_path / "log").read_text().splitlines()]
    last = [each for each in lines if each["event"] == "request"][-1]
    assert (last["path"], last["status"], last["request_id"]) == ("/api/v1/analyze", 200, "mine")
    assert "canary" not in json.dumps(lines)


def test_a_mistake_of_ours_tells_nothing_of_its_inside(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    from tests.rest.conftest import serving

    from burnish.platform import AsyncPlatform

    async def broken(*_: object, **__: object) -> None:
        raise RuntimeError("a canary within")

    monkeypatch.setattr(AsyncPlatform, "cache_stats", broken)
    monkeypatch.setenv("BURNISH_LOG__FILE", str(tmp_path / "log"))
    with serving() as url:
        told = ask("GET", f"{url}/api/v1/cache", x_request_id="mine")
        assert (told.status, told.headers["content-type"]) == (500, "application/problem+json")
        assert "canary" not in told.body.decode()
        assert ask("GET", f"{url}/healthz").status == 200
    (line,) = [each for each in (tmp_path / "log").read_text().splitlines() if "failed" in each]
    assert ("RuntimeError" in line, '"mine"' in line) == (True, True)
    assert "canary" not in capfd.readouterr().err
