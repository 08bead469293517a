"""The parts under the adapters: events, refusals, secrets, addresses, connections."""

from __future__ import annotations

import asyncio
import copy
import json
import pickle
import socket
from collections.abc import AsyncGenerator, Callable, Generator, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from burnish.errors import (
    BadReply,
    ConnectionLost,
    KeyRefused,
    ModelFailed,
    ModelTimeout,
    NoSuchModel,
    RateLimited,
    RequestRefused,
    ServerFault,
    UsageError,
)
from burnish.models.connections import PerLoop, proxy_for
from burnish.models.faults import Faults, Refusal, refusal, retry_after_s
from burnish.models.model import Capabilities, Chunk, ModelRequest, Timeouts
from burnish.models.ollama import Ollama, ollama_url
from burnish.models.openai_like import OpenAILike
from burnish.models.options import ProviderOptions, Secret, masked
from burnish.models.schema import is_strict
from burnish.models.wire import EventReader, TooLong
from burnish.prompts.prompt import Message

from .vendors import EVENTS, JSON, Fault, Vendors

KEY = "canary-0123456789abcdef"
OPTIONS = ProviderOptions(
    provider="acme", base_url="https://acme.example/v1", key=Secret(KEY), key_variable="ACME_KEY"
)
ASKED = ModelRequest(model="m1", messages=(Message("user", "Hello?"),))


@pytest.fixture
def server() -> Iterator[Vendors]:
    with Vendors() as vendors:
        yield vendors


@contextmanager
def full_queue() -> Generator[str]:
    """A port whose queue of new connections is full, so that it answers no other."""
    with socket.socket() as listening, socket.socket() as waiting, socket.socket() as more:
        listening.bind(("127.0.0.1", 0))
        listening.listen(0)
        address = listening.getsockname()
        for client in (waiting, more):
            client.setblocking(False)
            client.connect_ex(address)
        yield f"http://127.0.0.1:{address[1]}/v1"


@asynccontextmanager
async def acme(server: Vendors, **changes: Any) -> AsyncGenerator[OpenAILike]:
    fields: dict[str, Any] = {"provider": "acme", "base_url": f"{server.url}/v1"}
    model = OpenAILike(ProviderOptions(**{**fields, **changes}))
    yield model
    await model.close()


async def streamed(model: OpenAILike) -> list[Chunk]:
    return [chunk async for chunk in model.stream(ASKED)]


SHOWN: list[Callable[[Any], str]] = [
    repr,
    str,
    "{}".format,
    "{!r:>50}".format,
    lambda thing: json.dumps(thing, default=str),
    lambda thing: str(msgspec.to_builtins(thing, enc_hook=str)),
    lambda thing: msgspec.json.encode(thing, enc_hook=str).decode(),
    lambda thing: msgspec.json.encode(thing, enc_hook=repr).decode(),
]


class TestSecret:
    @pytest.mark.parametrize("thing", [Secret(KEY), OPTIONS], ids=["secret", "options"])
    @pytest.mark.parametrize("show", SHOWN)
    def test_nothing_shows_the_key(self, thing: object, show: Callable[[object], str]) -> None:
        assert "canary" not in show(thing)

    @pytest.mark.parametrize("thing", [Secret(KEY), OPTIONS], ids=["secret", "options"])
    @pytest.mark.parametrize(
        "write",
        [pickle.dumps, msgspec.json.encode, msgspec.msgpack.encode, json.dumps, vars],
    )
    def test_what_would_write_the_key_out_refuses(
        self, thing: Any, write: Callable[[Any], Any]
    ) -> None:
        with pytest.raises(TypeError) as caught:
            write(thing)
        assert "canary" not in str(caught.value)

    def test_the_key_is_there_for_who_asks(self) -> None:
        assert Secret(KEY).reveal() == KEY
        assert copy.deepcopy(OPTIONS).key.reveal() == KEY
        assert Secret(KEY) == Secret(KEY) != Secret("other")
        assert len({Secret(KEY), Secret(KEY)}) == 1
        assert Secret(KEY)
        assert not Secret("")

    @pytest.mark.parametrize(
        "text",
        [
            f"wrong key {KEY}, sorry",
            "Incorrect API key provided: sk-proj-****************abcd.",
            "bearer abc.def-ghi",
            "AIzaSyA1234567890abcdefghij",
        ],
    )
    def test_masked_texts_hold_no_key(self, text: str) -> None:
        shown = masked(text, Secret(KEY))
        assert "[secret]" in shown
        assert not any(word in shown for word in ("canary", "abcd", "abc.def", "AIza"))

    def test_a_placeholder_key_is_not_masked_out_of_plain_words(self) -> None:
        text = "the x in an example; skateboarding, risk-averse-people, pkg_of_mine"
        assert masked(text, Secret("x")) == text


