"""Requests that are too much, or none at all: each is refused, and the server stays as it was."""

from __future__ import annotations

import gzip
import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.cli.test_serve import server
from tests.rest.asking import Reply, ask
from tests.rest.conftest import serving
from tests.security.raw import answered, connected, head, is_ended, memory_mb, sent, until

CREATE = "/api/v1/prompts"
JSON = "application/json"
# What a server may grow by while it refuses a hundred megabytes.
GROWTH_MB = 60


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("BURNISH_HOME", str(tmp_path_factory.mktemp("home")))
        with serving() as found:
            yield found


def refused(told: Reply, *statuses: int) -> Reply:
    assert told.status in statuses, (told.status, told.body[:300])
    assert told.headers["content-type"] == "application/problem+json"
    assert told.json["request_id"] == told.headers["x-request-id"]
    assert told.json["detail"]
    return told


def deep(opening: bytes, closing: bytes, inner: bytes = b"1") -> bytes:
    return opening * 10_000 + inner + closing * 10_000


MANY = b",".join(b'"%d"' % each for each in range(1_000_000))


@pytest.mark.parametrize(
    "body",
    [
        b'{"name": "refused", "content": "x", "config": ' + deep(b"[", b"]") + b"}",
        b'{"name": "refused", "content": "x", "config": ' + deep(b'{"a":', b"}") + b"}",
        deep(b"[", b"]"),
        b"[" * 100_000,
        b'{"name": "refused", "content": "x", "tags": [' + b"1," * 1_000_000 + b"1]}",
        b'{"name": "refused", "content": "x", "tags": [' + MANY + b"]}",
        b"[" + b"1," * 1_000_000 + b"1]",
        b'{"name": NaN, "content": "x"}',
        b'{"name": "refused", "content": "x", "config": {"temperature": Infinity}}',
        b'{"name": "refused", "content": "x", "config": {"temperature": 1e999}}',
        b'{"name": "refused", "content": "x", "config": {"max_tokens": ' + b"9" * 5_000 + b"}}",
        b'{"name": "refused", "content": "x\xff"}',
        b'{"name": "refused", "content": "\\ud800"}',
        b'{"name": "refused", "content": "x"',
        b'{"name": "refused", "content": "x"} {}',
        b"\xef\xbb\xbf{}",
        b"",
    ],
)
def test_a_body_that_makes_no_request_is_refused(url: str, body: bytes) -> None:
    refused(ask("POST", f"{url}{CREATE}", raw=body), 400, 422)
    assert ask("GET", f"{url}{CREATE}?prefix=refused").json["items"] == []


def test_of_a_field_that_is_given_twice_the_last_counts_everywhere(url: str) -> None:
    body = b'{"text": "first", "text": "second"}'
    told = ask("POST", f"{url}/api/v1/redact", raw=body)
    assert (told.status, told.json["text"]) == (200, "second")


@pytest.mark.parametrize(
    "sort",
    ["", "text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x",
     "application/xml", "application/x-yaml", "application/jsonx", "x" * 5_000],
)  # fmt: skip
def test_a_body_of_another_kind_is_refused(url: str, sort: str) -> None:
    body = b'{"name": "a", "content": "x"}'
    told = ask("POST", f"{url}{CREATE}", raw=body, content_type=sort)
    assert refused(told, 415).json["hint"] == "send content-type: application/json"


@pytest.mark.parametrize("coding", ["gzip", "deflate", "br", "zstd", "gzip, gzip", "x"])
def test_a_packed_body_is_never_unpacked(url: str, coding: str) -> None:
    bomb = gzip.compress(b'{"name": "a", "content": "' + b"0" * 50_000_000, compresslevel=1)
    before = memory_mb()
    told = ask("POST", f"{url}{CREATE}", raw=bomb, content_encoding=coding)
    assert "packed" in refused(told, 415).json["detail"]
    assert memory_mb() - before < GROWTH_MB


def test_what_is_asked_for_with_a_body_all_the_same_is_answered(url: str) -> None:
    assert ask("GET", f"{url}{CREATE}", raw=b"x" * 100_000).status == 200
    refused(sent(url, head("GET", CREATE, content_length="11000000"), b"x" * 11_000_000), 413)


