"""A model without a model: answers that are known beforehand, for tests and trials.

model = Fake(replies=["first answer", "second answer"])
model = Fake(lambda request: request.messages[-1].content.upper())
model = Fake(faults=[RateLimited("too fast", retry_after_s=1), None])   # fails once
"""

from __future__ import annotations

import asyncio
import hashlib
import math
import re
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager

from burnish.errors import BadReply, ModelFailed
from burnish.models.model import (
    Capabilities,
    Chunk,
    Embeddings,
    ModelReply,
    ModelRequest,
    Usage,
)
from burnish.models.options import ProviderOptions

Reply = str | ModelReply
ECHO = "echo"
DIMENSION = 64


class Fake:
    """Every model name works, and costs nothing. Usage counts words.

    `replies` are given in order, the last one again and again; a function makes each from its
    request. Without replies it gives back what the last user message says. `faults` are raised
    in order, one for each call, None for a call that goes well. `requests` holds what was asked,
    `most_in_flight` how many calls ran at once.
    """

    def __init__(
        self,
        replies: Sequence[Reply] | Callable[[ModelRequest], Reply] = (),
        *,
        latency_s: float = 0.0,
        faults: Sequence[ModelFailed | None] = (),
        names: Sequence[str] = (ECHO,),
        capabilities: Capabilities | None = None,
    ) -> None:
        self.requests: list[ModelRequest] = []
        self.in_flight = 0
        self.most_in_flight = 0
        self._replies = replies
        self._latency_s = latency_s
        self._faults = list(faults)
        self._names = list(names)
        self._capabilities = capabilities or Capabilities(embed=True, local=True)
        self._answered = 0

    @property
    def provider(self) -> str:
        return "fake"

    def capabilities(self, model: str) -> Capabilities:  # noqa: ARG002 - the port's signature
        return self._capabilities

    async def complete(self, request: ModelRequest) -> ModelReply:
        async with self._call(request):
            return self._reply(request)

    async def stream(self, request: ModelRequest) -> AsyncIterator[Chunk]:
        async with self._call(request):
            reply = self._reply(request)
            for word in re.findall(r"\s*\S+|\s+$", reply.text):
                yield Chunk(word)
                await asyncio.sleep(0)  # as from a network: others run between the pieces
            yield Chunk(reply=reply)

    async def embed(self, model: str, texts: Sequence[str]) -> Embeddings:
        """Texts that share words get vectors that are near."""
        return Embeddings(
            model=model,
            vectors=tuple(_vector(text) for text in texts),
            input_tokens=sum(_words(text) for text in texts),
        )

    async def names(self) -> list[str]:
        return list(self._names)

    async def close(self) -> None:
        """Nothing is open."""

    @asynccontextmanager
    async def _call(self, request: ModelRequest) -> AsyncGenerator[None]:
        self.requests.append(request)
        fault = self._faults.pop(0) if self._faults else None
        self.in_flight += 1
        self.most_in_flight = max(self.most_in_flight, self.in_flight)
        try:
            if self._latency_s:
                await asyncio.sleep(self._latency_s)
            if fault is not None:
                raise fault
            yield
        finally:
            self.in_flight -= 1

    def _reply(self, request: ModelRequest) -> ModelReply:
        reply = self._next(request)
        if isinstance(reply, str):
            asked = sum(_words(message.content) for message in request.messages)
            usage = Usage(input_tokens=asked, output_tokens=_words(reply))
            reply = ModelReply(text=reply, model=request.model, usage=usage)
        if not reply.text.strip() and not reply.tool_calls:
            raise BadReply("fake sent an empty answer", model=f"fake:{request.model}")
        return reply

    def _next(self, request: ModelRequest) -> Reply:
        if callable(self._replies):
            return self._replies(request)
        if self._replies:
            reply = self._replies[min(self._answered, len(self._replies) - 1)]
            self._answered += 1
            return reply
        said = [message.content for message in request.messages if message.role == "user"]
        return said[-1] if said else request.messages[-1].content


def echo(options: ProviderOptions) -> Fake:  # noqa: ARG001 - as every provider is made
    """The provider `fake`, whose only model says what it hears."""
    return Fake()


def _words(text: str) -> int:
    return len(text.split())


def _vector(text: str) -> tuple[float, ...]:
    """A bag of words, each at the place and with the sign that its hash names; length 1."""
    sums = [0.0] * DIMENSION
    for word in text.lower().split() or [""]:
        digest = hashlib.sha256(word.encode()).digest()
        sums[digest[0] % DIMENSION] += 1.0 if digest[1] % 2 else -1.0
    length = math.hypot(*sums)
    # Words may cancel each other out; a vector without a length has no direction.
    return tuple(x / length for x in sums) if length else (1.0, *sums[1:])
