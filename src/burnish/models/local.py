"""Models that run in this process: GGUF weights on llama.cpp, through the package xllamacpp."""

from __future__ import annotations

import asyncio
import importlib
import importlib.util
import secrets
from collections.abc import AsyncGenerator, Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import aclosing
from pathlib import Path
from typing import Any, cast

from burnish.errors import (
    BurnishError,
    MissingExtra,
    ModelFailed,
    NoSuchModel,
    RequestRefused,
    ServerFault,
    UsageError,
)
from burnish.models.faults import Faults
from burnish.models.model import (
    Capabilities,
    Chunk,
    Embeddings,
    Finish,
    ModelReply,
    ModelRequest,
    Usage,
)
from burnish.models.options import ProviderOptions
from burnish.models.weights import KNOWN, find_weights, row_of, weights_names

MAX_TOKENS = 512
# Between two batches of the prompt a call can be stopped: about every second and a half with the
# small model. Larger ones are no faster on one processor, and take more memory.
_BATCH_TOKENS = 256
_LONGEST_WAIT_S = 1e9

Event = dict[str, Any]
Emit = Callable[[Event], bool]
"""Takes what the model gives; true stops it."""


class Local:
    """The provider `local`. A model is loaded by its first call and stays until `close`.

    Loading holds up the whole process, for the small model about a third of a second. Each model
    answers one call at a time; others wait for their turn, and the timeouts of `options` begin
    with it. `threads` is the number of processors that one model uses: more than
    are idle make it several times slower. `context_tokens` bounds prompt and answer together.
    """

    def __init__(
        self,
        options: ProviderOptions,
        *,
        folder: Path,
        context_tokens: int = 4096,
        threads: int = 1,
    ) -> None:
        self._options = options
        self._folder = folder
        self._context_tokens = context_tokens
        self._threads = threads
        self._faults = Faults(options)
        self._loaded: dict[Path, _Loaded] = {}

    @property
    def provider(self) -> str:
        return self._options.provider

    async def complete(self, request: ModelRequest) -> ModelReply:
        """Raises ModelFailed, and MissingExtra where xllamacpp is not installed."""
        async with aclosing(self.stream(request)) as chunks:
            async for chunk in chunks:
                if chunk.reply is not None:
                    return chunk.reply
        raise self._closed(request.model)

    async def stream(self, request: ModelRequest) -> AsyncGenerator[Chunk]:
        """Raises ModelFailed, and MissingExtra where xllamacpp is not installed."""
        body = self._body(request)
        loaded = self._loaded_from(self._path(request.model))
        call = _Call(asyncio.get_running_loop())
        work = loaded.answer(body, call.emit)
        work.add_done_callback(call.end)
        try:
            async for chunk in self._chunks(request.model, call, work):
                yield chunk
        finally:
            call.stopped = True
            work.cancel()

    async def embed(self, model: str, texts: Sequence[str]) -> Embeddings:
        del texts
        raise UsageError(
            "the built-in local model makes no embeddings",
            hint="name a model of another provider",
            subject=f"{self.provider}:{model}",
        )

    async def names(self) -> list[str]:
        self._check_runtime()
        return await asyncio.to_thread(weights_names, self._folder)

    def capabilities(self, model: str) -> Capabilities:
        path = find_weights(model, self._folder)
        row = KNOWN.get(model) if path is None else row_of(path)
        return Capabilities(schema=True, local=True, tiny=row is not None and row.tiny)

    async def close(self) -> None:
        """Stops what is being answered and frees the memory."""
        loaded, self._loaded = self._loaded, {}
        for each in loaded.values():
            await asyncio.to_thread(each.close)

    def _check_runtime(self) -> None:
        if importlib.util.find_spec("xllamacpp") is None:
            raise MissingExtra("xllamacpp", "local")

    def _path(self, model: str) -> Path:
        self._check_runtime()
        path = find_weights(model, self._folder)
        if path is not None:
            return path
        name = model if model in KNOWN else next(iter(KNOWN))
        raise NoSuchModel(
            f"there are no weights for {model!r}",
            hint=f"run: burnish models pull {name}",
            model=self._faults.full_name(model),
        )

    def _loaded_from(self, path: Path) -> _Loaded:
        if path not in self._loaded:
            fresh = _Loaded(path, self._context_tokens, self._threads)
            return self._loaded.setdefault(path, fresh)  # another thread may have been faster
        return self._loaded[path]

    def _body(self, request: ModelRequest) -> dict[str, Any]:
        if request.tools and request.tool_choice != "none":
            raise RequestRefused(
                "the built-in local model calls no tools",
                hint="leave the tools out, or name a model of another provider",
                model=self._faults.full_name(request.model),
            )
        given: dict[str, Any] = {
            "temperature": request.temperature,
            "top_p": request.top_p,
            "seed": request.seed,
            "stop": list(request.stop) or None,
        }
        body: dict[str, Any] = {
            "messages": [{"role": m.role, "content": m.content} for m in request.messages],
            "max_tokens": MAX_TOKENS if request.max_tokens is None else request.max_tokens,
            **{name: value for name, value in given.items() if value is not None},
        }
        if request.schema is not None:
            schema = {"name": "answer", "strict": True, "schema": request.schema}
            body["response_format"] = {"type": "json_schema", "json_schema": schema}
        # Word of the prompt's progress is what gives a long one a chance to be stopped.
        shape = {"n": 1, "stream": True, "return_progress": True}
        return body | request.extra | shape | {"stream_options": {"include_usage": True}}

    async def _chunks(self, model: str, call: _Call, work: Future[None]) -> AsyncGenerator[Chunk]:
        loop, times = asyncio.get_running_loop(), self._options.timeouts
        parts, began = _Parts(), loop.time()
        whole = first = began + _LONGEST_WAIT_S
        while True:
            until = whole if parts.texts else min(first, whole)
            try:
                async with asyncio.timeout_at(until):
                    event = await call.events.get()
            except TimeoutError:
                if parts.texts or times.whole_s <= times.first_token_s:
                    raise self._faults.late("whole", times.whole_s, model) from None
                raise self._faults.late("first token", times.first_token_s, model) from None
            if event is None:
                break
            if event is _TURN:
                parts.waited_ms = (loop.time() - began) * 1000
                first, whole = loop.time() + times.first_token_s, loop.time() + times.whole_s
            elif "error" in event:
                raise self._refused(event["error"], model)
            elif text := parts.add(event):
                yield Chunk(text)
        yield Chunk(reply=self._reply(model, parts, work))

    def _reply(self, model: str, parts: _Parts, work: Future[None]) -> ModelReply:
        failure = None if work.cancelled() else work.exception()
        if isinstance(failure, BurnishError):
            raise failure
        if isinstance(failure, ValueError):
            words = self._faults.words(str(failure))
            raise RequestRefused(
                f"the request cannot be run: {words}",
                hint="change the schema or the parameters",
                model=self._faults.full_name(model),
            )
        if failure is not None:
            raise ServerFault(
                f"{model} failed: {self._faults.words(str(failure))}",
                hint="try again",
                model=self._faults.full_name(model),
            )
        if parts.finish is None:
            raise self._closed(model)
        if not parts.texts:
            hint = "raise max_tokens" if parts.finish == "length" else "word the prompt differently"
            raise self._faults.bad("gave an empty answer", model, hint)
        return ModelReply(
            text="".join(parts.texts),
            model=model,
            finish=parts.finish,
            usage=parts.usage,
            waited_ms=parts.waited_ms,
        )

    def _closed(self, model: str) -> ModelFailed:
        return ModelFailed(
            f"{model} was closed before its answer was complete",
            hint="open the platform anew",
            model=self._faults.full_name(model),
        )

    def _refused(self, error: dict[str, Any], model: str) -> ModelFailed:
        name = self._faults.full_name(model)
        if error.get("type") == "exceed_context_size_error":
            return RequestRefused(
                f"the prompt has {error.get('n_prompt_tokens')} tokens, and {model} was given "
                f"room for {error.get('n_ctx')}",
                hint="shorten the prompt, or raise local.context_tokens",
                model=name,
                status=400,
            )
        status = int(error.get("code") or 500)
        words = self._faults.words(str(error.get("message") or ""))
        kind = RequestRefused if status < 500 else ServerFault
        hint = "change the request" if status < 500 else "try again"
        return kind(f"{model} refused the request: {words}", hint=hint, model=name, status=status)


