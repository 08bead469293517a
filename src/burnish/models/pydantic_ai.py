"""What the vendors with wire formats of their own share: pydantic-ai's direct calls.

pydantic-ai and the vendors' libraries take seconds to import, so nothing here imports them before
the first call. Their own retries are off: an adapter makes one attempt.
"""

from __future__ import annotations

import asyncio
import importlib
from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Generator, Sequence
from contextlib import AsyncExitStack, contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, cast

from burnish.errors import BurnishError, MissingExtra
from burnish.models.connections import PerLoop, proxy_for
from burnish.models.faults import MAX_TEXT_CHARS, Faults, Refusal
from burnish.models.model import (
    Capabilities,
    Chunk,
    Embeddings,
    Finish,
    ModelReply,
    ModelRequest,
    Timeouts,
    ToolCall,
    Usage,
)
from burnish.models.options import ProviderOptions
from burnish.models.translate import (
    ANSWER,
    vendor_messages,
    vendor_parameters,
    vendor_tool_choice,
)
from burnish.models.vendor_faults import failure_of

if TYPE_CHECKING:
    import httpx2
    from pydantic_ai import messages as theirs
    from pydantic_ai.models import Model as VendorModel
    from pydantic_ai.models import StreamedResponse
    from pydantic_ai.providers import Provider
    from pydantic_ai.settings import ModelSettings

_FINISHES: dict[str, Finish] = {
    "stop": "stop",
    "length": "length",
    "content_filter": "filter",
    "tool_call": "tool",
}


@dataclass
class _Call:
    """A call under way. Google's library may leave a reply open that is cancelled or closed
    early, so the call that opened it closes it."""

    model: str
    received: list[httpx2.Response] = field(default_factory=list["httpx2.Response"])

    async def close(self) -> None:
        for response in self.received:
            await response.aclose()


_call: ContextVar[_Call | None] = ContextVar("_call", default=None)


@dataclass
class Opened:
    """What one event loop holds: its connections, and the models that were asked for in it."""

    http: httpx2.AsyncClient
    provider: Provider[Any]
    models: dict[str, VendorModel] = field(default_factory=dict[str, "VendorModel"])

    async def close(self) -> None:
        await self.http.aclose()


