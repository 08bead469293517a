"""The sync face over the async core.

A background thread runs one event loop; sync calls hand coroutines to it and wait. That works
in a script, in Jupyter (whose own loop is busy) and inside any running loop.
"""

from __future__ import annotations

import asyncio
import concurrent.futures
import functools
import os
import threading
from collections.abc import AsyncGenerator, Callable, Coroutine, Iterator
from typing import Any, Concatenate, Generic, ParamSpec, TypeVar

from burnish.errors import UsageError

_ENDING_TRIES = 500
T = TypeVar("T")
P = ParamSpec("P")
Target = TypeVar("Target")


class LoopThread:
    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        self._process = os.getpid()
        self._gate = threading.Lock()
        self._closing = False
        self._thread = threading.Thread(
            target=self._loop.run_forever, name="burnish-loop", daemon=True
        )
        self._thread.start()

    def run(self, coroutine: Coroutine[Any, Any, T]) -> T:
        """Waits for the result. An interrupt (Ctrl-C) cancels the work before it is re-raised."""
        try:
            self.check_open()
        except UsageError:
            coroutine.close()
            raise
        if os.getpid() != self._process:
            coroutine.close()
            raise UsageError(
                "the platform was opened before the process was forked",
                hint="open one in each process",
            )
        if threading.current_thread() is self._thread:
            coroutine.close()
            raise RuntimeError(
                "the sync face was called from inside its own loop; use open_async()"
            )
        with self._gate:
            # What is handed over before the gate closes is begun, and cancelled by `close`.
            if self._closing:
                coroutine.close()
                raise UsageError("the platform was closed meanwhile", hint="open another")
            future = asyncio.run_coroutine_threadsafe(coroutine, self._loop)
        try:
            return future.result()
        except concurrent.futures.CancelledError:
            raise UsageError("the platform was closed meanwhile", hint="open another") from None
        except BaseException:
            future.cancel()
            raise

    def check_open(self) -> None:
        """Raises UsageError when it is closed."""
        if self.closed:
            raise UsageError("the platform is closed", hint="open another with burnish.open()")

    def iterate(self, source: AsyncGenerator[T]) -> Iterator[T]:
        """The values as they come. Leaving early closes the source."""
        try:
            while True:
                try:
                    yield self.run(_next(source))
                except StopAsyncIteration:
                    return
        finally:
            if not self.closed:
                self.run(_closed(source))

    @property
    def closed(self) -> bool:
        return self._loop.is_closed()

    def close(self) -> None:
        if self.closed:
            return
        with self._gate:
            self._closing = True
        # Calls of other threads that still wait get an error; with the loop gone they would wait
        # for ever.
        asyncio.run_coroutine_threadsafe(_cancel_others(), self._loop).result()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()


async def _next(source: AsyncGenerator[T]) -> T:
    return await anext(source)


async def _closed(source: AsyncGenerator[Any]) -> None:
    """Where it was interrupted it may still be ending."""
    for _ in range(_ENDING_TRIES):
        try:
            await source.aclose()
        except RuntimeError:
            await asyncio.sleep(0.01)
        else:
            return


async def _cancel_others() -> None:
    others = asyncio.all_tasks() - {asyncio.current_task()}
    for task in others:
        task.cancel()
    await asyncio.gather(*others, return_exceptions=True)
    await asyncio.get_running_loop().shutdown_asyncgens()


class SyncFace(Generic[Target]):
    """Base of the classes whose methods are `blocking(...)` of the target's coroutines."""

    def __init__(self, target: Target, loop: LoopThread) -> None:
        self._target = target
        self._loop = loop


def blocking(
    method: Callable[Concatenate[Any, P], Coroutine[Any, Any, T]],
) -> Callable[Concatenate[Any, P], T]:
    """The same method, with the same signature and documentation, as a plain function. It is looked
    up by its name: the target may be another that has the same methods, such as a server's."""
    name = method.__name__

    @functools.wraps(method)
    def call(self: SyncFace[Any], /, *args: P.args, **kwargs: P.kwargs) -> T:
        return self._loop.run(getattr(self._target, name)(*args, **kwargs))  # pyright: ignore[reportPrivateUsage]

    return call


def direct(method: Callable[Concatenate[Any, P], T]) -> Callable[Concatenate[Any, P], T]:
    """For a plain method of the target that waits for nothing: called on the caller's own thread,
    which takes less time than handing over a millisecond's work and waiting for it."""
    name = method.__name__

    @functools.wraps(method)
    def call(self: SyncFace[Any], /, *args: P.args, **kwargs: P.kwargs) -> T:
        self._loop.check_open()  # pyright: ignore[reportPrivateUsage]
        return getattr(self._target, name)(*args, **kwargs)  # pyright: ignore[reportPrivateUsage]

    return call


def streaming(
    method: Callable[Concatenate[Any, P], AsyncGenerator[T]],
) -> Callable[Concatenate[Any, P], Iterator[T]]:
    """The same method as a plain generator, with its signature and documentation."""
    name = method.__name__

    @functools.wraps(method)
    def call(self: SyncFace[Any], /, *args: P.args, **kwargs: P.kwargs) -> Iterator[T]:
        return self._loop.iterate(getattr(self._target, name)(*args, **kwargs))  # pyright: ignore[reportPrivateUsage]

    return call
