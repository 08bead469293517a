"""A call of somebody's function: its prompt filled in, its answer checked, kept and recorded.

One course for plain and for async functions: for a plain one nothing in it ever waits, so it is
driven to its end at once.
"""

from __future__ import annotations

import functools
import hashlib
import inspect
import time
from collections.abc import Callable, Coroutine, Mapping
from datetime import UTC, datetime
from types import FunctionType, MethodType, TracebackType
from typing import Any, Self, TypeVar, cast
from uuid import uuid4
from weakref import ref

import msgspec

from burnish.agents.texts import AsyncResult, Filled, Result, waited_for
from burnish.errors import OutputRejected, UsageError
from burnish.generation.answer_rules import AnswerRules
from burnish.intents.tokens import estimate_tokens
from burnish.library.values import Rendered
from burnish.masking import without_secrets
from burnish.platform import AsyncPlatform
from burnish.prompts.composition import has_includes
from burnish.prompts.prompt import Variable
from burnish.prompts.variables import is_plain
from burnish.storage.run import Run
from burnish.storage.store import Fetched
from burnish.sync_platform import Platform

T = TypeVar("T")
AnyPlatform = Platform | AsyncPlatform
REPEATS = 3
_ERROR_CHARS = 500
_VARIADIC = (inspect.Parameter.VAR_KEYWORD, inspect.Parameter.VAR_POSITIONAL)
# What an agent's answer depends on beside its prompt, also where its class says it.
_TELLING = ("model", "provider", "temperature", "max_tokens", "system_prompt")


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """One call: the prompt as it was filled in, and what else goes to the function. `owner` is
    the agent whose method is called, None for a plain function."""

    found: Fetched
    rendered: Rendered
    values: dict[str, Any]
    args: tuple[Any, ...]
    rest: dict[str, Any]
    owner: Any