class PydanticAI(ABC):
    """One vendor. `extra` names the optional part of Burnish that brings its `libraries`."""

    extra = ""
    libraries: tuple[str, ...] = ()

    def __init__(self, options: ProviderOptions, capabilities: Capabilities) -> None:
        self._options = options
        self._capabilities = capabilities
        self._faults = Faults(options)
        self._loaded = False
        self._opened = PerLoop(self._open, Opened.close)

    @property
    def provider(self) -> str:
        return self._options.provider

    def capabilities(self, model: str) -> Capabilities:  # noqa: ARG002 - the port's signature
        return self._capabilities

    async def complete(self, request: ModelRequest) -> ModelReply:
        clock = _Clock(self._options.timeouts)
        with self._mapped(request.model, clock):
            model = await self._model(request.model)
            clock.start()
            from pydantic_ai.direct import model_request

            token = _call.set(_Call(request.model))
            try:
                async with clock.within():
                    response = await model_request(
                        model,
                        vendor_messages(request.messages),
                        model_settings=self._settings(request, model),
                        model_request_parameters=vendor_parameters(
                            request, self._native_schema(request, model)
                        ),
                    )
            finally:
                _call.reset(token)
            return self._reply(response, request)

    async def stream(self, request: ModelRequest) -> AsyncIterator[Chunk]:
        clock = _Clock(self._options.timeouts, streams=True)
        with self._mapped(request.model, clock):
            model = await self._model(request.model)
            clock.start()
            async with AsyncExitStack() as stack:
                response = await self._begin(request, model, clock, stack)
                size = 0
                while (text := await _next_text(response, clock)) is not None:
                    size += len(text)
                    if size > MAX_TEXT_CHARS:
                        raise self._faults.bad("sent a text that is too long", request.model)
                    yield Chunk(text)
            whole = response.get()
            if not _has_ended(whole):
                raise self._faults.lost("the stream ended in the middle", request.model)
            reply = self._reply(whole, request)
            if reply.text and not size:  # an answer in the form of a tool call came as arguments
                yield Chunk(reply.text)
            yield Chunk(reply=reply)

    async def _begin(
        self, request: ModelRequest, model: VendorModel, clock: _Clock, stack: AsyncExitStack
    ) -> StreamedResponse:
        from pydantic_ai.direct import model_request_stream

        call = _Call(request.model)
        stack.push_async_callback(call.close)
        token = _call.set(call)
        try:
            async with clock.within():
                return await stack.enter_async_context(
                    model_request_stream(
                        model,
                        vendor_messages(request.messages),
                        model_settings=self._settings(request, model),
                        model_request_parameters=vendor_parameters(
                            request, self._native_schema(request, model)
                        ),
                    )
                )
        finally:
            _call.reset(token)

    @abstractmethod
    async def embed(self, model: str, texts: Sequence[str]) -> Embeddings: ...

    @abstractmethod
    async def names(self) -> list[str]: ...

    async def close(self) -> None:
        await self._opened.close()

    @abstractmethod
    def _provider(self, http: httpx2.AsyncClient) -> Provider[Any]:
        """The vendor's client on these connections."""

    @abstractmethod
    def _vendor_model(self, name: str, provider: Provider[Any]) -> VendorModel: ...

    @abstractmethod
    def _native_schema(self, request: ModelRequest, model: VendorModel) -> bool:
        """Whether the request's schema goes out as such; if not, as a tool's parameters."""

    @abstractmethod
    def _own_settings(self, request: ModelRequest, model: VendorModel) -> dict[str, Any]:
        """Settings as this vendor wants them, over the common ones; None leaves one out."""

    async def _client(self) -> Any:
        """The vendor's own client. Raises KeyRefused, MissingExtra."""
        return (await self._ready()).provider.client

    async def _model(self, name: str) -> VendorModel:
        opened = await self._ready()
        if name not in opened.models:
            opened.models[name] = self._vendor_model(name, opened.provider)
        return opened.models[name]

    async def _ready(self) -> Opened:
        # The vendors' libraries would look for a key of their own in the environment.
        if not self._options.key:
            raise self._faults.keyless()
        # Seconds on the first call: in a thread, so that other calls go on.
        if not self._loaded:
            await asyncio.to_thread(self._load)
            self._loaded = True
        return await self._opened.get()

    def _load(self) -> None:
        try:
            for library in ("pydantic_ai.direct", *self.libraries):
                importlib.import_module(library)
        except ImportError:
            raise MissingExtra("pydantic-ai-slim", self.extra) from None

    def _open(self) -> Opened:
        import httpx2

        times, limit = self._options.timeouts, self._options.connections
        timeout = httpx2.Timeout(times.whole_s, connect=times.connect_s)

        async def keep_times(sent: httpx2.Request) -> None:
            # The vendors' libraries put one number of their own in place of all of these.
            sent.extensions["timeout"] = timeout.as_dict()

        async def look(received: httpx2.Response) -> None:
            call = _call.get()
            if call is not None:
                call.received.append(received)
            if received.is_redirect:  # not followed: it would carry the key elsewhere
                refusal = Refusal(status=received.status_code)
                raise self._faults.refused(refusal, call.model if call else "")

        http = httpx2.AsyncClient(
            timeout=timeout,
            limits=httpx2.Limits(max_connections=limit, max_keepalive_connections=limit),
            headers=dict(self._options.headers),
            verify=httpx2.create_ssl_context(),
            trust_env=False,
            proxy=proxy_for(self._options.base_url),
            event_hooks={"request": [keep_times], "response": [look]},
        )
        return Opened(http, self._provider(http))

    def _settings(self, request: ModelRequest, model: VendorModel) -> ModelSettings:
        settings: dict[str, Any] = {
            "max_retries": 0,
            "max_tokens": request.max_tokens,
            "temperature": request.temperature,
            "top_p": request.top_p,
            "stop_sequences": list(request.stop) or None,
            "tool_choice": vendor_tool_choice(request),
            **self._own_settings(request, model),
        }
        return cast("ModelSettings", {k: v for k, v in settings.items() if v is not None})

    def _reply(self, response: theirs.ModelResponse, request: ModelRequest) -> ModelReply:
        from pydantic_ai.messages import TextPart, ToolCallPart

        texts = [part.content for part in response.parts if isinstance(part, TextPart)]
        called = [part for part in response.parts if isinstance(part, ToolCallPart)]
        answers = [p.args_as_json_str() for p in called if request.schema and p.tool_name == ANSWER]
        calls = tuple(
            ToolCall(part.tool_name, part.args_as_json_str())
            for part in called
            if not (request.schema and part.tool_name == ANSWER)
        )
        text = answers[0] if answers else "".join(texts)
        finish = _FINISHES.get(response.finish_reason or "stop", "other")
        if len(text) > MAX_TEXT_CHARS:
            raise self._faults.bad("sent a text that is too long", request.model)
        if not text.strip() and not calls:
            if finish == "filter":
                raise self._faults.filtered("", request.model)
            hint = "raise max_tokens" if finish == "length" else "try again"
            raise self._faults.bad("sent an empty answer", request.model, hint)
        if calls or finish == "tool":
            finish = "tool" if calls else "stop"
        return ModelReply(
            text=text,
            model=response.model_name or request.model,
            finish=finish,
            usage=Usage(
                input_tokens=response.usage.input_tokens or None,
                output_tokens=response.usage.output_tokens or None,
                cached_tokens=response.usage.cache_read_tokens,
            ),
            tool_calls=calls,
        )

    @contextmanager
    def _mapped(self, model: str = "", clock: _Clock | None = None) -> Generator[None]:
        clock = clock or _Clock(self._options.timeouts)
        try:
            yield
        except BurnishError:
            raise
        except TimeoutError:
            raise self._faults.late(clock.waiting, clock.seconds, model) from None
        # Libraries let bare TypeErrors and more out for replies that they did not expect; what
        # leaves an adapter is one of our errors, whatever came in.
        except Exception as error:  # noqa: BLE001
            failed = failure_of(error, self._faults, self._options.timeouts, model)
            raise failed from None


