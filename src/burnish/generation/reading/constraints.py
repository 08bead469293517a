"""Reader of the conditions that stand beside an ask: "vegetarian", "no jargon", "with kids"."""

from __future__ import annotations

import re
from collections.abc import Iterator

import msgspec

from burnish.generation.brief import Span, slot
from burnish.generation.reading.lazy import Pattern

_STRONG = Pattern(
    r"(?:^|[,;.]\s*+|(?<=\s))(?P<text>(?:and\s+|but\s+)?(?:(?P<no>no|without|avoid|don'?t|do not|never|not|ohne|sin|sans|sem|senza)"
    r"|(?P<must>must(?: be| have| include)?|only|always|make sure|be sure to|ensure|include|including|use|using|keep|mention|based on|has to|have to|needs? to|should|aimed at|focus(?:ed|ing)? on))\s+(?:[^,;.\n]|\.(?=\d))+?)"
    r"(?=\s*(?:[,;\n]|\.(?!\d)|$)|\s+(?:and|but)\s+(?:no|without|avoid|must|only|include|use|keep|don'?t|make)\b)",
    re.IGNORECASE,
)
_BESIDE = Pattern(
    r"[,;]\s+(?P<text>(?:and\s+|but\s+)?(?:[^,;.\n]|\.(?=\d)){3,60}?)(?=\s*(?:[,;\n]|\.(?!\d)|$))",
)
_WITH = Pattern(
    r"\s(?P<text>(?:with|mit|con|avec|com)\s+(?:(?:my|our|two|three|small|young|little|\d)\s+)*(?:kids?|children|toddlers?|a baby|baby|dogs?|a dog|cats?|my (?:wife|husband|parents|family|partner)|family|friends|seniors|niños|kindern|enfants|crianças|bambini|bad knees|a wheelchair|kids and [a-z]+))\b",
    re.IGNORECASE,
)
_ASK_VERB = Pattern(
    r"^(?:and\s+|then\s+|und\s+|y\s+|et\s+)?(?:then\b|write|explain|give|make|create|list|tell|show|summari[sz]e|translate|find|compare|plan|draft|fix|how|what|why|which|can|could|i|we|it|my|our|he|she|they|is|are|you|the|a|an|der|die|das|el|la|le|un|una)\b",
    re.IGNORECASE,
)
# In the middle of a sentence these words tell and do not ask: "a client who has not paid".
_NEEDS_BREAK = Pattern(
    r"(?:no|not|never|don'?t|do not|must|only|always|include|use|keep|mention|has to|have to|needs? to|should)\b",
    re.IGNORECASE,
)
_BREAK = Pattern(
    r"(?:[,;.:]\s*|\b(?:and|but|und|aber|y|pero|et|mais|e|ma|mas)\s+)\Z", re.IGNORECASE
)
_JOINED = Pattern(
    r"\b(?:that|which|who|to|i|you|we|they|he|she|it|is|are|was|were|has|have|had|will|would|can|could|people)\s+\Z",
    re.IGNORECASE,
)
# What such a request says about the case is the case itself: "keys but no locks".
_STATING_INTENTS = ("problem_solving", "reasoning", "conversation")
_CONDITION_INTENTS = ("planning", "creative_writing", "research", "code_generation", "learning")


# What follows are things to deal with, not conditions: "my to-do list: tax return, dentist".
_LIST_AHEAD = Pattern(
    r"\b(?:(?:my|our|the) (?:day|week|weekend|month)|list|tasks|to-?dos?|items|errands|chores|things|topics|ingredients|features)\s*:",
    re.IGNORECASE,
)
_SAYING = Pattern(
    r"\b(?:message|note|e?-?mail|post|tweet|announcement|text|reply|notice|letter)\b[^:\n]{0,60}:\s",
    re.IGNORECASE,
)
# Named beside a request for code, such a word says what to write it in or for.
_DATABASE = r"postgres(?:ql)?|mysql|sqlite|mariadb|sql server|oracle|bigquery|snowflake|duckdb"
_NAMED_DATABASE = Pattern(rf"\b(?:{_DATABASE})\b(?: \d[\d.]*)?", re.IGNORECASE)
_TECHNOLOGY = Pattern(
    rf"(?P<database>(?:{_DATABASE})(?: \d[\d.]*)?)\Z"
    r"|(?:python|javascript|typescript|react|vue|svelte|angular|node(?:\.?js)?|go|golang|rust|java|kotlin|swift|c\+\+|c#|ruby|php"
    r"|bash|zsh|powershell|pandas|numpy|django|flask|fastapi|spring|rails|laravel|terraform|kubernetes|docker|pytest|jest|tailwind|redis|mongodb)"
    r"(?: ?\d[\d.]*\+?)?\Z",
    re.IGNORECASE,
)


