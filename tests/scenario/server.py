"""A server that speaks OpenAI's chat format, fails as told, and keeps an exact account of it.

    server.py '{"latency_s": 0.05, "too_many": 0.05}'

It prints its address, serves until its standard input ends, then prints its counters. What fails
is settled by the seed, the content of a request and how often that content has come, so that a
run can be repeated. A model whose name begins with `down` always answers 503. The model `mails`
labels mails, better the more rules its prompt has, and `writer` writes prompts that have one more.

`GET /counters` gives the counters, `GET /log` every request that was ended.
"""

from __future__ import annotations

import asyncio
import hashlib
import re
import sys
import time
from collections import Counter
from pathlib import Path
from typing import Any

import msgspec
from aiohttp import web

MAX_BODY_BYTES = 64 * 2**20
# What a generation asks to go on from, and the request for notes before it.
_OUTLINE = re.compile(r"<(?:outline|prompt)>\n(.*)\n</(?:outline|prompt)>", re.DOTALL)
_NOTES_WANTED = "Write notes for whoever writes it"
_MAIL = re.compile(r"<mail>\nmail (\d+)")
_MATERIAL = re.compile(r"<([\w-]+-[0-9a-f]{12})>\n(.*?)\n</\1>", re.DOTALL)
_RULES = tuple(f"Rule {n}: the {n}. sign decides." for n in range(6))
_NOTES = "The goal is one clear result. Carry over each fact and limit. Note the mistakes to avoid."


