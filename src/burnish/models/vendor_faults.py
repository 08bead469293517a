"""Errors of pydantic-ai and of the vendors' libraries as ours. Imports them when called."""

from __future__ import annotations

from typing import Any, TypeVar

from burnish.errors import ModelFailed
from burnish.models.faults import Faults, Refusal, message_and_code
from burnish.models.model import Timeouts

E = TypeVar("E", bound=BaseException)


def failure_of(error: Exception, faults: Faults, times: Timeouts, model: str) -> ModelFailed:
    """What a call ended with. Whatever is not known for something else is a bad reply."""
    from pydantic_ai import exceptions as theirs

    ours = _cause_of(error, ModelFailed)
    if ours is not None:  # raised below the library, and wrapped by it
        return ours
    if isinstance(error, theirs.ModelConnectionError):
        return _broken_connection(error, faults, times, model)
    if isinstance(error, theirs.ModelAPIError) and not _is_unreadable(error):
        failed = faults.refused(_refusal_of(error), model)
        if failed.retryable and failed.retry_after_s is None:
            failed.retry_after_s = error.retry_after
        return failed
    if isinstance(error, theirs.ContentFilterError):
        return faults.filtered(error.message, model)
    if isinstance(error, theirs.UserError | UnicodeEncodeError):
        return faults.unsent(str(error), model)
    return _library_failure(error, faults, times, model)


def _library_failure(error: Exception, faults: Faults, times: Timeouts, model: str) -> ModelFailed:
    """From what a vendor's own library raises, where pydantic-ai is not between."""
    import httpx2

    refusal = _library_refusal(error)
    if refusal is not None:
        return faults.refused(refusal, model)
    broken = _cause_of(error, httpx2.TransportError)
    if broken is None:
        return faults.bad(f"sent a reply that cannot be read ({type(error).__name__})", model)
    if isinstance(broken, httpx2.ConnectTimeout):
        return faults.late("connect", times.connect_s, model)
    if isinstance(broken, httpx2.TimeoutException):
        return faults.late("whole", times.whole_s, model)
    return faults.lost(str(broken), model, reached=not isinstance(broken, httpx2.ConnectError))


def _broken_connection(error: Any, faults: Faults, times: Timeouts, model: str) -> ModelFailed:
    from pydantic_ai.exceptions import ModelTimeoutError

    connecting = error.phase in ("connect", "pool")
    if not isinstance(error, ModelTimeoutError):
        return faults.lost(str(error), model, reached=not connecting)
    if connecting:
        return faults.late("connect", times.connect_s, model)
    return faults.late("whole", times.whole_s, model)


def _is_unreadable(error: Any) -> bool:
    """Whether a reply came that is no error of the vendor's, but nothing else either."""
    from pydantic_ai.exceptions import ModelAPIError

    return type(error) is ModelAPIError and not error.in_stream


def _refusal_of(error: Any) -> Refusal:
    """From the vendor's error, with the status that its category stands for: not every vendor
    says with its status that a key is wrong or a quota used up."""
    from pydantic_ai import exceptions as theirs

    like = {
        theirs.ModelQuotaExceededError: 402,
        theirs.ModelRateLimitError: 429,
        theirs.ModelAuthenticationError: 401,
        theirs.ModelNotFoundError: 404,
        theirs.ModelUnavailableError: 503,
        theirs.ModelServerError: 500,
        theirs.ModelRequestRejectedError: 400,
    }
    means = next((status for kind, status in like.items() if isinstance(error, kind)), 0)
    message, code = message_and_code(error.body)
    status: int = getattr(error, "status_code", 0) or means or 500
    return Refusal(
        status=status,
        like=means or status,
        message=message or ("" if isinstance(error.body, dict | str) else error.message),
        code=code,
        headers=getattr(error, "headers", None) or {},
    )


def _library_refusal(error: Any) -> Refusal | None:
    """From an error of Anthropic's or Google's own library, which carries a status."""
    status = getattr(error, "status_code", None) or getattr(error, "code", None)
    if not isinstance(status, int):
        return None
    message, code = message_and_code(getattr(error, "body", None) or getattr(error, "details", ""))
    headers = getattr(getattr(error, "response", None), "headers", {})
    lower = {str(name).lower(): str(value) for name, value in headers.items()}
    return Refusal(status=status, message=message, code=code, headers=lower)


def _cause_of(error: BaseException, kind: type[E]) -> E | None:
    """The error itself or the nearest cause of it that is of this kind."""
    cause: BaseException | None = error
    while cause is not None and not isinstance(cause, kind):
        cause = cause.__cause__
    return cause
