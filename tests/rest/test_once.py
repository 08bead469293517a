"""A request that is sent again with its key is done once."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
from aiohttp import ClientSession, web
from tests.rest.asking import Reply, ask
from tests.rest.conftest import serving

import burnish

KEYED = {"name": "mail/late", "content": "The parcel is late."}


def create(address: str, key: str, **change: str) -> Reply:
    return ask("POST", f"{address}/api/v1/prompts", {**KEYED, **change}, idempotency_key=key)


def revisions(address: str) -> int:
    found = ask("GET", f"{address}/api/v1/prompts/mail%2Flate/versions")
    return len(found.json["items"])


@pytest.mark.spec("API-11")
def test_the_same_key_acts_once_and_is_answered_alike() -> None:
    with serving() as address:
        first = create(address, "one")
        again = create(address, "one")
        assert (first.status, again.status) == (201, 201)
        assert first.body == again.body
        assert "idempotency-replayed" not in first.headers
        assert again.headers["idempotency-replayed"] == "true"
    with serving() as address:
        assert create(address, "one").body == first.body
        assert revisions(address) == 1


def test_of_many_at_once_one_acts(address: str) -> None:
    with ThreadPoolExecutor(8) as pool:
        told = list(pool.map(create, [address] * 8, ["one"] * 8))
    assert {each.status for each in told} <= {201, 409}
    assert all(each.headers["retry-after"] == "1" for each in told if each.status == 409)
    assert len({each.body for each in told if each.status == 201}) == 1
    assert revisions(address) == 1


def test_a_key_of_another_request_is_refused(address: str) -> None:
    assert create(address, "one").status == 201
    told = create(address, "one", content="Another text.")
    assert told.status == 422
    assert "another request" in told.json["detail"]
    assert revisions(address) == 1


def test_after_an_error_the_key_may_be_sent_again(address: str) -> None:
    assert create(address, "one", name="no|name").status == 422
    assert create(address, "one").status == 201


@pytest.mark.parametrize("key", ["", "a b", "x" * 256])
def test_what_is_no_key_is_refused(address: str, key: str) -> None:
    assert create(address, key).status == 422
    assert ask("GET", f"{address}/api/v1/prompts").json["items"] == []


@pytest.mark.parametrize("loses", ["the connection", "the answer"])
async def test_a_client_whose_answer_was_lost_asks_again_and_it_is_done_once(
    address: str, loses: str
) -> None:
    """A proxy lets the first request through, and loses what came back."""
    asked: list[str] = []

    async def passed(request: web.Request) -> web.StreamResponse:
        async with ClientSession() as session:
            headers = {k: v for k, v in request.headers.items() if k.lower() != "host"}
            body = await request.read()
            url = f"{address}{request.path_qs}"
            async with session.request(request.method, url, data=body, headers=headers) as reply:
                told = await reply.read()
        if request.method == "POST":
            asked.append(request.headers["idempotency-key"])
            if len(asked) == 1 and loses == "the answer":
                return web.Response(status=502)
            if len(asked) == 1:
                assert request.transport is not None
                request.transport.abort()
        return web.Response(body=told, status=reply.status, content_type="application/json")

    app = web.Application()
    app.router.add_route("*", "/{path:.*}", passed)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    port = runner.addresses[0][1]
    try:
        async with burnish.AsyncClient(f"http://127.0.0.1:{port}") as client:
            made = await client.prompts.create(KEYED["name"], KEYED["content"])
            assert made.version.revision == 1
            assert len(await client.prompts.history(KEYED["name"])) == 1
    finally:
        await runner.cleanup()
    assert len(asked) == 2
    assert len(set(asked)) == 1
