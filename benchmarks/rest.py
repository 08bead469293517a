"""What the layers of the server cost for each request, in one run: the same bytes by a bare ASGI
function, by a route of Starlette, by one of FastAPI where that is installed, and a prompt by name
and label by our own server, through its door and its table of operations. No socket is between.

    python benchmarks/rest.py
"""

from __future__ import annotations

import asyncio
import importlib.util
import json
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from typing import Any

from _report import report

Scope = dict[str, Any]
App = Callable[[Scope, Any, Any], Awaitable[None]]
BODY = json.dumps({"name": "mail/kind", "text": "y" * 1000}).encode()
ROUTE = "/api/v1/prompts/{name:path}"
PATH = "/api/v1/prompts/mail/kind"
ROUNDS, REQUESTS = 7, 1_000
KINDS = ("bare", "starlette", "fastapi", "burnish")
CALLED = {
    "bare": "a bare ASGI function",
    "starlette": "a route of Starlette",
    "fastapi": "a route of FastAPI",
    "burnish": "a prompt by name and label, our server",
}


async def bare(_: Scope, __: Any, send: Any) -> None:
    headers = [(b"content-type", b"application/json"), (b"content-length", b"%d" % len(BODY))]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": BODY})


def starlette() -> App:
    from starlette.applications import Starlette
    from starlette.requests import Request
    from starlette.responses import Response
    from starlette.routing import Route

    async def get(_: Request) -> Response:
        return Response(BODY, media_type="application/json")

    return Starlette(routes=[Route(ROUTE, get)])


def fastapi() -> App:
    library: Any = importlib.import_module("fastapi")
    app = library.FastAPI()

    async def get(name: str, label: str = "") -> Any:
        assert name
        assert label
        return library.Response(BODY, media_type="application/json")

    get.__annotations__ = {"name": str, "label": str}
    app.get(ROUTE)(get)
    return app


async def burnish(folder: str) -> App:
    import burnish
    from burnish.rest.app import build

    platform = burnish.open_async(folder, log__level="off")
    await platform.prompts.create("mail/kind", "Is it a bug or praise? {{ mail }}" + "y" * 600)
    await platform.prompts.set_label("mail/kind", "production", 1)
    return build(platform, names=("x",), max_bytes=1_000_000)


async def measured(app: App) -> float:
    """Microseconds of the processor for one request, of the best round."""
    scope = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": "GET",
        "scheme": "http",
        "path": PATH,
        "raw_path": PATH.encode(),
        "query_string": b"label=production",
        "root_path": "",
        "headers": [(b"host", b"x"), (b"accept", b"*/*")],
        "client": ("127.0.0.1", 1),
        "server": ("127.0.0.1", 1),
    }
    statuses: set[int] = set()

    async def receive() -> Scope:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: Scope) -> None:
        if "status" in message:
            statuses.add(message["status"])

    best = float("inf")
    for _ in range(ROUNDS):
        began = time.process_time()
        for _ in range(REQUESTS):
            await app(dict(scope), receive, send)
        best = min(best, time.process_time() - began)
    assert statuses == {200}, statuses
    return best / REQUESTS * 1e6


async def one(kind: str) -> dict[str, float]:
    began = time.process_time()
    if kind == "burnish":
        with tempfile.TemporaryDirectory() as folder:
            app = await burnish(folder)
            loaded = time.process_time() - began
            took = await measured(app)
    else:
        app = bare if kind == "bare" else starlette() if kind == "starlette" else fastapi()
        loaded = time.process_time() - began
        took = await measured(app)
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return {"load_ms": round(1e3 * loaded, 1), "us": round(took, 1), "mb": round(memory, 1)}


def main() -> None:
    if len(sys.argv) > 1:
        print(json.dumps(asyncio.run(one(sys.argv[1]))))
        return
    kinds = [each for each in KINDS if each != "fastapi" or importlib.util.find_spec("fastapi")]
    found: dict[str, dict[str, float]] = {}
    for kind in kinds:
        command = [sys.executable, __file__, kind]
        told = subprocess.run(command, capture_output=True, check=True, text=True).stdout
        found[kind] = json.loads(told)
    plain = found["starlette"]["us"]
    report(
        "rest",
        [
            {"what": CALLED[kind], **row, "of_starlette": round(row["us"] / plain, 2)}
            for kind, row in found.items()
        ],
    )


if __name__ == "__main__":
    main()