class _Clock:
    """The times of one call. Set for each wait alone, never across a yield."""

    def __init__(self, times: Timeouts, *, streams: bool = False) -> None:
        self._started = 0.0
        self._times = times
        early = streams and times.first_token_s < times.whole_s
        self.waiting = "first token" if early else "whole"

    def start(self) -> None:
        """After the libraries are there: to import them is no part of the call."""
        self._started = asyncio.get_running_loop().time()

    @property
    def seconds(self) -> float:
        times = self._times
        return times.first_token_s if self.waiting == "first token" else times.whole_s

    def within(self) -> asyncio.Timeout:
        return asyncio.timeout_at(self._started + self.seconds)

    def has_begun(self) -> None:
        self.waiting = "whole"


async def _next_text(response: StreamedResponse, clock: _Clock) -> str | None:
    """The next piece of text, None at the end."""
    from pydantic_ai.messages import PartDeltaEvent, PartStartEvent, TextPart, TextPartDelta

    events = aiter(response)
    while True:
        async with clock.within():
            event = await anext(events, None)
        if event is None:
            return None
        if _says_something(event):
            clock.has_begun()
        if isinstance(event, PartStartEvent) and isinstance(event.part, TextPart):
            text = event.part.content
        elif isinstance(event, PartDeltaEvent) and isinstance(event.delta, TextPartDelta):
            text = event.delta.content_delta
        else:
            continue
        if text:
            return text


def _says_something(event: theirs.ModelResponseStreamEvent) -> bool:
    """Whether the model has written any of it: vendors open a part before its first word. What a
    model thinks aloud, and the name of the tool that it calls, are its own words as well."""
    from pydantic_ai.messages import (
        PartDeltaEvent,
        PartStartEvent,
        TextPart,
        TextPartDelta,
        ThinkingPart,
        ThinkingPartDelta,
    )

    if isinstance(event, PartStartEvent):
        part = event.part
        if isinstance(part, ThinkingPart):
            return bool(part.content or part.signature)
        return not isinstance(part, TextPart) or bool(part.content)
    if isinstance(event, PartDeltaEvent):
        delta = event.delta
        if isinstance(delta, ThinkingPartDelta):
            return bool(delta.content_delta or delta.signature_delta)
        return not isinstance(delta, TextPartDelta) or bool(delta.content_delta)
    return False


def _has_ended(response: theirs.ModelResponse) -> bool:
    """Whether the vendor gave a reason for the end, if only one without a common name."""
    details = response.provider_details or {}
    return bool(response.finish_reason or details.get("finish_reason"))
