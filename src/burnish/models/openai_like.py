"""Chat, streams, embeddings and model lists in OpenAI's wire format, which most servers speak."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Sequence
from contextlib import aclosing
from typing import Any, Literal, cast

import msgspec

from burnish.errors import UsageError
from burnish.models.faults import MAX_TEXT_CHARS, Faults, refusal_in_answer
from burnish.models.model import (
    Capabilities,
    Chunk,
    Embeddings,
    Finish,
    ModelReply,
    ModelRequest,
    ToolCall,
    Usage,
)
from burnish.models.options import ProviderOptions
from burnish.models.schema import is_strict
from burnish.models.usage import counted
from burnish.models.wire import DONE, Wire
from burnish.shapes import decoder

# Vectors of a large batch, each number written out.
_MAX_VECTORS_BYTES = 256 * 2**20
_FINISHES: dict[str, Finish] = {
    "stop": "stop",
    "length": "length",
    "model_length": "length",
    "tool_calls": "tool",
    "function_call": "tool",
    "content_filter": "filter",
}
_REASONING = re.compile(r"(?:gpt-5(?!-chat)|o[1-9])(?:$|[-.])")


class Dialect(msgspec.Struct, frozen=True, kw_only=True):
    """Where a provider differs from OpenAI. `seed` is its name for that parameter, `stream_usage`
    tells whether a stream's usage must be asked for, `schemas` whether it takes a JSON schema or
    only the wish for JSON, `embeds` whether it has embeddings."""

    seed: str = "seed"
    stream_usage: bool = True
    schemas: bool = True
    embeds: bool = True


_DIALECTS = {
    "mistral": Dialect(seed="random_seed", stream_usage=False),
    "deepseek": Dialect(schemas=False, embeds=False),
    "groq": Dialect(embeds=False),
    "xai": Dialect(embeds=False),
}


class _Details(msgspec.Struct):
    cached_tokens: int | None = None


class _Usage(msgspec.Struct):
    # Servers of all kinds write them, also as 3.0 or "3".
    prompt_tokens: Any = None
    completion_tokens: Any = None
    prompt_tokens_details: _Details | None = None
    prompt_cache_hit_tokens: int | None = None


class _GroqExtra(msgspec.Struct):
    usage: _Usage | None = None


class _Function(msgspec.Struct):
    name: str | None = None
    arguments: Any = None


class _Call(msgspec.Struct):
    index: int | None = None
    function: _Function = msgspec.field(default_factory=_Function)


class _Part(msgspec.Struct):
    type: str = ""
    text: str | None = None


class _Message(msgspec.Struct):
    content: str | list[_Part] | None = None
    refusal: str | None = None
    tool_calls: list[_Call] | None = None
    # What a model thinks aloud is no part of its answer, but shows that it is at work.
    reasoning_content: Any = None
    reasoning: Any = None


class _Choice(msgspec.Struct):
    message: _Message | None = None
    delta: _Message | None = None
    finish_reason: Any = None


class _Answer(msgspec.Struct):
    """A whole reply, or one event of a stream."""

    model: str | None = None
    choices: list[_Choice] | None = None
    usage: _Usage | None = None
    x_groq: _GroqExtra | None = None
    error: Any = None


class _Vector(msgspec.Struct):
    embedding: tuple[float, ...]
    index: int | None = None


class _Vectors(msgspec.Struct):
    data: list[_Vector]
    model: str | None = None
    usage: _Usage | None = None


class _Name(msgspec.Struct):
    id: str


class _Names(msgspec.Struct):
    data: list[_Name]


_ANSWER = decoder(_Answer)
_VECTORS = decoder(_Vectors)
_NAMES = decoder(_Names | list[_Name])


class OpenAILike:
    """Any server with OpenAI's API, at `options.base_url` (with its `/v1` or the like)."""

    def __init__(
        self,
        options: ProviderOptions,
        capabilities: Capabilities | None = None,
        *,
        faults: Faults | None = None,
    ) -> None:
        self._options = options
        self._dialect = _DIALECTS.get(options.provider, Dialect())
        self._capabilities = capabilities or Capabilities(
            schema=True, tools=True, embed=self._dialect.embeds, local=options.local
        )
        self._faults = faults or Faults(options)
        self._wire = Wire(options, self._faults)

    @property
    def provider(self) -> str:
        return self._options.provider

    def capabilities(self, model: str) -> Capabilities:  # noqa: ARG002 - the port's signature
        return self._capabilities

    async def complete(self, request: ModelRequest) -> ModelReply:
        url = f"{self._wire.base}/chat/completions"
        body = self._encoded(self._body(request), request.model)
        answer = self._decoded(
            _ANSWER, await self._wire.fetch("POST", url, body, model=request.model), request.model
        )
        gathered = _Gathered(self._faults, request.model)
        gathered.take(answer)
        if not answer.choices:
            raise self._faults.bad("sent a reply without an answer in it", request.model)
        return gathered.reply()

    async def stream(self, request: ModelRequest) -> AsyncIterator[Chunk]:
        url = f"{self._wire.base}/chat/completions"
        body: dict[str, Any] = {**self._body(request), "stream": True}
        if self._dialect.stream_usage:
            body.setdefault("stream_options", {"include_usage": True})
        gathered = _Gathered(self._faults, request.model)
        done = False
        sent = self._encoded(body, request.model)
        events = self._wire.events(url, sent, lambda: gathered.heard, model=request.model)
        async with aclosing(cast("Any", events)):
            async for event in events:
                if event == DONE:
                    done = True
                    continue
                text = gathered.take(self._decoded(_ANSWER, event, request.model))
                if text:
                    yield Chunk(text)
        if not done and not gathered.finish:
            raise self._faults.lost("the stream ended in the middle", request.model)
        yield Chunk(reply=gathered.reply())

    async def embed(self, model: str, texts: Sequence[str]) -> Embeddings:
        if not self._capabilities.embed:
            raise UsageError(
                f"{self.provider} has no embeddings",
                hint="use another provider for them",
                subject=self.provider,
            )
        if not texts:
            return Embeddings(model=model, vectors=())
        body = self._encoded({"model": model, "input": list(texts)}, model)
        url = f"{self._wire.base}/embeddings"
        content = await self._wire.fetch("POST", url, body, model=model, limit=_MAX_VECTORS_BYTES)
        answer = self._decoded(_VECTORS, content, model)
        rows = answer.data
        if all(row.index is not None for row in rows):
            rows = sorted(rows, key=lambda row: row.index or 0)
        vectors = tuple(row.embedding for row in rows)
        if len(vectors) != len(texts) or len({len(v) for v in vectors}) != 1 or not vectors[0]:
            raise self._faults.bad("sent vectors of the wrong number or size", model)
        used = _usage(answer.usage).input_tokens
        return Embeddings(model=answer.model or model, vectors=vectors, input_tokens=used)

    async def names(self) -> list[str]:
        content = await self._wire.fetch("GET", f"{self._wire.base}/models")
        listed: _Names | list[_Name] = self._decoded(_NAMES, content)
        return sorted(entry.id for entry in (listed if isinstance(listed, list) else listed.data))

    async def close(self) -> None:
        await self._wire.close()

    def _encoded(self, body: dict[str, Any], model: str) -> bytes:
        try:
            return msgspec.json.encode(body)
        except (UnicodeEncodeError, TypeError) as error:  # half a character; no plain value
            raise self._faults.unsent(str(error), model) from None

    def _decoded(self, decoder: msgspec.json.Decoder[Any], content: bytes, model: str = "") -> Any:
        try:
            return decoder.decode(content)
        except msgspec.ValidationError as error:
            why = f"sent a reply of a wrong shape: {error}"
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            why = "sent a reply that is no JSON"
        raise self._faults.bad(why, model)

    def _body(self, request: ModelRequest) -> dict[str, Any]:
        reasoning = self.provider == "openai" and _REASONING.match(request.model)
        body: dict[str, Any] = {
            "model": request.model,
            "messages": [{"role": m.role, "content": m.content} for m in request.messages],
            "max_completion_tokens" if reasoning else "max_tokens": request.max_tokens,
            # OpenAI's reasoning models take no sampling parameters.
            "temperature": None if reasoning else request.temperature,
            "top_p": None if reasoning else request.top_p,
            self._dialect.seed: request.seed,
            "stop": list(request.stop) or None,
            "tools": [{"type": "function", "function": tool} for tool in request.tools] or None,
            "tool_choice": _tool_choice(request.tool_choice),
        }
        if request.schema is not None:
            self._ask_for_schema(body, request.schema)
        return {**{k: v for k, v in body.items() if v is not None}, **request.extra}

    def _ask_for_schema(self, body: dict[str, Any], schema: dict[str, Any]) -> None:
        if self._dialect.schemas:
            form = {"name": "answer", "schema": schema, "strict": is_strict(schema)}
            body["response_format"] = {"type": "json_schema", "json_schema": form}
            return
        body["response_format"] = {"type": "json_object"}
        rule = f"Answer with JSON that follows this schema:\n{msgspec.json.encode(schema).decode()}"
        body["messages"] = [{"role": "system", "content": rule}, *body["messages"]]