class Plan(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Shares of requests that fail: too_many with 429 and Retry-After, broken with 500, dropped
    without an answer. `log` is a file that gets a line for each request that was ended."""

    port: int = 0
    latency_s: float = 0.0
    seed: int = 0
    too_many: float = 0.0
    broken: float = 0.0
    dropped: float = 0.0
    retry_after_s: float = 0.25
    log: str = ""


class Served(msgspec.Struct, frozen=True, kw_only=True):
    """One request. Times are seconds of the machine's monotonic clock. `attempt` is how often the
    same content had come, this time included. `outcome` is `ok`, the status of a fault, `drop`, or
    `left` where the client had gone before its answer was ready."""

    key: str
    model: str
    attempt: int
    outcome: str
    received_at: float
    ended_at: float
    stream: bool
    text: str


class Tokens(msgspec.Struct):
    requests: int = 0
    answers: int = 0
    input_tokens: int = 0
    output_tokens: int = 0


class Counters(msgspec.Struct):
    """`unique` contents were answered, `repeated` answers went to contents answered before."""

    received: int = 0
    ok: int = 0
    unique: int = 0
    repeated: int = 0
    in_flight: int = 0
    in_flight_most: int = 0
    outcomes: dict[str, int] = {}
    models: dict[str, Tokens] = {}


class _Message(msgspec.Struct):
    role: str
    content: str


class _Body(msgspec.Struct):
    model: str
    messages: list[_Message]
    stream: bool = False


_BODY = msgspec.json.Decoder(_Body)


class Server:
    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self.counters = Counters()
        self.log: list[Served] = []
        self._file = Path(plan.log).open("ab", buffering=0) if plan.log else None  # noqa: SIM115
        self._came: Counter[str] = Counter()
        self._answered: set[str] = set()

    def app(self) -> web.Application:
        app = web.Application(client_max_size=MAX_BODY_BYTES)
        app.router.add_post("/v1/chat/completions", self.chat)
        app.router.add_get("/v1/models", self.models)
        app.router.add_get("/counters", self.tell)
        app.router.add_get("/log", self.tell)
        return app

    async def chat(self, request: web.Request) -> web.StreamResponse:
        body = _BODY.decode(await request.read())
        began = time.monotonic()
        key = _key(body)
        self._came[key] += 1
        attempt = self._came[key]
        counters = self.counters
        counters.received += 1
        counters.in_flight += 1
        counters.in_flight_most = max(counters.in_flight_most, counters.in_flight)
        tokens = counters.models.setdefault(body.model, Tokens())
        tokens.requests += 1
        outcome = self._outcome(body.model, key, attempt)
        try:
            if self.plan.latency_s:
                await asyncio.sleep(self.plan.latency_s)
            if request.transport is None or request.transport.is_closing():
                outcome = "left"
            return await self._ended(request, body, outcome, tokens)
        finally:
            counters.in_flight -= 1
            self._note(body, key, attempt, outcome, began)

    async def models(self, request: web.Request) -> web.Response:
        return _json({"data": [{"id": "m"}]})

    async def tell(self, request: web.Request) -> web.Response:
        return _json(self.log if request.path == "/log" else self.counters)

    def _outcome(self, model: str, key: str, attempt: int) -> str:
        if model.startswith("down"):
            return "503"
        plan = self.plan
        digest = hashlib.sha256(f"{plan.seed} {key} {attempt}".encode()).digest()
        chance = int.from_bytes(digest[:8]) / 2**64
        for share, outcome in (
            (plan.too_many, "429"),
            (plan.broken, "500"),
            (plan.dropped, "drop"),
        ):
            if chance < share:
                return outcome
            chance -= share
        return "ok"

    async def _ended(
        self, request: web.Request, body: _Body, outcome: str, tokens: Tokens
    ) -> web.StreamResponse:
        if outcome in ("drop", "left"):
            if request.transport is not None:
                request.transport.abort()
            return web.Response()
        if outcome != "ok":
            wait = {"Retry-After": f"{self.plan.retry_after_s:g}"} if outcome == "429" else {}
            error = {"error": {"message": f"status {outcome}", "type": "fault", "code": None}}
            return _json(error, int(outcome), wait)
        said = answer_of(body)
        usage = {
            "prompt_tokens": sum(len(each.content.split()) for each in body.messages),
            "completion_tokens": len(said.split()),
        }
        tokens.answers += 1
        tokens.input_tokens += usage["prompt_tokens"]
        tokens.output_tokens += usage["completion_tokens"]
        if body.stream:
            return await _streamed(request, body.model, said, usage)
        message = {"role": "assistant", "content": said}
        choice = {"index": 0, "message": message, "finish_reason": "stop"}
        return _json({"id": "1", "model": body.model, "choices": [choice], "usage": usage})

    def _note(self, body: _Body, key: str, attempt: int, outcome: str, began: float) -> None:
        counters = self.counters
        counters.outcomes[outcome] = counters.outcomes.get(outcome, 0) + 1
        if outcome == "ok":
            counters.ok += 1
            counters.repeated += key in self._answered
            self._answered.add(key)
            counters.unique = len(self._answered)
        served = Served(
            key=key,
            model=body.model,
            attempt=attempt,
            outcome=outcome,
            received_at=began,
            ended_at=time.monotonic(),
            stream=body.stream,
            text=body.messages[-1].content[:2_000],
        )
        self.log.append(served)
        if self._file is not None:
            self._file.write(msgspec.json.encode(served) + b"\n")


def answer_of(body: _Body) -> str:
    whole = "\n".join(each.content for each in body.messages)
    if body.model == "mails":
        return _label(whole)
    return _with_rule(whole) if body.model == "writer" else reply_to(body.messages[-1].content)


def _label(text: str) -> str:
    """Right on 28 of 100 mails, on 12 more for each rule, and on 6 for each mail that is shown."""
    numbers = _MAIL.findall(text) or ["0"]
    share = 28 + 12 * sum(rule in text for rule in _RULES) + 6 * (len(numbers) - 1)
    drawn = int(hashlib.sha256(f"mail {numbers[-1]}".encode()).hexdigest(), 16) % 100
    return ("praise", "bug")[int(numbers[-1]) % 2] if drawn < share else "It may be either."


def _with_rule(text: str) -> str:
    """The prompt that it is shown, with a rule that it lacks."""
    shown = _MATERIAL.search(text)
    prompt = shown[2] if shown else text
    lacking = [rule for rule in _RULES if rule not in prompt]
    digest = int(hashlib.sha256(text.encode()).hexdigest(), 16)
    rule = lacking[digest % len(lacking)] if lacking else "Take care."
    head, _, rest = prompt.partition("\n")
    return f"<cause>It does not say: {rule}</cause>\n<new_prompt>\n{head}\n{rule}\n{rest}\n</new_prompt>"


def reply_to(text: str) -> str:
    """Notes, or the outline with one line more, where a generation asks; else an echo."""
    if _NOTES_WANTED in text:
        return _NOTES
    if outline := _OUTLINE.search(text):
        mark = hashlib.sha256(text.encode()).hexdigest()[:8]
        return f"{outline[1]}\n- Check each line once more, in the order of list {mark}."
    return f"You said: {text}"


def _key(body: _Body) -> str:
    whole = msgspec.json.encode((body.model, body.messages))
    return hashlib.sha256(whole).hexdigest()[:32]


def _json(
    content: object, status: int = 200, headers: dict[str, str] | None = None
) -> web.Response:
    return web.Response(
        body=msgspec.json.encode(content),
        status=status,
        content_type="application/json",
        headers=headers,
    )


async def _streamed(
    request: web.Request, model: str, said: str, usage: dict[str, int]
) -> web.StreamResponse:
    response = web.StreamResponse(headers={"content-type": "text/event-stream"})
    await response.prepare(request)
    base: dict[str, Any] = {"id": "1", "model": model}
    for word in re.findall(r"\s*\S+", said):
        await response.write(
            _event({**base, "choices": [{"delta": {"content": word}, "finish_reason": None}]})
        )
    end: dict[str, Any] = {"delta": {}, "finish_reason": "stop"}
    await response.write(_event({**base, "choices": [end]}))
    await response.write(_event({**base, "choices": [], "usage": usage}))
    await response.write(b"data: [DONE]\n\n")
    await response.write_eof()
    return response


def _event(content: object) -> bytes:
    return b"data: " + msgspec.json.encode(content) + b"\n\n"


async def serve(plan: Plan) -> None:
    server = Server(plan)
    runner = web.AppRunner(server.app(), access_log=None)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", plan.port, backlog=1_024, reuse_address=True)
    await site.start()
    print(f"http://127.0.0.1:{runner.addresses[0][1]}/v1", flush=True)
    await asyncio.to_thread(sys.stdin.read)
    print(msgspec.json.encode(server.counters).decode(), flush=True)


if __name__ == "__main__":
    asyncio.run(serve(msgspec.json.decode(sys.argv[1], type=Plan)))
