"""Every error that Burnish raises.

    BurnishError
    ├── UsageError              bad input: a value, a name, a reference, a file       exit 2
    │   ├── SettingsError       a setting that does not exist or has a wrong value
    │   ├── TemplateRefused     a template that cannot be rendered, or not safely
    │   │   └── RenderLimit     a render that passed its time, memory or output bound
    │   └── VariableError       a variable missing, unknown or of a wrong type
    ├── NotFound                no such prompt, version, label, technique, persona     exit 3
    ├── Conflict                somebody else was faster, or the name is taken         exit 4
    ├── Unavailable             a model or the network cannot be reached               exit 5
    │   ├── ModelFailed         one model's call failed
    │   │   ├── RateLimited     too many requests or tokens for now
    │   │   ├── ConnectionLost  no connection, or one that broke off
    │   │   ├── ModelTimeout    no answer in time
    │   │   ├── ServerFault     the provider's own error (5xx)
    │   │   ├── BadReply        an answer that is empty, broken or of a wrong shape
    │   │   ├── KeyRefused      the key is missing, wrong or may not do this
    │   │   ├── NoSuchModel     the provider has no model of that name
    │   │   ├── RequestRefused  the provider will not take this request (too long, filtered…)
    │   │   └── CircuitOpen     not tried: the provider failed too often just before
    │   └── AllModelsFailed     every model of a fallback order failed; lists each cause
    ├── NotPermitted            the caller may not do this                             exit 6
    │   └── NotAuthenticated    a key, a token or a password is missing or wrong
    ├── MissingExtra            an optional part is not installed                      exit 1
    ├── BudgetExceeded          the next call could pass a bound on money or calls     exit 1
    ├── OutputRejected          a model's answers broke the rules for them, each time   exit 1
    ├── StructureLost           a rewrite would drop part of the user's text           exit 1
    ├── NotShown                an experiment does not show what would be acted upon    exit 1
    └── StoreError              the store cannot be opened, read or written            exit 1

Each error says what happened and, in `hint`, what to do; `subject` is what it concerns.
"""

from __future__ import annotations


class BurnishError(Exception):
    exit_code = 1

    def __init__(self, what: str, *, hint: str = "", subject: str = "") -> None:
        super().__init__(what)
        self.what = what
        self.hint = hint
        self.subject = subject

    def __str__(self) -> str:
        return f"{self.what}; {self.hint}" if self.hint else self.what

    @property
    def code(self) -> str:
        """The error's stable name in JSON output, such as `not_found`."""
        return _code_of(type(self))


class UsageError(BurnishError):
    exit_code = 2


class SettingsError(UsageError): ...


class TemplateRefused(UsageError): ...


class RenderLimit(TemplateRefused): ...


class VariableError(UsageError): ...


class NotFound(BurnishError):
    exit_code = 3


class Conflict(BurnishError):
    exit_code = 4


class Unavailable(BurnishError):
    exit_code = 5


class ModelFailed(Unavailable):
    """`model` is the full name; `status` the HTTP status, 0 where none came; `retry_after_s` what
    the provider asked to wait. `retryable` tells whether the same call may succeed later."""

    retryable = False
    sent = True

    def __init__(
        self,
        what: str,
        *,
        hint: str = "",
        model: str = "",
        status: int = 0,
        retry_after_s: float | None = None,
    ) -> None:
        super().__init__(what, hint=hint, subject=model)
        self.model = model
        self.status = status
        self.retry_after_s = retry_after_s


class RateLimited(ModelFailed):
    retryable = True


class ConnectionLost(ModelFailed):
    retryable = True


class ModelTimeout(ModelFailed):
    retryable = True


class ServerFault(ModelFailed):
    retryable = True


class BadReply(ModelFailed):
    retryable = True


class KeyRefused(ModelFailed): ...


class NoSuchModel(ModelFailed): ...


class RequestRefused(ModelFailed): ...


class CircuitOpen(ModelFailed): ...


class AllModelsFailed(Unavailable):
    """`causes` are the errors in the order of the models tried."""

    def __init__(self, what: str, *, causes: tuple[ModelFailed, ...], hint: str = "") -> None:
        super().__init__(what, hint=hint)
        self.causes = causes


class BudgetExceeded(BurnishError): ...


class OutputRejected(BurnishError):
    """`output_tokens`, `retries` and `cost_usd` (None: unknown) are what the answers took."""

    def __init__(
        self,
        what: str,
        *,
        hint: str = "",
        subject: str = "",
        output_tokens: int = 0,
        retries: int = 0,
        cost_usd: float | None = 0.0,
    ) -> None:
        super().__init__(what, hint=hint, subject=subject)
        self.output_tokens = output_tokens
        self.retries = retries
        self.cost_usd = cost_usd


class NotPermitted(BurnishError):
    exit_code = 6


class NotAuthenticated(NotPermitted):
    """Nobody can tell who asks: a key, a token or a password is missing or wrong."""


class StructureLost(BurnishError): ...


class NotShown(BurnishError): ...


class StoreError(BurnishError):
    """`retryable` tells whether the same may succeed later though nobody mends anything: the
    database is busy, or its disk is away for a moment."""

    def __init__(
        self, what: str, *, hint: str = "", subject: str = "", retryable: bool = False
    ) -> None:
        super().__init__(what, hint=hint, subject=subject)
        self.retryable = retryable


class MissingExtra(BurnishError):
    def __init__(self, package: str, extra: str) -> None:
        super().__init__(
            f"{package!r} is not installed",
            hint=f"run: pip install 'burnish[{extra}]'",
            subject=extra,
        )


def codes_of(kind: type[BurnishError]) -> tuple[str, ...]:
    """The codes of that kind of error and of all below it."""
    below = (code for each in kind.__subclasses__() for code in codes_of(each))
    return (_code_of(kind), *below)


def _code_of(kind: type[BurnishError]) -> str:
    return "".join(f"_{c.lower()}" if c.isupper() else c for c in kind.__name__).lstrip("_")