class TestEvents:
    @given(
        st.lists(st.text(st.characters(codec="utf-8", exclude_characters="\r\n")), max_size=8),
        st.data(),
    )
    def test_pieces_of_any_size_give_the_same_events(
        self, texts: list[str], data: st.DataObject
    ) -> None:
        end = data.draw(st.sampled_from(["\n", "\r\n"]))
        wire = "".join(f"event: x{end}: note{end}data: {text}{end}{end}" for text in texts).encode()
        reader, events = EventReader(), list[bytes]()
        while wire:
            size = data.draw(st.integers(1, len(wire)))
            events += reader.feed(wire[:size])
            wire = wire[size:]
        assert [event.decode() for event in (*events, *reader.finish())] == texts

    def test_lines_of_one_event_are_joined(self) -> None:
        assert list(EventReader().feed(b"data: a\ndata:b\n\n")) == [b"a\nb"]

    def test_an_end_without_an_empty_line_counts(self) -> None:
        reader = EventReader()
        assert list(reader.feed(b"data: a")) == []
        assert list(reader.finish()) == [b"a"]

    @pytest.mark.parametrize(
        "pieces", [[b"data: " + b"x" * 50], [b"x" * 20] * 3, [b"data: xxxxxxxxxxxx\n"] * 3]
    )
    def test_lines_and_events_are_bounded(self, pieces: list[bytes]) -> None:
        reader = EventReader(max_line_bytes=30)
        with pytest.raises(TooLong):
            [list(reader.feed(piece)) for piece in pieces]


class TestRetryAfter:
    @pytest.mark.parametrize(
        ("headers", "seconds"),
        [
            ({}, None),
            ({"retry-after": "12"}, 12.0),
            ({"retry-after": "0.5"}, 0.5),
            ({"retry-after": "-3"}, 0.0),
            ({"retry-after": "soon"}, None),
            ({"retry-after": "inf"}, None),
            ({"retry-after-ms": "250", "retry-after": "1"}, 0.25),
            (
                {
                    "retry-after": "Wed, 21 Oct 2026 07:28:30 GMT",
                    "date": "Wed, 21 Oct 2026 07:28:00 GMT",
                },
                30.0,
            ),
            ({"retry-after": "Wed, 21 Oct 2015 07:28:00 GMT"}, 0.0),
            ({"x-ratelimit-reset-requests": "1m30.5s"}, 90.5),
            ({"x-ratelimit-reset-tokens": "250ms"}, 0.25),
            ({"x-ratelimit-reset-tokens": "never"}, None),
            (
                {
                    "x-ratelimit-reset-requests": "20ms",
                    "x-ratelimit-remaining-requests": "59",
                    "x-ratelimit-reset-tokens": "6m0s",
                    "x-ratelimit-remaining-tokens": "0",
                },
                360.0,
            ),
            ({"x-ratelimit-reset-requests": "1h", "x-ratelimit-reset-tokens": "2s"}, 2.0),
        ],
    )
    def test_every_way_to_say_it(self, headers: dict[str, str], seconds: float | None) -> None:
        assert retry_after_s(headers) == pytest.approx(seconds)


class TestRefusals:
    @pytest.mark.parametrize(
        "body",
        [
            b'{"error": {"message": "why not"}}',
            b'{"error": "why not"}',
            b'{"message": "why not"}',
            b'{"detail": "why not"}',
            b'{"detail": [{"msg": "why not"}]}',
            b'[{"error": {"message": "why not"}}]',
            b'"why not"',
            b"why not",
        ],
    )
    def test_the_message_is_found_in_every_shape(self, body: bytes) -> None:
        error = Faults(OPTIONS).refused(refusal(400, {}, body), "m1")
        assert "why not" in error.what
        assert error.model == "acme:m1"

    def test_a_page_for_people_is_left_out(self) -> None:
        page = refusal(502, {"content-type": "text/html"}, b"<html>Bad gateway</html>")
        assert Faults(OPTIONS).refused(page).what == "acme failed (502)"

    @pytest.mark.parametrize(
        "body", [b"", b"\xff\xfe", b"{", b"null", b"3", b"[]", b'{"error": 3}']
    )
    def test_any_body_gives_an_error(self, body: bytes) -> None:
        assert isinstance(Faults(OPTIONS).refused(refusal(500, {}, body)), ServerFault)

    @pytest.mark.parametrize(
        ("status", "code", "kind"),
        [
            (429, "insufficient_quota", RequestRefused),
            (402, "", RequestRefused),
            (429, "rate_limit_exceeded", RateLimited),
            (401, "", KeyRefused),
            (400, "model_not_found", NoSuchModel),
            (404, "", RequestRefused),
            (408, "", ModelTimeout),
            (413, "", RequestRefused),
            (529, "", ServerFault),
        ],
    )
    def test_what_a_status_means(self, status: int, code: str, kind: type[ModelFailed]) -> None:
        error = Faults(OPTIONS).refused(Refusal(status=status, code=code), "m1")
        assert type(error) is kind
        assert error.status == status

    def test_long_words_are_cut_and_keys_masked(self) -> None:
        error = Faults(OPTIONS).refused(Refusal(status=400, message=f"{KEY}\n" + "y" * 999))
        assert len(error.what) < 360
        assert "canary" not in str(error)
        assert "\n" not in str(error)


