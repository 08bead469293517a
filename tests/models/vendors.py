"""A server on this machine that answers as the vendors do, and fails when told to.

It knows OpenAI's chat format (with what its dialects add), Anthropic's messages, Gemini's
generateContent and Ollama's list of models, whole and as streams.
"""

from __future__ import annotations

import json
import re
import select
import socket
import threading
from collections import deque
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self

INPUT_TOKENS, CACHED_TOKENS = 11, 4
VECTOR = [0.5, -0.25, 0.125]
CALL = {"city": "Paris"}
_GOOGLE_WORDS = {
    400: "INVALID_ARGUMENT",
    401: "UNAUTHENTICATED",
    403: "PERMISSION_DENIED",
    404: "NOT_FOUND",
    429: "RESOURCE_EXHAUSTED",
    503: "UNAVAILABLE",
}
EVENTS, JSON = "text/event-stream", "application/json"


@dataclass(frozen=True)
class Fault:
    """What goes wrong with one request. `body` is sent as it is, `text` said instead of the
    reply; a stream begins with the pieces `before`; after `cut_after` pieces the connection closes,
    after `stall_after` all is silent."""

    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict[str, str])
    body: bytes | None = None
    content_type: str = JSON
    text: str | None = None
    message: str = ""
    finish: str = ""
    before: tuple[str, ...] = ()
    drop: bool = False
    cut_after: int | None = None
    stall_after: int | None = None


@dataclass(frozen=True)
class Seen:
    method: str
    path: str
    headers: dict[str, str]
    body: dict[str, Any]


@dataclass(frozen=True)
class Answer:
    """One JSON document, or the pieces of a stream."""

    document: Any = None
    pieces: tuple[str, ...] = ()


