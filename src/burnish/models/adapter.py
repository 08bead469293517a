"""The boundary to adapters, which may be somebody else's code: whatever they do, a call ends with
an answer or with an error of ours."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable

import msgspec

from burnish.errors import (
    BadReply,
    BurnishError,
    ConnectionLost,
    ModelFailed,
    ModelTimeout,
    UsageError,
)
from burnish.masking import without_secrets
from burnish.models.faults import alone
from burnish.models.model import Capabilities, Model, ModelReply, ModelRequest
from burnish.models.question import Piece, storable

Emit = Callable[[Piece], None]
# Adapters keep the times themselves and say which one ran out; this is for those that do not.
_GRACE_S = 0.5


async def ask(
    model: Model, request: ModelRequest, timeout_s: float, emit: Emit | None
) -> ModelReply:
    name = f"{model.provider}:{request.model}"
    try:
        async with asyncio.timeout(timeout_s + _GRACE_S):
            reply = await _reply(model, request, emit)
    except TimeoutError:
        raise ModelTimeout(
            f"{name} gave no answer in {timeout_s:g} s",
            hint=f"raise models.{model.provider}.timeout_s, or ask for a shorter answer",
            model=name,
        ) from None
    except BurnishError as error:
        raise alone(error)  # noqa: B904 - it is the same error
    except Exception as error:
        # Adapters of others may raise anything; a call must end as one of our own errors.
        raise _defect(model, name, error) from error
    if not reply.text.strip() and not reply.tool_calls:
        raise BadReply(f"{name} answered with an empty text", model=name)
    return msgspec.structs.replace(reply, text=storable(reply.text))


def possible(model: Model, request: ModelRequest) -> ModelRequest:
    """The request as far as the model can take it. A schema is asked for in words as well, and
    what comes back is checked; tools cannot be done without."""
    able = can(model, request.model)
    if request.tools and not able.tools:
        raise UsageError(
            f"{model.provider}:{request.model} calls no tools",
            hint="take a model that does, or leave the tools out",
        )
    return request if able.schema else msgspec.structs.replace(request, schema=None)


def can(model: Model, name: str) -> Capabilities:
    try:
        return model.capabilities(name)
    except Exception as error:
        # As above: somebody else's code.
        raise _defect(model, f"{model.provider}:{name}", error) from error


def _defect(model: Model, name: str, error: Exception) -> ModelFailed:
    return ModelFailed(
        f"the adapter of {model.provider} failed: {type(error).__name__}: "
        f"{without_secrets(str(error))[:300]}",
        hint="this is a defect of the adapter; tell its author",
        model=name,
    )


async def _reply(model: Model, request: ModelRequest, emit: Emit | None) -> ModelReply:
    if emit is None:
        return await model.complete(request)
    if not can(model, request.model).stream:
        whole = await model.complete(request)
        emit(Piece(storable(whole.text)))
        return whole
    stream = model.stream(request)
    try:
        async for chunk in stream:
            if chunk.text:
                emit(Piece(storable(chunk.text)))
            if chunk.reply is not None:
                return chunk.reply
    finally:
        if isinstance(stream, AsyncGenerator):
            await stream.aclose()
    name = f"{model.provider}:{request.model}"
    raise ConnectionLost(f"the stream of {name} ended before its answer did", model=name)
