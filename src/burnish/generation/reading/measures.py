"""Readers of amounts: how long, how many, how much, how old."""

from __future__ import annotations

import re
from collections.abc import Iterator

from burnish.generation.brief import Span, slot
from burnish.generation.reading.lazy import Pattern
from burnish.generation.reading.words import NUMBER, number

_LIMIT = (
    r"(?P<limit>exactly|at most|at least|max(?:imum|\.)?(?: of)?|min(?:imum|\.)?(?: of)?|up to|under|below"
    r"|less than|fewer than|no more than|not more than|around|about|roughly|approximately|~|circa"
    r"|máximo|maximal|höchstens|au plus|al massimo|no máximo|menos de|moins de|unter|genau)"
)
_UNITS = {
    "bullets": r"bullet(?:s| points?)|points?|viñetas|puntos|punkten?|stichpunkten?|tópicos|pontos|punti|puces",
    "sentences": r"sentences?|frases?|oraciones|phrases|sätzen?|frasi",
    "words": r"words?|palabras|mots|wörtern?|worte|palavras|parole",
    "paragraphs": r"paragraphs?|párrafos?|paragraphes?|absätzen?|parágrafos?|paragrafi",
    "lines": r"lines?|líneas|lignes|zeilen|linhas|righe",
    "characters": r"characters?|chars?|caracteres|caractères|zeichen|caratteri",
    "pages": r"pages?|páginas?|seiten?|pagine",
    "themes": r"themes?|themen|temas|thèmes|temi",
    "takeaways": r"takeaways?",
    "sections": r"sections?|abschnitten?|secciones",
    "stanzas": r"stanzas?|verses?|strophen?|estrofas?|strofe",
    "minutes": r"minutes?(?= (?:read|talk|speech|video|script|presentation))",
}
_UNIT = "|".join(f"(?P<{name}>{pattern})" for name, pattern in _UNITS.items())
_LENGTH = Pattern(
    rf"(?<![\w{{])(?:(?:in|with|using|into|as|en|em|mit|con|com|auf|dans|of|keep it|limit(?:ed)? (?:it )?to|within)\s+)?"
    rf"(?:{_LIMIT}\s+)?(?P<n>{NUMBER})(?:\s*(?:-|–|to|or)\s*(?P<m>\d+))?[\s-]+(?:short |brief |clear )?(?:{_UNIT})\b"
    rf"(?:\s+(?P<after>max(?:imum)?|or less|or fewer|at most|minimum|or more))?"
    rf"(?P<each>\s+(?:each|apiece|per (?:item|piece|post|mug|description|entry|product)))?\b",
    re.IGNORECASE,
)
_OWNER = Pattern(r"\b(?:this|these|my|our|the)\s+\Z", re.IGNORECASE)
_ADJECTIVE = Pattern(
    r"(?:,\s*|\b(?:keep it|make it|but|and|be)\s+)(?P<word>short|brief|concise|very short|detailed"
    r"|in[- ]depth|succinct|kurz|breve|corto|court)\b(?:\s+(?:and simple|please))?",
    re.IGNORECASE,
)
_MONEY = Pattern(
    r"(?P<lead>(?:\b(?:with|on|for|under|below|max(?:imum)?|up to|within|at most|mit|con|avec|com)\s+)?"
    r"(?:\b(?:a|an|my|the|einem|un|una|um)\s+)?(?:\b(?:total\s+)?budget\s*(?:of|is|:|von|de|di)?\s*)?)"
    r"(?:(?P<sign>[$€£₹])\s*(?P<n1>\d[\d.,]*k?)"
    r"|(?P<n2>\d[\d.,]*k?)\s*(?P<unit>€|\$|£|₹|euros?|eur|dollars?|usd|bucks|pounds?|gbp|rupees?|inr|chf|yen|zł|pln|reais))"
    r"(?P<tail>\s+(?:budget|max(?:imum)?|in total|total|or less))?(?![\w%])",
    re.IGNORECASE,
)
_CURRENCY = {
    "€": "eur", "euro": "eur", "euros": "eur", "$": "usd", "dollar": "usd", "dollars": "usd",
    "bucks": "usd", "£": "gbp", "pound": "gbp", "pounds": "gbp", "₹": "inr", "rupee": "inr",
    "rupees": "inr", "yen": "jpy", "zł": "pln", "reais": "brl",
}  # fmt: skip
_AGE = Pattern(
    r"(?P<n>\d{1,2})[\s-]*(?:years?[\s-]*olds?|yr[\s-]*olds?|yo\b|jährigen?|años|ans\b|anos\b|anni)",
    re.IGNORECASE,
)
_PERIOD = Pattern(
    rf"\b(?P<n>{NUMBER})[\s-]*(?P<unit>days?|nights?|weeks?|months?|weekends?|tage?n?|tägige[nrs]?|wochen?|días?|semanas?"
    r"|jours?|semaines?|dias?|giorni|settimane|hours?|minutes?)\b",
    re.IGNORECASE,
)
_PER_UNIT = Pattern(
    r"\s*(?:an?|per|/|pro|por|par|al?)\s*(?:day|week|month|year|hour|night|piece|person|head|tag|woche|monat|mes|día|mois|jour|mese)",
    re.IGNORECASE,
)
_PERIOD_NAMES = (
    (r"day|tag|tägig|día|dia|jour|giorn", "days"),
    (r"night", "nights"),
    (r"weekend", "weekends"),
    (r"week|woche|semana|semaine|settiman", "weeks"),
    (r"month", "months"),
    (r"hour", "hours"),
    (r"minute", "minutes"),
)
_COUNT = Pattern(
    rf"\b(?P<n>{NUMBER})\s+(?P<what>(?:[a-zà-ÿ-]+\s+){{0,2}}?(?:ideas?|names?|tips?|questions?|examples?|titles?"
    r"|slogans?|taglines?|headlines?|ways?|reasons?|variations?|options?|alternatives?|suggestions?"
    r"|recipes?|exercises?|problems?|flashcards?|posts?|tweets?|facts?|quotes?|captions?|jokes?|hooks?"
    r"|subject lines?|action items?|hashtags?|puzzles?|riddles?|prompts?|books?|novels?|movies?|films?|shows?|series|games?|songs?|podcasts?|restaurants?|places|gifts?|presents?|apps?|tools?|headlines?|activities|words to learn|meals|dinners))\b",
    re.IGNORECASE,
)


