"""Functions as scorers.

@burnish.scorer
def polite(output, expected):
    return "please" in output.lower()
"""

from __future__ import annotations

import importlib.util
import inspect
import sys
from asyncio import CancelledError
from collections.abc import Awaitable, Callable
from contextlib import suppress
from copy import deepcopy
from operator import attrgetter
from pathlib import Path
from typing import Any, cast, overload

import msgspec

from burnish.errors import NotFound, UsageError
from burnish.evals.scorers.kind import Case, Grade, Options, ScorerKind
from burnish.storage.example import ScorerSpec
from burnish.storage.result import Score

Function = Callable[..., Any]
PREFIX = "python:"


def _expected(case: Case[Any]) -> Any:
    return case.answered.example.expected if case.value is None else case.value


# What a function may ask for by name, after the output and what was expected. It gets copies: what
# it changes in them must not reach the next answer.
_KNOWN: dict[str, Callable[[Case[Any]], Any]] = {
    "output": lambda case: case.output,
    "expected": lambda case: deepcopy(_expected(case)),
    "value": lambda case: deepcopy(case.value),
    "inputs": lambda case: deepcopy(case.answered.example.inputs),
    "metadata": lambda case: deepcopy(case.answered.example.metadata),
    "tags": lambda case: case.answered.example.tags,
    "example": lambda case: deepcopy(case.answered.example),
    "answered": lambda case: deepcopy(case.answered),
    "model": lambda case: case.answered.model,
    "cost_usd": lambda case: case.answered.cost_usd,
    "latency_ms": lambda case: case.answered.latency_ms,
}
_PLACED = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)


@overload
def scorer(function: Function, /) -> ScorerKind: ...
@overload
def scorer(
    *, name: str = "", threshold: float = 0.5, timeout_s: float = 30.0
) -> Callable[[Function], ScorerKind]: ...
def scorer(
    function: Function | None = None,
    /,
    *,
    name: str = "",
    threshold: float = 0.5,
    timeout_s: float = 30.0,
) -> ScorerKind | Callable[[Function], ScorerKind]:
    """Makes a function, plain or async, a scorer.

    Its first two parameters are the answer and what the example expects; others are filled by
    their names: value, inputs, metadata, tags, example, answered, model, cost_usd, latency_ms.
    Any other one needs a default and is a parameter of the scorer. It returns True or False, a
    number from 0 to 1 (`threshold` says from where it passes), or a `burnish.Score`. What it
    raises, and a call of more than `timeout_s` seconds, is the error of that one score. A plain
    function runs in a thread of its own; an async one must not block.
    """
    if function is None:

        def decorate(given: Function) -> ScorerKind:
            return _made(given, name, threshold, timeout_s)

        return decorate
    return _made(function, name, threshold, timeout_s)


def kind_of(given: object) -> ScorerKind:
    """A scorer of what `@burnish.scorer` made, or of a function. Raises UsageError."""
    if isinstance(given, ScorerKind):
        return given
    if not callable(given) or inspect.isclass(given):
        raise UsageError(
            f"{given!r} is no scorer", hint="give a name, a burnish.ScorerSpec or a function"
        )
    return _made(given, "", 0.5, 30.0)


def load_function(address: str) -> ScorerKind:
    """The scorer at `python:FILE.py:FUNCTION`. The file is run, with all that it may do.

    Raises UsageError for a file that fails, NotFound where the file or the function is missing.
    """
    path, separator, function = address.removeprefix(PREFIX).rpartition(":")
    if not separator or not path.endswith(".py") or not function.isidentifier():
        raise UsageError(
            f"{address!r} names no function", hint="write it like python:checks.py:polite"
        )
    file = Path(path)
    if not file.is_file():
        raise NotFound(f"there is no file {path}", hint="check the path", subject=path)
    found = getattr(_module(file), function, None)
    if found is None:
        raise NotFound(
            f"{path} has no function {function}", hint="check its name", subject=function
        )
    return kind_of(found)


def _module(file: Path) -> Any:
    spec = importlib.util.spec_from_file_location(f"_burnish_scorers_{file.stem}", file)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    # Decorators and dataclasses in the file look their module up by its name.
    sys.modules[spec.name] = module
    try:
        spec.loader.exec_module(module)
    except Exception as error:  # a boundary: the file is the user's and may raise anything
        del sys.modules[spec.name]
        raise UsageError(
            f"{file} cannot be run: {type(error).__name__}: {error}", hint="correct the file"
        ) from error
    return module


def _made(function: Function, name: str, threshold: float, timeout_s: float) -> ScorerKind:
    names = _names(function)
    called = name or getattr(function, "__name__", type(function).__name__).replace("_", "-")
    is_async = inspect.iscoroutinefunction(function) or inspect.iscoroutinefunction(
        getattr(function, "__call__", None)  # noqa: B004 - an object with an async __call__
    )
    waiting, plain = _waiting(function, names), _plain(function, names)
    return ScorerKind(
        name=called,
        summary=(inspect.getdoc(function) or "A function.").partition("\n")[0],
        grade=waiting if is_async else plain,
        options=_options(function, names),
        needs="optional",
        takes="any JSON",
        threshold=threshold,
        timeout_s=timeout_s,
        apart=not is_async,
        example=ScorerSpec(name=called),
        function=function,
    )