@pytest.mark.parametrize(
    ("request_", "status"),
    [
        (head("GET", "/api/v1/prompts/" + "a" * 100_000), {414, 431}),
        (head("GET", "/api/v1/prompts?prefix=" + "a" * 20_000), {414}),
        (head("GET", "/healthz", **{f"x-{n}": "a" for n in range(200)}), {431}),
        (head("GET", "/healthz", x_long="a" * 60_000, x_longer="a" * 10_000), {431}),
        (b"GET /healthz HTTP/1.1\r\nx-a: " + b"a" * 1_000_000, {431}),
        (b"GET /healthz HTTP/1.1\r\n" + b"x-a: a\r\n" * 100_000, {431}),
        (head("POST", CREATE, transfer_encoding="chunked")
         + b"1\r\nx\r\n0\r\n" + b"x-a: a\r\n" * 100_000, {415, 431}),
        (b"GET / HTTP/9.9\r\n\r\n", {400}),
        (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" * 20, {400}),
        (b"FETCH /healthz HTTP/1.1\r\nhost: localhost\r\n\r\n", {400}),
        (head("POST", CREATE, content_length="-1"), {400}),
        (head("POST", CREATE, content_length="1e3"), {400}),
        (head("POST", CREATE, content_length="9" * 30), {400, 413}),
        (head("POST", CREATE, content_length="5", transfer_encoding="chunked"), {400}),
        (b"POST / HTTP/1.1\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\n{}", {400}),
        (head("POST", CREATE, transfer_encoding="chunked") + b"zz\r\n", {400}),
        (head("PROPFIND", CREATE), {405}),
        (head("DELETE", CREATE), {405}),
        (head("TRACE", "/healthz"), {405}),
        (head("CONNECT", "localhost:1"), {400, 404, 405}),
        (b"GET /api/v1/prompts/\xff\xfe HTTP/1.1\r\nhost: localhost\r\n\r\n", {400, 404, 422}),
        (b"GET /api/v1/prompts/a\x00b HTTP/1.1\r\nhost: localhost\r\n\r\n", {400}),
        (head("GET", "http://evil.example/api/v1/none"), {404}),
        (head("GET", "*"), {400, 404}),
        (head("GET", "//evil.example/.."), {404}),
    ],
)  # fmt: skip
def test_what_is_no_request_is_told_so(url: str, request_: bytes, status: set[int]) -> None:
    refused(sent(url, request_), *status)
    assert ask("GET", f"{url}/healthz").status == 200


@pytest.mark.parametrize(
    "path",
    [
        "/..%2f..%2f..%2fetc%2fpasswd",
        "/../../etc/passwd",
        "/api/v1/starter/..%2f..%2f..%2fpyproject",
        "/api/v1/packs/..%2f..%2f..%2fetc%2fpasswd",
        "/api/v1/techniques/..%2fcatalog",
        "/api/v1/knowledge/%2fetc%2fpasswd",
        "/api/v1/datasets/%2fetc%2fpasswd",
        "/api/v1/prompts/..%5c..%5cwindows%5cwin.ini",
        "/api/v1/prompts/%00",
        "/api/v1/prompts/%ff%fe",
        "/%c0%ae%c0%ae/etc/passwd",
        "/api/v1/%252e%252e%252fetc%252fpasswd",
    ],
)
def test_no_path_leads_out(url: str, path: str) -> None:
    told = refused(sent(url, head("GET", path)), 400, 404, 422)
    assert b"root:" not in told.body


def test_no_header_of_an_answer_is_made_of_the_request(url: str) -> None:
    for name in ("a%0d%0aset-cookie:%20x=y", "a%0aset-cookie:x"):
        for path in (f"/api/v1/prompts/{name}", f"/api/v1/prompts?prefix={name}"):
            told = sent(url, head("GET", path, x_request_id=name))
            assert "set-cookie" not in told.headers
            assert re.fullmatch(r"[\w.-]{1,64}", told.headers["x-request-id"])


PIECE = b"x" * 1_000_000


def test_a_hundred_megabytes_stay_out_of_memory() -> None:
    with server() as (address, process):
        pid = process.pid
        assert ask("POST", f"{address}{CREATE}", {"name": "a", "content": "x"}).status == 201
        before = memory_mb(pid)
        told = sent(address, head("POST", CREATE, content_type=JSON, content_length="100000000"),
                    *[PIECE] * 100)  # fmt: skip
        refused(told, 413)
        pieces = [b"f4240\r\n" + PIECE + b"\r\n"] * 100
        told = sent(
            address, head("POST", CREATE, content_type=JSON, transfer_encoding="chunked"), *pieces
        )
        refused(told, 413)
        assert memory_mb(pid) - before < GROWTH_MB
        assert ask("GET", f"{address}{CREATE}/a").json["version"]["messages"]


def test_a_body_that_is_shorter_than_it_says_is_no_request(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    log = tmp_path / "log"
    monkeypatch.setenv("BURNISH_LOG__FILE", str(log))
    body = json.dumps({"name": "cut", "content": "x"}).encode()
    with serving() as url:
        with connected(url) as found:
            found.sendall(head("POST", CREATE, content_type=JSON, content_length="500") + body)

        def lines() -> list[dict[str, object]]:
            return [json.loads(line) for line in log.read_text().splitlines()]

        assert until(lambda: any(each.get("path") == CREATE for each in lines()))
        assert ask("GET", f"{url}{CREATE}").json["items"] == []
    assert [each["status"] for each in lines() if each.get("path") == CREATE] == [400, 200]
    assert not [each for each in lines() if each["event"] == "failed"]


def test_what_stands_behind_a_body_is_a_request_of_its_own(url: str) -> None:
    """Nothing can be hidden in a body that is longer than it says."""
    body = b'{"text": "a plan"}'
    hidden = head("DELETE", f"{CREATE}/none")
    first = head("POST", "/api/v1/analyze", content_type=JSON, content_length=str(len(body)))
    with connected(url) as found:
        found.sendall(first + body + hidden)
        assert answered(found).status == 200
    with connected(url) as found:
        found.sendall(first + body + b"GARBAGE\r\n\r\n")
        assert is_ended(found)


def test_trailers_are_no_headers(url: str) -> None:
    chunked = head("POST", "/api/v1/analyze", content_type=JSON, transfer_encoding="chunked")
    told = sent(url, chunked + b'12\r\n{"text": "a plan"}\r\n0\r\nhost: evil.example\r\n\r\n')
    assert told.status == 200