class Vendors:
    def __init__(self, reply: str = "Hello there, dear friend.") -> None:
        self.reply = reply
        self.faults: deque[Fault] = deque()
        self.seen: list[Seen] = []
        self.connections = 0
        self.stalled = threading.Event()
        self.left = threading.Event()
        self.closing = threading.Event()
        outer = self

        class Requests(_Requests):
            vendors = outer

        self._server = _Server(("127.0.0.1", 0), Requests)
        self._thread = threading.Thread(
            target=self._server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True
        )
        self._thread.start()
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.closing.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    @property
    def last(self) -> Seen:
        return self.seen[-1]


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    request_queue_size = 128

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that leaves early is what some of the tests are about."""


class _Requests(BaseHTTPRequestHandler):
    vendors: Vendors
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def setup(self) -> None:
        super().setup()
        self.vendors.connections += 1

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the base class's name
        """Not a word: the tests look at `seen`."""

    def do_GET(self) -> None:
        self._serve({})

    def do_POST(self) -> None:
        raw = self.rfile.read(int(self.headers.get("content-length") or 0))
        self._serve(json.loads(raw))

    def _serve(self, body: dict[str, Any]) -> None:
        vendors = self.vendors
        headers = {name.lower(): value for name, value in self.headers.items()}
        vendors.seen.append(Seen(self.command, self.path, headers, body))
        fault = vendors.faults.popleft() if vendors.faults else Fault()
        try:
            self._act(body, fault)
        except (BrokenPipeError, ConnectionResetError):
            vendors.left.set()
            self.close_connection = True

    def _act(self, body: dict[str, Any], fault: Fault) -> None:
        if fault.drop:
            self.close_connection = True
            return
        if fault.stall_after == 0:
            self._stall()
            return
        if fault.body is not None or fault.status != 200:
            content = fault.body
            if content is None:
                content = json.dumps(error_body(self.path, fault)).encode()
            self._send(fault.status, content, fault.content_type, fault.headers)
            return
        said = self.vendors.reply if fault.text is None else fault.text
        answer = answered(self.path.partition("?")[0], body, said, fault.finish)
        if answer.pieces:
            self._stream((*fault.before, *answer.pieces), fault)
        else:
            self._send(200, json.dumps(answer.document).encode(), JSON, fault.headers)

    def _send(self, status: int, content: bytes, kind: str, headers: Mapping[str, str]) -> None:
        self.send_response(status)
        for name, value in {"content-type": kind, **headers}.items():
            self.send_header(name, value)
        self.send_header("content-length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def _stream(self, pieces: Iterable[str], fault: Fault) -> None:
        self.send_response(200)
        self.send_header("content-type", EVENTS)
        self.send_header("transfer-encoding", "chunked")
        self.end_headers()
        for number, piece in enumerate(pieces):
            if number == fault.cut_after:
                self.close_connection = True
                return
            if number == fault.stall_after:
                self._stall()
                return
            content = piece.encode()
            self.wfile.write(b"%x\r\n%s\r\n" % (len(content), content))
        self.wfile.write(b"0\r\n\r\n")

    def _stall(self) -> None:
        """Silent until the client leaves."""
        self.close_connection = True
        self.vendors.stalled.set()
        while not self.vendors.closing.is_set():
            readable, _, _ = select.select([self.connection], [], [], 0.01)
            if readable and not self.connection.recv(1, socket.MSG_PEEK):
                self.vendors.left.set()
                return


def answered(path: str, body: dict[str, Any], said: str, finish: str) -> Answer:
    for pattern, answer in _PATHS:
        if re.search(pattern, path):
            return answer(body, said, finish)
    return Answer({"error": {"message": f"no such path: {path}"}})


def error_body(path: str, fault: Fault) -> Any:
    message = fault.message or f"status {fault.status}"
    if "/messages" in path:
        kind = {401: "authentication_error", 404: "not_found_error", 429: "rate_limit_error"}
        error = {"type": kind.get(fault.status, "api_error"), "message": message}
        return {"type": "error", "error": error}
    if "/v1beta/" in path:
        word = _GOOGLE_WORDS.get(fault.status, "INTERNAL")
        return {"error": {"code": fault.status, "message": message, "status": word}}
    return {"error": {"message": message, "type": "some_error", "code": None}}


def _words(said: str) -> list[str]:
    return re.findall(r"\s*\S+", said)


def _event(content: Any, name: str = "") -> str:
    return f"{f'event: {name}' + chr(10) if name else ''}data: {json.dumps(content)}\n\n"


def _chat(body: dict[str, Any], said: str, finish: str) -> Answer:
    model = body["model"]
    # DeepSeek and OpenAI tell in different places what they had in their caches.
    usage = {
        "prompt_tokens": INPUT_TOKENS,
        "completion_tokens": len(_words(said)),
        "prompt_tokens_details": {"cached_tokens": CACHED_TOKENS},
    }
    if model.startswith("deepseek"):
        usage = {
            "prompt_tokens": INPUT_TOKENS,
            "completion_tokens": len(_words(said)),
            "prompt_cache_hit_tokens": CACHED_TOKENS,
        }
    call = _wanted_tool(body.get("tools"), body.get("tool_choice"))
    function = {"name": call, "arguments": json.dumps(CALL)}
    finish = finish or ("tool_calls" if call else "stop")
    base = {"id": "1", "created": 1, "model": model, "provider": "somebody"}
    if not body.get("stream"):
        message: dict[str, Any] = {"role": "assistant", "content": said, "reasoning_content": "Hm."}
        if call:
            message |= {"content": None, "tool_calls": [{"id": "c", "function": function}]}
        choice = {"index": 0, "message": message, "finish_reason": finish}
        return Answer({**base, "choices": [choice], "usage": usage})
    deltas: list[dict[str, Any]] = [{"role": "assistant", "content": ""}]
    deltas.append({"reasoning_content": "Hm."})
    if call:
        arguments = function["arguments"]
        opening = {"index": 0, "id": "c", "function": {"name": call, "arguments": arguments[:5]}}
        deltas.append({"tool_calls": [opening]})
        deltas.append({"tool_calls": [{"index": 0, "function": {"arguments": arguments[5:]}}]})
    else:
        deltas += [{"content": word} for word in _words(said)]
    events: list[dict[str, Any]] = [
        {**base, "choices": [{"index": 0, "delta": delta, "finish_reason": None}]}
        for delta in deltas
    ]
    events.append({**base, "choices": [{"index": 0, "delta": {}, "finish_reason": finish}]})
    if model.startswith(("mistral", "openai/gpt-oss")):  # Mistral, Groq
        extra = {"x_groq": {"usage": usage}} if "gpt-oss" in model else {"usage": usage}
        events[-1] |= extra
    elif body.get("stream_options", {}).get("include_usage"):
        events.append({**base, "choices": [], "usage": usage})
    pieces = [": a comment\n\n", *(_event(event) for event in events), "data: [DONE]\n\n"]
    return Answer(pieces=tuple(pieces))


def _wanted_tool(tools: list[dict[str, Any]] | None, choice: Any) -> str:
    if not tools or choice in (None, "auto", "none"):
        return ""
    return tools[0]["function"]["name"]


def _messages(body: dict[str, Any], said: str, finish: str) -> Answer:
    tools: list[dict[str, Any]] = body.get("tools") or []
    forced = body.get("tool_choice", {}).get("type") in ("any", "tool")
    usage = {
        # Anthropic counts what it had in its cache apart from the rest.
        "input_tokens": INPUT_TOKENS - CACHED_TOKENS,
        "cache_read_input_tokens": CACHED_TOKENS,
        "output_tokens": len(_words(said)),
    }
    block: dict[str, Any] = {"type": "text", "text": said}
    if forced:
        given = json.loads(said) if tools[0]["name"] == "answer" else CALL
        block = {"type": "tool_use", "id": "t", "name": tools[0]["name"], "input": given}
    finish = {"length": "max_tokens"}.get(finish, "tool_use" if forced else "end_turn")
    message: dict[str, Any] = {
        "id": "m",
        "type": "message",
        "role": "assistant",
        "model": body["model"],
        "content": [block],
        "stop_reason": finish,
        "stop_sequence": None,
        "usage": usage,
    }
    if not body.get("stream"):
        return Answer(message)
    return Answer(pieces=_message_events(message, block, usage))


def _message_events(
    message: dict[str, Any], block: dict[str, Any], usage: dict[str, int]
) -> tuple[str, ...]:
    start: dict[str, Any] = {**message, "content": [], "stop_reason": None}
    empty: dict[str, Any] = {"type": "text", "text": ""}
    deltas: list[dict[str, Any]] = [
        {"type": "text_delta", "text": word} for word in _words(block.get("text", ""))
    ]
    if block["type"] == "tool_use":
        written = json.dumps(block["input"])
        empty = {**block, "input": {}}
        deltas = [
            {"type": "input_json_delta", "partial_json": part}
            for part in (written[:5], written[5:])
        ]
    stop = {"stop_reason": message["stop_reason"], "stop_sequence": None}
    events: list[tuple[str, dict[str, Any]]] = [
        ("message_start", {"message": {**start, "usage": {**usage, "output_tokens": 1}}}),
        ("content_block_start", {"index": 0, "content_block": empty}),
        *(("content_block_delta", {"index": 0, "delta": delta}) for delta in deltas),
        ("content_block_stop", {"index": 0}),
        ("message_delta", {"delta": stop, "usage": usage}),
        ("message_stop", {}),
    ]
    return tuple(_event({"type": name, **content}, name) for name, content in events)


def _generate(body: dict[str, Any], said: str, finish: str) -> Answer:
    return Answer(_content(body, said, {"length": "MAX_TOKENS"}.get(finish, "STOP")))


def _generate_stream(body: dict[str, Any], said: str, finish: str) -> Answer:
    if _forced(body):
        return Answer(pieces=(_event(_content(body, said, "STOP")),))
    words = _words(said)
    pieces = [_event(_content(body, word)) for word in ("", *words)]
    return Answer(pieces=(*pieces, _event(_content(body, "", "STOP", counted=len(words)))))


def _forced(body: dict[str, Any]) -> bool:
    calling = body.get("toolConfig", {}).get("functionCallingConfig", {})
    return calling.get("mode") == "ANY"


def _content(
    body: dict[str, Any], said: str, finish: str = "", counted: int | None = None
) -> dict[str, Any]:
    part: dict[str, Any] = {"text": said}
    if _forced(body):
        name = body["tools"][0]["functionDeclarations"][0]["name"]
        part = {"functionCall": {"name": name, "args": CALL}}
    candidate: dict[str, Any] = {"content": {"role": "model", "parts": [part]}, "index": 0}
    if finish:
        candidate["finishReason"] = finish
    output = len(_words(said)) if counted is None else counted
    return {
        "candidates": [candidate],
        "usageMetadata": {
            "promptTokenCount": INPUT_TOKENS,
            "cachedContentTokenCount": CACHED_TOKENS,
            "candidatesTokenCount": output,
            "totalTokenCount": INPUT_TOKENS + output,
        },
        "modelVersion": "gemini-2.5-flash",
        "responseId": "r",
    }


def _vectors(body: dict[str, Any], said: str, finish: str) -> Answer:
    rows = [{"index": i, "embedding": [*VECTOR, float(i)]} for i in range(len(body["input"]))]
    usage = {"prompt_tokens": 5, "total_tokens": 5}
    return Answer({"model": body["model"], "data": rows[::-1], "usage": usage})


def _gemini_vectors(body: dict[str, Any], said: str, finish: str) -> Answer:
    rows = [{"values": [*VECTOR, float(i)]} for i in range(len(body["requests"]))]
    return Answer({"embeddings": rows})


def _list(body: dict[str, Any], said: str, finish: str) -> Answer:
    one = {"id": "m1", "type": "model", "display_name": "M", "created_at": "2026-01-01T00:00:00Z"}
    return Answer({"data": [{**one, "id": "m2"}, one], "has_more": False})


def _gemini_list(body: dict[str, Any], said: str, finish: str) -> Answer:
    return Answer({"models": [{"name": "models/m2"}, {"name": "models/m1"}]})


def _tags(body: dict[str, Any], said: str, finish: str) -> Answer:
    return Answer({"models": [{"name": "m2"}, {"name": "m1"}]})


_PATHS: tuple[tuple[str, Callable[[dict[str, Any], str, str], Answer]], ...] = (
    (r"/chat/completions$", _chat),
    (r"/v1/messages$", _messages),
    (r":generateContent$", _generate),
    (r":streamGenerateContent$", _generate_stream),
    (r":batchEmbedContents$", _gemini_vectors),
    (r"/embeddings$", _vectors),
    (r"/api/tags$", _tags),
    (r"/v1beta/models$", _gemini_list),
    (r"/models$", _list),
)
