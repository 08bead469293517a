"""The built-in model, and adapters against a real server with the same model behind it."""

from __future__ import annotations

import asyncio
import importlib
import json
import sys
import urllib.error
import urllib.request
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from burnish.errors import (
    KeyRefused,
    MissingExtra,
    ModelFailed,
    ModelTimeout,
    NoSuchModel,
    RequestRefused,
    UsageError,
)
from burnish.models.local import Local
from burnish.models.model import Model, ModelRequest, Timeouts
from burnish.models.openai_like import OpenAILike
from burnish.models.options import ProviderOptions, Secret
from burnish.prompts.prompt import Message

from . import server as fixtures
from .server import LocalServer

local_server, weights = fixtures.local_server, fixtures.weights
# One worker of the test run holds the model.
pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("local")]

NAME = "smollm2-135m"
OPTIONS = ProviderOptions(provider="local", base_url="")
LABEL: dict[str, Any] = {
    "type": "object",
    "properties": {
        "label": {"type": "string", "enum": ["good", "bad"]},
        "stars": {"type": "integer", "minimum": 1, "maximum": 5},
    },
    "required": ["label", "stars"],
    "additionalProperties": False,
}


def ask(text: str, **options: Any) -> ModelRequest:
    given: dict[str, Any] = {"max_tokens": 24, "temperature": 0.0} | options
    return ModelRequest(model=NAME, messages=(Message("user", text),), **given)


@pytest.fixture
async def local(weights: Path) -> AsyncIterator[Local]:
    model = Local(OPTIONS, folder=weights, context_tokens=2048)
    yield model
    await model.close()


@pytest.fixture
async def remote(local_server: LocalServer) -> AsyncIterator[OpenAILike]:
    options = ProviderOptions(
        provider="openai", base_url=local_server.url, key=local_server.key, local=True
    )
    model = OpenAILike(options)
    yield model
    await model.close()


@pytest.fixture(params=["in process", "over OpenAI's wire"])
def model(request: pytest.FixtureRequest) -> Model:
    name = "local" if request.param == "in process" else "remote"
    found: Model = request.getfixturevalue(name)
    return found


async def test_it_answers_and_counts(model: Model) -> None:
    reply = await model.complete(ask("The capital of France is"))
    assert "Paris" in reply.text
    assert reply.usage.input_tokens
    assert reply.usage.output_tokens
    assert 0 < reply.usage.output_tokens <= 24
    cut = await model.complete(ask("Tell a long story about a fox.", max_tokens=5))
    assert cut.finish == "length"
    assert cut.usage.output_tokens == 5


async def test_a_stream_gives_the_same_answer_in_pieces(model: Model) -> None:
    request = ask("Name three colours.")
    pieces = [chunk async for chunk in model.stream(request)]
    last = pieces[-1].reply
    assert last is not None
    assert len(pieces) > 3
    assert "".join(piece.text for piece in pieces) == last.text
    assert last.text == (await model.complete(request)).text
    assert last.usage.output_tokens


async def test_a_schema_is_kept(model: Model) -> None:
    for seed in range(3):
        request = ask(
            "Review: 'I loved it'.", schema=LABEL, seed=seed, temperature=1.0, max_tokens=64
        )
        found = json.loads((await model.complete(request)).text)
        assert found["label"] in ("good", "bad")
        assert found["stars"] in range(1, 6)
        assert set(found) == {"label", "stars"}


async def test_seed_stop_and_system_message_are_heeded(model: Model) -> None:
    hot = ask("Write about the sea.", temperature=1.0, seed=7)
    first, again = await model.complete(hot), await model.complete(hot)
    other = await model.complete(msgspec.structs.replace(hot, seed=8))
    assert first.text == again.text != other.text
    stopped = await model.complete(ask("Count: one two three four", stop=("two",)))
    assert "two" not in stopped.text
    assert stopped.finish == "stop"
    with_system = ModelRequest(
        model=NAME,
        messages=(Message("system", "Be a pirate. " * 20), Message("user", "Hi")),
        max_tokens=4,
    )
    longer = (await model.complete(with_system)).usage.input_tokens
    shorter = (await model.complete(ask("Hi", max_tokens=4))).usage.input_tokens
    assert longer is not None
    assert shorter is not None
    assert longer > shorter + 50


async def test_a_prompt_that_is_too_long_is_refused_with_both_numbers(local: Local) -> None:
    with pytest.raises(RequestRefused, match=r"\d{4,} tokens.*2048") as refused:
        await local.complete(ask("word " * 5000))
    assert refused.value.hint
    assert refused.value.model == f"local:{NAME}"


async def test_a_real_server_refuses_a_wrong_key_and_a_prompt_too_long(
    remote: OpenAILike, local_server: LocalServer
) -> None:
    with pytest.raises(RequestRefused):
        await remote.complete(ask("word " * 5000))
    stranger = OpenAILike(
        ProviderOptions(provider="openai", base_url=local_server.url, key=Secret("sk-canary-wrong"))
    )
    with pytest.raises(KeyRefused) as refused:
        await stranger.complete(ask("Hi"))
    assert "canary" not in str(refused.value)
    await stranger.close()


@pytest.mark.parametrize(
    "request_",
    [
        ask("x", schema={"type": "nonsense"}),
        ask("x", tools=({"name": "look_up", "parameters": {"type": "object"}},)),
        ask("x", extra={"min_p": "hot"}),
    ],
)
async def test_what_it_cannot_do_is_refused(local: Local, request_: ModelRequest) -> None:
    with pytest.raises(RequestRefused) as refused:
        await local.complete(request_)
    assert refused.value.hint
    with pytest.raises(UsageError):
        await local.embed(NAME, ["x"])


