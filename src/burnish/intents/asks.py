"""Requests with several asks: which intents, in which order."""

from __future__ import annotations

import re
from collections.abc import Callable

from burnish.intents.intent import Intent

_BREAK = re.compile(
    r"\s*(?:[,;.]\s*)?\b(?:and then|then|after that|afterwards|and after that|and finally|finally|next|and also|also"
    r"|danach|dann|anschließend|luego|después|y luego|ensuite|puis|et ensuite|depois|e depois|poi|e poi|plus)\b[,:]?\s*"
    r"|[.;!?\n]+\s*(?=\S)|,?\s+(?:and|und|y|et|e)\s+(?=VERB)|,\s+(?=VERB)",
    re.IGNORECASE,
)
_VERBS = (
    "summari[sz]e|translate|explain|extract|write|draft|compare|analy[sz]e|list|plan|fix|debug|classify|rewrite|convert"
    "|create|generate|find|describe|rate|rank|review|calculate|solve|make|give me|turn|pull out|outline|suggest|propose"
    "|resume|traduce|explica|escribe|compara|übersetze|fasse|schreibe|erkläre|traduis|résume|écris|explique|traduza|resuma"
    "|traduci|riassumi|scrivi|spiega|teach|design|identify|evaluate|proofread|implement|refactor|tell me"
)
_SPLIT = re.compile(_BREAK.pattern.replace("VERB", rf"(?:{_VERBS})\b"), re.IGNORECASE)
_BEGINS_WITH_VERB = re.compile(
    rf"(?:please\s+|now\s+|also\s+|i need you to\s+|you\s+)?(?:{_VERBS})\b", re.IGNORECASE
)


_ANSWER_LANGUAGE = re.compile(
    r",\s*(?:but |and |all |please )*(?:in|auf|en|em|in het)\s+(?:arabic|chinese|czech|danish|dutch|english|finnish|french"
    r"|german|greek|hebrew|hindi|hungarian|italian|japanese|korean|norwegian|polish|portuguese|romanian|russian|spanish"
    r"|swedish|thai|turkish|ukrainian|vietnamese|deutsch|englisch|französisch|spanisch|inglés|español|francés|alemán"
    r"|français|anglais|espagnol|allemand|inglês|português|italiano|inglese|nederlands)\s*(?:,?\s*please)?[.!]?\s*\Z",
    re.IGNORECASE,
)
_TRANSLATES = re.compile(
    r"\b(?:translat|tradu|übersetz|vertaal|how do (?:you|i|we) say|say\b|word for|put (?:this|it|that))",
    re.IGNORECASE,
)


def without_answer_language(text: str) -> str:
    """The request without a closing "…, in German": that says how the answer shall read, and
    would make any request look like a translation."""
    if len(text) > 1500 or _TRANSLATES.search(text):
        return text
    return _ANSWER_LANGUAGE.sub("", text) or text


def split_asks(text: str) -> list[str]:
    """The parts of a request that each begin with an instruction; one part when it has one ask."""
    if len(text) > 1500 or "```" in text:
        return [text]
    parts = [part.strip() for part in _SPLIT.split(text) if part and part.strip()]
    asks = [part for part in parts if _BEGINS_WITH_VERB.match(part)]
    return asks if len(asks) >= 2 else [text]


def ordered_intents(
    text: str, primary: Intent, classify: Callable[[str], Intent | None]
) -> tuple[Intent, ...]:
    """The intents of the asks in the text's order, each once; the primary alone for one ask."""
    asks = split_asks(text)
    if len(asks) < 2:
        return (primary,)
    found: list[Intent] = []
    for part in asks[:6]:
        intent = classify(part)
        if intent is not None and intent != "other":
            found.append(intent)
    ordered = tuple(dict.fromkeys(found))
    return ordered if len(ordered) >= 2 else (primary,)
