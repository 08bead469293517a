"""What a function is given instead of a prompt of its own, and what its caller gets back."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Callable
from functools import partial
from typing import Any, Self

from burnish.errors import UsageError
from burnish.library.values import Rendered
from burnish.platform import AsyncPlatform
from burnish.prompts.prompt import Message, join_messages
from burnish.storage.run import Run
from burnish.storage.store import Fetched
from burnish.sync_platform import Platform


class Filled(str):
    """A stored prompt with its variables filled in, as one text to send to a model.

    `system` and `user` are its parts and `messages` all of it, for code that sends them apart.
    `reference` is the exact version. `problem` is empty, or says why the last answer was refused;
    the text then says so at its end, too.
    """

    __slots__ = ("messages", "problem", "reference", "system", "user")

    system: str
    user: str
    messages: tuple[Message, ...]
    reference: str
    problem: str

    @classmethod
    def of(cls, rendered: Rendered, problem: str = "") -> Self:
        filled = cls(_text(rendered) + _asked_again(problem))
        filled.system = rendered.system
        filled.user = rendered.user
        filled.messages = rendered.messages
        filled.reference = rendered.reference
        filled.problem = problem
        return filled


class _Answer(str):
    """The function's text. `run_id` is the run that recorded the call, `reference` the exact
    version of the prompt; `cached` tells that the function was not called."""

    __slots__ = ("_platform", "cached", "reference", "run_id")

    run_id: str
    reference: str
    cached: bool
    _platform: Platform | AsyncPlatform

    @classmethod
    def of(cls, run: Run, found: Fetched, platform: Platform | AsyncPlatform) -> Self:
        answer = cls(run.output)
        answer.run_id = run.id
        answer.reference = f"{found.prompt.name}@{found.version.revision}"
        answer.cached = run.cached
        answer._platform = platform
        return answer


class Result(_Answer):
    """The text that a plain function returned."""

    __slots__ = ()

    def rate(self, value: float) -> None:
        """How good the answer was, from 0 to 1; it counts for the prompt's rating."""
        platform = self._platform
        if isinstance(platform, AsyncPlatform):
            raise UsageError("the platform waits for nobody", hint="use an async function")
        platform.feedback(self.run_id, score=value)


class AsyncResult(_Answer):
    """The text that an async function returned."""

    __slots__ = ()

    async def rate(self, value: float) -> None:
        """How good the answer was, from 0 to 1; it counts for the prompt's rating."""
        await waited_for(partial(self._platform.feedback, self.run_id, score=value))


async def waited_for(method: Callable[..., Any], *args: Any) -> Any:
    """The result of a method of either platform, without holding up the event loop."""
    if inspect.iscoroutinefunction(method):
        return await method(*args)
    return await asyncio.to_thread(method, *args)


def _text(rendered: Rendered) -> str:
    messages = rendered.messages
    roles = [message.role for message in messages]
    if roles in (["user"], ["system"], ["system", "user"]):
        return "\n\n".join(message.content.strip("\n") for message in messages)
    return join_messages(messages)


def _asked_again(problem: str) -> str:
    if not problem:
        return ""
    return f"\n\nYour last answer was refused: {problem}. Answer again without this fault."
