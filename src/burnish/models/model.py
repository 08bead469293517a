"""The port to language models: what is asked, what comes back, what an adapter must do."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from typing import Any, Literal, Protocol

import msgspec

from burnish.prompts.prompt import Message

Finish = Literal["stop", "length", "tool", "filter", "other"]


class ModelRequest(msgspec.Struct, frozen=True, kw_only=True):
    """One question to a model. What is None or empty is left to the provider.

    `model` is the provider's own name for it, without the provider. `max_tokens` bounds the
    answer. `schema` is a JSON schema that the answer must follow; `tools` are functions in the
    form of OpenAI's chat API (`{"name": …, "description": …, "parameters": {…}}`), `tool_choice`
    one of `auto`, `required`, `none` or a tool's name. `extra` goes to the provider as it is.
    `sample` tells repeats of the same question apart; it is never sent.
    """

    model: str
    messages: tuple[Message, ...]
    temperature: float | None = None
    max_tokens: int | None = None
    top_p: float | None = None
    seed: int | None = None
    stop: tuple[str, ...] = ()
    schema: dict[str, Any] | None = None
    tools: tuple[dict[str, Any], ...] = ()
    tool_choice: str = ""
    extra: dict[str, Any] = {}
    sample: int = 0


class Usage(msgspec.Struct, frozen=True, kw_only=True):
    """Tokens as the provider counted them; None where it did not say."""

    input_tokens: int | None = None
    output_tokens: int | None = None
    cached_tokens: int = 0


class ToolCall(msgspec.Struct, frozen=True):
    """`arguments` is the JSON text that the model wrote."""

    name: str
    arguments: str


class ModelReply(msgspec.Struct, frozen=True, kw_only=True):
    """`model` is the name that the provider says has answered. `waited_ms` is how long the call
    waited in this process until the model turned to it."""

    text: str
    model: str = ""
    finish: Finish = "stop"
    usage: Usage = Usage()
    tool_calls: tuple[ToolCall, ...] = ()
    waited_ms: float = 0.0


class Chunk(msgspec.Struct, frozen=True):
    """A piece of an answer. The last one carries the whole `reply`, and its text is empty."""

    text: str = ""
    reply: ModelReply | None = None


class Embeddings(msgspec.Struct, frozen=True, kw_only=True):
    """One vector for each text, all of one dimension."""

    model: str
    vectors: tuple[tuple[float, ...], ...]
    input_tokens: int | None = None


class Capabilities(msgspec.Struct, frozen=True, kw_only=True):
    """What a provider's models can do through its adapter. `local` ones run on this machine and
    cost nothing. `tiny` marks a model that is too weak to write, judge or refine prompts."""

    stream: bool = True
    schema: bool = False
    tools: bool = False
    embed: bool = False
    local: bool = False
    tiny: bool = False


class Timeouts(msgspec.Struct, frozen=True, kw_only=True):
    """Seconds for one attempt. The whole time bounds the others."""

    connect_s: float = 10.0
    first_token_s: float = 60.0
    whole_s: float = 120.0


class Model(Protocol):
    """The language models of one provider.

    An adapter makes exactly one attempt: no retry, no waiting, no cache; `call.py` does those.
    It raises errors of `burnish.errors.ModelFailed`'s branch alone, whatever its library or the
    server does, and never puts a key into them. Cancelling a method closes the connection.
    """

    @property
    def provider(self) -> str:
        """The name in front of the colon, such as `openai`."""
        ...

    async def complete(self, request: ModelRequest) -> ModelReply:
        """Raises ModelFailed. An answer without text and without tool calls is a failure."""
        ...

    def stream(self, request: ModelRequest) -> AsyncIterator[Chunk]:
        """The same answer in pieces; the joined texts are the last chunk's `reply.text`."""
        ...

    async def embed(self, model: str, texts: Sequence[str]) -> Embeddings:
        """Raises UsageError where the provider has no embeddings."""
        ...

    async def names(self) -> list[str]:
        """The models that the provider has now, without the provider's name in front."""
        ...

    def capabilities(self, model: str) -> Capabilities: ...

    async def close(self) -> None: ...
