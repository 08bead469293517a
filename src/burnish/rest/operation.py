"""One operation of the platform as it is called over HTTP.

The server's routes, the OpenAPI document, the rights and the client are all made of the same table
of operations, so that none can say something that another does not do."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal

import msgspec

from burnish.principal import Right

Method = Literal["GET", "POST", "PUT", "PATCH", "DELETE"]


class Operation(msgspec.Struct, frozen=True, kw_only=True):
    """`call` is the platform's own name for it (`prompts.create`), `path` stands under /api/v1.

    Parameters are those of the call: those in braces stand in the path, the others in the query
    where nothing is sent and in the body else. What is `left_out` cannot be given from afar;
    `shapes` has those that mean something else there, such as no path of a file. `answer` is the
    type of what comes back where the call's own does not say it, `example` what may be
    sent. Where `by` stands, it is asked with the platform before its own parameters, in place of
    the platform's method. What `has_secret` is answered once and never kept. What
    `is_open` is how people sign in: nobody has to be known for it. What `is_central` is of the
    server and not of a project: people, keys, and projects themselves. What `is_kept` is written
    behind its call otherwise, and is answered when it is in the store."""

    call: str
    method: Method
    path: str
    right: Right
    status: int = 200
    left_out: tuple[str, ...] = ()
    shapes: dict[str, Any] = {}
    answer: Any = None
    by: Callable[..., Any] | None = None
    example: dict[str, Any] = {}
    has_secret: bool = False
    is_open: bool = False
    is_central: bool = False
    is_kept: bool = False

    @property
    def group(self) -> str:
        """What it is listed under."""
        return self.path.split("/")[1]

    @property
    def name(self) -> str:
        return self.call.replace(".", "_").rstrip("_")

    @property
    def in_query(self) -> bool:
        return self.method in {"GET", "DELETE"}
