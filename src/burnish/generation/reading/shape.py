"""Readers of the answer's form: format, language, tone, reader."""

from __future__ import annotations

import re
from collections.abc import Iterator

from burnish.generation.brief import Span
from burnish.generation.reading.lazy import Pattern
from burnish.generation.reading.words import (
    IN_LANGUAGE,
    LANGUAGE,
    LANGUAGE_OF_NAME,
    PERSON,
    TONES,
    TRADE,
)

_FORMATS = {
    "json": r"json(?: (?:object|array|format|lines))?|jsonl",
    "csv": r"csv(?: file| format)?",
    "yaml": r"ya?ml",
    "xml": r"xml",
    "html": r"html",
    "markdown table": r"markdown table",
    "markdown": r"markdown|md",
    "table": r"(?:comparison |two-column |simple )?table(?: format)?|tabelle|tabla|tableau|tabela|tabella",
    "numbered list": r"numbered list|ordered list|nummerierte liste|lista numerada",
    "bullets": r"bullet(?:ed)?(?: point)?s?(?: list)?|bullet points|stichpunkten?|viñetas|puces",
    "checklist": r"check ?list|to-?do list",
    "list": r"list|liste|lista",
    "outline": r"outline",
    "dialogue": r"dialogue|dialog",
}
_FORMAT_NAMES = "|".join(
    f"(?P<f{index}>{pattern})" for index, pattern in enumerate(_FORMATS.values())
)
_FORMAT = Pattern(
    r"(?:,\s*)?(?:\b(?:as|into|in|to(?=\s+(?:an?\s+)?(?:json|csv|ya?ml|xml|html|markdown|table)\b)|return|output(?: (?:as|in))?|formatted as|using|give (?:me )?|als|en|como|sous forme de"
    r"|em|come|in form(?:at)? of)\s+(?:a|an|valid|pure|only|eine[rn]?|una?|um|uma|un)?\s*)"
    rf"(?:valid |clean |strict )?(?:{_FORMAT_NAMES})\b(?!\s+(?:of|in)\s+(?:my|the|our))(?:\s+(?:format|only|form))?",
    re.IGNORECASE,
)
_IN_LANGUAGE = Pattern(
    r"(?:,\s*)?\b(?:(?:written\s+)?in|auf|en|em|på|in het|in lingua|answer in|reply in|w języku|на)"
    rf"\s+(?:(?:simple|plain|formal|fluent|native|leichtem|einfachem)\s+)?(?P<language>{LANGUAGE})(?!\s+(?:food|cuisine|history|culture|class|lesson|literature|law|market|grammar|verbs?))",
    re.IGNORECASE,
)
_ADVERB = Pattern(
    rf"(?:[,.]\s*|\b)(?P<adverb>{'|'.join(map(re.escape, IN_LANGUAGE))})(?!\w)\.?", re.IGNORECASE
)
_TO_LANGUAGE = Pattern(
    rf"\b(?:(?:from\s+(?P<source>{LANGUAGE})\s+)?(?:to|into|in|ins|al|en|para(?: o)?|nach|in het|naar|na)\s+(?:\w+\s+)?(?P<target>{LANGUAGE})"
    rf"|(?P<source2>{LANGUAGE})\s*(?:-|->|→|to)\s*(?P<target2>{LANGUAGE}))",
    re.IGNORECASE,
)
_TONE_NAMES = "|".join(sorted({re.escape(tone) for tone in TONES}, key=len, reverse=True))
_TONES = rf"(?:{_TONE_NAMES})(?:\s*(?:,|and|but|y|und|et|e)\s*(?:{_TONE_NAMES}))*"
_TONE = Pattern(
    rf"(?:,\s*)?\b(?:(?:in|with|using)\s+(?:an?\s+)?(?P<t1>{_TONES})(?:\s+and\s+\w+)?\s+(?:tone|style|voice|manner|language|way)"
    rf"|(?:make|keep)\s+it\s+(?:very |really |a bit |more )?(?P<t2>{_TONES})|(?P<t3>{_TONES})\s+tone|tone\s*:\s*(?P<t4>{_TONES})"
    rf"|(?:but|and)?\s*(?P<t5>{_TONES})(?=\s*(?:,|\.|$)))",
    re.IGNORECASE,
)
_LOOSE_TONE = Pattern(rf"\b(?P<tone>{_TONE_NAMES})\b(?=\s+[a-z])", re.IGNORECASE)
_AUDIENCE = Pattern(
    r"(?:,\s*)?\b(?P<link>for|to|aimed at|targeting|suitable for|understandable (?:for|to|by)|para|pour|für|an|a|à|per)\s+"
    r"(?P<who>(?:(?:my|our|the|a|an|some|all|complete|absolute|total|busy|young|new|non-technical|technical|senior|junior"
    r"|first-time|mi|mis|mon|ma|mes|meine[nrm]?|mein|meu|minha|il mio|la mia|un|una|une|einen?|einem|high school|middle school|primary school|college|university|small business)\s+){0,3}"
    rf"(?:{PERSON}|{TRADE})(?:\s+(?:who|without|with no|of)\s+[^,.;\n]{{1,40}}?(?=\s+(?:in|as|about)\b|[,.;\n]|$))?)",
    re.IGNORECASE,
)
_YEAR_OLD = Pattern(
    r"\b(?:for|to|para|für|pour|a|an|à)\s+(?P<who>(?:a|an|my|un|una|einen?|einem|unseren?|our)?\s*(?P<n>\d{1,2})[\s-]*"
    r"(?:years?[\s-]*olds?|yr[\s-]*olds?|jährige[snm]?(?: Kind)?)(?:\s+(?:kids?|child|children|girl|boy|daughter|son))?"
    r"|(?:un niño de|un enfant de|uma criança de|un bambino di)\s*(?P<n2>\d{1,2})\s*(?:años|ans|anos|anni))",
    re.IGNORECASE,
)


