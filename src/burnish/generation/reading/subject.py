"""Readers of what the request is about: given text, fields, topic, place, error."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from burnish.generation.brief import Input, Span, slot
from burnish.generation.reading.lazy import Pattern
from burnish.generation.reading.pasted import is_cut
from burnish.generation.reading.words import INPUT_NOUNS

_NOUN = "|".join(sorted(map(re.escape, INPUT_NOUNS), key=len, reverse=True))
_OWNED = (
    r"this|these|those|the following|following|attached|below|pasted|the|my|our|their|his|her|a bunch of|some|each"
    r"|este|esta|estos|estas|esse|essa|ce|cet|cette|ces|diesen|diese[srm]?|questo|questa|mi|mis|mein[en]*|unsere?|mon|ma|mes|nos"
)
_INPUT = Pattern(
    rf"\b(?P<owner>{_OWNED})\s+(?P<words>(?:[a-zà-ÿ'’-]+\s+){{0,3}}?)(?P<noun>{_NOUN})\b",
    re.IGNORECASE,
)
_BARE_INPUT = Pattern(
    rf"\b(?P<lead>from|of|out of|turn|convert|summari[sz]e|translate|classify|analy[sz]e|review|proofread|rewrite|edit|parse|clean up|score|grade|resume|traduce|traduis|übersetze)\s+"
    rf"(?P<words>(?:[a-zà-ÿ'’-]+\s+){{0,2}}?)(?P<noun>{_NOUN})\b",
    re.IGNORECASE,
)
_NOT_GIVEN = Pattern(
    r"\b(?:write|draft|compose|create|generate|make(?!\s+(?:this|my|our|the)\s)|send|design|build|escribe|écris|schreibe?|scrivi|escreva)\b"
    r"(?:\s+(?:me|us))?\s+(?:(?:a|an|the|my|our|some|un|una|une|eine?n?|uma?)\s+)?(?:[\w'-]+\s+){0,3}$",
    re.IGNORECASE,
)
_PLURAL = Pattern(
    r"(?:emails|mails|reviews|tickets|comments|invoices|receipts|articles|messages)\b",
    re.IGNORECASE,
)

_FIELDS = Pattern(
    r"\b(?:extract|pull(?: out)?|get|parse|grab|list|find|identify|capture|fish out|extrae|extraire|extrais|extrahiere|estrai|extraia)\s+"
    r"(?:(?:me|out|all|only|just)\s+)*(?:the\s+)?(?P<list>[^.;:\n]+?)\s+"
    r"(?:out of|from|in|of|de|des|du|aus|dai|dalle|from each of)\s+(?:(?:the|this|these|all|my|our|los|las|les|den|diesen)\s+)?(?P<source>[^.;:\n,]+?)"
    r"(?=\s*(?:[,.;:]|$|\s(?:as|into|in|to|and (?:put|return|output|give|save)|with|for|como|en|als|sous)\b))",
    re.IGNORECASE,
)
# Things that a text holds many of, each with parts of its own: no keys of one record.
_COLLECTIVE = frozenset(
    [
        "action_items",
        "action_points",
        "tasks",
        "todos",
        "to_dos",
        "deadlines",
        "owners",
        "decisions",
        "next_steps",
        "keywords",
        "key_words",
        "key_terms",
        "keyphrases",
        "entities",
        "named_entities",
        "tags",
        "topics",
        "contacts",
        "contact_details",
        "tareas",
        "pendientes",
        "aufgaben",
        "tâches",
        "mots_clés",
        "palabras_clave",
        "schlüsselwörter",
    ]
)
_SPLIT = Pattern(
    r"\s*,\s*(?:and\s+|or\s+)?|\s+(?:and|plus|y|et|und|e|as well as)\s+|\s*&\s*|\s*/\s*"
)
_FIELD_NAMES = Pattern(
    r"\b(?:with (?:the )?(?:fields|keys|columns)|fields|keys|columns)\s*[:=]?\s*(?P<list>(?:[\w ,/&-]|\([^()\n]{0,60}\))+)",
    re.IGNORECASE,
)

_TOPIC = Pattern(
    r"^(?:(?:please|can you|could you|pls|hey|hi|ok|i want you to|i need you to)[,\s]+)*"
    r"(?P<verb>(?:explain(?:s)?|describe|teach|tutor|help me (?:to )?(?:understand|learn)|i want to (?:understand|learn)(?: about)?|tell me about|introduce|eli5)(?:\s+(?:to\s+)?(?:me|us))?(?:\s+(?:about|how to))?(?:\s+(?:what|how)(?:\s+(?:is|are|does|do))?)?"
    r"|what(?:'s| is| are)|how (?:does|do)|explícame|explica(?:me)?|qué (?:es|son)|explique[rz]?(?:-moi)?|qu'est-ce que?(?: c'est)?|erklär[e]?(?: mir)?|was (?:ist|sind)|wie funktionier(?:t|en)|o que é|spiegami|spiega|cos'è|che cos'è)\s+"
    r"(?P<article>(?:the (?:concept|idea|basics|difference|principle)s? (?:of|between)\s+)?)"
    r"(?P<topic>[^,.;:?!\n]+?)(?P<tail>\s+works?|\s+is)?"
    r"(?=\s*(?:[,.;:?!\n]|$)|\s+(?:to|for|in|as|like|using|with|so that|step by step|at a|para|pour|für|einem|einer|a un|à un|a una|à une)\s)",
    re.IGNORECASE,
)
_ABOUT = Pattern(
    r"\b(?<!lie )(?<!lying )(?:about|on|regarding|sobre|über|au sujet de|su|a proposito di)\s+(?P<topic>(?!(?:us|it|me|them|you|my own|a budget)\b)[^,.;:?!\n]+?(?:(?:,\s*(?:an?|the|two|three)\s[^,.;:?!\n]+?)+,?\s+and\s+[^,.;:?!\n]+?)?)"
    r"(?=\s*(?:[,.;:?!\n]|$)|\s+(?:for|to|in|that|who|with|using|under|of about|para|pour|für|mit|con|avec)\s)",
    re.IGNORECASE,
)
# What follows "about" or "on" without being what a text is about: a day, one's own things.
_NO_TOPIC = Pattern(
    r"(?:our|my|this|these|it|us|them|him|her|me|you|(?:next |last |a )?(?:mon|tues|wednes|thurs|fri|satur|sun)day"
    r"|(?:january|february|march|april|may|june|july|august|september|october|november|december)\b|time|behalf|top of|slack|teams|whatsapp|linkedin|instagram|facebook|twitter|tiktok|youtube|reddit|zoom|the phone|e-?mail|\d"
    r"|(?:montag|dienstag|mittwoch|donnerstag|freitag|samstag|sonntag|lunes|martes|viernes|lundi|mardi|vendredi))\b",
    re.IGNORECASE,
)
_NO_THING = Pattern(
    r"(?:(?:the|a|an|your|some)\s+)?(?:best|better|easiest|fastest|cheapest|right|good|great|most|least|next|way|ways|reason|point)\b",
    re.IGNORECASE,
)
_PLACE = Pattern(
    r"\b(?P<lead>(?:trip|travel|holiday|vacation|weekend|getaway|journey|visit|honeymoon|itinerary|days|viaje|voyage|reise|viaggio|viagem|semana|days?|nights?|días|dias|jours|tage|giorni)"
    r"(?:\s+(?:in|to|at|for|a|à|au|en|nach|para|around|through)\s+)|(?:visiting|travel(?:ling)? to|going to|visit)\s+)(?:the\s+)?"
    r"(?P<place>(?!(?:weeks?|months?|days?|years?|row|time|home|night)\b)[A-Za-zÀ-ÿ][\w'’.-]*(?:\s+(?!(?:with|for|in|on|under|and|next|this|from|by|mit|für|im|und|ab|vom|bis|zu|con|en|y|desde|avec|pour|et|dans|para|com|e|per|di|su)\b)[A-Za-zÀ-ÿ][\w'’.-]*){0,3})",
    re.IGNORECASE,
)
# "4 días para ganar músculo" names an aim and no place.
_PURPOSE = Pattern(
    r"(?:days?|nights?|días?|dias?|jours?|tage|giorni|semana)\s+(?:for|para|per|pour)\b",
    re.IGNORECASE,
)
# An error stands near the beginning; every part of its pattern is bounded, whatever the text.
_ERROR_CHARS = 4000
_ERROR = Pattern(
    r"(?P<error>(?:Uncaught\s{1,9})?\b(?:[A-Za-z_][\w.]{0,80}\.)?[A-Z]\w{0,60}(?:Error|Exception|Warning|Fault|Interrupt)\b(?:\s*\[[^\]]*\])?:?[^\n]{0,400}?"
    r"|\b(?:ORA-\d+|E\d{4}|error TS\d+|error CS\d+|error\[E\d+\]|SQLSTATE\[\w+\]|npm ERR!|fatal:|segmentation fault|SIGSEGV)[^\n]{0,400}?)"
    r"(?=\s{1,9}(?:in|on|when|after|with|while|at|from|inside)\s+(?:my|our|the|a|this|an|[iI]|using|running|calling|production)\b|\s{0,9}$|\n|\s{1,9}(?:how|why|what|pls|please|help)\b|[?]|\s+-\s)"
)


_GIVEN_TEXT = ("summarization", "translation", "data_extraction", "analysis")
_GIVEN = Pattern(
    r"\b(?:this|these|the following|attached|below|pasted|my|our|este|ce|cet|cette|diese[srnm]?|questo)\b",
    re.IGNORECASE,
)
_KNOWN_WORK = Pattern(
    r"\b(?:books?|novels?|plots?|films?|movies?|series|plays?|libro|novela|película|livre|roman|buch|livro|filme|romanzo)\b",
    re.IGNORECASE,
)
_MEANING = Pattern(
    r"\bwhat does .{1,60}? mean|meaning of|qué significa|que veut dire|was (?:bedeutet|heißt)|o que significa|cosa significa",
    re.IGNORECASE,
)
_PHRASE = Pattern(
    rf"\bhow (?:do|would|can|to) (?:(?:you|i|we|one|they|people) )?say|(?:word|phrase|expression|term|slang) for|a phrase in|cómo se dice|comment (?:dit-on|dire)|wie sagt man|como se diz|come si dice|{_MEANING.pattern}",
    re.IGNORECASE,
)
_THIS = r"\s+(?:this|these|it|my|our|the following|este|esta|estos|mi|ce|cette|ces|mon|ma|diese[nrs]?|mein\w*|questo|il mio)\b"
_WORKS_ON: Mapping[str, Pattern] = {
    "code_generation": Pattern(
        rf"\b(?:(?:explain|review|refactor|clean up|simplify|optimi[sz]e|convert|port|document|comment|(?:what|how) does|wrong with|tests? for|explica\w*|erkläre?){_THIS}|code review)",
        re.IGNORECASE,
    ),
    "analysis": Pattern(
        rf"\b(?:(?:classify|categori[sz]e|label|grade|grading|score|mark|rate|proofread|review|critique|evaluate|assess|feedback on|analy[sz]e|interpret|clasifica|klassifiziere?|bewerte|évalue|note|corrige){_THIS}|sentiment (?:analysis|of)|text classification)",
        re.IGNORECASE,
    ),
    "creative_writing": Pattern(
        rf"\b(?:(?:re-?write|re-?phrase|paraphrase|re-?word|proof-?read|copy-?edit|polish|shorten|simplify|improve|correct|reescribe|reformule|umformuliere){_THIS}|(?:fix|correct|check) (?:the |my )?(?:grammar|spelling)|make (?:this|my|our)\s(?:\w+\s){{0,2}}(?:more|less|sound|shorter|clearer|simpler|friendlier|better)\b)",
        re.IGNORECASE,
    ),
}


def inputs(text: str, intent: str) -> Iterator[tuple[Input, Span]]:
    """Texts that the request takes for granted: "this article", "our meeting notes"."""
    for pattern in (_INPUT, _BARE_INPUT):
        for match in pattern.finditer(text):
            if _is_to_be_written(text, match) or not _is_input_of(intent, match):
                continue
            words = match["words"].lower().strip()
            if re.search(
                r"\b(?:about|for|to|in|is|are|and|of|on|with|that|how|from|into|as)\b", words
            ):
                continue
            noun = match["noun"].lower()
            if intent == "planning" and noun in (
                "notes",
                "call",
                "study",
                "paper",
                "presentation",
                "video",
            ):
                continue
            phrase = f"{words} {noun}".strip()
            yield (
                Input(_variable_name(words, noun), phrase, bool(_PLURAL.search(noun))),
                Span(start=match.start(), end=match.end(), kind="input", keep=True),
            )


def _is_to_be_written(text: str, match: re.Match[str]) -> bool:
    """ "Write an email" asks for one; "write a headline for this article" brings one."""
    if not _NOT_GIVEN.search(text[: match.start("noun")]):
        return False
    return not re.search(r"\b(?:for|from|of|with|para|pour|für|per)\s+\Z", text[: match.start()])


def _is_input_of(intent: str, match: re.Match[str]) -> bool:
    """Whether such a thing is given in a request of this kind: code works on files and videos
    that nobody pastes, and a school class is no code."""
    name = INPUT_NOUNS[match["noun"].lower()]
    if intent == "code_generation":
        return name in ("code", "diff", "log", "query", "spec")
    if name == "code" and intent in ("learning", "planning", "creative_writing", "conversation"):
        return False
    lead = (match.groupdict().get("lead") or "").lower()
    return lead not in ("from", "of", "out of") or intent in _GIVEN_TEXT


def implied_input(text: str, intent: str, *, is_pasted: bool) -> Input | None:
    """What the request works on without naming it: "unit tests for my parser", "shorten it"."""
    kind = Input("code", "code") if intent == "code_generation" else Input("text", "text")
    if is_pasted:
        return kind
    if intent == "translation":
        return None if _PHRASE.search(text) else kind
    if intent == "summarization":
        return None if _KNOWN_WORK.search(text) and not _GIVEN.search(text) else kind
    pattern = _WORKS_ON.get(intent)
    return kind if intent == "data_extraction" or (pattern and pattern.search(text)) else None


def asks_for_meaning(text: str) -> bool:
    return bool(_MEANING.search(text))


def _variable_name(words: str, noun: str) -> str:
    base = INPUT_NOUNS[noun]
    meaningful = [
        w
        for w in words.split()
        if w in ("meeting", "customer", "support", "product", "sales", "interview", "user", "bank")
    ]
    if base in ("email", "reviews", "ticket", "feedback", "transcript") and meaningful:
        return f"{meaningful[-1]}_{base}"
    return base


def fields(text: str) -> tuple[tuple[str, ...], str]:
    """(keys in snake_case, the words of their source) of an extraction."""
    match = _FIELDS.search(text)
    names = _FIELD_NAMES.search(text)
    named = _keys(names["list"]) if names else ()
    if not match:
        return named, ""
    # "with keys a, b and c" is exact; what stands before it may be any words.
    keys = named if len(named) > 1 else _keys(match["list"])
    if not _COLLECTIVE.isdisjoint(keys):
        return (), match["source"].strip()
    return (keys, match["source"].strip()) if keys else ((), "")


def _keys(listed: str) -> tuple[str, ...]:
    keys: list[str] = []
    for part in _SPLIT.split(listed):
        words = re.sub(
            r"^(?:the|all|every|any|each|their|its|his|her|a|an|who|el|la|los|las|le|les|den|die|das)\s+",
            "",
            part.strip().lower(),
        )
        words = re.sub(r"\s*\(.*?\)", "", words)
        words = re.sub(
            r"\s+(?:as|in|into|to)\s+(?:an?\s+)?(?:json|csv|ya?ml|xml|tables?)\b.*", "", words
        )
        key = re.sub(r"[^\w]+", "_", words).strip("_")
        if key and len(words.split()) <= 4 and not key[0].isdigit():
            keys.append(key)
    return tuple(dict.fromkeys(keys))


def topic(text: str) -> Span | None:
    """The thing to be explained, as a variable with the user's words as its default."""
    match = _TOPIC.match(text)
    if not match or len(match["topic"].split()) > 7:
        return None
    if _NO_THING.match(match["topic"]) or is_cut(text, match.end("topic")):
        return None
    if match["topic"].lower().split()[0] in (
        "this",
        "these",
        "it",
        "i",
        "you",
        "we",
        "my",
        "why",
        "how",
        "that",
        "what",
    ):
        return None
    return _slot_span(
        match.start("topic"), match.end("topic"), "topic", match["topic"], "What is explained"
    )


def about(text: str) -> Span | None:
    match = _ABOUT.search(text)
    while match:
        start, end = match.span("topic")
        fits = 1 <= len(match["topic"].split()) <= 8
        if fits and not _NO_TOPIC.match(match["topic"]) and not is_cut(text, end):
            return _slot_span(start, end, "topic", match["topic"], "What it is about")
        # The topic may stand inside what was taken for one: "on Friday about cells".
        match = _ABOUT.search(text, start)
    return None


def place(text: str) -> Span | None:
    match = _PLACE.search(text)
    if not match or _PURPOSE.match(match["lead"]):
        return None
    return _slot_span(
        match.start("place"),
        match.end("place"),
        "destination",
        match["place"],
        "Where the trip goes",
    )


def error_text(text: str) -> str:
    match = _ERROR.search(text[:_ERROR_CHARS])
    return match["error"].strip().rstrip(".,") if match else ""


def _slot_span(start: int, end: int, name: str, value: str, description: str) -> Span:
    variable = slot(name, value.strip(), description)
    return Span(
        start=start,
        end=end,
        kind="slot",
        replacement=f"{{{{ {name} }}}}",
        keep=True,
        variable=variable,
    )
