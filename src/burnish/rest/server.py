"""The server: where it listens, and whether it may."""

from __future__ import annotations

import gc
import socket
from collections.abc import Callable
from pathlib import Path

import uvicorn
from starlette.types import ASGIApp

from burnish.addresses import is_this_machine
from burnish.errors import NotPermitted, Unavailable
from burnish.opening import open_async
from burnish.rest.app import build
from burnish.rest.connection import Config, Connection
from burnish.settings import Settings, load

_FACTORY = "burnish.rest.server:app"
_MB = 1_000_000


def app() -> ASGIApp:
    """The application as the settings have it, for a process that begins with it."""
    return application(load({}).settings)


def application(settings: Settings) -> ASGIApp:
    platform = open_async(str(settings.base_path))
    server = platform.settings.server
    if server.auth == "accounts":
        # Settings with which no letter could be sent are told before anybody waits for one.
        _ = platform.by_mail
    return build(
        platform,
        names=server.names,
        origins=server.origins,
        max_bytes=int(server.body_mb * _MB),
        work=server.work,
        asks=None if server.auth == "none" else server,
    )


def check_exposure(host: str, auth: str) -> None:
    """Raises NotPermitted for an address that others reach where nobody is asked who they are."""
    if auth == "none" and not is_this_machine(host):
        raise NotPermitted(
            f"{host} can be reached from other machines, and whoever reaches it may do everything",
            hint="make a key with burnish keys create ME --role admin, and add --auth keys (or "
            "--auth accounts, for people); or listen at 127.0.0.1",
            subject=host,
        )


def bound(host: str, port: int) -> socket.socket:
    """A socket that listens. Raises Unavailable where there is none to be had."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    found = socket.socket(family, socket.SOCK_STREAM)
    # The port of a server that has just ended is free for the next one.
    found.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        found.bind((host, port))
        found.listen(2048)
    except OSError as error:
        found.close()
        raise Unavailable(
            f"cannot listen at {host}:{port}: {error.strerror}",
            hint="give another --port; 0 takes any that is free",
        ) from error
    found.set_inheritable(True)
    return found


def run(
    settings: Settings,
    sock: socket.socket,
    *,
    workers: int = 1,
    reload: bool = False,
    told: Callable[[], None],
) -> None:
    """Serves until it is ended, then lets what runs come to its end. `told` hears when the first
    request can come."""
    several = workers > 1 or reload
    served = _FACTORY if several else application(settings)
    config = config_of(served, settings, reload=reload)
    config.workers = workers
    _serve(config, sock, told)


def config_of(served: ASGIApp | str, settings: Settings, *, reload: bool = False) -> uvicorn.Config:
    """How it is served; a text names what makes the application in another process. To `reload`
    it, our own source and the working folder are watched."""
    config = Config(
        served,
        http=Connection,
        factory=isinstance(served, str),
        log_config=None,
        access_log=False,
        server_header=False,
        ws="none",
        timeout_graceful_shutdown=int(settings.server.stop_s),
        reload=reload,
        reload_dirs=[str(Path(__file__).parents[1]), str(Path.cwd())] if reload else None,
    )
    server = settings.server
    config.receive_s, config.send_s = server.receive_s, server.send_s
    config.most = server.connections
    return config


def _serve(config: uvicorn.Config, sock: socket.socket, told: Callable[[], None]) -> None:
    if config.should_reload:
        from uvicorn.supervisors import ChangeReload

        told()
        ChangeReload(config, target=uvicorn.Server(config).run, sockets=[sock]).run()
    elif config.workers > 1:
        from uvicorn.supervisors import Multiprocess

        told()
        Multiprocess(config, sockets=[sock]).run()
    else:
        _Server(config, told).run(sockets=[sock])


class _Server(uvicorn.Server):
    def __init__(self, config: uvicorn.Config, told: Callable[[], None]) -> None:
        super().__init__(config)
        self._told = told

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        # What was loaded stays as long as the process: looking through it for what is not needed
        # any more would stop requests from time to time, and find nothing.
        gc.collect()
        gc.freeze()
        if self.started:
            self._told()
