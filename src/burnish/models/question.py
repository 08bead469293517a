"""What is asked of `Caller`, and what it answers."""

from __future__ import annotations

import re
from collections.abc import AsyncGenerator, Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal, Protocol

import msgspec

from burnish.models.budget import Budget
from burnish.models.model import Finish, ModelRequest, ToolCall, Usage
from burnish.prompts.prompt import Message
from burnish.storage.run import Attempt

if TYPE_CHECKING:
    from burnish.models.hiding import Hidden

Check = Callable[[str], str]
"""What is wrong with an answer, in words that a model can act on; empty where it is fine."""


@dataclass(frozen=True, kw_only=True)
class Question:
    """One call. `model` and `fallbacks` are full names (`provider:model`), tried in this order.

    An answer that `check` finds fault with is asked for again with the fault named, as often as
    faults of the wire are retried: as the settings say, or at most `retries` times. `fresh` asks
    the model even where the answer is remembered; with `alone` no stand-in of the settings answers
    for it. `hidden` is what the call itself takes out of the messages. The rest says where the run
    belongs.
    """

    model: str
    messages: tuple[Message, ...]
    fallbacks: tuple[str, ...] = ()
    parameters: ModelRequest | None = None
    check: Check | None = None
    retries: int | None = None
    budget: Budget | None = None
    fresh: bool = False
    alone: bool = False
    kind: str = "complete"
    prompt: str = ""
    version_id: str | None = None
    parent_id: str | None = None
    phase: str = ""
    trace_id: str = ""
    run_id: str = ""
    hidden: Hidden | None = None

    def request(self, name: str, messages: tuple[Message, ...] | None = None) -> ModelRequest:
        """The request to the provider's model `name`."""
        shape = self.parameters or ModelRequest(model="", messages=())
        return msgspec.structs.replace(
            shape, model=name, messages=self.messages if messages is None else messages
        )


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """`model` is the full name of the one that answered. `cost_usd` is None where the price is
    unknown. `retries` counts repeats, after faults and after answers that broke a rule. `model_ms`
    is what the model itself took, without waiting for a turn and without what failed before;
    `latency_ms` is all that the caller waited. A `cached` answer cost nothing; `first_cost_usd`
    and `model_ms` are of the call that gave it."""

    run_id: str
    text: str
    model: str
    finish: Finish = "stop"
    usage: Usage = Usage()
    estimated: bool = False
    tool_calls: tuple[ToolCall, ...] = ()
    cost_usd: float | None = None
    latency_ms: float = 0.0
    model_ms: float | None = None
    cached: bool = False
    first_cost_usd: float | None = None
    retries: int = 0
    requests: int = 0
    attempts: tuple[Attempt, ...] = ()


class Piece(msgspec.Struct, frozen=True):
    """A piece of a streamed answer. `restart` says why all pieces before it no longer count; the
    last piece carries the `answer`."""

    text: str = ""
    restart: str = ""
    answer: Answer | None = None


class Calls(Protocol):
    """What asks models; `call.py` has the one there is."""

    async def complete(self, question: Question) -> Answer: ...

    def stream(self, question: Question) -> AsyncGenerator[Piece]: ...


class CallEvent(msgspec.Struct, frozen=True, kw_only=True):
    """For tracing: a call began, an attempt ended, the call ended. Texts are not part of it."""

    kind: Literal["begin", "attempt", "end"]
    run_id: str
    model: str
    phase: str = ""
    error: str = ""
    latency_ms: float = 0.0
    usage: Usage = Usage()
    cost_usd: float | None = None
    cached: bool = False


@dataclass(kw_only=True)
class Work:
    """One call on its way: what was tried, what it used."""

    question: Question
    run_id: str
    began: float
    attempts: list[Attempt] = field(default_factory=list[Attempt])
    requests: int = 0
    retries: int = 0
    input_tokens: int = 0
    output_tokens: int = 0
    cached_tokens: int = 0
    cost_usd: float | None = 0.0
    estimated: bool = False

    def count(self, usage: Usage, cost_usd: float | None, *, estimated: bool) -> None:
        """Adds what one attempt used: a refused answer has been paid for as well."""
        self.input_tokens += usage.input_tokens or 0
        self.output_tokens += usage.output_tokens or 0
        self.cached_tokens += usage.cached_tokens
        self.estimated = self.estimated or estimated
        unknown = cost_usd is None or self.cost_usd is None
        self.cost_usd = None if unknown else (self.cost_usd or 0.0) + (cost_usd or 0.0)

    @property
    def usage(self) -> Usage:
        return Usage(
            input_tokens=self.input_tokens,
            output_tokens=self.output_tokens,
            cached_tokens=self.cached_tokens,
        )


# NUL and halves of surrogate pairs, which no store keeps and no wire carries.
_UNSTORABLE = re.compile("[\0\ud800-\udfff]")


def storable(text: str) -> str:
    """The text with a replacement sign for each character that is none."""
    return _UNSTORABLE.sub("\ufffd", text)


def parameters_of(question: Question) -> dict[str, Any]:
    """What a run keeps of the request besides its messages: only what was set."""
    if question.parameters is None:
        return {}
    usual = ModelRequest(model="", messages=())
    return {
        name: msgspec.to_builtins(value)
        for name in ModelRequest.__struct_fields__
        if name not in ("model", "messages")
        and (value := getattr(question.parameters, name)) != getattr(usual, name)
    }
