"""Problem documents as the errors that they were on the server."""

from __future__ import annotations

import msgspec

from burnish import errors, shapes
from burnish.errors import BurnishError, NotPermitted, Unavailable, UsageError


class Told(msgspec.Struct, frozen=True, kw_only=True):
    """What of a problem document an error needs."""

    type: str = ""
    detail: str = ""
    hint: str = ""
    subject: str = ""
    request_id: str = ""


def raised(status: int, body: bytes) -> BurnishError:
    """The error to raise. One whose kind is not known here is told by its status."""
    try:
        told = shapes.decode(body, Told)
    except msgspec.DecodeError:
        told = Told(detail=f"the server answered with status {status}, and with nothing to read")
    kind = _kinds().get(told.type.rpartition(":")[2]) or _by_status(status)
    error = BurnishError.__new__(kind)
    BurnishError.__init__(error, told.detail, hint=told.hint, subject=told.subject)
    for name, value in _MORE.items():
        if not hasattr(error, name):
            setattr(error, name, value)
    return error


# What errors of one kind or another have besides, of which a server says nothing.
_MORE = {
    "causes": (),
    "model": "",
    "status": 0,
    "retry_after_s": None,
    "retryable": False,
    "output_tokens": 0,
    "retries": 0,
    "cost_usd": None,
}


def _kinds() -> dict[str, type[BurnishError]]:
    found = (each for each in vars(errors).values() if isinstance(each, type))
    kinds = (each for each in found if issubclass(each, BurnishError))
    return {errors.codes_of(each)[0]: each for each in kinds}


def _by_status(status: int) -> type[BurnishError]:
    if status == 401:
        return errors.NotAuthenticated
    if status == 403:
        return NotPermitted
    if status == 404:
        return errors.NotFound
    if status == 409:
        return errors.Conflict
    return UsageError if status < 500 and status != 429 else Unavailable