async def test_cancelling_frees_the_model_even_while_it_reads_the_prompt(weights: Path) -> None:
    local = Local(OPTIONS, folder=weights, context_tokens=8192)
    await local.complete(ask("Hi", max_tokens=1))
    endless = {"ignore_eos": True}
    for text, most in (("word " * 7000, 4), ("Tell a story.", 8000)):
        call = asyncio.create_task(local.complete(ask(text, max_tokens=most, extra=endless)))
        waiting = asyncio.create_task(local.complete(ask("Hi", max_tokens=1)))
        await asyncio.sleep(0.2)
        waiting.cancel()
        call.cancel()
        ended = await asyncio.gather(call, waiting, return_exceptions=True)
        assert all(isinstance(each, asyncio.CancelledError) for each in ended)
    # Each of the two alone would have taken minutes.
    async with asyncio.timeout(45):
        await local.complete(ask("Hi", max_tokens=1))
    await local.close()


async def test_calls_take_turns_while_other_work_goes_on(local: Local) -> None:
    await local.complete(ask("Hi", max_tokens=1))
    ticks = 0

    async def tick() -> None:
        nonlocal ticks
        while True:
            await asyncio.sleep(0)
            ticks += 1

    ticking = asyncio.create_task(tick())
    replies = await asyncio.gather(*(local.complete(ask("Hi", seed=n)) for n in range(3)))
    ticking.cancel()
    assert len({reply.text for reply in replies}) == 1  # temperature 0
    first, second, third = (reply.waited_ms for reply in replies)
    assert 0 <= first < second < third
    assert ticks > 20


async def test_time_runs_from_the_model_s_turn(weights: Path) -> None:
    for times, which, text in (
        (Timeouts(first_token_s=0.3, whole_s=9), "first token", "word " * 1500),
        (Timeouts(first_token_s=9, whole_s=0.6), "whole", "Tell a story."),
    ):
        options = msgspec.structs.replace(OPTIONS, timeouts=times)
        local = Local(options, folder=weights)
        with pytest.raises(ModelTimeout, match=f"no {which}"):
            await local.complete(ask(text, max_tokens=3000, extra={"ignore_eos": True}))
        await local.close()


async def test_closing_ends_what_is_under_way_and_a_later_call_begins_anew(local: Local) -> None:
    running = asyncio.create_task(local.complete(ask("Tell a long story.", max_tokens=2000)))
    queued = asyncio.create_task(local.complete(ask("Hi")))
    await asyncio.sleep(0.6)
    await local.close()
    for each in await asyncio.gather(running, queued, return_exceptions=True):
        assert isinstance(each, ModelFailed)
        assert "closed" in each.what
    assert (await local.complete(ask("Hi"))).text


async def test_nothing_is_printed(local: Local, capfd: pytest.CaptureFixture[str]) -> None:
    await local.complete(ask("Hi"))
    await local.close()
    assert capfd.readouterr() == ("", "")


async def test_the_port_that_it_opens_is_of_no_use_to_others(
    local: Local, monkeypatch: pytest.MonkeyPatch
) -> None:
    runtime: Any = importlib.import_module("xllamacpp")
    opened: list[Any] = []
    start = runtime.Server

    def opening(parameters: Any) -> Any:
        opened.append(start(parameters))
        return opened[0]

    monkeypatch.setattr(runtime, "Server", opening)
    await local.complete(ask("Hi", max_tokens=1))
    address = opened[0].listening_address
    assert address.startswith("http://127.0.0.1:")
    for path in ("/v1/models", "/slots", "/props", "/metrics"):
        with pytest.raises(urllib.error.HTTPError) as refused:
            await asyncio.to_thread(urllib.request.urlopen, address + path)
        assert refused.value.code in (401, 404, 501)
        refused.value.close()
    opened.clear()


async def test_weights_that_are_missing_or_broken_say_what_to_do(tmp_path: Path) -> None:
    local = Local(OPTIONS, folder=tmp_path)
    assert await local.names() == []
    with pytest.raises(NoSuchModel, match="burnish models pull smollm2-135m"):
        await local.complete(ask("Hi"))
    (tmp_path / "broken.gguf").write_bytes(b"GGUF" + b"\0" * 100)
    assert await local.names() == ["broken"]
    for name in ("broken", str(tmp_path / "broken.gguf")):
        with pytest.raises(NoSuchModel, match="cannot be loaded"):
            await local.complete(msgspec.structs.replace(ask("Hi"), model=name))
    await local.close()


async def test_any_gguf_file_is_a_model_and_the_small_one_is_known_as_tiny(
    local: Local, weights: Path
) -> None:
    path = str(weights / f"{NAME}.gguf")
    request = msgspec.structs.replace(ask("The capital of France is"), model=path)
    assert "Paris" in (await local.complete(request)).text
    assert await local.names() == [NAME]
    for name in (NAME, path):
        can = local.capabilities(name)
        assert (can.local, can.tiny, can.schema, can.tools, can.embed) == (
            True, True, True, False, False,
        )  # fmt: skip
    assert Local(OPTIONS, folder=weights / "none").capabilities(NAME).tiny
    assert not local.capabilities("some-other").tiny


async def test_without_the_extra_it_says_which_one(
    weights: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "xllamacpp", None)
    local = Local(OPTIONS, folder=weights)
    for call in (local.complete(ask("Hi")), local.names()):
        with pytest.raises(MissingExtra, match=r"pip install 'burnish\[local\]'"):
            await call
