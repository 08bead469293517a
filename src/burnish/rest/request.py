"""What a request gives to an operation."""

from __future__ import annotations

from typing import Any

import msgspec
from starlette.requests import Request

from burnish import shapes
from burnish.rest.operation import Operation
from burnish.rest.paths import plain
from burnish.rest.signature import Takes


class Refused(Exception):
    """A request that cannot be read. `pointer` says which part of it (RFC 6901)."""

    def __init__(
        self,
        status: int,
        detail: str,
        *,
        pointer: str = "",
        hint: str = "",
        retry_after_s: int | None = None,
    ) -> None:
        super().__init__(detail)
        self.status, self.detail, self.pointer, self.hint = status, detail, pointer, hint
        self.retry_after_s = retry_after_s


async def arguments(request: Request, operation: Operation, takes: Takes) -> dict[str, Any]:
    """By the names of the call's parameters. Raises Refused."""
    given = {name: plain(request.path_params[name]) for name in takes.in_path}
    if operation.in_query:
        return given | _of_query(request, takes)
    return given | await _of_body(request, takes)


def _of_query(request: Request, takes: Takes) -> dict[str, Any]:
    kind = takes.given
    found: dict[str, Any] = {}
    for name in request.query_params:
        several = request.query_params.getlist(name)
        if name in takes.lists:
            found[name] = several
        elif len(several) > 1:
            raise Refused(422, f"{name} is given {len(several)} times", pointer=f"/{name}")
        else:
            found[name] = _json(name, several[0]) if name in takes.objects else several[0]
    return takes.arguments(_read(found, kind))


def _json(name: str, text: str) -> Any:
    """An object stands in a query as JSON."""
    try:
        return msgspec.json.decode(text)
    except (msgspec.DecodeError, RecursionError):
        raise Refused(422, f"{name} is no JSON object", pointer=f"/{name}") from None


def _read(found: dict[str, Any], kind: type[msgspec.Struct]) -> msgspec.Struct:
    try:
        return shapes.convert(found, kind, strict=False)
    except msgspec.ValidationError as error:
        raise _refused(error, kind) from None


async def _of_body(request: Request, takes: Takes) -> dict[str, Any]:
    body = await request.body()
    sort = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    packed = request.headers.get("content-encoding", "identity").strip().lower()
    if packed != "identity":
        raise Refused(415, f"the body is packed with {packed[:20]!r}", hint="send it as it is")
    if body and sort != "application/json":
        raise Refused(415, "the body is no JSON", hint="send content-type: application/json")
    try:
        return takes.arguments(shapes.decode(body or b"{}", takes.given))
    except msgspec.ValidationError as error:
        raise _refused(error, takes.given) from None
    except (msgspec.DecodeError, UnicodeDecodeError):
        raise Refused(400, "the body is no JSON", hint="send one object") from None
    except RecursionError:
        raise Refused(400, "the body is nested too deep", hint="send a flatter one") from None


def _refused(error: msgspec.ValidationError, kind: type[msgspec.Struct]) -> Refused:
    what, hint = shapes.refusal(error, kind)
    place = str(error).rpartition(" - at `$")[2].rstrip("`") if " - at `$" in str(error) else ""
    pointer = place.replace("[", ".").replace("]", "").replace(".", "/")
    return Refused(422, what, pointer=pointer, hint=hint)
