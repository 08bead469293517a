"""`@burnish.prompted(…)` and `burnish.PromptedAgent`."""

from __future__ import annotations

import atexit
import functools
import os
from collections.abc import Callable, Coroutine
from typing import Any, cast, overload

from burnish.agents.call import AnyPlatform, Call
from burnish.agents.texts import AsyncResult, Result
from burnish.errors import UsageError
from burnish.opening import open as open_platform
from burnish.sync_platform import Platform

Where = AnyPlatform | Callable[[], AnyPlatform] | None


def prompted(
    reference: str, platform: Where = None, *, cache: bool = True, ttl_s: float = 3600.0
) -> Decorator:
    """Gives a function a stored prompt as its first argument (after `self` in a method).

    Call the function with the prompt's variables as keywords; other arguments go to the function.
    It receives a `Filled` text and returns the model's answer as a text. Answers are checked
    against the prompt's `min_length`, `max_length` and `language`, with up to 3 repeats, remembered
    for `ttl_s` seconds and recorded as runs. The caller gets a `Result`: the text, with its
    `run_id` and `rate()`.

    `platform` is one that `burnish.open()` or `open_async()` gave, or a function that returns one
    when the first call needs it; without, one with the usual settings is opened and closed at
    exit. A call raises what the function raises, NotFound, VariableError, and OutputRejected when
    no answer kept the rules.
    """
    return Decorator(reference, platform, ttl_s if cache else 0.0)


class Decorator:
    """What `prompted` returns: put it above a function that is plain or async."""

    def __init__(self, reference: str, platform: Where, ttl_s: float) -> None:
        self._reference = reference
        self._platform = platform
        self._ttl_s = ttl_s

    @overload
    def __call__(
        self, function: Callable[..., Coroutine[Any, Any, str]], /
    ) -> Callable[..., Coroutine[Any, Any, AsyncResult]]: ...
    @overload
    def __call__(self, function: Callable[..., str], /) -> Callable[..., Result]: ...
    def __call__(self, function: Callable[..., Any], /) -> Callable[..., Any]:
        call = Call(self._reference, function, self._ttl_s)

        @functools.wraps(function)
        async def waiting(*args: Any, **kwargs: Any) -> AsyncResult:
            return await call.wait(_opened(self._platform), args, kwargs)

        @functools.wraps(function)
        def plain(*args: Any, **kwargs: Any) -> Result:
            return call.finish(_opened(self._platform), args, kwargs)

        return waiting if call.is_async else plain


class PromptedAgent:
    """A mixin for agents that have `generate(prompt, …)` and an `agent_name`.

    Set `prompt_platform`, or make it a property, for another platform than one with the usual
    settings. `prompt_ttl_s` is how long answers are remembered; 0 remembers none.
    """

    prompt_platform: AnyPlatform | None = None
    prompt_ttl_s: float = 3600.0

    def generate_from_template(self, task: str, /, **variables: Any) -> Any:
        """The answer of the agent's own `generate` to the stored prompt `agent_name/task`, as
        `prompted` gives it: a Result, or to be awaited an AsyncResult where `generate` is async.

        `task` may name a version: `write_chapter@v1`. Keywords that are no variables of the
        prompt go to `generate`.
        """
        agent, generate = getattr(self, "agent_name", ""), getattr(self, "generate", None)
        if not agent or generate is None:
            raise UsageError(
                f"{type(self).__name__} has no {'agent_name' if generate else 'generate method'}",
                hint="give the class an agent_name and a method generate(prompt, …)",
            )
        given = prompted(f"{agent}/{task}", self.prompt_platform, ttl_s=self.prompt_ttl_s)
        return given(cast("Callable[..., Any]", generate))(**variables)


def _opened(where: Where) -> AnyPlatform:
    if where is None:
        return _usual_platform(os.getpid())
    return where() if callable(where) else where


@functools.lru_cache(maxsize=1)
def _usual_platform(process: int) -> Platform:
    """One a process: a fork has no thread that runs the platform of its parent."""
    platform = open_platform()

    def close() -> None:
        if os.getpid() == process:
            platform.close()

    atexit.register(close)
    return platform