_TURN: Event = {"turn": True}


class _Call:
    """One answer on its way from the model's thread to the loop that waits for it."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self.events: asyncio.Queue[Event | None] = asyncio.Queue()
        self.stopped = False

    def emit(self, event: Event) -> bool:
        return self.stopped or not self._put(event)

    def end(self, _: Future[None]) -> None:
        self._put(None)

    def _put(self, event: Event | None) -> bool:
        try:
            self._loop.call_soon_threadsafe(self.events.put_nowait, event)
        except RuntimeError:  # the loop is closed: nobody waits any more
            return False
        return True


class _Parts:
    """What has come of an answer so far."""

    def __init__(self) -> None:
        self.texts: list[str] = []
        self.finish: Finish | None = None
        self.usage = Usage()
        self.waited_ms = 0.0

    def add(self, event: Event) -> str:
        """The text that the event brings, often none."""
        if usage := cast("dict[str, Any] | None", event.get("usage")):
            details: dict[str, int] = usage.get("prompt_tokens_details") or {}
            self.usage = Usage(
                input_tokens=usage.get("prompt_tokens"),
                output_tokens=usage.get("completion_tokens"),
                cached_tokens=details.get("cached_tokens", 0),
            )
        text = ""
        for choice in event.get("choices") or ():
            text += choice.get("delta", {}).get("content") or ""
            if reason := choice.get("finish_reason"):
                self.finish = reason if reason in ("stop", "length") else "other"
        if text:
            self.texts.append(text)
        return text


class _Loaded:
    """One model in memory. Its one thread loads it and gives one answer after the other."""

    def __init__(self, path: Path, context_tokens: int, threads: int) -> None:
        self._path = path
        self._context_tokens = context_tokens
        self._threads = threads
        self._server: Any = None
        self._closing = False
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="burnish-local")

    def answer(self, body: dict[str, Any], emit: Emit) -> Future[None]:
        return self._thread.submit(self._answer, body, emit)

    def close(self) -> None:
        self._closing = True
        self._thread.shutdown(wait=True, cancel_futures=True)
        # Dropping the server ends its threads; no call is inside it any more.
        self._server = None

    def _answer(self, body: dict[str, Any], emit: Emit) -> None:
        if self._server is None:
            self._server = self._load()
        if not emit(_TURN):

            def heard(event: Event) -> bool:
                return self._closing or emit(event)

            self._server.handle_chat_completions(body, heard)

    def _load(self) -> Any:
        try:
            runtime: Any = importlib.import_module("xllamacpp")
        except ImportError as error:
            raise ModelFailed(
                f"xllamacpp cannot be loaded: {error}",
                hint="install it anew: pip install --force-reinstall xllamacpp",
            ) from None
        try:
            return runtime.Server(self._parameters(runtime))
        except RuntimeError:
            raise NoSuchModel(
                f"{self._path.name} cannot be loaded as a model",
                hint="is the file complete, of a kind that llama.cpp runs, and is there room for "
                "it in memory? pull or copy it again",
                model=self._path.name,
            ) from None

    def _parameters(self, runtime: Any) -> Any:
        made = runtime.CommonParams()
        made.model.path = str(self._path)
        made.n_ctx = self._context_tokens
        made.n_batch = made.n_ubatch = _BATCH_TOKENS
        made.n_parallel = 1
        made.cpuparams.n_threads = made.cpuparams_batch.n_threads = self._threads
        made.verbosity = -1  # nothing at all: standard output and error belong to the program
        made.fit_params = False
        made.cache_ram_mib = 0  # else it may keep 8 GiB of earlier prompts
        # It cannot be kept from opening a port; with a key that nobody has, the port is of no use.
        made.hostnames = ["127.0.0.1"]
        made.port = 0
        made.api_keys = [secrets.token_urlsafe(32)]
        made.cors_origins = ""
        made.ui = made.endpoint_slots = made.endpoint_props = made.endpoint_metrics = False
        made.n_threads_http = 1
        return made
