"""Numbers in prose, compared within a tolerance."""

from __future__ import annotations

import math
import re
from typing import Any, Literal

from burnish.errors import UsageError
from burnish.evals.scorers.kind import Case, Grade, Options, Says, ScorerKind, about, yes_or_no
from burnish.evals.scorers.tools import Tools
from burnish.storage.example import ScorerSpec

# A sign counts as one where no word or number stands before it: 2023-05-01 has no -5.
_NUMBER = re.compile(
    r"(?<![\w.])([-+\u2212]?\s?[$€£¥]?|)"
    r"(\d{1,3}(?:[,.'’\u00a0\u202f]\d{3})+(?!\d)(?:[.,]\d+)?|\d+(?:[.,]\d+)?|[.,]\d+)"  # noqa: RUF001
    r"((?:[eE][-+]?\d{1,3})?)(?!\d)"
)
_GROUPING = str.maketrans("", "", "'’\u00a0\u202f")  # noqa: RUF001
_MOST_DIGITS = 400


class Numeric(Options, frozen=True, kw_only=True):
    tolerance: Says[float, about("How far the number may be off.")] = 0.0
    relative: Says[float, about("The same as a share of the expected number: 0.01 is 1 %.")] = 0.0
    which: Says[
        Literal["last", "first", "any"],
        about("Which number of the answer counts; reasoning ends with the last."),
    ] = "last"
    decimal: Says[Literal[".", ","], about("The sign before decimal places.")] = "."


def numeric(case: Case[Numeric]) -> Grade:
    """The number of the answer is the expected one. An expected text counts by its last number,
    so `… #### 72` is 72."""
    options = case.options
    wanted = _wanted(case.wanted, options)
    found = numbers(case.output, options.decimal)
    if not found:
        return yes_or_no(met=False, reason="no number in the answer")
    chosen = {"last": found[-1:], "first": found[:1], "any": found}[options.which]
    near = min(chosen, key=lambda each: abs(each - wanted))
    met = math.isclose(near, wanted, rel_tol=0.0, abs_tol=_allowed(wanted, options))
    return yes_or_no(
        met, reason="" if met else f"{near:g}, not {wanted:g}", details={"number": near}
    )


def numbers(text: str, decimal: str = ".") -> list[float]:
    """All numbers of a text in their order; thousands may be set apart."""
    found = (_value(sign, digits, power, decimal) for sign, digits, power in _NUMBER.findall(text))
    return [value for value in found if value is not None and math.isfinite(value)]


def _value(sign: str, digits: str, power: str, decimal: str) -> float | None:
    if len(digits) > _MOST_DIGITS:
        return None
    thousands = "," if decimal == "." else "."
    plain = digits.translate(_GROUPING)
    if thousands in plain and not re.fullmatch(
        rf"\d{{1,3}}(?:{re.escape(thousands)}\d{{3}})+(?:{re.escape(decimal)}\d+)?", plain
    ):
        return None
    plain = plain.replace(thousands, "").replace(decimal, ".")
    if plain.count(".") > 1:
        return None
    value = float(plain + power)
    return -value if sign[:1] in ("-", "\u2212") else value


def _wanted(wanted: Any, options: Numeric) -> float:
    if isinstance(wanted, str):
        found = numbers(wanted, options.decimal)
        value = found[-1] if found else None
    else:
        value = _float(wanted) if isinstance(wanted, int | float) else None
    if value is None or isinstance(wanted, bool) or not math.isfinite(value):
        raise UsageError("what is expected is no number", hint="give the scorer a number")
    return value


def _float(number: float) -> float:
    try:
        return float(number)
    except OverflowError:
        return math.inf


def _allowed(wanted: float, options: Numeric) -> float:
    """Never less than what floating point itself loses."""
    return max(options.tolerance, options.relative * abs(wanted), abs(wanted) * 1e-12)


def _check(value: Any, options: Numeric, _: Tools) -> None:
    _wanted(value, options)


def _check_options(options: Numeric, _: Tools) -> None:
    for name in ("tolerance", "relative"):
        size = getattr(options, name)
        if not (math.isfinite(size) and size >= 0):
            raise UsageError(f"the {name} is no size", hint="give 0 or more")


KINDS = (
    ScorerKind(
        name="numeric",
        summary="The number in the answer is the expected one, within a tolerance.",
        grade=numeric,
        options=Numeric,
        takes="number, or text that holds one",
        check=_check,
        check_options=_check_options,
        example=ScorerSpec(name="numeric", value=72, parameters={"relative": 0.01}),
    ),
)
