"""The fake model, which users' own tests stand on."""

from __future__ import annotations

import asyncio
import math

import pytest

from burnish.errors import BadReply, RateLimited
from burnish.models.fake import Fake, echo
from burnish.models.model import ModelReply, ModelRequest, ToolCall
from burnish.models.options import ProviderOptions
from burnish.prompts.prompt import Message


def asked(text: str = "Say  hello\nto me. ") -> ModelRequest:
    messages = (Message("system", "Be brief."), Message("user", text))
    return ModelRequest(model="echo", messages=messages)


def dot(one: tuple[float, ...], other: tuple[float, ...]) -> float:
    return sum(a * b for a, b in zip(one, other, strict=True))


@pytest.mark.spec("MOD-01")
async def test_echoes_the_last_user_message() -> None:
    model = echo(ProviderOptions(provider="fake", base_url=""))
    reply = await model.complete(asked())
    assert reply.text == asked().messages[-1].content
    assert (reply.usage.input_tokens, reply.usage.output_tokens) == (6, 4)
    assert (model.provider, await model.names()) == ("fake", ["echo"])
    assert model.capabilities("echo").local


async def test_streams_word_by_word() -> None:
    *pieces, last = [chunk async for chunk in Fake().stream(asked())]
    assert [piece.text for piece in pieces] == ["Say", "  hello", "\nto", " me.", " "]
    assert last.reply is not None
    assert "".join(piece.text for piece in pieces) == last.reply.text


async def test_replies_come_in_order_and_the_last_stays() -> None:
    call = ModelReply(text="", tool_calls=(ToolCall("f", "{}"),))
    model = Fake(["one", call, "three"])
    replies = [await model.complete(asked()) for _ in range(4)]
    assert [reply.text for reply in replies] == ["one", "", "three", "three"]
    assert len(model.requests) == 4


async def test_a_function_answers_from_the_request() -> None:
    model = Fake(lambda request: request.messages[-1].content.upper())
    assert (await model.complete(asked("hi"))).text == "HI"


async def test_faults_come_in_order_and_then_none() -> None:
    model = Fake(["ok"], faults=[RateLimited("too fast", retry_after_s=1), None])
    with pytest.raises(RateLimited, match="too fast"):
        await model.complete(asked())
    assert (await model.complete(asked())).text == "ok"
    assert (await model.complete(asked())).text == "ok"


async def test_an_empty_answer_is_a_failure() -> None:
    with pytest.raises(BadReply):
        await Fake([" "]).complete(asked())


async def test_counts_the_calls_under_way() -> None:
    model = Fake(latency_s=0.01)
    await asyncio.gather(*(model.complete(asked()) for _ in range(5)))
    assert (model.most_in_flight, model.in_flight) == (5, 0)


async def test_a_cancelled_call_is_no_longer_under_way() -> None:
    model = Fake(latency_s=60)
    task = asyncio.create_task(model.complete(asked()))
    await asyncio.sleep(0)
    assert model.in_flight == 1
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert model.in_flight == 0


async def test_vectors_are_the_same_each_time_and_near_for_like_texts() -> None:
    texts = ["the cat sat on the mat", "the cat sat on a mat", "quarterly revenue fell", ""]
    first, again = await Fake().embed("e", texts), await Fake().embed("e", texts)
    assert first == again
    cat, other_cat, money, _ = first.vectors
    assert dot(cat, other_cat) > dot(cat, money)
    assert all(math.isclose(math.hypot(*vector), 1) for vector in first.vectors)
    assert first.input_tokens == 15
