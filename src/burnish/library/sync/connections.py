"""Connections that dulwich opens and, where the first word of the answer fails, forgets."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from dulwich.client import GitClient
    from dulwich.protocol import Protocol

# What dulwich asks the makers of clients to write; not a public name, and there is no other door.
_CONNECT = "_connect"


@contextmanager
def hung_up(client: GitClient) -> Generator[GitClient]:
    """Closes the client with every connection that it opened meanwhile."""
    opened: list[Protocol] = []
    connect: Any = getattr(client, _CONNECT, None)

    def noted(*given: Any, **options: Any) -> Any:
        connection = connect(*given, **options)
        opened.append(connection[0])
        return connection

    if connect is not None:  # over http, and in a folder, there is none that stays
        setattr(client, _CONNECT, noted)
    try:
        yield client
    finally:
        for connection in opened:
            connection.close()
        client.close()
