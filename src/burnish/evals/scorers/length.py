"""How long an answer is."""

from __future__ import annotations

from typing import Literal

from burnish.errors import UsageError
from burnish.evals.scorers.kind import Case, Grade, Options, Says, ScorerKind, about, yes_or_no
from burnish.evals.scorers.tokens import sentences, words
from burnish.evals.scorers.tools import Tools
from burnish.storage.example import ScorerSpec

Unit = Literal["words", "characters", "sentences"]


class Length(Options, frozen=True, kw_only=True):
    unit: Says[Unit, about("What is counted.")] = "words"
    min: Says[int | None, about("The least that passes.")] = None
    max: Says[int | None, about("The most that passes.")] = None


def length(case: Case[Length]) -> Grade:
    options = case.options
    count = _count(case.output, options.unit)
    least, most = options.min or 0, options.max
    met = count >= least and (most is None or count <= most)
    return yes_or_no(
        met, reason=f"{count} {options.unit}", details={"count": count, "unit": options.unit}
    )


def _count(text: str, unit: Unit) -> int:
    if unit == "characters":
        return len(text)
    return sentences(text) if unit == "sentences" else len(words(text))


def _check(options: Length, _: Tools) -> None:
    least, most = options.min, options.max
    if least is None and most is None:
        raise UsageError("the length has no bound", hint="give the parameter min, max or both")
    if (least or 0) < 0 or (most is not None and most < (least or 0)):
        raise UsageError("nothing can be of this length", hint="give 0 <= min <= max")


KINDS = (
    ScorerKind(
        name="length",
        summary="The answer has so many words, characters or sentences.",
        grade=length,
        options=Length,
        needs="nothing",
        check_options=_check,
        example=ScorerSpec(name="length", parameters={"max": 50}),
    ),
)
