"""Tries at one model: slots, rests, timeouts, repeats, and what they cost."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Callable

import msgspec

from burnish.errors import (
    BurnishError,
    CircuitOpen,
    ConnectionLost,
    KeyRefused,
    MissingExtra,
    ModelFailed,
    ModelTimeout,
    OutputRejected,
    RateLimited,
    ServerFault,
    UsageError,
)
from burnish.models.adapter import Emit, ask, can, possible
from burnish.models.lanes import Breaker, Chance, Clock, Lane, Sleep
from burnish.models.model import Model, ModelReply, ModelRequest, Usage
from burnish.models.prices import Prices
from burnish.models.question import Answer, CallEvent, Piece, Work, storable
from burnish.models.registry import Registry
from burnish.models.usage import Estimator
from burnish.prompts.prompt import Message
from burnish.settings import LimitSettings, ModelsSettings
from burnish.storage.run import Attempt

# What is recorded of a call that was stopped on its way.
CANCELLED = "cancelled: the call was stopped before its answer came"
Observe = Callable[[CallEvent], None]
_FIRST_WAIT_S, _LONGEST_WAIT_S = 0.1, 20.0
# What an answer is assumed to be at most where nothing bounds it and money is bounded.
_LONG_ANSWER = 4_096
_DONE = 200


class Policy(msgspec.Struct, frozen=True):
    """What holds for one provider."""

    limits: LimitSettings
    lane: Lane
    breaker: Breaker


class Trial(msgspec.Struct, frozen=True):
    """One model's turn at a question."""

    work: Work
    model: Model
    policy: Policy
    emit: Emit | None
    observe: Observe


class Attempts:
    def __init__(
        self,
        registry: Registry,
        settings: ModelsSettings,
        prices: Prices,
        *,
        clock: Clock = time.monotonic,
        sleep: Sleep = asyncio.sleep,
        chance: Chance = random.random,
    ) -> None:
        self._registry = registry
        self._settings = settings
        self._clock = clock
        self._sleep = sleep
        self._chance = chance
        self._policies: dict[str, Policy] = {}
        self._prices = prices
        self.estimator = Estimator()

    async def run(self, work: Work, name: str, emit: Emit | None, observe: Observe) -> Answer:
        """An answer of the model `name` that passes the question's check.

        Raises ModelFailed when no try succeeded, OutputRejected when each answer broke a rule.
        """
        provider, model_name = self._registry.parse(name)
        if name != work.question.model:
            self._check_usable(provider, name)
        policy = self._policy(provider)
        trial = Trial(work, self._registry.model(provider), policy, emit, observe)
        request = possible(trial.model, work.question.request(model_name))
        last = _most_retries(work, policy)
        fault: ModelFailed | None = None
        for number in range(last + 1):
            try:
                reply = await self._once(trial, request)
            except CircuitOpen as error:
                # What this call met tells more than that it was not tried once more.
                raise fault or error from None
            except ModelFailed as error:
                if not await self._wait(error, number, last, policy):
                    raise
                fault, problem = error, error.what
            else:
                problem = _problem(work, reply)
                if not problem:
                    return self._answer(work, name, reply)
                if number == last:
                    raise _rejected(work, name, problem)
                request = _repaired(work.question.messages, request, reply.text, problem)
            if emit is not None:
                emit(Piece(restart=problem))
        raise AssertionError("the last try returns or raises")

    def _check_usable(self, provider: str, name: str) -> None:
        """A stand-in without its key is one more model that failed, not a mistake of this call."""
        try:
            self._registry.model(provider)
        except (UsageError, MissingExtra) as error:
            unusable = KeyRefused(error.what, hint=error.hint, model=name)
            unusable.sent = False
            raise unusable from None

    def _policy(self, provider: str) -> Policy:
        if provider not in self._policies:
            limits = self._registry.limits(provider)
            self._policies[provider] = Policy(
                limits,
                Lane(limits, self._clock, self._sleep, self._chance),
                Breaker(
                    self._settings.breaker_failures, self._settings.breaker_rest_s, self._clock
                ),
            )
        return self._policies[provider]

    async def _once(self, trial: Trial, request: ModelRequest) -> ModelReply:
        work, policy, provider = trial.work, trial.policy, trial.model.provider
        name = f"{provider}:{request.model}"
        tokens = self._tokens(trial, request)
        async with policy.lane.slot(tokens):
            call = _begun(trial, name)
            try:
                reserved = self._reserve(trial, request, tokens)
            except BurnishError:
                policy.breaker.left(call)
                raise
            began = time.perf_counter()
            cost: float | None = None
            status, what, sent = 0, CANCELLED, True
            waited_ms = 0.0
            try:
                reply = await ask(trial.model, request, policy.limits.timeout_s or 0, trial.emit)
                policy.breaker.succeeded()
                cost = self._count(trial, request, reply)
                status, what, waited_ms = _DONE, "", reply.waited_ms
            except BurnishError as error:
                what, sent = (
                    f"{error.code}: {error.what}",
                    isinstance(error, ModelFailed) and error.sent,
                )
                status = error.status if isinstance(error, ModelFailed) else 0
                if not sent or not isinstance(error, ModelTimeout | ConnectionLost):
                    cost = 0.0  # the provider has nothing, or has answered with an error
                _judge(policy.breaker, error)
                raise
            finally:
                policy.breaker.left(call)
                if cost is None and status != _DONE:
                    # Nobody knows whether it was worked on; a bound on money has to assume it.
                    cost = reserved
                if work.question.budget is not None:
                    work.question.budget.settle(reserved, cost)
                took_ms = round(max((time.perf_counter() - began) * 1000 - waited_ms, 0.0), 3)
                _note(
                    trial,
                    Attempt(
                        model=name,
                        error=storable(what),
                        status=status,
                        latency_ms=took_ms,
                        sent=sent,
                    ),
                )
        return reply

    def _tokens(self, trial: Trial, request: ModelRequest) -> int:
        """What the call will read, estimated only where something is bounded by it."""
        budget = trial.work.question.budget
        if not trial.policy.lane.counts_tokens and not (budget and budget.bounds_cost):
            return 0
        name = f"{trial.model.provider}:{request.model}"
        return self.estimator.input_tokens(name, request.messages)

    def _reserve(self, trial: Trial, request: ModelRequest, tokens: int) -> float:
        budget, model = trial.work.question.budget, trial.model
        if budget is None:
            return 0.0
        name = f"{model.provider}:{request.model}"
        if not budget.bounds_cost:
            return budget.reserve(name, 0.0)
        most = Usage(input_tokens=tokens, output_tokens=request.max_tokens or _LONG_ANSWER)
        return budget.reserve(name, self._cost(model, request, most))

    def _cost(self, model: Model, request: ModelRequest, usage: Usage) -> float | None:
        if can(model, request.model).local:
            return 0.0
        return self._prices.cost_usd(model.provider, request.model, usage)

    def _count(self, trial: Trial, request: ModelRequest, reply: ModelReply) -> float | None:
        name = f"{trial.model.provider}:{request.model}"
        usage, estimated = self.estimator.completed(name, request.messages, reply.text, reply.usage)
        if not estimated:
            self.estimator.learn(name, reply.text, usage)
        cost = self._cost(trial.model, request, usage)
        trial.work.count(usage, cost, estimated=estimated)
        return cost

    async def _wait(self, error: ModelFailed, number: int, last: int, policy: Policy) -> bool:
        """Whether the call may be tried again, after the wait that it takes."""
        if not error.retryable:
            return False
        if error.retry_after_s is not None and error.retry_after_s > 0:
            if error.retry_after_s > (policy.limits.timeout_s or 0):
                policy.breaker.rest(error.retry_after_s)
                return False
            # The provider speaks of the key, not of this call: the others wait as well, also
            # where this one has no more tries.
            policy.lane.hold(error.retry_after_s)
            return number < last
        longest = min(_FIRST_WAIT_S * 2**number, _LONGEST_WAIT_S)
        wait_s = longest * (0.5 + self._chance() / 2)
        if isinstance(error, RateLimited):
            policy.lane.hold(wait_s)
        elif number < last:
            await self._sleep(wait_s)
        return number < last

    def _answer(self, work: Work, name: str, reply: ModelReply) -> Answer:
        return Answer(
            run_id=work.run_id,
            text=reply.text,
            model=name,
            finish=reply.finish,
            usage=work.usage,
            estimated=work.estimated,
            tool_calls=reply.tool_calls,
            cost_usd=work.cost_usd,
            latency_ms=(time.perf_counter() - work.began) * 1000,
            model_ms=work.attempts[-1].latency_ms,
            retries=work.retries,
            requests=work.requests,
            attempts=tuple(work.attempts),
        )