class Call:
    """A function and the stored prompt that it is given."""

    def __init__(self, reference: str, function: Callable[..., Any], ttl_s: float) -> None:
        if inspect.isgeneratorfunction(function) or inspect.isasyncgenfunction(function):
            raise UsageError(
                f"{name_of(function)} gives its answer in pieces",
                hint="give the stored prompt to a function that returns the whole text",
            )
        parameters = inspect.signature(function).parameters
        self._reference = reference
        self._function = function
        self._ttl_s = ttl_s
        self._tokens = _tokens()
        self._own = {name for name, each in parameters.items() if each.kind not in _VARIADIC}
        self._has_self = next(iter(parameters), "") in ("self", "cls")
        self.is_async = inspect.iscoroutinefunction(function)

    def finish(
        self, platform: AnyPlatform, args: tuple[Any, ...], kwargs: Mapping[str, Any]
    ) -> Result:
        """The call of a plain function."""
        if isinstance(platform, AsyncPlatform):
            raise UsageError(
                f"{name_of(self._function)} is no async function, its platform is async",
                hint="give it burnish.open(), or write it with async def",
            )
        return Result.of(*_finished(self._run(platform, args, kwargs)), platform)

    async def wait(
        self, platform: AnyPlatform, args: tuple[Any, ...], kwargs: Mapping[str, Any]
    ) -> AsyncResult:
        """The call of an async function."""
        return AsyncResult.of(*await self._run(platform, args, kwargs), platform)

    async def _run(
        self, platform: AnyPlatform, args: tuple[Any, ...], kwargs: Mapping[str, Any]
    ) -> tuple[Run, Fetched]:
        asked = await self._asked(platform, args, kwargs)
        key = self._key(asked) if self._ttl_s > 0 and platform.settings.cache.responses else ""
        kept = platform.responses.get(key) if key else None
        record = Record(asked, platform, self._ask)
        async with record:
            if kept is not None:
                record.keep(kept.decode("utf-8", "surrogatepass"))
            else:
                await self._answer(asked, record)
        if key and kept is None:
            value = record.output.encode("utf-8", "surrogatepass")
            platform.responses.put(key, value, self._ttl_s)
        return record.run, asked.found

    async def _asked(
        self, platform: AnyPlatform, args: tuple[Any, ...], kwargs: Mapping[str, Any]
    ) -> Asked:
        found: Fetched = await self._ask(platform.prompts.get, self._reference)
        exact = f"{found.prompt.name}@{found.version.revision}"
        whole = found.version
        if has_includes(whole.messages):
            whole = (await self._ask(platform.prompts.expand, exact)).version
        variables = {variable.name: variable for variable in whole.variables}
        values = {k: _fitted(variables[k], v) for k, v in kwargs.items() if k in variables}
        # A name that the function has as a parameter of its own goes to both.
        rest = {k: v for k, v in kwargs.items() if k not in variables or k in self._own}
        owner = args[0] if self._has_self and args else getattr(self._function, "__self__", None)
        return Asked(
            found=found,
            rendered=await self._ask(platform.prompts.render, exact, values),
            values=values,
            args=args,
            rest=rest,
            owner=owner,
        )

    async def _answer(self, asked: Asked, record: Record) -> None:
        """Raises OutputRejected when no answer keeps the rules, and whatever the function does."""
        rules = AnswerRules.of(asked.found.version.config, asked.values)
        problem = ""
        for repeat in range(1 + REPEATS):
            record.retries = repeat
            filled = Filled.of(asked.rendered, problem)
            with record.timed():
                record.output = await self._text(asked, filled)
            problem = rules.problem(record.output)
            record.valid = not problem if rules.any else None
            if not problem:
                return
        raise OutputRejected(
            f"{name_of(self._function)} gave {1 + REPEATS} answers against the rules of "
            f"{asked.rendered.reference}; of the last, {problem}",
            hint="change the prompt, its rules or the model",
            subject=asked.rendered.reference,
        )

    async def _text(self, asked: Asked, filled: Filled) -> str:
        own = asked.args[:1] if self._has_self else ()
        answer = self._function(*own, filled, *asked.args[len(own) :], **asked.rest)
        if self.is_async:
            answer = await answer
        if not isinstance(answer, str):
            raise UsageError(
                f"{name_of(self._function)} returned {type(answer).__name__}, not a text",
                hint="return the text of the answer",
            )
        return str(answer)

    async def _ask(self, method: Callable[..., Any], *args: Any) -> Any:
        return await waited_for(method, *args) if self.is_async else method(*args)

    def _key(self, asked: Asked) -> str:
        """Of everything that decides the answer; empty where something is no plain value, as an
        object tells nothing about what it will say tomorrow."""
        own = asked.args[1:] if self._has_self else asked.args
        parts: list[Any] = [
            asked.rendered.reference,
            asked.found.version.content_hash,
            [[message.role, message.content] for message in asked.rendered.messages],
            f"{getattr(self._function, '__module__', '')}.{name_of(self._function)}",
            self._tokens.nature(asked.owner),
            self._tokens.function(self._function),
            list(own),
            asked.rest,
        ]
        if not is_plain(parts):
            return ""
        encoded = msgspec.json.encode(parts, order="deterministic")
        return f"prompted:{hashlib.sha256(encoded).hexdigest()}"


class Record:
    """Makes a run of one call, whether it ends with an answer or an error."""

    run: Run

    def __init__(self, asked: Asked, platform: AnyPlatform, ask: Callable[..., Any]) -> None:
        self._asked = asked
        self._platform = platform
        self._ask = ask
        self._began = datetime.now(UTC)
        self._spent_s = 0.0
        self._cached = False
        self.output = ""
        self.retries = 0
        self.valid: bool | None = None

    def keep(self, text: str) -> None:
        """The answer comes from memory."""
        self.output, self._cached = text, True

    def timed(self) -> _Stopwatch:
        return _Stopwatch(self._add)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        said = without_secrets(f"{type(error).__name__}: {error}") if error else ""
        self.run = self._made(said[:_ERROR_CHARS])
        # With the store away the answer would be lost over the record of it.
        if not (self._asked.found.stale or self._asked.rendered.stale):
            await self._ask(self._platform.record_run, self.run)

    def _add(self, seconds: float) -> None:
        self._spent_s += seconds

    def _made(self, error: str) -> Run:
        asked, config = self._asked, self._asked.found.version.config
        sent = [message.content for message in asked.rendered.messages]
        model = config.get("model") or getattr(asked.owner, "model", "")
        return Run(
            id=self._platform.new_id(),
            kind="agent",
            version_id=asked.found.version.id,
            model=model if isinstance(model, str) else "",
            input=asked.values,
            output=self.output,
            prompt=asked.found.prompt.name,
            input_tokens=0 if self._cached else estimate_tokens("\n".join(sent)),
            output_tokens=0 if self._cached else estimate_tokens(self.output),
            estimated=not self._cached,
            cost_usd=0.0 if self._cached else None,
            latency_ms=self._spent_s * 1000,
            error=error,
            requests=0 if self._cached else 1 + self.retries,
            retries=self.retries,
            cached=self._cached,
            valid=self.valid,
            who=self._platform.settings.author_name,
            created_at=self._began,
        )


