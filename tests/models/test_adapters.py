"""One contract for every adapter, against a server that speaks each vendor's own format."""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from burnish.errors import (
    BadReply,
    ConnectionLost,
    KeyRefused,
    MissingExtra,
    ModelFailed,
    ModelTimeout,
    NoSuchModel,
    RateLimited,
    RequestRefused,
    ServerFault,
    UsageError,
)
from burnish.models.anthropic import Anthropic
from burnish.models.gemini import Gemini
from burnish.models.model import Capabilities, Chunk, Model, ModelRequest, Timeouts
from burnish.models.ollama import Ollama
from burnish.models.openai_like import OpenAILike
from burnish.models.options import ProviderOptions, Secret
from burnish.prompts.prompt import Message

from .vendors import CACHED_TOKENS, CALL, INPUT_TOKENS, VECTOR, Fault, Vendors

KEY = "sk-canary-0123456789abcdef"
SCHEMA = {
    "type": "object",
    "properties": {"title": {"type": "string"}, "count": {"type": "integer"}},
    "required": ["title", "count"],
    "additionalProperties": False,
}
TOOL = {
    "name": "weather",
    "description": "Tells the weather.",
    "parameters": {"type": "object", "properties": {"city": {"type": "string"}}},
}


@dataclass(frozen=True)
class Case:
    """One provider: its adapter, its address under the server's, and where its format puts what."""

    provider: str
    model: str
    make: Callable[[ProviderOptions], Model] = OpenAILike
    path: str = "/v1"
    seed: str = "seed"
    max_tokens: str = "max_tokens"
    embeds: bool = True

    def said(self, body: dict[str, Any]) -> list[tuple[str, str]]:
        """What the request holds, as (role, text)."""
        if self.provider == "anthropic":
            system = body.get("system", "")
            texts = [system] if isinstance(system, str) else [part["text"] for part in system]
            return [
                *(("system", text) for text in texts if text),
                *((m["role"], _text(m["content"])) for m in body["messages"]),
            ]
        if self.provider == "gemini":
            system = body.get("systemInstruction", {"parts": []})["parts"]
            return [
                *(("system", part["text"]) for part in system),
                *((_role(c["role"]), _text(c["parts"])) for c in body["contents"]),
            ]
        return [(m["role"], m["content"]) for m in body["messages"]]

    def parameters(self) -> dict[str, Any]:
        """What temperature 0.5, top_p 0.9, seed 7, 50 tokens and a stop word become."""
        if self.provider == "anthropic":
            return {"max_tokens": 50, "temperature": 0.5, "top_p": 0.9, "stop_sequences": ["END"]}
        if self.provider == "gemini":
            return {
                "maxOutputTokens": 50,
                "temperature": 0.5,
                "topP": 0.9,
                "seed": 7,
                "stopSequences": ["END"],
            }
        shared = {"temperature": 0.5, "top_p": 0.9, "stop": ["END"]}
        return {self.max_tokens: 50, self.seed: 7, **shared}

    def settings(self, body: dict[str, Any]) -> dict[str, Any]:
        return body["generationConfig"] if self.provider == "gemini" else body

    def schema(self, body: dict[str, Any]) -> Any:
        """The schema, or what stands for it, where this vendor looks for it."""
        if self.provider == "anthropic":
            return body["output_config"]["format"]["schema"]
        if self.provider == "gemini":
            return body["generationConfig"]["responseJsonSchema"]
        if self.provider == "deepseek":
            assert body["response_format"] == {"type": "json_object"}
            return json.loads(body["messages"][0]["content"].partition("\n")[2])
        return body["response_format"]["json_schema"]["schema"]

    def tool(self, body: dict[str, Any]) -> tuple[str, str, Any]:
        if self.provider == "anthropic":
            tool = body["tools"][0]
            return tool["name"], tool["description"], tool["input_schema"]
        if self.provider == "gemini":
            tool = body["tools"][0]["functionDeclarations"][0]
            return tool["name"], tool["description"], tool["parameters_json_schema"]
        tool = body["tools"][0]["function"]
        return tool["name"], tool["description"], tool["parameters"]

    @property
    def begun(self) -> int:
        """How many pieces of a stream bring its first word."""
        return {"anthropic": 3, "gemini": 2}.get(self.provider, 4)

    @property
    def opened(self) -> int:
        """How many pieces of a stream come before the model has said anything."""
        return {"gemini": 1}.get(self.provider, 2)

    def key(self, headers: dict[str, str]) -> str:
        if self.provider == "gemini":
            return headers["x-goog-api-key"]
        return headers["authorization"].removeprefix("Bearer ")


