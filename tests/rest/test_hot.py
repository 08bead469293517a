"""Prompts that are asked for again and again: answered from what was sent before, with the same
checks, and never what is not so any more."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import pytest

import burnish
from burnish.rest import app

from .asking import Reply, ask
from .conftest import serving

TEXT = "Is this mail a bug or praise? {{ mail }}" + " and so on" * 300
PATH = "/api/v1/prompts/mail/kind"
Get = Callable[..., Reply]


@pytest.fixture
def whole(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The requests that went the whole way."""
    went: list[str] = []
    arguments = app.arguments

    async def noting(request: Any, *rest: Any) -> Any:
        went.append(str(request.url.path))
        return await arguments(request, *rest)

    monkeypatch.setattr(app, "arguments", noting)
    return went


@pytest.fixture
def kept(address: str) -> Get:
    with burnish.open() as p:
        p.prompts.create("mail/kind", TEXT)
        p.prompts.update("mail/kind", f"{TEXT}!")
        p.prompts.set_label("mail/kind", "production", 1)

    def get(query: str = "", **headers: str) -> Reply:
        return ask("GET", f"{address}{PATH}{query}", raw=None, **headers)

    return get


def revision(reply: Reply) -> int:
    assert reply.status == 200, reply.body
    number: int = reply.json["version"]["revision"]
    return number


def until(met: Callable[[], bool]) -> None:
    end = time.monotonic() + 20
    while not met():
        assert time.monotonic() < end, "it never came"
        time.sleep(0.02)


@pytest.mark.spec("CAC-05")
def test_what_was_answered_is_answered_again_word_by_word(kept: Get, whole: list[str]) -> None:
    for query in ("", "?label=latest", "?label=production", "?revision=2"):
        first = kept(query)
        count = len(whole)
        again = kept(query)
        assert len(whole) == count, "it need not go the whole way"
        assert again.body == first.body
        assert {**again.headers, "x-request-id": "", "date": ""} == {
            **first.headers,
            "x-request-id": "",
            "date": "",
        }
        assert again.headers["x-request-id"] != first.headers["x-request-id"]
        same = kept(query, if_none_match=first.headers["etag"], x_request_id="mine")
        assert (same.status, same.body, same.headers["x-request-id"]) == (304, b"", "mine")
        assert same.headers["etag"] == first.headers["etag"]
        assert "content-type" not in same.headers
        assert kept(query, if_none_match='"another"').status == 200
    for _ in range(2):
        assert kept(accept_encoding="gzip").headers["content-encoding"] == "gzip"
        assert "content-encoding" not in kept().headers


def test_a_change_is_seen_at_once_and_that_of_others_within_a_moment(
    kept: Get, whole: list[str], address: str
) -> None:
    assert [revision(kept()) for _ in range(3)] == [1, 1, 1]
    ask("PUT", f"{address}{PATH}/labels/production", {"revision": 2})
    assert revision(kept()) == 2
    with burnish.open() as another:
        another.prompts.set_label("mail/kind", "production", 1)
        until(lambda: revision(kept()) == 1)
        another.prompts.delete("mail/kind")
        until(lambda: kept().status == 404)
        another.prompts.restore("mail/kind")
        until(lambda: kept().status == 200)
    assert whole


def test_units_get_the_version_that_their_experiment_gives_them(
    kept: Get, whole: list[str]
) -> None:
    with burnish.open() as p:
        p.experiments.create("words", ["mail/kind@1", "mail/kind@2"], metric="solved")
        p.experiments.start("words")
        units = [f"user-{n}" for n in range(20)]
        given = {unit: revision(kept(f"?unit={unit}")) for unit in units}
        assert set(given.values()) == {1, 2}
        count = len(whole)
        assert {unit: revision(kept(f"?unit={unit}")) for unit in units} == given
        assert len(whole) == count
        assert {unit: p.prompts.get("mail/kind", unit=unit).version.revision for unit in units} == (
            given
        )
        assert kept("?unit=user-1&unit=user-2").status == 422
        assert kept("?unit=").status == 422
        p.experiments.stop("words")
        until(lambda: {revision(kept(f"?unit={unit}")) for unit in units} == {1})


def test_a_key_is_asked_for_and_a_revoked_one_is_refused_at_once(
    monkeypatch: pytest.MonkeyPatch, whole: list[str]
) -> None:
    monkeypatch.setenv("BURNISH_SERVER__AUTH", "keys")
    with serving() as url, burnish.open() as p:
        p.prompts.create("mail/kind", TEXT)
        ann, ben = (p.keys.create(name).key for name in ("ann", "ben"))

        def got(key: str) -> int:
            return ask("GET", url + PATH, authorization=f"Bearer {key}").status

        assert [got(ann) for _ in range(20)] == [200] * 20
        assert len(whole) < 20
        assert got(ben) == 200
        assert ask("GET", url + PATH).status == 401
        assert got(f"{ann}x") == 401
        p.keys.revoke("ann")
        assert got(ann) == 401
        assert got(ben) == 200


@pytest.mark.spec("SEC-05")
def test_what_is_answered_at_once_counts_as_much(
    monkeypatch: pytest.MonkeyPatch, whole: list[str]
) -> None:
    monkeypatch.setenv("BURNISH_SERVER__AUTH", "keys")
    monkeypatch.setenv("BURNISH_SERVER__REQUESTS_PER_MIN", "10")
    with serving() as url, burnish.open() as p:
        p.prompts.create("mail/kind", TEXT)
        header = {"authorization": f"Bearer {p.keys.create('ann').key}"}
        told = [ask("GET", url + PATH, raw=None, **header) for _ in range(11)]
        assert [each.status for each in told] == [200] * 10 + [429]
        left = [int(each.headers["ratelimit-remaining"]) for each in told[:10]]
        assert left == list(range(9, -1, -1))
        assert int(told[-1].headers["retry-after"]) > 0
        assert len(whole) < 10


def test_it_is_counted_and_logged_like_every_other(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Any, whole: list[str]
) -> None:
    log = tmp_path / "log.jsonl"
    monkeypatch.setenv("BURNISH_LOG__FILE", str(log))
    with serving() as url:
        with burnish.open() as p:
            p.prompts.create("mail/kind", TEXT)
        *_, last = (ask("GET", url + PATH) for _ in range(6))
        tag = last.headers["etag"]
        assert ask("GET", url + PATH, if_none_match=tag).status == 304
        assert len(whole) == 1
        told = ask("GET", f"{url}/metrics").body.decode()
    name = 'http_requests_total{method="GET",operation="prompts_get",status="%s"}'
    assert f"{name % 200} 6.0" in told
    assert f"{name % 304} 1.0" in told
    assert 'http_request_duration_seconds_count{operation="prompts_get"} 7.0' in told
    assert log.read_text().count('"path":"/api/v1/prompts/mail/kind"') == 7


def test_another_name_of_the_machine_is_asked_for_each_time(kept: Get) -> None:
    assert kept().status == 200
    assert kept(host="evil.example").status == 421
    assert kept(origin="https://evil.example").status == 403
