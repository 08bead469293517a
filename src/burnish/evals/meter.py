"""What the judges of one answer were asked, and what it cost.

Judges are asked by scorers, which are made once for many answers; so the meter that runs is that of
the task in which a scorer works."""

from __future__ import annotations

import asyncio
from collections.abc import Generator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass

from burnish.errors import (
    AllModelsFailed,
    BudgetExceeded,
    BurnishError,
    ConnectionLost,
    ModelTimeout,
)
from burnish.evals.scorers.tools import Ask
from burnish.models.question import Answer, Question


@dataclass
class Meter:
    """`calls` counts what was put to judges, remembered answers too; `cost_usd` is None where a
    price is unknown. `again` more questions may be asked than is usual; None: as many as they
    like."""

    calls: int = 0
    cost_usd: float | None = 0.0
    again: int | None = None

    def add(self, cost_usd: float | None) -> None:
        self.calls += 1
        unknown = cost_usd is None or self.cost_usd is None
        self.cost_usd = None if unknown else (self.cost_usd or 0.0) + (cost_usd or 0.0)


_RUNNING: ContextVar[Meter | None] = ContextVar("meter", default=None)
_AGAIN: ContextVar[int | None] = ContextVar("again", default=None)


@contextmanager
def running() -> Generator[Meter]:
    """A meter of what is asked within."""
    meter = Meter(again=_AGAIN.get())
    token = _RUNNING.set(meter)
    try:
        yield meter
    finally:
        _RUNNING.reset(token)


@contextmanager
def at_most_again(questions: int) -> Generator[None]:
    """Judges of each answer within may ask so many more questions than is usual."""
    token = _AGAIN.set(questions)
    try:
        yield
    finally:
        _AGAIN.reset(token)


def may_ask_again() -> bool:
    """Whether a judge whose answer cannot be used may ask once more. What is allowed here is used
    up by it."""
    meter = _RUNNING.get()
    if meter is None or meter.again is None:
        return True
    meter.again -= 1
    return meter.again >= 0


def metered(ask: Ask) -> Ask:
    """The same, and the meter that runs notes what it costs."""

    async def asked(question: Question) -> Answer:
        meter = _RUNNING.get()
        try:
            answer = await ask(question)
        except BudgetExceeded:
            raise  # nobody was asked
        except asyncio.CancelledError:
            if meter is not None:
                meter.add(None)
            raise
        except BurnishError as error:
            if meter is not None:
                meter.add(cost_of_failed(error))
            raise
        if meter is not None:
            meter.add(0.0 if answer.cached else answer.cost_usd)
        return answer

    return asked


def cost_of_failed(error: BurnishError) -> float | None:
    """Of a call that failed, as calls are recorded: unknown where a provider may have worked on
    what nobody got."""
    causes = error.causes if isinstance(error, AllModelsFailed) else (error,)
    return None if any(isinstance(each, ModelTimeout | ConnectionLost) for each in causes) else 0.0