def _role(role: str) -> str:
    return {"model": "assistant"}.get(role, role)


def _text(content: Any) -> str:
    return content if isinstance(content, str) else "".join(part["text"] for part in content)


CASES = [
    pytest.param(case, id=case.provider, marks=mark)
    for case, mark in (
        (Case("openai", "gpt-4o-mini"), pytest.mark.spec("MOD-01", "MOD-02")),
        (Case("deepseek", "deepseek-chat", embeds=False), pytest.mark.spec("MOD-01", "MOD-05")),
        (Case("groq", "openai/gpt-oss-120b", embeds=False), pytest.mark.spec("MOD-01", "MOD-05")),
        (Case("xai", "grok-4-fast", embeds=False), pytest.mark.spec("MOD-01", "MOD-05")),
        (Case("openrouter", "meta/llama", path="/api/v1"), pytest.mark.spec("MOD-01", "MOD-05")),
        (Case("mistral", "mistral-small", seed="random_seed"), pytest.mark.spec("MOD-01")),
        (
            Case("anthropic", "claude-haiku-4-5", Anthropic, "", embeds=False),
            pytest.mark.spec("MOD-01", "MOD-03"),
        ),
        (Case("gemini", "gemini-2.5-flash", Gemini, ""), pytest.mark.spec("MOD-01", "MOD-04")),
        (Case("ollama", "llama3.2", Ollama, ""), pytest.mark.spec("MOD-01")),
    )
]


@pytest.fixture
def server() -> Iterator[Vendors]:
    with Vendors() as vendors:
        yield vendors


@pytest.fixture
def case(request: pytest.FixtureRequest) -> Case:
    return request.param


@pytest.fixture
async def model(case: Case, server: Vendors) -> AsyncIterator[Model]:
    async for model in made(case, server):
        yield model


@pytest.fixture
async def hasty(case: Case, server: Vendors) -> AsyncIterator[Model]:
    """A model that does not wait long."""
    times = Timeouts(connect_s=1.0, first_token_s=0.6, whole_s=1.0)
    async for model in made(case, server, times):
        yield model


async def made(
    case: Case, server: Vendors, timeouts: Timeouts | None = None
) -> AsyncIterator[Model]:
    model = case.make(options(case, server.url, timeouts))
    yield model
    await model.close()


def options(case: Case, url: str, timeouts: Timeouts | None = None) -> ProviderOptions:
    return ProviderOptions(
        provider=case.provider,
        base_url=f"{url}{case.path}",
        key=Secret(KEY),
        key_variable="SOME_API_KEY",
        timeouts=timeouts or Timeouts(connect_s=5, first_token_s=10, whole_s=20),
    )


def asked(case: Case, **changes: Any) -> ModelRequest:
    fields: dict[str, Any] = {
        "model": case.model,
        "messages": (Message("user", "Say hello."),),
        "max_tokens": 50,
    }
    return ModelRequest(**{**fields, **changes})


async def streamed(model: Model, request: ModelRequest) -> list[Chunk]:
    return [chunk async for chunk in model.stream(request)]


async def failure(model: Model, request: ModelRequest, *, stream: bool = False) -> ModelFailed:
    """The error of a call, which must not show the key anywhere."""
    with pytest.raises(ModelFailed) as caught:
        await (streamed(model, request) if stream else model.complete(request))
    error = caught.value
    assert error.model == f"{model.provider}:{request.model}"
    assert error.hint
    assert KEY not in f"{error}{error!r}{error.__dict__}"
    assert error.__suppress_context__ or error.__context__ is None
    return error