def lengths(text: str) -> Iterator[Span]:
    for match in _LENGTH.finditer(text):
        bare = match.start() == match.start("n")
        if bare and _OWNER.search(text[: match.start()]):
            continue  # "this 200 line function" says how long a thing is already
        unit = next(name for name in _UNITS if match[name])
        yield Span(
            start=match.start(), end=match.end(), kind="length", value=_limit(match, unit, text)
        )
    for match in _ADJECTIVE.finditer(text):
        yield Span(
            start=match.start(), end=match.end(), kind="length", value=f"Keep it {match['word']}."
        )


def _limit(match: re.Match[str], unit: str, text: str) -> str:
    said = _limit_of_one(match, unit, text)
    return f"{said[:-1]}{match['each'].lower()}." if match["each"] else said


def _limit_of_one(match: re.Match[str], unit: str, text: str) -> str:
    amount = text[match.start("n") : match.end("n")]
    n = number(amount)
    shown = str(n) if n is not None else amount
    if match["m"]:
        return f"{shown} to {match['m']} {unit}."
    noun = unit.removesuffix("s") if n == 1 else unit
    word = (match["limit"] or match["after"] or "").lower()
    if re.match(r"at least|min|or more", word):
        return f"At least {shown} {noun}."
    if re.match(r"around|about|roughly|approx|~|circa", word):
        return f"About {shown} {noun}."
    if re.match(r"under|below|less|fewer|menos|moins|unter", word):
        return f"Fewer than {shown} {noun}."
    if word and not re.match(r"exactly|genau", word):
        return f"At most {shown} {noun}."
    return f"About {shown} words." if unit == "words" else f"Exactly {shown} {noun}."


def money(text: str, *, of_a_plan: bool) -> Iterator[Span]:
    """A plan spends a budget as a whole; a recommendation costs up to it each time."""
    for match in _MONEY.finditer(text):
        unit = (match["sign"] or match["unit"]).lower()
        currency = _CURRENCY.get(unit, unit)
        value = number((match["n1"] or match["n2"]).rstrip(".,"))
        if value is None or not _is_limit(match, text):
            continue
        limit = "a total budget" if of_a_plan else "a budget"
        variable = slot(
            f"budget_{currency}", value, f"{limit[2:].capitalize()} in {currency.upper()}", "number"
        )
        yield Span(
            start=match.start(),
            end=match.end(),
            kind="constraint",
            value=f"Stay within {limit} of {{{{ {variable.name} }}}} {currency.upper()}.",
            variable=variable,
        )


def _is_limit(match: re.Match[str], text: str) -> bool:
    """Whether the sum limits the whole: "under 60 euro", ", 600 euro"; not "8000 euro of debt"."""
    after = text[match.end() :]
    if _PER_UNIT.match(after):
        return False
    alone = re.match(r"\s*(?:[,.;!?]|$)", after) and re.search(
        r"(?:^|[,;])\s*\Z", text[: match.start()]
    )
    return bool(match["lead"].strip() or match["tail"] or alone)


def ages(text: str) -> Iterator[Span]:
    for match in _AGE.finditer(text):
        variable = slot("age", int(match["n"]), "Age of the reader in years", "number")
        yield Span(
            start=match.start("n"),
            end=match.end("n"),
            kind="slot",
            replacement="{{ age }}",
            keep=True,
            variable=variable,
        )


def periods(text: str) -> Iterator[Span]:
    for match in _PERIOD.finditer(text):
        name = next(n for pattern, n in _PERIOD_NAMES if re.match(pattern, match["unit"].lower()))
        value = number(match["n"])
        if value is None:
            continue
        variable = slot(name, value, f"How many {name}", "number")
        yield Span(
            start=match.start("n"),
            end=match.end("n"),
            kind="slot",
            replacement=f"{{{{ {name} }}}}",
            keep=True,
            variable=variable,
        )


def counts(text: str) -> Iterator[Span]:
    for match in _COUNT.finditer(text):
        value = number(match["n"])
        if value is None or value == 1:
            continue
        variable = slot("count", value, f"How many {match['what'].strip()}", "number")
        yield Span(
            start=match.start("n"),
            end=match.end("n"),
            kind="slot",
            replacement="{{ count }}",
            keep=True,
            variable=variable,
        )