def _most_retries(work: Work, policy: Policy) -> int:
    most, asked = policy.limits.max_retries or 0, work.question.retries
    return most if asked is None else min(most, asked)


def _begun(trial: Trial, name: str) -> int:
    """The call's number at its provider's breaker. Raises CircuitOpen."""
    try:
        return trial.policy.breaker.begin(name)
    except CircuitOpen as error:
        what = f"{error.code}: {error.what}"
        trial.work.attempts.append(Attempt(model=name, error=what, sent=False))
        raise


def _problem(work: Work, reply: ModelReply) -> str:
    """What the question's check finds; then the attempt that went well says so."""
    check = work.question.check
    problem = "" if check is None else storable(check(reply.text))
    if problem:
        refused = msgspec.structs.replace(work.attempts[-1], error=f"refused: {problem}")
        work.attempts[-1] = refused
    return problem


def _rejected(work: Work, name: str, problem: str) -> OutputRejected:
    answers = sum(attempt.error.startswith("refused:") for attempt in work.attempts)
    return OutputRejected(
        f"{name} gave {answers} answers that break a rule; the last: {problem}",
        hint="loosen the rule, or take a stronger model",
        subject=name,
        output_tokens=work.output_tokens,
        retries=work.retries,
        cost_usd=work.cost_usd,
    )


def _note(trial: Trial, attempt: Attempt) -> None:
    work = trial.work
    if attempt.sent:
        work.retries += work.requests > 0
        work.requests += 1
    work.attempts.append(attempt)
    trial.observe(
        CallEvent(
            kind="attempt",
            run_id=work.run_id,
            model=attempt.model,
            phase=work.question.phase,
            error=attempt.error,
            latency_ms=attempt.latency_ms,
        )
    )


def _judge(breaker: Breaker, error: BurnishError) -> None:
    """Faults of the provider count; a refused key or request says nothing about its health."""
    if isinstance(error, ServerFault | ConnectionLost | ModelTimeout):
        breaker.failed()


def _repaired(
    asked: tuple[Message, ...], request: ModelRequest, text: str, problem: str
) -> ModelRequest:
    """The same question with the refused answer and what is wrong with it."""
    told = (
        Message("assistant", text),
        Message(
            "user",
            f"That answer cannot be used: {problem}. Answer again in full, with that put right "
            "and the rest kept. Give the answer alone.",
        ),
    )
    return msgspec.structs.replace(request, messages=(*asked, *told), sample=request.sample + 1)
