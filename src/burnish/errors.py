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
    ├── NotPermitted            the caller may not do this                             exit 6
    ├── MissingExtra            an optional part is not installed                      exit 1
    ├── StructureLost           a rewrite would drop part of the user's text           exit 1
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
        name = type(self).__name__
        return "".join(f"_{c.lower()}" if c.isupper() else c for c in name).lstrip("_")


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


class NotPermitted(BurnishError):
    exit_code = 6


class StructureLost(BurnishError): ...


class StoreError(BurnishError): ...


class MissingExtra(BurnishError):
    def __init__(self, package: str, extra: str) -> None:
        super().__init__(
            f"{package!r} is not installed",
            hint=f"run: pip install 'burnish[{extra}]'",
            subject=extra,
        )