def _names(function: Function) -> dict[str, str]:
    """For each parameter what fills it: a known thing, or a parameter of the scorer."""
    try:
        parameters = list(inspect.signature(function).parameters.values())
    except (TypeError, ValueError):
        raise UsageError(f"{function!r} tells no parameters", hint="wrap it in a def") from None
    names: dict[str, str] = {}
    for place, each in enumerate(parameters):
        if each.kind in (each.VAR_POSITIONAL, each.VAR_KEYWORD):
            continue
        if each.name in _KNOWN:
            names[each.name] = each.name
        elif place < 2 and each.kind in _PLACED and each.default is each.empty:
            names[each.name] = ("output", "expected")[place]
        elif each.default is each.empty:
            raise UsageError(
                f"nothing fills the parameter {each.name!r} of a scorer",
                hint=f"give it a default, or one of these names: {', '.join(_KNOWN)}",
            )
    if not names:
        raise UsageError("a scorer takes no answer", hint="write it like def polite(output): …")
    return names


def _options(function: Function, names: dict[str, str]) -> type[Options]:
    own: list[tuple[str, Any, Any]] = [
        (each.name, Any, each.default)
        for each in inspect.signature(function).parameters.values()
        if each.name not in names and each.default is not each.empty
    ]
    made = msgspec.defstruct(
        "FunctionOptions",
        own,
        bases=(Options,),
        frozen=True,
        kw_only=True,
        forbid_unknown_fields=True,
    )
    return cast("type[Options]", made)


class _Filled:
    """A function's arguments from a case; what each is has been found out beforehand."""

    def __init__(self, function: Function, names: dict[str, str]) -> None:
        self._placed: list[Callable[[Case[Any]], Any]] = []
        self._named: dict[str, Callable[[Case[Any]], Any]] = {}
        for each in inspect.signature(function).parameters.values():
            if each.kind in (each.VAR_POSITIONAL, each.VAR_KEYWORD):
                continue
            known = _KNOWN.get(names.get(each.name, ""))
            give = known or attrgetter(f"options.{each.name}")
            if each.kind is each.POSITIONAL_ONLY:
                self._placed.append(give)
            else:
                self._named[each.name] = give

    def __call__(self, case: Case[Any]) -> tuple[list[Any], dict[str, Any]]:
        placed = [give(case) for give in self._placed]
        return placed, {name: give(case) for name, give in self._named.items()}


def _plain(function: Function, names: dict[str, str]) -> Callable[[Case[Any]], Grade]:
    filled = _Filled(function, names)

    def grade(case: Case[Any]) -> Grade:
        placed, named = filled(case)
        try:
            found = function(*placed, **named)
        # What no future can carry, or what would end a thread without a word.
        except (StopIteration, CancelledError, SystemExit, KeyboardInterrupt) as error:
            raise _raises(error) from error
        return _graded(found)

    return grade


def _waiting(function: Function, names: dict[str, str]) -> Callable[[Case[Any]], Awaitable[Grade]]:
    filled = _Filled(function, names)

    async def grade(case: Case[Any]) -> Grade:
        placed, named = filled(case)
        try:
            found = await function(*placed, **named)
        except SystemExit as error:  # it would end the event loop
            raise _raises(error) from error
        return _graded(found)

    return grade


def _raises(error: BaseException) -> UsageError:
    said = f"raises {type(error).__name__}{f': {error}' if str(error) else ''}"
    return UsageError(said, hint="let it return a score, or raise an ordinary error")


def _graded(found: object) -> Grade:
    if isinstance(found, Grade | Score):
        return _checked(found)
    return Grade(value=_number(found))


def _checked(found: Grade | Score) -> Grade:
    """Structs that code makes hold whatever was put into them."""
    for name, kind in (("reason", str), ("error", str), ("details", dict)):
        given = getattr(found, name)
        if not isinstance(given, kind):
            raise UsageError(
                f"returns a {type(found).__name__} whose {name} is of the type "
                f"{type(given).__name__}",
                hint=f"a {kind.__name__} is needed",
            )
    return Grade(
        value=None if found.value is None else _number(found.value),
        passed=None if found.passed is None else bool(found.passed),
        reason=found.reason,
        error=found.error,
        details=found.details,
    )


def _number(found: object) -> float:
    with suppress(TypeError, ValueError):
        if not isinstance(found, str | bytes):  # of which float() would read some
            return float(cast("Any", found))
    raise UsageError(
        f"returns a value of the type {type(found).__name__}",
        hint="return True, False, a number from 0 to 1, or a burnish.Score",
    )
