"""Connections of git over http that lead to no host out of reach, redirects included."""

from __future__ import annotations

import socket
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any, ClassVar, cast

from burnish.addresses import Reach, check_here, check_reach
from burnish.library.packs.git_bounds import Meter

if TYPE_CHECKING:
    from urllib3 import HTTPResponse, PoolManager

_CONNECT_S = 10.0


def guarded_pool(scheme: str, reach: Reach, timeout_s: float, meter: Meter) -> PoolManager:
    """What begins encrypted stays so, and what does not stays on this machine. The address is
    looked at when the connection stands, before anything is sent, so that no other can take its
    place in between. All that is read is counted."""
    from urllib3 import PoolManager, Timeout
    from urllib3.connection import HTTPConnection, HTTPSConnection
    from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool

    class Plain(HTTPConnection):
        def _new_conn(self) -> socket.socket:
            return _checked(self.host, super()._new_conn(), reach, encrypted=False)

        def getresponse(self) -> HTTPResponse:
            return _counted(super().getresponse(), meter)

    class Encrypted(HTTPSConnection):
        def _new_conn(self) -> socket.socket:
            return _checked(self.host, super()._new_conn(), reach, encrypted=True)

        def getresponse(self) -> HTTPResponse:
            return _counted(super().getresponse(), meter)

    class PlainPool(HTTPConnectionPool):
        ConnectionCls: ClassVar[Any] = Plain

    class EncryptedPool(HTTPSConnectionPool):
        ConnectionCls: ClassVar[Any] = Encrypted

    pool = PoolManager(timeout=Timeout(connect=min(_CONNECT_S, timeout_s), read=timeout_s))
    pools: dict[str, Any] = {"https": EncryptedPool}
    if scheme == "http":
        pools["http"] = PlainPool
    pool.pool_classes_by_scheme = pools
    return pool


def _checked(
    host: str, connected: socket.socket, reach: Reach, *, encrypted: bool
) -> socket.socket:
    address: str = connected.getpeername()[0]
    with ExitStack() as undo:
        undo.callback(connected.close)
        check_reach(host, address, reach)
        if not encrypted:
            check_here(host, address)
        undo.pop_all()
    return connected


def _counted(response: HTTPResponse, meter: Meter) -> HTTPResponse:
    read = response.read

    def counted(*given: Any, **options: Any) -> bytes:
        piece = read(*given, **options)
        meter.add(len(piece))
        return piece

    cast("Any", response).read = counted
    return response