class TestAddresses:
    @pytest.mark.parametrize(
        ("host", "url"),
        [
            ("", "http://127.0.0.1:11434"),
            ("0.0.0.0", "http://127.0.0.1:11434"),
            ("0.0.0.0:8080", "http://127.0.0.1:8080"),
            ("[::]:8080", "http://[::1]:8080"),
            (":8080", "http://127.0.0.1:8080"),
            ("gpu-box", "http://gpu-box:11434"),
            ("gpu-box:80", "http://gpu-box:80"),
            ("http://gpu-box", "http://gpu-box:80"),
            ("https://gpu.example/", "https://gpu.example:443"),
            ("https://gpu.example/ollama/", "https://gpu.example:443/ollama"),
            (" 127.0.0.1:11434 ", "http://127.0.0.1:11434"),
        ],
    )
    def test_whatever_ollama_host_holds(self, host: str, url: str) -> None:
        assert ollama_url(host) == url

    @pytest.mark.parametrize(
        "url",
        [
            "",
            "acme.example",
            "ftp://acme.example",
            "https://",
            "https://me:hush@acme.example",
            "http://[::1",
            "http://acme.example:eighty",
        ],
    )
    def test_other_addresses_are_refused(self, url: str) -> None:
        with pytest.raises(UsageError, match="base_url of acme") as caught:
            OpenAILike(ProviderOptions(provider="acme", base_url=url))
        assert "hush" not in str(caught.value)

    @pytest.mark.parametrize("host", ["gpu-box:eleven", "[::", "http://me:hush@gpu-box"])
    def test_an_ollama_host_that_is_no_address_is_refused(self, host: str) -> None:
        with pytest.raises(UsageError, match="base_url of ollama") as caught:
            Ollama(ProviderOptions(provider="ollama", base_url=host))
        assert "hush" not in str(caught.value)

    def test_the_systems_proxy_is_for_other_machines(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("https_proxy", "http://proxy.example:3128")
        monkeypatch.setenv("no_proxy", "inside.example")
        assert proxy_for("https://api.example/v1") == "http://proxy.example:3128"
        assert proxy_for("https://inside.example/v1") is None
        assert proxy_for("http://localhost:8000/v1") is None
        assert proxy_for("http://127.0.0.1:8000/v1") is None

    async def test_a_proxy_gets_the_request(
        self, server: Vendors, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("http_proxy", server.url)
        async with acme(server, base_url="http://acme.example/v1") as model:
            await model.complete(ASKED)
        assert server.last.path == "http://acme.example/v1/chat/completions"


class TestConnections:
    def test_each_loop_has_its_own_and_close_closes_all(self) -> None:
        made, closed = list[object](), list[object]()

        async def close(thing: object) -> None:
            closed.append(thing)

        def make() -> object:
            made.append(object())
            return made[-1]

        held = PerLoop(make, close)

        async def twice() -> None:
            assert await held.get() is await held.get()

        asyncio.run(twice())
        asyncio.run(twice())
        assert len(made) == 2
        assert closed == made[:1], "what a closed loop held is let go"

        async def end() -> None:
            await held.get()
            await held.close()

        asyncio.run(end())
        assert closed == made

    async def test_a_loop_in_another_thread_is_closed_there(self, server: Vendors) -> None:
        async with acme(server) as model:
            await model.complete(ASKED)
            # Another loop closes what this one opened.
            await asyncio.to_thread(asyncio.run, model.close())
            assert (await model.complete(ASKED)).text == server.reply

    async def test_connections_are_used_again(self, server: Vendors) -> None:
        """A stream read to its end leaves its connection to the next call."""
        async with acme(server, connections=1) as model:
            for _ in range(3):
                await streamed(model)
                await model.complete(ASKED)
        assert len({seen.headers["host"] for seen in server.seen}) == 1
        assert server.connections == 1

    async def test_no_more_connections_than_allowed(self, server: Vendors) -> None:
        async with acme(server, connections=2) as model:
            await asyncio.gather(*(model.complete(ASKED) for _ in range(12)))
        assert server.connections <= 2

    async def test_headers_of_a_preset_go_along(self, server: Vendors) -> None:
        async with acme(server, headers={"X-Title": "Burnish"}, key=Secret(f"{KEY}\n")) as model:
            await model.complete(ASKED)
        assert server.last.headers["x-title"] == "Burnish"
        assert server.last.headers["authorization"] == f"Bearer {KEY}"

    async def test_without_a_key_none_is_sent(self, server: Vendors) -> None:
        async with acme(server) as model:
            await model.complete(ASKED)
        assert "authorization" not in server.last.headers

    async def test_a_key_that_breaks_headers_is_refused(self, server: Vendors) -> None:
        async with acme(
            server, key=Secret("canary\r\nX-Evil: 1"), key_variable="ACME_KEY"
        ) as model:
            with pytest.raises(KeyRefused, match="set ACME_KEY again") as caught:
                await model.complete(ASKED)
        assert "canary" not in str(caught.value)

    async def test_a_connection_that_takes_too_long(self, server: Vendors) -> None:
        """An address that takes no new connection: its queue is full."""
        times = Timeouts(connect_s=0.1, first_token_s=5, whole_s=5)
        with full_queue() as url:
            async with acme(server, base_url=url, timeouts=times) as model:
                with pytest.raises(ModelTimeout, match=r"no connection to acme in 0\.1 s"):
                    await model.complete(ASKED)


class TestOddAnswers:
    """What servers send that call themselves compatible."""

    async def test_an_error_with_status_200(self, server: Vendors) -> None:
        error = {"error": {"code": 429, "message": "slow down"}}
        server.faults.append(Fault(body=json.dumps(error).encode()))
        async with acme(server) as model:
            with pytest.raises(RateLimited, match="slow down"):
                await model.complete(ASKED)

    @pytest.mark.parametrize(
        ("error", "kind"),
        [
            ({"message": "m", "code": 502}, ServerFault),
            ({"message": "m", "type": "overloaded_error"}, ServerFault),
            ({"message": "m", "type": "rate_limit_error"}, RateLimited),
            ({"message": "m", "code": "insufficient_quota"}, RequestRefused),
            ({"message": "m", "type": "invalid_request_error"}, RequestRefused),
            ({"message": "m"}, ServerFault),
            ("m", ServerFault),
        ],
    )
    async def test_an_error_inside_a_stream(
        self, server: Vendors, error: Any, kind: type[ModelFailed]
    ) -> None:
        body = sse({"choices": [{"delta": {"content": "Hel"}}]}, {"error": error})
        server.faults.append(Fault(body=body, content_type=EVENTS))
        async with acme(server) as model:
            with pytest.raises(kind, match="m"):
                await streamed(model)

    async def test_a_whole_answer_to_the_wish_for_a_stream(self, server: Vendors) -> None:
        whole = {"choices": [{"message": {"content": "All at once."}, "finish_reason": "stop"}]}
        server.faults.append(Fault(body=json.dumps(whole).encode(), content_type=JSON))
        async with acme(server) as model:
            piece, last = await streamed(model)
        assert last.reply is not None
        assert piece.text == last.reply.text == "All at once."

    async def test_a_stream_with_a_finish_but_no_done(self, server: Vendors) -> None:
        body = sse({"choices": [{"delta": {"content": "Hi"}, "finish_reason": "stop"}]})
        server.faults.append(Fault(body=body, content_type=EVENTS))
        async with acme(server) as model:
            assert (await streamed(model))[-1].reply is not None

    async def test_a_stream_with_neither_is_lost(self, server: Vendors) -> None:
        body = sse({"choices": [{"delta": {"content": "Hi"}}]})
        server.faults.append(Fault(body=body, content_type=EVENTS))
        async with acme(server) as model:
            with pytest.raises(ConnectionLost, match="in the middle"):
                await streamed(model)

    async def test_no_usage_is_unknown_and_not_zero(self, server: Vendors) -> None:
        for usage in ({}, {"usage": {"prompt_tokens": 0, "completion_tokens": 0}}):
            body = {"choices": [{"message": {"content": "Hi"}}], **usage}
            server.faults.append(Fault(body=json.dumps(body).encode()))
        async with acme(server) as model:
            for _ in range(2):
                reply = await model.complete(ASKED)
                assert (reply.usage.input_tokens, reply.usage.output_tokens) == (None, None)
                assert reply.model == "m1"

    @pytest.mark.parametrize(
        ("message", "kind"),
        [
            ({"content": None, "reasoning_content": "thinking"}, BadReply),
            ({"content": "  \n"}, BadReply),
            ({"content": None, "refusal": "I will not."}, RequestRefused),
        ],
    )
    async def test_answers_that_say_nothing(
        self, server: Vendors, message: Any, kind: type[ModelFailed]
    ) -> None:
        body = {"choices": [{"message": message, "finish_reason": "stop"}]}
        server.faults.append(Fault(body=json.dumps(body).encode()))
        async with acme(server) as model:
            with pytest.raises(kind):
                await model.complete(ASKED)

    async def test_text_in_parts_without_the_thoughts(self, server: Vendors) -> None:
        parts: list[dict[str, Any]] = [
            {"type": "thinking", "thinking": []},
            {"type": "text", "text": "Hi"},
        ]
        server.faults.append(
            Fault(body=json.dumps({"choices": [{"message": {"content": parts}}]}).encode())
        )
        async with acme(server) as model:
            assert (await model.complete(ASKED)).text == "Hi"

    async def test_tool_calls_without_numbers(self, server: Vendors) -> None:
        def call(name: str | None, arguments: Any) -> dict[str, Any]:
            function = {"name": name, "arguments": arguments}
            return {"choices": [{"delta": {"tool_calls": [{"function": function}]}}]}

        events = [call("a", '{"x"'), call(None, ": 1}"), call("b", {"y": 2}), call("c", None)]
        body = sse(*events, {"choices": [{"delta": {}, "finish_reason": "tool_calls"}]})
        server.faults.append(Fault(body=body, content_type=EVENTS))
        async with acme(server) as model:
            reply = (await streamed(model))[-1].reply
        assert reply is not None
        calls = [(made.name, json.loads(made.arguments)) for made in reply.tool_calls]
        assert calls == [("a", {"x": 1}), ("b", {"y": 2}), ("c", {})]

    async def test_one_endless_line_ends(self, server: Vendors) -> None:
        body = b"data: " + b"x" * (17 * 2**20)
        server.faults.append(Fault(body=body, content_type=EVENTS))
        async with acme(server) as model:
            with pytest.raises(BadReply, match="too long"):
                await streamed(model)

    @pytest.mark.parametrize(
        "data",
        [
            [],
            [{"embedding": [1.0]}],
            [{"embedding": [1.0]}, {"embedding": [1.0, 2.0]}],
            [{"embedding": []}, {"embedding": []}],
            [{"embedding": "x"}, {"embedding": "y"}],
        ],
    )
    async def test_vectors_of_the_wrong_shape(self, server: Vendors, data: Any) -> None:
        server.faults.append(Fault(body=json.dumps({"data": data}).encode()))
        async with acme(server) as model:
            with pytest.raises(BadReply):
                await model.embed("e1", ["one", "two"])

    async def test_a_bare_list_of_models(self, server: Vendors) -> None:
        server.faults.append(Fault(body=b'[{"id": "b"}, {"id": "a"}]'))
        async with acme(server) as model:
            assert await model.names() == ["a", "b"]

    async def test_given_capabilities_hold(self, server: Vendors) -> None:
        able = Capabilities(schema=False)
        options = ProviderOptions(provider="acme", base_url=server.url)
        assert OpenAILike(options, able).capabilities("m1") == able


@pytest.mark.parametrize(
    ("schema", "strict"),
    [
        ({"type": "object", "properties": {}, "additionalProperties": False}, True),
        ({"type": "object", "properties": {"a": {}}, "additionalProperties": False}, False),
        ({"type": "object", "properties": {"a": {}}, "required": ["a"]}, False),
        ({"type": "array", "items": {"type": "object"}}, False),
        ({"type": "string"}, True),
    ],
)
async def test_only_strict_schemas_are_sent_as_strict(
    server: Vendors, schema: dict[str, Any], strict: bool
) -> None:
    assert is_strict(schema) == strict
    async with acme(server) as model:
        await model.complete(msgspec.structs.replace(ASKED, schema=schema))
    assert server.last.body["response_format"]["json_schema"]["strict"] == strict


def sse(*events: Any) -> bytes:
    return "".join(f"data: {json.dumps(event)}\r\n\r\n" for event in events).encode()
