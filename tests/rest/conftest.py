from __future__ import annotations

import threading
import time
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager

import pytest
import uvicorn

import burnish
from burnish.rest.server import application, bound, config_of
from burnish.settings import load


@contextmanager
def serving() -> Generator[str]:
    """A server of the test's data folder, in a thread; its address."""
    settings = load({}).settings
    server = uvicorn.Server(config_of(application(settings), settings))
    sock = bound("127.0.0.1", 0)
    thread = threading.Thread(target=server.run, args=([sock],))
    thread.start()
    while not server.started:
        assert thread.is_alive(), "the server did not start"
        time.sleep(0.01)
    try:
        yield f"http://127.0.0.1:{sock.getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join()


@pytest.fixture
def address() -> Iterator[str]:
    with serving() as url:
        yield url


Platforms = Callable[[], "burnish.Platform"]


@pytest.fixture(params=["embedded", "over HTTP"])
def either(request: pytest.FixtureRequest) -> Iterator[burnish.Platform]:
    """The platform opened here, and the same of a server."""
    if request.param == "embedded":
        with burnish.open() as platform:
            yield platform
    else:
        with serving() as url, burnish.Client(url) as platform:
            yield platform
