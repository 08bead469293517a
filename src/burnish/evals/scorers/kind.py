"""What a scorer is made of."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Annotated, Any, Generic, Literal, TypeVar, cast

import msgspec

from burnish.errors import UsageError
from burnish.evals.scored import Answered
from burnish.evals.scorers.tools import Tools
from burnish.storage.example import ScorerSpec

Says = Annotated
"""`Says[int, about("…")]`: a parameter with the words that explain it."""


def about(text: str) -> msgspec.Meta:
    return msgspec.Meta(description=text)


class Options(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Parameters that every scorer takes."""

    timeout_s: Says[float | None, about("Seconds for one answer; the scorer's own if not set.")] = (
        None
    )
    fill: Says[bool, about("Fill {{ name }} in the value with the example's inputs.")] = False


class Grade(msgspec.Struct, frozen=True, kw_only=True):
    """`value` is 0 to 1, None where nothing can be said, and then `error` tells why. `passed` is
    decided by the threshold unless it is given."""

    value: float | None
    passed: bool | None = None
    reason: str = ""
    error: str = ""
    details: dict[str, Any] = {}


O_co = TypeVar("O_co", bound=Options, covariant=True)


@dataclass(frozen=True, kw_only=True)
class Case(Generic[O_co]):
    """One answer before one scorer. `value` is the scorer's own, `wanted` what the answer is
    compared with: that value, or what the example expects."""

    answered: Answered
    value: Any
    options: O_co
    tools: Tools

    @property
    def output(self) -> str:
        return self.answered.output

    @property
    def wanted(self) -> Any:
        wanted = self.answered.example.expected if self.value is None else self.value
        if wanted is None:
            raise UsageError(
                "there is nothing to compare with",
                hint="give the scorer a value, or the example an expected answer",
            )
        return wanted


Needs = Literal["value", "expected", "optional", "nothing"]


def _one(_: Any) -> int:
    return 1


@dataclass(frozen=True, kw_only=True)
class ScorerKind:
    """One way to score, by name; `@burnish.scorer` makes one of a function.

    `grade` judges a case; it may be plain or async. What it raises becomes the error of a score.
    `needs` says where what the answer is compared with comes from: `value` of the spec alone,
    `expected` of the example where the spec has none, `optional`, or `nothing`. Before anything
    runs `check` looks at a spec's value where it has one, `check_options` at its parameters; they
    raise UsageError. `threshold` is the least score that passes unless the spec has one.
    `timeout_s` is None where the work has bounds of its own. A plain `grade` that `waits` for
    another process where there is a value is called in a thread; `apart` gives each call a thread
    of its own, which is left behind when it hangs. One that `asks_model` puts so many `questions`
    to it about an answer, by its options.
    """

    name: str
    summary: str
    grade: Callable[[Case[Any]], Grade | Awaitable[Grade]]
    options: type[Options] = Options
    needs: Needs = "expected"
    takes: str = "text"
    check: Callable[[Any, Any, Tools], None] | None = None
    check_options: Callable[[Any, Tools], None] | None = None
    threshold: float = 1.0
    aliases: tuple[str, ...] = ()
    inverts: bool = True
    asks_model: bool = False
    questions: Callable[[Any], int] = _one
    timeout_s: float | None = 30.0
    waits: bool = False
    apart: bool = False
    example: ScorerSpec | None = None
    function: Callable[..., Any] | None = None

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """The function that was decorated, as it was."""
        if self.function is None:
            raise TypeError(f"the scorer {self.name!r} is no function; use its `grade`")
        return self.function(*args, **kwargs)


def yes_or_no(met: bool, *, reason: str = "", details: dict[str, Any] | None = None) -> Grade:
    return Grade(value=1.0 if met else 0.0, reason=reason, details=details or {})


def texts_of(value: Any, what: str) -> list[str]:
    """A text or a list of them, as a list. Raises UsageError for anything else."""
    given = list(cast("list[Any]", value)) if isinstance(value, list | tuple) else [value]
    if not given or not all(isinstance(each, str | int | float) for each in given):
        raise UsageError(f"{what} is no text", hint="give a text, or a list of texts")
    return [str(each) for each in given]


def shortened(text: str, most: int = 80) -> str:
    flat = " ".join(text[: most * 4].split())
    return flat if len(flat) <= most else f"{flat[: most - 1]}…"
