"""The language that an answer is written in."""

from __future__ import annotations

import re
from typing import Any

from burnish.errors import UsageError
from burnish.evals.scorers.kind import (
    Case,
    Grade,
    Options,
    ScorerKind,
    texts_of,
    yes_or_no,
)
from burnish.intents.language import UNKNOWN, detect_language
from burnish.storage.example import ScorerSpec

_CODE = re.compile(r"[a-z]{2}(?:[-_][A-Za-z]+)?", re.IGNORECASE)


def language(case: Case[Options]) -> Grade:
    wanted = _codes(case.wanted)
    found = detect_language(case.output)
    if found == UNKNOWN:
        return Grade(value=None, error="the answer is too short to tell its language")
    met = found in wanted
    return yes_or_no(met, reason="" if met else f"written in {found}", details={"language": found})


def _codes(value: Any) -> set[str]:
    given = texts_of(value, "the language")
    if not all(_CODE.fullmatch(each) for each in given):
        raise UsageError(f"{given[0]!r} is no language", hint="give a code such as de or fr")
    return {each[:2].lower() for each in given}


def _check(value: Any, *_: Any) -> None:
    _codes(value)


KINDS = (
    ScorerKind(
        name="language",
        summary="The answer is written in the language, or in one of several (ISO 639-1 codes).",
        grade=language,
        takes="code or list of codes",
        check=_check,
        example=ScorerSpec(name="language", value="de"),
    ),
)