@pytest.mark.parametrize("case", CASES, indirect=True)
class TestEveryAdapter:
    async def test_chats(self, case: Case, model: Model, server: Vendors) -> None:
        reply = await model.complete(asked(case))
        assert reply.text == server.reply
        assert reply.finish == "stop"
        assert reply.model
        assert reply.tool_calls == ()
        assert len(server.seen) == 1
        assert case.key(server.last.headers) == KEY
        assert model.provider == case.provider

    async def test_messages_arrive_as_sent(self, case: Case, model: Model, server: Vendors) -> None:
        sent = (
            Message("system", "Be brief.\n  Keep «this» {as} it is."),
            Message("user", "One?"),
            Message("assistant", "Two."),
            Message("user", "Three? ```py\nx = {1}\n```"),
        )
        await model.complete(asked(case, messages=sent))
        assert case.said(server.last.body) == [(m.role, m.content) for m in sent]

    async def test_parameters_have_the_names_of_the_vendor(
        self, case: Case, model: Model, server: Vendors
    ) -> None:
        request = asked(case, temperature=0.5, top_p=0.9, seed=7, stop=("END",), sample=3)
        await model.complete(request)
        settings = case.settings(server.last.body)
        assert settings.items() >= case.parameters().items()
        assert "sample" not in json.dumps(server.last.body)

    async def test_what_is_not_asked_is_not_sent(
        self, case: Case, model: Model, server: Vendors
    ) -> None:
        await model.complete(asked(case))
        absent = set(case.parameters()) - {"max_tokens", "maxOutputTokens"}
        assert not absent & set(case.settings(server.last.body))
        assert not {"tools", "tool_choice", "response_format"} & set(server.last.body)

    async def test_extra_parameters_go_along(
        self, case: Case, model: Model, server: Vendors
    ) -> None:
        name = "topK" if case.provider == "gemini" else "top_k"
        await model.complete(asked(case, extra={"top_k": 40}))
        assert case.settings(server.last.body)[name] == 40

    async def test_streams_in_pieces(self, case: Case, model: Model, server: Vendors) -> None:
        *pieces, last = await streamed(model, asked(case))
        assert len(pieces) == 4
        assert all(piece.text and piece.reply is None for piece in pieces)
        assert last.text == ""
        assert last.reply is not None
        assert "".join(piece.text for piece in pieces) == last.reply.text == server.reply
        assert last.reply.finish == "stop"

    async def test_the_first_piece_comes_before_the_end(
        self, case: Case, model: Model, server: Vendors
    ) -> None:
        server.faults.append(Fault(stall_after=case.begun))
        stream = model.stream(asked(case))
        assert (await anext(stream)).text == "Hello"
        assert not server.left.is_set()
        await stream.aclose()  # type: ignore[attr-defined]  # an async generator
        assert await asyncio.to_thread(server.left.wait, 5), "the connection stays open"

    async def test_usage_is_reported(self, case: Case, model: Model) -> None:
        whole = (await model.complete(asked(case))).usage
        last = (await streamed(model, asked(case)))[-1].reply
        assert last is not None
        for usage in (whole, last.usage):
            assert usage.input_tokens == INPUT_TOKENS
            assert usage.output_tokens == 4
            assert usage.cached_tokens == CACHED_TOKENS

    async def test_answers_follow_a_schema(self, case: Case, model: Model, server: Vendors) -> None:
        server.reply = '{"title": "A", "count": 2}'
        request = asked(case, schema=SCHEMA)
        assert json.loads((await model.complete(request)).text) == {"title": "A", "count": 2}
        assert case.schema(server.last.body)["required"] == ["title", "count"]
        *pieces, last = await streamed(model, request)
        assert last.reply is not None
        assert "".join(piece.text for piece in pieces) == last.reply.text == server.reply
        assert model.capabilities(case.model).schema

    async def test_calls_tools(self, case: Case, model: Model, server: Vendors) -> None:
        request = asked(case, tools=(TOOL,), tool_choice="required")
        whole = await model.complete(request)
        name, description, parameters = case.tool(server.last.body)
        assert (name, description) == ("weather", TOOL["description"])
        assert parameters["properties"] == {"city": {"type": "string"}}
        streamed_reply = (await streamed(model, request))[-1].reply
        assert streamed_reply is not None
        for reply in (whole, streamed_reply):
            assert reply.finish == "tool"
            assert reply.text == ""
            assert [call.name for call in reply.tool_calls] == ["weather"]
            assert json.loads(reply.tool_calls[0].arguments) == CALL
        assert model.capabilities(case.model).tools

    async def test_a_tool_can_be_named(self, case: Case, model: Model, server: Vendors) -> None:
        reply = await model.complete(asked(case, tools=(TOOL,), tool_choice="weather"))
        assert [call.name for call in reply.tool_calls] == ["weather"]

    async def test_a_cut_answer_says_so(self, case: Case, model: Model, server: Vendors) -> None:
        server.faults.append(Fault(finish="length"))
        assert (await model.complete(asked(case))).finish == "length"

    @pytest.mark.parametrize("stream", [False, True])
    async def test_too_many_requests(
        self, case: Case, model: Model, server: Vendors, stream: bool
    ) -> None:
        server.faults.append(Fault(429, {"Retry-After": "7"}))
        error = await failure(model, asked(case), stream=stream)
        assert isinstance(error, RateLimited)
        assert (error.status, error.retry_after_s, error.retryable) == (429, 7.0, True)
        assert len(server.seen) == 1, "an adapter makes one attempt"

    @pytest.mark.parametrize("stream", [False, True])
    async def test_server_error(
        self, case: Case, model: Model, server: Vendors, stream: bool
    ) -> None:
        server.faults.append(Fault(500))
        error = await failure(model, asked(case), stream=stream)
        assert isinstance(error, ServerFault)
        assert (error.status, error.retryable) == (500, True)
        assert len(server.seen) == 1

    async def test_an_overloaded_server_says_when_to_come_back(
        self, case: Case, model: Model, server: Vendors
    ) -> None:
        server.faults.append(Fault(503, {"Retry-After": "3"}))
        error = await failure(model, asked(case))
        assert isinstance(error, ServerFault)
        assert (error.status, error.retry_after_s) == (503, 3.0)

    @pytest.mark.parametrize("status", [401, 403])
    async def test_a_refused_key_is_not_shown(
        self, case: Case, model: Model, server: Vendors, status: int
    ) -> None:
        server.faults.append(Fault(status, message=f"Incorrect key {KEY} (Bearer {KEY})"))
        error = await failure(model, asked(case))
        assert isinstance(error, KeyRefused)
        assert (error.status, error.retryable) == (status, False)
        assert "SOME_API_KEY" in error.hint
        assert "canary" not in str(error)

    async def test_an_unknown_model(self, case: Case, model: Model, server: Vendors) -> None:
        server.faults.append(Fault(404, message=f"model '{case.model}' not found"))
        error = await failure(model, asked(case))
        assert isinstance(error, NoSuchModel)
        assert case.model in error.what
        assert ("ollama pull" if case.provider == "ollama" else "models list") in error.hint

    async def test_a_refused_request(self, case: Case, model: Model, server: Vendors) -> None:
        server.faults.append(Fault(400, message=f"too long {'x' * 5000}"))
        error = await failure(model, asked(case))
        assert isinstance(error, RequestRefused)
        assert not error.retryable
        assert "too long" in error.what
        assert len(error.what) < 400

    async def test_redirects_are_not_followed(
        self, case: Case, model: Model, server: Vendors
    ) -> None:
        server.faults.append(Fault(307, {"location": f"{server.url}/elsewhere"}))
        error = await failure(model, asked(case))
        assert not error.retryable
        assert len(server.seen) == 1

    @pytest.mark.parametrize("stream", [False, True])
    async def test_a_dropped_connection(
        self, case: Case, model: Model, server: Vendors, stream: bool
    ) -> None:
        server.faults.append(Fault(drop=True))
        error = await failure(model, asked(case), stream=stream)
        assert isinstance(error, ConnectionLost)
        assert len(server.seen) == 1

    async def test_a_stream_that_breaks_off(
        self, case: Case, model: Model, server: Vendors
    ) -> None:
        server.faults.append(Fault(cut_after=case.begun))
        assert isinstance(await failure(model, asked(case), stream=True), ConnectionLost)

    async def test_nobody_listens(self, case: Case, server: Vendors) -> None:
        async for model in made(case, server):
            server.__exit__()
            error = await failure(model, asked(case))
            assert isinstance(error, ConnectionLost)
            if case.provider == "ollama":
                assert "ollama serve" in error.hint

    async def test_silence(self, case: Case, hasty: Model, server: Vendors) -> None:
        server.faults.append(Fault(stall_after=0))
        error = await failure(hasty, asked(case))
        assert isinstance(error, ModelTimeout)
        assert "in 1 s" in error.what
        assert "whole" in error.hint

    async def test_a_stream_that_never_begins(
        self, case: Case, hasty: Model, server: Vendors
    ) -> None:
        server.faults.append(Fault(stall_after=0))
        error = await failure(hasty, asked(case), stream=True)
        assert isinstance(error, ModelTimeout)
        assert "first token" in error.what
        assert "in 0.6 s" in error.what

    async def test_a_stream_that_opens_and_brings_no_token(
        self, case: Case, hasty: Model, server: Vendors
    ) -> None:
        server.faults.append(Fault(stall_after=case.opened))
        error = await failure(hasty, asked(case), stream=True)
        assert isinstance(error, ModelTimeout)
        assert "first token" in error.what
        assert "in 0.6 s" in error.what

    async def test_a_stream_that_stalls(self, case: Case, hasty: Model, server: Vendors) -> None:
        server.faults.append(Fault(stall_after=case.begun))
        error = await failure(hasty, asked(case), stream=True)
        assert isinstance(error, ModelTimeout)
        assert "in 1 s" in error.what

    @pytest.mark.parametrize("body", [b'{"model": "x", "cho', b"", b"<html>no</html>"])
    async def test_broken_json(
        self, case: Case, model: Model, server: Vendors, body: bytes
    ) -> None:
        server.faults.append(Fault(body=body))
        assert isinstance(await failure(model, asked(case)), BadReply)

    @pytest.mark.parametrize(
        "body", [b"[]", b"{}", b'{"choices": 3, "content": 3, "candidates": 3}', b'"text"', b"null"]
    )
    async def test_wrong_shape(
        self, case: Case, model: Model, server: Vendors, body: bytes
    ) -> None:
        server.faults.append(Fault(body=body))
        assert isinstance(await failure(model, asked(case)), BadReply)

    @pytest.mark.parametrize("stream", [False, True])
    async def test_an_empty_answer(
        self, case: Case, model: Model, server: Vendors, stream: bool
    ) -> None:
        server.faults.append(Fault(text=""))
        assert isinstance(await failure(model, asked(case), stream=stream), BadReply)

    async def test_all_tokens_spent_before_the_first_word(
        self, case: Case, model: Model, server: Vendors
    ) -> None:
        server.faults.append(Fault(text="", finish="length"))
        assert "max_tokens" in (await failure(model, asked(case))).hint

    @pytest.mark.parametrize("stream", [False, True])
    async def test_a_huge_answer(
        self, case: Case, model: Model, server: Vendors, stream: bool
    ) -> None:
        server.faults.append(Fault(text="x" * (9 * 2**20)))
        error = await failure(model, asked(case), stream=stream)
        assert isinstance(error, BadReply)
        assert "too long" in error.what

    async def test_a_long_prompt_arrives(self, case: Case, model: Model, server: Vendors) -> None:
        text = "long " * 300_000
        await model.complete(asked(case, messages=(Message("user", text),)))
        assert case.said(server.last.body) == [("user", text)]

    async def test_half_a_character_is_not_sent(
        self, case: Case, model: Model, server: Vendors
    ) -> None:
        request = asked(case, messages=(Message("user", "half \ud800"),))
        assert isinstance(await failure(model, request), RequestRefused)
        assert server.seen == []

    async def test_cancelling_closes_the_connection(
        self, case: Case, model: Model, server: Vendors
    ) -> None:
        server.faults.append(Fault(stall_after=0))
        task = asyncio.create_task(model.complete(asked(case)))
        await asyncio.to_thread(server.stalled.wait, 5)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert await asyncio.to_thread(server.left.wait, 5), "the connection stays open"

    async def test_cancelling_a_stream_closes_the_connection(
        self, case: Case, model: Model, server: Vendors
    ) -> None:
        server.faults.append(Fault(stall_after=case.begun))
        begun = asyncio.Event()

        async def read() -> None:
            async for _ in model.stream(asked(case)):
                begun.set()

        task = asyncio.create_task(read())
        await begun.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert await asyncio.to_thread(server.left.wait, 5), "the connection stays open"

    async def test_many_at_once(self, case: Case, model: Model, server: Vendors) -> None:
        replies = await asyncio.gather(*(model.complete(asked(case)) for _ in range(20)))
        assert {reply.text for reply in replies} == {server.reply}
        assert len(server.seen) == 20

    async def test_names_its_models(self, case: Case, model: Model) -> None:
        assert await model.names() == ["m1", "m2"]

    async def test_names_fail_as_calls_do(self, case: Case, model: Model, server: Vendors) -> None:
        server.faults.append(Fault(401, message=KEY))
        with pytest.raises(KeyRefused) as caught:
            await model.names()
        assert "canary" not in str(caught.value)

    async def test_embeds_or_says_that_it_cannot(
        self, case: Case, model: Model, server: Vendors
    ) -> None:
        assert model.capabilities(case.model).embed == case.embeds
        if not case.embeds:
            with pytest.raises(UsageError, match="no embeddings"):
                await model.embed("some-model", ["one"])
            return
        embeddings = await model.embed("some-model", ["one", "two"])
        assert embeddings.vectors == ((*VECTOR, 0.0), (*VECTOR, 1.0))
        assert (await model.embed("some-model", [])).vectors == ()

    def test_works_in_one_loop_after_another(self, case: Case, server: Vendors) -> None:
        model = case.make(options(case, server.url))

        async def chat() -> str:
            reply = await model.complete(asked(case))
            await model.close()
            return reply.text

        assert asyncio.run(chat()) == asyncio.run(chat()) == server.reply

    def test_capabilities(self, case: Case, server: Vendors) -> None:
        able = case.make(options(case, server.url)).capabilities(case.model)
        local = case.provider == "ollama"
        expected = Capabilities(schema=True, tools=True, embed=case.embeds, local=local)
        assert able == expected