# "Turn this csv into json" is half a sentence without its end.
_CHANGED_INTO = Pattern(
    r"\b(?:turn|convert|transform|change|put|make|bring|format|export|wandle|konvertiere|bringe?|convierte|pasa|convertis|mets|trasforma|converti|transforme)\b[^.;?!\n]{1,60}\Z",
    re.IGNORECASE,
)


_ONLY = Pattern(
    r"\b(?:(?:answer|reply|respond|return|output|give|print|write|show)(?: me| us)?(?: with)? (?:only|just|nothing but)|only (?:answer|reply|respond|return|output|give|print)"
    r"|(?:just|only) the (?:label|number|answer|name|result|word|letter|code|list|title|text|translation)|antworte nur|nur (?:das|die|den)|gib nur|solo (?:la|el|il)|seulement|uniquement)\b",
    re.IGNORECASE,
)


def formats(text: str) -> Iterator[Span]:
    """The form of the answer; `only` where the idea allows one thing and nothing beside it."""
    for match in _FORMAT.finditer(text):
        name = next(n for i, n in enumerate(_FORMATS) if match[f"f{i}"])
        # "a table with year and winner" would fall apart without its noun.
        goes_on = re.match(
            r"\s+(?:of|with|that|which|where|containing|showing|de|mit|con|avec|com)\b",
            text[match.end() :],
        )
        keep = bool(goes_on or _CHANGED_INTO.search(text[: match.start()]))
        yield Span(start=match.start(), end=match.end(), kind="format", value=name, keep=keep)
    for match in _ONLY.finditer(text):
        yield Span(start=match.start(), end=match.end(), kind="format", value="only", keep=True)


def answer_language(text: str) -> Iterator[Span]:
    for match in _ADVERB.finditer(text):
        name = IN_LANGUAGE[match["adverb"].lower()]
        yield Span(start=match.start(), end=match.end(), kind="language", value=name)
    for match in _IN_LANGUAGE.finditer(text):
        name = LANGUAGE_OF_NAME[match["language"].lower()]
        yield Span(start=match.start(), end=match.end(), kind="language", value=name)


def translation_languages(text: str) -> tuple[str, str]:
    """(source, target) of a translation; empty where the text names none."""
    match = _TO_LANGUAGE.search(text)
    if not match:
        return "", ""
    source = match["source"] or match["source2"] or ""
    target = match["target"] or match["target2"]
    return LANGUAGE_OF_NAME.get(source.lower(), ""), LANGUAGE_OF_NAME[target.lower()]


def tones(text: str) -> Iterator[Span]:
    for match in _TONE.finditer(text):
        if match["t5"] and not match[0].startswith(","):
            continue  # an adjective at the end of a sentence is no wish of its own
        words = next(match[f"t{i}"] for i in range(1, 6) if match[f"t{i}"])
        yield Span(start=match.start(), end=match.end(), kind="tone", value=words.lower())
    for match in _LOOSE_TONE.finditer(text):
        yield Span(
            start=match.start(),
            end=match.end(),
            kind="tone",
            value=match["tone"].lower(),
            keep=True,
        )


def audiences(text: str, *, is_reader: bool) -> Iterator[Span]:
    """`is_reader` says that "for X" at the end names who reads the answer, as in "explain … for
    X"; a speech or a plan for X is about X, and the words stay in the task."""
    for match in _YEAR_OLD.finditer(text):
        yield Span(
            start=match.start("who"), end=match.end("who"), kind="audience", value=match["who"],
            keep=True,
        )  # fmt: skip
    for match in _AUDIENCE.finditer(text):
        # "email to dentists" is part of what is asked; "…, for my boss" stands beside it.
        ends = re.match(r"\s*(?:[,.;:!?]|$)", text[match.end() :])
        link = match["link"].lower()
        keep = link in ("to", "a", "an", "à") or not (is_reader and ends)
        who = f"{link} {match['who']}" if link in ("a", "an") else match["who"]
        yield Span(start=match.start(), end=match.end(), kind="audience", value=who, keep=keep)