class _Gathered:
    """What has come of one answer so far."""

    def __init__(self, faults: Faults, model: str) -> None:
        self._faults = faults
        self._asked = model
        self._texts: list[str] = []
        self._size = 0
        self._calls: dict[int, tuple[list[str], list[str]]] = {}
        self._usage: _Usage | None = None
        self._refused = ""
        self._model = ""
        self.finish = ""
        self.heard = False

    def take(self, answer: _Answer) -> str:
        """The text that this piece adds. Raises ModelFailed for an error that came as an answer,
        and for too long a text."""
        if answer.error:
            raise self._faults.refused(refusal_in_answer(answer.error), self._asked)
        self._model = answer.model or self._model
        self._usage = answer.usage or (answer.x_groq and answer.x_groq.usage) or self._usage
        if not answer.choices:
            return ""
        choice = answer.choices[0]
        self.finish = str(choice.finish_reason or self.finish)
        message = choice.delta or choice.message
        if message is None:
            return ""
        self.heard = self.heard or _says_something(message)
        self._refused += message.refusal or ""
        for call in message.tool_calls or ():
            self._take_call(call)
        return self._take_text(message.content)

    def reply(self) -> ModelReply:
        """Raises BadReply where nothing was said and nothing called."""
        text = "".join(self._texts)
        calls = tuple(ToolCall("".join(n), "".join(a) or "{}") for n, a in self._calls.values())
        finish = _FINISHES.get(self.finish, "other") if self.finish else "stop"
        if not text.strip() and not calls:
            if self._refused or finish == "filter":
                raise self._faults.filtered(self._refused, self._asked)
            hint = "raise max_tokens" if finish == "length" else "try again"
            raise self._faults.bad("sent an empty answer", self._asked, hint)
        return ModelReply(
            text=text,
            model=self._model or self._asked,
            finish=finish,
            usage=_usage(self._usage),
            tool_calls=calls,
        )

    def _take_text(self, content: str | list[_Part] | None) -> str:
        if isinstance(content, list):
            content = "".join(part.text or "" for part in content if part.type == "text")
        if not content:
            return ""
        self._size += len(content)
        if self._size > MAX_TEXT_CHARS:
            raise self._faults.bad("sent a text that is too long", self._asked)
        self._texts.append(content)
        return content

    def _take_call(self, call: _Call) -> None:
        index = call.index
        if index is None:  # a server that does not number them sends each whole, or goes on
            index = len(self._calls) - (0 if call.function.name or not self._calls else 1)
        names, arguments = self._calls.setdefault(index, ([], []))
        if call.function.name:
            names.append(call.function.name)
        given = call.function.arguments
        if given is not None:
            arguments.append(given if isinstance(given, str) else _json(given))
            self._size += len(arguments[-1])
            if self._size > MAX_TEXT_CHARS:
                raise self._faults.bad("sent a tool call that is too long", self._asked)


def _tool_choice(
    choice: str,
) -> Literal["auto", "required", "none"] | dict[str, Any] | None:
    if choice in ("auto", "required", "none"):
        return choice
    return {"type": "function", "function": {"name": choice}} if choice else None


def _says_something(message: _Message) -> bool:
    said = (message.content, message.refusal, message.tool_calls)
    return any((*said, message.reasoning_content, message.reasoning))


def _usage(usage: _Usage | None) -> Usage:
    """Nothing counted for an answer that is there means that nothing was counted."""
    if usage is None:
        return Usage()
    details = usage.prompt_tokens_details
    return Usage(
        input_tokens=counted(usage.prompt_tokens) or None,
        output_tokens=counted(usage.completion_tokens) or None,
        cached_tokens=(details and details.cached_tokens) or usage.prompt_cache_hit_tokens or 0,
    )


def _json(value: object) -> str:
    return msgspec.json.encode(value).decode()
