"""Rules that end a search before its budget does. Each is asked after every step, and gives the
reason to end, or nothing."""

from __future__ import annotations

import math
import time
from collections.abc import Callable

from burnish.errors import UsageError
from burnish.optimizers.ask import TARGET
from burnish.optimizers.problem import ENOUGH, Problem

Stop = Callable[[Problem], str]
_KEPT_BACK, _OVER = "is kept for the comparison", "of work are over"


def at_target(score: float) -> Stop:
    """Once the leader scores as much on the whole validation list."""
    if not 0 < score <= 1:
        raise UsageError(f"a target of {score:g}", hint="scores go from 0 to 1: give 0.9")

    def stop(problem: Problem) -> str:
        mean, n = problem.standing(problem.leader)
        if n >= min(len(problem.validation), ENOUGH) and mean >= score:
            return f"{TARGET} of {score:g} is reached: {mean:.2f} over {n} examples"
        return ""

    return stop


def unchanged(rounds: int) -> Stop:
    """Once so many rounds in a row brought no new leader."""

    def stop(problem: Problem) -> str:
        if problem.rounds - problem.changed_at >= rounds:
            return f"{rounds} rounds in a row brought nothing better"
        return ""

    return stop


def right_on_all(n: int) -> str:
    """What a prompt that scores all that can be scored is said to be."""
    return f"is right on all {n} examples that it was tried on; nothing to gain"


def after_rounds(rounds: int) -> Stop:
    def stop(problem: Problem) -> str:
        return f"{rounds} rounds are done" if problem.rounds >= rounds else ""

    return stop


def after_seconds(seconds: float, used: float = 0.0) -> Stop:
    """Of work; earlier attempts `used` some of them."""
    end = time.monotonic() + seconds - used

    def stop(_: Problem) -> str:
        return f"{seconds:g} seconds {_OVER}" if time.monotonic() >= end else ""

    return stop


def is_short(why: str) -> bool:
    """Whether a search ended for it because money or time was short."""
    return why.endswith((_KEPT_BACK, _OVER))


def within_cost(cost_usd: float) -> Stop:
    """While there is money for what follows the search: a comparison with the leader, whose
    answers may be dearer than others."""

    def stop(problem: Problem) -> str:
        ledger = problem.ledger
        both = (_paid(problem, problem.original) + _paid(problem, problem.leader)) / 2
        each = max(ledger.cost_usd / max(1, ledger.metric_calls), both) * ledger.answers_each
        if ledger.cost_usd + each * ledger.reserved >= cost_usd:
            return f"the rest of ${cost_usd:g} {_KEPT_BACK}"
        return ""

    return stop


def _paid(problem: Problem, candidate: str) -> float:
    """For an answer of a candidate, in the mean, where its price is known and it is not free."""
    found = problem.book.measured(candidate).values()
    paid = [each.paid_usd for each in found if each.paid_usd]
    return math.fsum(paid) / max(1, len(paid))