def constraint_spans(text: str, intent: str) -> Iterator[Span]:
    for match in _STRONG.finditer(text):
        if match.start("text") < 6 or intent in _STATING_INTENTS:
            continue  # the ask itself begins with such a word
        before = text[: match.start("text")]
        # "customers who ordered in May but not in June" is one condition of the program.
        joined = intent == "code_generation" and not re.search(r"[,;.]\s*\Z", before)
        if not joined and not _is_part_of_sentence(before, match["text"]):
            yield _span(match)
    if intent == "planning":
        for match in _WITH.finditer(text):
            yield _span(match)
    if intent in _CONDITION_INTENTS:
        # In a message, what follows a colon is what it says.
        listed = (_SAYING if intent == "creative_writing" else _LIST_AHEAD).search(text)
        end = listed.start() if listed else len(text)
        for match in _BESIDE.finditer(text, 0, end):
            words = match["text"].strip()
            if _ASK_VERB.match(words) or is_list_continuation(
                text, match.start("text"), match.end("text")
            ):
                continue
            if len(words.split()) <= (6 if intent == "planning" else 3):
                yield _code_span(match) if intent == "code_generation" else _span(match)


def _is_part_of_sentence(before: str, words: str) -> bool:
    if re.match(r"(?:and|but)\s", words, re.IGNORECASE) or _BREAK.search(before):
        return False
    return bool(_NEEDS_BREAK.match(words) or _JOINED.search(before))


def is_list_continuation(text: str, start: int, end: int) -> bool:
    """Whether the words between commas are one of several things asked for ("a, b and c")."""
    here = text[start:end]
    after = text[end : end + 40]
    return bool(
        re.search(r"\band\s+(?!no\b|without\b)", here)
        or re.match(r",?\s+(?:and|or|y|et|und|e|o)\s", after)
        or re.match(r"\s*,[^,;.]{2,40}?\b(?:and|or)\s", after)
    )


def _span(match: re.Match[str]) -> Span:
    words = re.sub(r"^(?:and|but)\s+", "", match["text"].strip(), flags=re.IGNORECASE)
    sentence = words[0].upper() + words[1:]
    return Span(
        start=match.start("text") if match["text"][:1].isalnum() else match.start(),
        end=match.end("text"),
        kind="constraint",
        value=sentence if sentence[-1] in ".!?" else f"{sentence}.",
    )


def database(text: str) -> Span | None:
    """The database that a request for code names somewhere in its sentence."""
    found = list(_NAMED_DATABASE.finditer(text[:2000]))
    if len(found) != 1:
        return None  # "from mysql to postgres" names none to write for
    match = found[0]
    named = slot("database", match[0], "Database system and version")
    return Span(start=match.start(), end=match.start(), kind="slot", keep=True, variable=named)


def _code_span(match: re.Match[str]) -> Span:
    """ "postgres" and "with tests" beside a request for code are wishes that need a verb."""
    span = _span(match)
    words = match["text"].strip()
    technology = _TECHNOLOGY.match(words)
    if technology and technology["database"]:
        database = slot("database", words, "Database system and version")
        return msgspec.structs.replace(span, value="Use {{ database }}.", variable=database)
    if technology:
        return msgspec.structs.replace(span, value=f"Use {words}.")
    if with_what := re.match(r"with (?P<what>\w.*)", words, re.IGNORECASE):
        return msgspec.structs.replace(span, value=f"Include {with_what['what']}.")
    return span
