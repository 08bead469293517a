"""What a provider's refusal means: one mapping from status and words to an error of ours."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any, TypeVar, cast

import msgspec

from burnish.errors import (
    BadReply,
    BurnishError,
    ConnectionLost,
    KeyRefused,
    ModelFailed,
    ModelTimeout,
    NoSuchModel,
    RateLimited,
    RequestRefused,
    ServerFault,
)
from burnish.models.options import ProviderOptions, masked

MAX_MESSAGE_CHARS = 300
# The longest text of an answer that any adapter takes.
MAX_TEXT_CHARS = 8 * 2**20
_QUOTA_CODES = frozenset(
    {
        "insufficient_quota",
        "billing_hard_limit_reached",
        "exceeded_current_quota_error",
        "credit_balance_exhausted",
    }
)
_NO_MODEL_CODES = frozenset({"model_not_found", "invalid_model", "model_not_available"})
# What an error inside a stream means, where only its kind is told. The reply's status was 200.
_STATUS_OF_KIND = {
    "rate_limit": 429,
    "too_many": 429,
    "overloaded": 503,
    "unavailable": 503,
    "authentication": 401,
    "permission": 403,
    "invalid": 400,
    "context_length": 400,
    "not_found": 404,
}
_OTHER = (RequestRefused, "refused the request", "change the request as the provider says")
_OF_STATUS: dict[int, tuple[type[ModelFailed], str, str]] = {
    408: (ModelTimeout, "waited too long for the request", "try again"),
    429: (RateLimited, "is limiting the rate", "wait, or lower the concurrency"),
}
_OF_HUNDRED: dict[int, tuple[type[ModelFailed], str, str]] = {
    3: (RequestRefused, "answered with a redirect", "correct the provider's base_url"),
    5: (ServerFault, "failed", "try again later"),
}
_DURATION = re.compile(r"(\d+(?:\.\d+)?)(ms|s|m|h|d)")
_SECONDS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}


class Refusal(msgspec.Struct, frozen=True, kw_only=True):
    """What a provider said instead of an answer. `code` is its own word for the cause, `like` the
    status that says best what it means, where `status` does not."""

    status: int
    like: int = 0
    message: str = ""
    code: str = ""
    headers: Mapping[str, str] = {}


E = TypeVar("E", bound=BurnishError)


def alone(error: E) -> E:
    """The error without what it came from: the words of libraries and the variables of the calls
    that led to it may hold the key that our own words leave out."""
    error.__cause__ = error.__context__ = None
    return error.with_traceback(None)


class Faults:
    """Makes the errors of one provider, with its name and its advice, and without its key."""

    def __init__(
        self, options: ProviderOptions, *, unreachable: str = "", no_model: str = ""
    ) -> None:
        """`unreachable` and `no_model` are hints; in the latter `{model}` is the model's name."""
        self._options = options
        self._provider = options.provider
        self._unreachable = unreachable or "check the network, and the provider's base_url"
        self._no_model = no_model or f"see `burnish models list {options.provider}`"

    def refused(self, refusal: Refusal, model: str = "") -> ModelFailed:
        kind, what, hint = self._meaning(refusal, model)
        words = self.words(refusal.message)
        return kind(
            f"{self._provider} {what} ({refusal.status}){f': {words}' if words else ''}",
            hint=hint,
            model=self.full_name(model),
            status=refusal.status,
            retry_after_s=retry_after_s(refusal.headers)
            if refusal.status == 429 or refusal.status >= 500
            else None,
        )

    def lost(self, why: str, model: str = "", *, reached: bool = True) -> ConnectionLost:
        """The connection broke off, or (`reached` false) never came to be."""
        what = "closed the connection early" if reached else "cannot be reached"
        words = self.words(why)
        error = ConnectionLost(
            f"{self._provider} {what}{f': {words}' if words else ''}",
            hint="try again" if reached else self._unreachable,
            model=self.full_name(model),
        )
        error.sent = reached
        return error

    def late(self, which: str, seconds: float, model: str = "") -> ModelTimeout:
        """`which` is the time that ran out: connect, first token or whole."""
        missing = {"connect": "no connection to", "first token": "no first token from"}
        error = ModelTimeout(
            f"{missing.get(which, 'no whole answer from')} {self._provider} in {seconds:g} s",
            hint=f"try again, or raise the {which} timeout",
            model=self.full_name(model),
        )
        error.sent = which != "connect"
        return error

    def bad(self, what: str, model: str = "", hint: str = "try again") -> BadReply:
        return BadReply(
            f"{self._provider} {self.words(what)}", hint=hint, model=self.full_name(model)
        )

    def keyless(self, model: str = "") -> KeyRefused:
        """Nothing was sent, because there is no key to send."""
        error = KeyRefused(
            f"no key for {self._provider}", hint=self._key_hint(), model=self.full_name(model)
        )
        error.sent = False
        return error

    def unsent(self, why: str, model: str = "") -> RequestRefused:
        """The request was not sent, because its provider has no way to put it."""
        error = RequestRefused(
            f"{self._provider} cannot be asked this: {self.words(why)}",
            hint="change the request, or use another model",
            model=self.full_name(model),
        )
        error.sent = False
        return error

    def filtered(self, why: str, model: str = "") -> RequestRefused:
        words = self.words(why)
        return RequestRefused(
            f"{self._provider} gave no answer on grounds of content{f': {words}' if words else ''}",
            hint="rephrase the request, or use another model",
            model=self.full_name(model),
        )

    def full_name(self, model: str) -> str:
        return f"{self._provider}:{model}" if model else self._provider

    def words(self, text: str) -> str:
        """A provider's words on one line, bounded, without keys."""
        line = " ".join(masked(text, self._options.key).split())
        return line if len(line) <= MAX_MESSAGE_CHARS else f"{line[: MAX_MESSAGE_CHARS - 1]}…"

    def _key_hint(self) -> str:
        variable = self._options.key_variable
        if not variable:
            return f"check the key of provider {self._provider}"
        return f"check the key in {variable}" if self._options.key else f"set {variable}"

    def _meaning(self, refusal: Refusal, model: str) -> tuple[type[ModelFailed], str, str]:
        """The error's class, what happened, what to do."""
        status = refusal.like or refusal.status
        if status == 402 or (status == 429 and refusal.code in _QUOTA_CODES):
            hint = "the account's quota or credit is used up; see its billing page"
            return RequestRefused, "refused the request", hint
        if status in (401, 403):
            return KeyRefused, "refused the key", self._key_hint()
        if _speaks_of_no_model(refusal, model):
            return NoSuchModel, f"has no model {model!r}", self._no_model.format(model=model)
        return _OF_STATUS.get(status) or _OF_HUNDRED.get(status // 100, _OTHER)


def _speaks_of_no_model(refusal: Refusal, model: str) -> bool:
    if not model or refusal.status not in (400, 404, 422):
        return False
    if refusal.code in _NO_MODEL_CODES:
        return True
    words = refusal.message.lower()
    return refusal.status == 404 and ("model" in words or model.lower() in words)


def refusal(status: int, headers: Mapping[str, str], body: bytes) -> Refusal:
    """Reads an error reply in any of the shapes that providers and proxies give it."""
    try:
        content: object = msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        html = "html" in headers.get("content-type", "").lower()
        text = "" if html else body.decode("utf-8", "replace")
        return Refusal(status=status, message=text, headers=headers)
    message, code = message_and_code(content)
    return Refusal(status=status, message=message, code=code, headers=headers)


def refusal_in_answer(error: object) -> Refusal:
    """An error that came where an answer was due: in a stream, or in a reply with status 200."""
    message, code = message_and_code({"error": error})
    if code.isdigit() and 300 <= int(code) < 600:
        return Refusal(status=int(code), message=message, code=code)
    if code in _QUOTA_CODES:
        return Refusal(status=429, message=message, code=code)
    known = (status for kind, status in _STATUS_OF_KIND.items() if kind in code.lower())
    return Refusal(status=next(known, 500), message=message, code=code)


def message_and_code(content: object) -> tuple[str, str]:
    """From the JSON of an error, whatever its shape."""
    if isinstance(content, list) and content:
        content = cast("list[object]", content)[0]
    if not isinstance(content, dict):
        return (content, "") if isinstance(content, str) else ("", "")
    outer = cast("dict[str, Any]", content)
    error = outer.get("error", outer)
    if isinstance(error, str):
        return error, str(outer.get("code") or "")
    inner = cast("dict[str, Any]", error) if isinstance(error, dict) else outer
    message: Any = inner.get("message") or inner.get("detail") or inner.get("msg") or ""
    code: Any = inner.get("code") or inner.get("type") or inner.get("status") or ""
    if not isinstance(message, str):
        message = msgspec.json.encode(message).decode()
    return message, str(code)


def retry_after_s(headers: Mapping[str, str]) -> float | None:
    """Seconds to wait, as the reply's headers (names in lower case) tell it; None where they do
    not. Of several rate limits the one that is used up counts."""
    exact = _number(headers.get("retry-after-ms", ""))
    if exact is not None:
        return exact / 1000
    given = headers.get("retry-after", "")
    seconds = _number(given) if given else None
    if seconds is None and given:
        seconds = _until(given, headers.get("date", ""))
    return seconds if seconds is not None else _until_reset(headers)


def _until_reset(headers: Mapping[str, str]) -> float | None:
    prefix = "x-ratelimit-reset-"
    waits = {
        name.removeprefix(prefix): wait
        for name, value in headers.items()
        if name.startswith(prefix) and (wait := _duration(value)) is not None
    }
    used_up = [
        wait
        for limit, wait in waits.items()
        if _number(headers.get(f"x-ratelimit-remaining-{limit}", "")) == 0
    ]
    return max(used_up) if used_up else min(waits.values(), default=None)


def _number(text: str) -> float | None:
    try:
        number = float(text)
    except ValueError:
        return None
    return max(0.0, number) if math.isfinite(number) else None


def _duration(text: str) -> float | None:
    """`1m30.5s`, `250ms`, or plain seconds."""
    if "".join(m.group() for m in _DURATION.finditer(text)) != text or not text:
        return _number(text)
    return sum(float(m[1]) * _SECONDS[m[2]] for m in _DURATION.finditer(text))


def _until(moment: str, now: str) -> float | None:
    """Seconds from `now` (the server's own clock where it told it) to an HTTP date."""
    try:
        then = parsedate_to_datetime(moment)
        start = parsedate_to_datetime(now) if now else datetime.now(UTC)
        return max(0.0, (then - start).total_seconds())
    except (TypeError, ValueError):
        return None
