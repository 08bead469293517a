"""Text that came with the ask: fenced, after a colon, behind a blank line, or quoted."""

from __future__ import annotations

import re

import msgspec

from burnish.generation.reading.lazy import Pattern

_BROUGHT_CHARS = 4000
_BROUGHT = Pattern(r"```|[\"“«„][^\"“”«»„]{3,400}[\"”»“]|(?<!\w)'[^'\n]{8,}'|:\s+\S+\s+\S+")
# "Do this:" is followed by what to do, and not by a text to work on.
_ORDER = Pattern(r"(?:do|follow|use|apply|observe|obey)\b", re.IGNORECASE)
_POINTING = Pattern(
    r"(?P<ask>(?:(?:please |pls |can you )?(?:check|fix|correct|proof-?read|translate|re-?write|rephrase|improve|shorten|simplify|summari[sz]e|polish|classify|label|explain|reply to|übersetze?|fasse|korrigiere?|verbessere?|traduce|traduis|traduci|traduza|corrige|corrija|correggi|résume|resume|resuma|riassumi|vertaal|przetłumacz|popraw|streść)\b"
    r"[^\n:]{3,80})|tl;?dr|[^\n:]{0,120}?\b(?:this(?!\s+(?:week|month|year|morning|evening|afternoon|weekend|time|way|day)\b)|these|following|below|diesen?|dieses|folgenden?|esto|este|esta|ceci|cette?|ces|questo|isto)\b[^\n:]{0,80}):\s+(?P<rest>\S.*)\Z",
    re.IGNORECASE | re.DOTALL,
)


_POINTING_CJK = Pattern(
    r"(?P<ask>[^\n:：]{1,60}(?:直し|翻訳|要約|訳|次の|以下|翻译|总结|改写|下面|번역|요약|다음)[^\n:：]{0,40})[:：]\s*(?P<rest>\S.{4,})\Z",
    re.DOTALL,
)
_WORKS = Pattern(
    r"\b(?:summar\w*|sum up|tl;?dr|translat\w*|re-?writ\w*|re-?phras\w*|paraphras\w*|classif\w*|categori\w*|label|sort|extract\w*"
    r"|fix|correct|proof-?read\w*|explain|analy[sz]\w*|review|reply|respond|answer|shorten|improve|polish|convert|turn|parse|clean|edit|simplify"
    r"|critique|feedback|grade|debug|refactor|key points|this|these|those|below|following|attached|here(?: is|'s| are)?"
    r"|übersetz\w*|fass\w*|zusammen\w*|korrigier\w*|verbesser\w*|diese\w*|folgend\w*|beantworte|antworte"
    r"|résum\w*|tradui\w*|corrig\w*|reformul\w*|cette?|ces|suivant\w*|resum\w*|traduc\w*|traduz\w*|corrij\w*|correg\w*|est[aeo]s?|siguiente\w*"
    r"|riassum\w*|traduc\w*|corregg\w*|quest[aeo]|seguente|vertaal\w*|samenvat\w*|vat\b|przetłumacz|streść|popraw)\b"
    r"|翻訳|要約|直し|翻译|总结|改|번역|요약",
    re.IGNORECASE,
)
_MESSAGE = Pattern(
    r"(?P<ask>(?:(?:please|pls|can you|could you|would you)\s+)?(?:make|check|fix|correct|proof-?read|shorten|re-?write|re-?phrase|improve|translate|summari[sz]e|reply|respond|answer|polish|simplify"
    r"|korrigiere?|kürze?|mach|verbessere?|übersetze?|corrige|traduis|raccourcis|améliore|acorta|mejora|traduce|correggi|accorcia|corrija|melhore)\b[^\n?.!]{0,150}\b(?:this|my|the following|diese\w?|meine?|cet|mon|este|mi)\b[^\n?.!]{0,80}[?.!])\s+"
    r"(?P<rest>(?:hi|hello|hey|dear|good (?:morning|afternoon|evening)|hallo|liebe[rs]?|sehr geehrte\w*|guten (?:tag|morgen)|bonjour|ch[eè]re?|hola|estimad[oa]s?|querid[oa]|ciao|gentile|caro|olá|prezad[oa])\b.{15,})\Z",
    re.IGNORECASE | re.DOTALL,
)