ANTHROPIC = Case("anthropic", "claude-haiku-4-5", Anthropic, "")
GEMINI = Case("gemini", "gemini-2.5-flash", Gemini, "")
OPENAI = Case("openai", "gpt-5-mini")


@pytest.mark.parametrize(
    ("case", "library"),
    [(ANTHROPIC, "pydantic_ai.models.anthropic"), (GEMINI, "pydantic_ai.models.google")],
    ids=lambda value: getattr(value, "provider", ""),
)
async def test_a_missing_library_is_named_with_its_extra(
    case: Case, library: str, server: Vendors, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, library, None)
    async for model in made(case, server):
        with pytest.raises(MissingExtra, match=rf"burnish\[{case.provider}\]"):
            await model.complete(asked(case))


@pytest.mark.parametrize("case", [ANTHROPIC, GEMINI], ids=lambda case: case.provider)
async def test_no_key_is_said_before_anything_is_sent(
    case: Case, server: Vendors, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ANTHROPIC_API_KEY", "somebody-elses")
    monkeypatch.setenv("GOOGLE_API_KEY", "somebody-elses")
    keyless = ProviderOptions(
        provider=case.provider, base_url=server.url, key_variable="SOME_API_KEY"
    )
    model = case.make(keyless)
    with pytest.raises(KeyRefused, match="set SOME_API_KEY"):
        await model.complete(asked(case))
    assert server.seen == []


@pytest.mark.parametrize("name", ["gpt-5-mini", "gpt-5", "o3", "o1-mini", "o4-mini"])
async def test_reasoning_models_get_the_parameters_that_they_take(
    name: str, server: Vendors
) -> None:
    async for model in made(OPENAI, server):
        await model.complete(asked(OPENAI, model=name, temperature=0.5, top_p=0.9))
    body = server.last.body
    assert body["max_completion_tokens"] == 50
    assert not {"max_tokens", "temperature", "top_p"} & set(body)


async def test_the_chat_model_among_them_takes_the_others(server: Vendors) -> None:
    async for model in made(OPENAI, server):
        await model.complete(asked(OPENAI, model="gpt-5-chat-latest", temperature=0.5))
    assert (server.last.body["max_tokens"], server.last.body["temperature"]) == (50, 0.5)


async def test_other_servers_get_plain_parameters_for_models_of_such_names(
    server: Vendors,
) -> None:
    case = Case("openrouter", "gpt-5-mini")
    async for model in made(case, server):
        await model.complete(asked(case, temperature=0.5))
    assert (server.last.body["max_tokens"], server.last.body["temperature"]) == (50, 0.5)


async def test_newer_claude_models_get_no_sampling_parameters(server: Vendors) -> None:
    async for model in made(ANTHROPIC, server):
        await model.complete(asked(ANTHROPIC, model="claude-opus-5", temperature=0.5, top_p=0.9))
    assert not {"temperature", "top_p"} & set(server.last.body)


async def test_a_claude_model_without_schemas_answers_through_a_tool(server: Vendors) -> None:
    server.reply = '{"title": "A", "count": 2}'
    request = asked(ANTHROPIC, model="claude-of-our-own", schema=SCHEMA)
    async for model in made(ANTHROPIC, server):
        whole = await model.complete(request)
        *pieces, last = await streamed(model, request)
        assert server.last.body["tools"][0]["input_schema"]["required"] == ["title", "count"]
        assert last.reply is not None
        for reply in (whole, last.reply):
            assert json.loads(reply.text) == {"title": "A", "count": 2}
            assert (reply.finish, reply.tool_calls) == ("stop", ())
        assert "".join(piece.text for piece in pieces) == last.reply.text


async def test_a_long_claude_answer_without_a_bound_comes_whole(server: Vendors) -> None:
    async for model in made(ANTHROPIC, server):
        assert (await model.complete(asked(ANTHROPIC, max_tokens=None))).text == server.reply


def _begun(name: str, **content: Any) -> str:
    return f"event: {name}\ndata: {json.dumps({'type': name, **content})}\n\n"


MESSAGE: dict[str, Any] = {
    "id": "m",
    "type": "message",
    "role": "assistant",
    "model": "claude-haiku-4-5",
    "content": [],
    "stop_reason": None,
    "stop_sequence": None,
    "usage": {"input_tokens": INPUT_TOKENS, "output_tokens": 1},
}
THINKING = {"type": "thinking", "thinking": "", "signature": ""}
SIGNED = {"role": "model", "parts": [{"text": "", "thoughtSignature": "c2lnbmVk"}]}


@pytest.mark.parametrize(
    ("case", "bare"),
    [
        (
            ANTHROPIC,
            (
                _begun("message_start", message=MESSAGE),
                _begun("content_block_start", index=0, content_block=THINKING),
            ),
        ),
        (GEMINI, (f"data: {json.dumps({'candidates': [{'content': SIGNED}]})}\n\n",)),
    ],
    ids=["anthropic", "gemini"],
)
async def test_a_part_that_is_opened_and_stays_empty_is_no_first_token(
    case: Case, bare: tuple[str, ...], server: Vendors
) -> None:
    server.faults.append(Fault(before=bare, stall_after=len(bare)))
    times = Timeouts(connect_s=1.0, first_token_s=0.4, whole_s=1.0)
    async for model in made(case, server, times):
        error = await failure(model, asked(case), stream=True)
        assert isinstance(error, ModelTimeout)
        assert error.what == f"no first token from {case.provider} in 0.4 s"
        assert "first token" in error.hint


@pytest.mark.parametrize(
    ("case", "pieces"), [(ANTHROPIC, 2), (OPENAI, 4)], ids=["anthropic", "openai"]
)
async def test_the_name_of_a_tool_is_a_first_token(
    case: Case, pieces: int, server: Vendors
) -> None:
    server.faults.append(Fault(stall_after=pieces))
    times = Timeouts(connect_s=1.0, first_token_s=0.3, whole_s=0.6)
    async for model in made(case, server, times):
        request = asked(case, tools=(TOOL,), tool_choice="required")
        error = await failure(model, request, stream=True)
        assert isinstance(error, ModelTimeout)
        assert "in 0.6 s" in error.what


async def test_gemini_refuses_extra_parameters_that_it_would_drop(server: Vendors) -> None:
    async for model in made(GEMINI, server):
        with pytest.raises(RequestRefused, match="logit_bias_typo"):
            await model.complete(asked(GEMINI, extra={"logit_bias_typo": 1}))
    assert server.seen == []


async def test_gemini_tells_in_the_body_how_long_to_wait(server: Vendors) -> None:
    retry = {"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": "14s"}
    error = {"code": 429, "message": "m", "status": "RESOURCE_EXHAUSTED", "details": [retry]}
    server.faults.append(Fault(429, body=json.dumps({"error": error}).encode()))
    async for model in made(GEMINI, server):
        assert (await failure(model, asked(GEMINI))).retry_after_s == 14


async def test_gemini_says_with_400_that_a_key_is_wrong(server: Vendors) -> None:
    reason = {"@type": "type.googleapis.com/google.rpc.ErrorInfo", "reason": "API_KEY_INVALID"}
    error = {"code": 400, "message": "m", "status": "INVALID_ARGUMENT", "details": [reason]}
    server.faults.append(Fault(400, body=json.dumps({"error": error}).encode()))
    async for model in made(GEMINI, server):
        error = await failure(model, asked(GEMINI))
        assert isinstance(error, KeyRefused)
        assert error.status == 400
