"""Texts as they stand: exact, contains and its relatives, starts-with, regex."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from burnish.errors import UsageError
from burnish.evals.scorers.json_text import parsed, same
from burnish.evals.scorers.kind import (
    Case,
    Grade,
    Options,
    Says,
    ScorerKind,
    about,
    shortened,
    texts_of,
    yes_or_no,
)
from burnish.storage.example import ScorerSpec


class Exact(Options, frozen=True, kw_only=True):
    strip: Says[bool, about("Leave out space around both texts.")] = True
    case: Says[bool, about("Whether capitals matter.")] = True


def exact(case: Case[Exact]) -> Grade:
    """Equal texts; an expected value that is no text is compared as JSON."""
    wanted = case.wanted
    if not isinstance(wanted, str):
        value, problem = parsed(case.output)
        met = not problem and same(value, wanted)
        return yes_or_no(met, reason="" if met else problem or "another value")
    met = _plain(case.output, case.options) == _plain(wanted, case.options)
    return yes_or_no(met, reason="" if met else f"not {shortened(wanted)!r}")


def _plain(text: str, options: Exact) -> str:
    text = text.strip() if options.strip else text
    return text if options.case else text.casefold()


def _contains(
    *, fold: bool, combine: Callable[[list[bool]], float]
) -> Callable[[Case[Any]], Grade]:
    def grade(case: Case[Options]) -> Grade:
        output = case.output.casefold() if fold else case.output
        wanted = texts_of(case.wanted, "what the answer should contain")
        found = [(each.casefold() if fold else each) in output for each in wanted]
        missing = [each for each, is_there in zip(wanted, found, strict=True) if not is_there]
        reason = f"without {', '.join(map(repr, map(shortened, missing)))}" if missing else ""
        return Grade(value=combine(found), reason=reason)

    return grade


def _all(found: list[bool]) -> float:
    return sum(found) / len(found)


def _any(found: list[bool]) -> float:
    return float(any(found))


def _check_texts(value: Any, *_: Any) -> None:
    texts_of(value, "the value")


def starts_with(case: Case[Exact]) -> Grade:
    (wanted,) = texts_of(case.wanted, "the beginning")[:1]
    met = _plain(case.output, case.options).startswith(_plain(wanted, case.options))
    return yes_or_no(met, reason="" if met else f"begins {shortened(case.output)!r}")


class Regex(Options, frozen=True, kw_only=True):
    whole: Says[bool, about("Whether the pattern must fit the whole answer.")] = False
    ignore_case: Says[bool, about("Capitals do not matter.")] = False
    multiline: Says[bool, about("^ and $ stand for the ends of lines.")] = False
    dot_all: Says[bool, about("A dot stands for line ends too.")] = False

    @property
    def flags(self) -> int:
        chosen = (
            (self.ignore_case, re.IGNORECASE),
            (self.multiline, re.MULTILINE),
            (self.dot_all, re.DOTALL),
        )
        return sum(int(flag) for on, flag in chosen if on)


async def regex(case: Case[Regex]) -> Grade:
    pattern = case.wanted
    _check_pattern(pattern, case.options)
    met, found = await case.tools.bounded.match(
        pattern, case.output, flags=case.options.flags, whole=case.options.whole
    )
    return yes_or_no(met, reason=f"found {shortened(found)!r}" if found else "")


def _check_pattern(value: Any, options: Regex, *_: Any) -> None:
    if not isinstance(value, str):
        raise UsageError("the pattern is no text", hint="put it in quotes")
    try:
        re.compile(value, options.flags)
    except (re.error, OverflowError, RecursionError) as error:
        raise UsageError(f"the pattern is wrong: {error}", hint="correct it") from None


def _family() -> list[ScorerKind]:
    combined = (
        ("contains", "The answer contains the text.", _all, "text"),
        ("contains-all", "It contains each text; the score is the share.", _all, "list of texts"),
        ("contains-any", "It contains at least one of the texts.", _any, "list of texts"),
    )
    return [
        ScorerKind(
            name=f"i{name}" if fold else name,
            summary=f"{summary[:-1]}, whatever the capitals." if fold else summary,
            grade=_contains(fold=fold, combine=combine),
            takes=takes,
            check=_check_texts,
            example=ScorerSpec(name=f"i{name}" if fold else name, value=["refund", "30 days"])
            if takes != "text"
            else ScorerSpec(name=f"i{name}" if fold else name, value="refund"),
        )
        for fold in (False, True)
        for name, summary, combine, takes in combined
    ]


KINDS = (
    ScorerKind(
        name="exact",
        summary="The answer is the expected text, or the expected JSON value.",
        grade=exact,
        options=Exact,
        takes="text or any JSON",
        aliases=("equals",),
        example=ScorerSpec(name="exact", value="Paris", parameters={"case": False}),
    ),
    *_family(),
    ScorerKind(
        name="starts-with",
        summary="The answer begins with the text.",
        grade=starts_with,
        options=Exact,
        check=_check_texts,
        example=ScorerSpec(name="starts-with", value="Dear"),
    ),
    ScorerKind(
        name="regex",
        summary="A Python regular expression fits somewhere; one that takes too long is stopped.",
        grade=regex,
        options=Regex,
        takes="pattern",
        check=_check_pattern,
        example=ScorerSpec(name="regex", value=r"\b[A-Z]{2}-\d{4}\b"),
    ),
)