# A quotation that closes the idea is what to work on, also when it is short.
_QUOTED_LAST = Pattern(
    r":\s*(?:[\"“«„](?P<quote>[^\"“”«»\n]{12,})[\"”»“]|'(?P<single>[^'\n]{12,})')\s*\Z"
)


class Given(msgspec.Struct, frozen=True):
    """An idea with the text that was pasted into it: the ask and the pasted part apart."""

    ask: str
    pasted: str = ""


def split_pasted(idea: str) -> Given:
    """Separates the ask from pasted text: fenced, after a colon, a blank line, or inside quotes."""
    for part in (_fenced, _after_ask, _pointed_at, _greeted, _announced, _quoted):
        if (given := part(idea)) is not None:
            return given
    return Given(idea)


def _fenced(idea: str) -> Given | None:
    fence = re.search(r"```.*?```", idea, re.DOTALL)
    if fence and fence.start() > 8:
        return Given(f"{idea[: fence.start()]} {idea[fence.end() :]}".strip().rstrip(":"), fence[0])
    return Given(idea[fence.end() :].strip(), fence[0]) if fence else None


def _after_ask(idea: str) -> Given | None:
    # Blank space is taken whole (`*+`), so that a text full of it takes no longer than another.
    match = re.match(
        r"(?P<ask>[^\n]{8,300}?)(?:\s*+:\s*+|[^\S\n]*+\n[^\S\n]*+\n\s*+)(?P<rest>\S.{80,})\Z",
        idea,
        re.DOTALL,
    )
    # Without a word for what to do with a text, what follows says more about the wish itself.
    works = match and (_WORKS.search(match["ask"]) or "\n" in match[0][match.end("ask") :][:4])
    return Given(match["ask"], match["rest"]) if match and works else None


def _pointed_at(idea: str) -> Given | None:
    """ "Translate this to French: good morning" points at what follows."""
    match = None if _ORDER.match(idea) else _POINTING.match(idea) or _POINTING_CJK.match(idea)
    return Given(match["ask"], _unquoted(match["rest"])) if match else None


def _unquoted(text: str) -> str:
    found = re.fullmatch(r"(?:[\"“«„]([^\"“”«»]+)[\"”»“]|'([^']+)')", text.strip())
    return (found[1] or found[2]) if found else text.strip()


def _greeted(idea: str) -> Given | None:
    """A message behind the ask that is to be worked on: "make this shorter? Hi Tom, …"."""
    match = _MESSAGE.match(idea)
    return Given(match["ask"], match["rest"].strip()) if match else None


def _announced(idea: str) -> Given | None:
    """An ask that ends with a colon and a line break announces a text, however short."""
    ask, colon, rest = idea.partition(":\n")
    announces = 8 <= len(ask) <= 300 and "\n" not in ask and not _ORDER.match(ask)
    return Given(ask, rest.strip()) if colon and announces and len(rest.strip()) >= 20 else None


def _quoted(idea: str) -> Given | None:
    quoted = re.search(r"[\"“«](?P<quote>[^\"“”«»]{60,}+)[\"”»]", idea) or _QUOTED_LAST.search(idea)
    if quoted is None or len(idea) - len(quoted[0]) < 8:
        return None
    ask = (idea[: quoted.start()] + idea[quoted.end() :]).strip().rstrip(":").strip()
    return Given(ask, quoted["quote"] or quoted["single"])


def brings_text(idea: str) -> bool:
    """Whether what the request works on stands in it: quoted, fenced, or after a colon."""
    return bool(_BROUGHT.search(idea[:_BROUGHT_CHARS]))


def is_cut(text: str, end: int) -> bool:
    """Whether a sign inside a word ended the match, such as the colon of an address."""
    return bool(re.match(r"[.,:;?!]+\S", text[end : end + 5]))