class _Stopwatch:
    def __init__(self, add: Callable[[float], None]) -> None:
        self._add = add

    def __enter__(self) -> None:
        self._began = time.perf_counter()

    def __exit__(self, *_: object) -> None:
        self._add(time.perf_counter() - self._began)


def name_of(function: Callable[..., Any]) -> str:
    return getattr(function, "__qualname__", type(function).__qualname__)


def _finished(coroutine: Coroutine[Any, Any, T]) -> T:
    """The result of a coroutine that waits for nothing."""
    try:
        coroutine.send(None)
    except StopIteration as end:
        return end.value
    coroutine.close()
    raise RuntimeError("a plain call waited for something")


def _fitted(variable: Variable, value: Any) -> Any:
    """As `str.format` would print it, where a text is asked for; code brings numbers and dates."""
    kind = cast("type[Any]", type(value))
    if variable.type == "string" and not issubclass(kind, str | list | dict | None):
        return str(value)
    return list(value) if variable.type == "list" and kind is tuple else value


class Tokens:
    """A name for each object that nothing else tells apart; it lasts as long as the object."""

    def __init__(self) -> None:
        self._names: dict[int, tuple[ref[Any], str]] = {}

    def of(self, thing: Any) -> str | None:
        """By identity: objects may be equal and answer differently. None for what can have no
        name, such as a list."""
        key = id(thing)
        known = self._names.get(key)
        if known is not None and known[0]() is thing:
            return known[1]
        try:
            name = uuid4().hex
            self._names[key] = (ref(thing, lambda _: self._drop(key)), name)
        except TypeError:
            return None
        return name

    def nature(self, owner: Any) -> Any:
        """What of an agent decides its answers: its class, its attributes that are plain values,
        and by name those that are not, such as a client. Private numbers and collections, which
        count and collect, do not; an agent that has some has answers of its own."""
        if owner is None:
            return {}
        kind = owner if isinstance(owner, type) else type(owner)
        held = {name: getattr(owner, name, None) for name in _TELLING}
        held |= dict(getattr(owner, "__dict__", {})) if owner is not kind else {}
        told = {name: self._told(name, value) for name, value in held.items()}
        nature: dict[str, Any] = {
            "class": f"{kind.__module__}.{kind.__qualname__}",
            "attributes": told,
        }
        if any(name.startswith("_") for name in held):
            nature["object"] = self.of(owner) or owner
        return nature

    def function(self, function: Callable[..., Any]) -> Any:
        """The same of a function: what it closes over."""
        values = [_content(cell) for cell in getattr(function, "__closure__", None) or ()]
        is_function = isinstance(function, FunctionType | MethodType)
        if is_function and all(isinstance(v, str | int | float | None) for v in values):
            return values
        return self.of(function) or function

    def _told(self, name: str, value: Any) -> Any:
        if is_plain(value):
            return value if isinstance(value, str) or not name.startswith("_") else None
        return self.of(value) or value

    def _drop(self, key: int) -> None:
        self._names.pop(key, None)


@functools.lru_cache(maxsize=1)
def _tokens() -> Tokens:
    """One a process: an agent's mixin makes a new call each time."""
    return Tokens()


def _content(cell: Any) -> Any:
    try:
        return cell.cell_contents
    except ValueError:  # not filled yet
        return None
