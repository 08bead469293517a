"""A server in a thread that answers chats as a test says."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Generator
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, NamedTuple


class Said(NamedTuple):
    text: str
    input_tokens: int = 10
    output_tokens: int = 5


@contextmanager
def answering(reply: Callable[[dict[str, Any]], Said]) -> Generator[str]:
    """Gives the address, as clients call it. `reply` gets the body of a request."""

    class Answers(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["content-length"])))
            said = reply(body)
            choice = {
                "message": {"role": "assistant", "content": said.text},
                "finish_reason": "stop",
            }
            usage = {"prompt_tokens": said.input_tokens, "completion_tokens": said.output_tokens}
            self._tell({"model": body["model"], "choices": [choice], "usage": usage})

        def do_GET(self) -> None:
            self._tell({"data": []})

        def _tell(self, content: dict[str, Any]) -> None:
            encoded = json.dumps({"id": "1", **content}).encode()
            self.send_response(200)
            self.send_header("content-type", "application/json")
            self.send_header("content-length", str(len(encoded)))
            self.end_headers()
            # Who asked may have gone meanwhile.
            with suppress(ConnectionError):
                self.wfile.write(encoded)

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - its own name
            """Nothing is logged."""

    made = ThreadingHTTPServer(("127.0.0.1", 0), Answers)
    thread = threading.Thread(target=made.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{made.server_port}/v1"
    finally:
        made.shutdown()
        thread.join()
        made.server_close()
