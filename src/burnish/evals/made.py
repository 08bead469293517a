"""A scorer as an evaluation uses it: bounded in time, its errors caught, inverted where asked."""

from __future__ import annotations

import asyncio
import inspect
import math
import re
import threading
from collections.abc import Awaitable, Callable
from typing import Any, cast

import msgspec

from burnish.errors import BudgetExceeded, BurnishError
from burnish.evals.scored import Answered
from burnish.evals.scorers.kind import Case, Grade, Options, ScorerKind
from burnish.evals.scorers.tools import Tools
from burnish.masking import without_secrets
from burnish.models.question import storable
from burnish.storage.example import ScorerSpec
from burnish.storage.result import Score

# Longer texts are worked on beside the event loop, which would wait meanwhile.
_INLINE_CHARS = 20_000
_MOST_HUNG = 8
_LEEWAY = 1e-9
# A reason or an error may quote an answer of a megabyte.
_MOST_SAID = 2_000
_NAMED = re.compile(r"\{\{\s*([A-Za-z_]\w*)\s*\}\}")


class MadeScorer:
    """See the protocol `Scorer`."""

    def __init__(self, spec: ScorerSpec, kind: ScorerKind, options: Options, tools: Tools) -> None:
        self.spec = spec
        self.kind = kind
        self._options = options
        self._tools = tools
        self._inverted = spec.name.startswith("not-")
        self._metric = spec.metric or spec.name
        self._threshold = kind.threshold if spec.threshold is None else spec.threshold
        self._timeout_s = kind.timeout_s if options.timeout_s is None else options.timeout_s
        self._waits = kind.waits and spec.value is not None
        self._hung = 0

    async def score(self, answered: Answered) -> Score:
        try:
            return self._scored(await self._graded(self._case(answered)))
        except BudgetExceeded:
            raise
        except BurnishError as error:
            return self._failed(error.what)
        except Exception as error:  # noqa: BLE001 - scorers of others may raise anything
            said = f"{type(error).__name__}: {error}"
            return self._failed(without_secrets(said[: 2 * _MOST_SAID]))

    def _case(self, answered: Answered) -> Case[Options]:
        value = self.spec.value
        if self._options.fill:
            value = _filled(value, answered.example.inputs)
        return Case(answered=answered, value=value, options=self._options, tools=self._tools)

    async def _graded(self, case: Case[Options]) -> Grade:
        if self._hung >= _MOST_HUNG:
            return Grade(value=None, error=f"not called any more: it hung {self._hung} times")
        grade = self.kind.grade
        if self.kind.apart:
            return await self._in_time(_apart(lambda: cast("Grade", grade(case))))
        is_long = len(case.output) > _INLINE_CHARS
        if self._waits or (is_long and not inspect.iscoroutinefunction(grade)):
            return await self._in_time(asyncio.to_thread(grade, case))
        found = grade(case)
        return found if isinstance(found, Grade) else await self._in_time(found)

    async def _in_time(self, work: Awaitable[Any]) -> Grade:
        """What does not end in time is left behind; waiting for its end could take for ever."""
        task = asyncio.ensure_future(work)
        try:
            done, _ = await asyncio.wait((task,), timeout=self._timeout_s)
        except asyncio.CancelledError:
            task.cancel()
            raise
        if not done:
            self._hung += 1
            task.cancel()
            task.add_done_callback(_ignored)
            error = f"took longer than {self._timeout_s:g} s and was given up"
            return Grade(value=None, error=error)
        if task.cancelled():  # by itself, which must not end who waits for it
            return Grade(value=None, error="was cancelled by something inside it")
        return task.result()

    def _scored(self, grade: Grade) -> Score:
        value = grade.value
        if grade.error or value is None:
            return self._failed(grade.error or "gives no score", grade.details)
        if not (math.isfinite(value) and -_LEEWAY <= value <= 1 + _LEEWAY):
            return self._failed(f"gives {value:g}; a score is 0 to 1", grade.details)
        passed = value >= self._threshold - _LEEWAY if grade.passed is None else grade.passed
        if self._inverted:
            value, passed = 1 - value, not passed
        return Score(
            metric=self._metric,
            value=min(1.0, max(0.0, float(value))),
            passed=passed,
            weight=self.spec.weight,
            reason=storable(grade.reason)[:_MOST_SAID],
            details=_plain(grade.details),
        )

    def _failed(self, error: str, details: dict[str, Any] | None = None) -> Score:
        return Score(
            metric=self._metric,
            value=None,
            passed=False,
            weight=self.spec.weight,
            error=storable(error)[:_MOST_SAID],
            details=_plain(details or {}),
        )


async def _apart(work: Callable[[], Grade]) -> Grade:
    """In a thread of its own, which ends with the process if it never does: those of a pool would
    be used up by calls that hang, and waited for at the end."""
    loop = asyncio.get_running_loop()
    future: asyncio.Future[Grade] = loop.create_future()

    def settle(give: Callable[[Any], None], value: Any) -> None:
        if not future.done():
            give(value)

    def run() -> None:
        try:
            outcome, give = work(), future.set_result
        except Exception as error:  # noqa: BLE001 - raised again by who waits for it
            outcome, give = error, future.set_exception
        if not loop.is_closed():
            loop.call_soon_threadsafe(settle, give, outcome)

    threading.Thread(target=run, name="burnish-scorer", daemon=True).start()
    return await future


def _ignored(task: asyncio.Future[Any]) -> None:
    """Nobody waits for what a task says that was left behind."""
    if not task.cancelled():
        task.exception()


def _filled(value: Any, inputs: dict[str, Any]) -> Any:
    """The inputs in place of their names, once: what an input says is never filled in again."""
    if isinstance(value, str):
        return _NAMED.sub(lambda found: str(inputs.get(found[1], found[0])), value)
    if isinstance(value, list):
        return [_filled(each, inputs) for each in cast("list[Any]", value)]
    return value


def _plain(value: Any) -> Any:
    """As plain JSON that every store keeps."""
    if isinstance(value, str):
        return storable(value)
    if isinstance(value, dict):
        return {storable(str(k)): _plain(v) for k, v in cast("dict[Any, Any]", value).items()}
    if isinstance(value, list | tuple):
        return [_plain(each) for each in cast("list[Any]", value)]
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    plain = value is None or isinstance(value, bool | int)
    return value if plain else storable(str(msgspec.to_builtins(value, enc_hook=str)))
