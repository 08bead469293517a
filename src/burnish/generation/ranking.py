"""Orders candidates by how they are written, feature by feature.

This is a heuristic on the wording: it says which of several prompts to look at first, not which
works better. Only running a prompt on examples tells that.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Sequence

import msgspec

from burnish.generation.score import Feature, Score
from burnish.intents.tokens import estimate_tokens
from burnish.prompts.template import find_variables

_WORD = re.compile(r"[^\W\d_]{3,}")
_SENTENCE = re.compile(r"(?<=[.!?])\s+|\n+")
_LONG_SENTENCE, _SHARE_OF_WORD = 30, 5
_BOUND = re.compile(
    r"\d|\b(?:at most|at least|exactly|only|never|do not|don't|no more|without|each|every|must"
    r"|instead of|unless|such as|for example)\b",
    re.IGNORECASE,
)
_VAGUE = re.compile(
    r"\b(?:appropriate|various|etc|and so on|some kind|good quality|high[- ]quality|nice|proper"
    r"|as needed|if necessary|several|stuff|things|detailed|comprehensive|engaging)\b",
    re.IGNORECASE,
)
_SECTIONS = {
    "the task": r"\b(?:task|your job|write|summari[sz]e|extract|explain|answer)",
    "the form of the answer": r"\b(?:format|form|output|json|table|bullet|heading)",
    "limits": r"\b(?:constraint|limit|at most|do not|never|only|avoid|must)",
    "how to check the result": r"\b(?:check|verify|before you answer|make sure)",
}
_COMMON = re.compile(
    r"the|and|for|with|that|this|from|into|about|your|you|are|was|will|can|our|his|her|its|they|"
    r"them|their|who|what|when|where|which|how|why|please|want|need|make|give|get|let|some|any|"
    r"all|also|just|very|more|most|than|then|should|would|could|have|has|had|not|but|out|one"
)


class Scored(msgspec.Struct, frozen=True, kw_only=True):
    """What a text is looked at beside: the idea, the outline, and the outline's variables."""

    idea: str
    outline: str
    names: tuple[str, ...] = ()


Judged = tuple[float, str]


def rank(texts: Sequence[str], beside: Scored) -> list[tuple[int, Score]]:
    """Each text's place in `texts` and its score, best first; equal ones keep their order."""
    scores = [(number, score(text, beside)) for number, text in enumerate(texts)]
    return sorted(scores, key=lambda each: -each[1].total)


def score(text: str, beside: Scored) -> Score:
    features: list[Feature] = []
    for name, weight, judge in _FEATURES:
        value, finding = judge(text, beside)
        features.append(
            Feature(
                name=name,
                value=round(value, 4),
                weight=weight,
                contribution=round(value, 4) * weight,
                finding=finding,
            )
        )
    return Score(total=math.fsum(f.contribution for f in features), features=tuple(features))


def _coverage(text: str, beside: Scored) -> Judged:
    """How many of the idea's own words it takes up."""
    wanted = list(dict.fromkeys(w for w in _words(beside.idea) if not _COMMON.fullmatch(w)))[:60]
    if not wanted:
        return 1.0, ""
    there = {word[:_SHARE_OF_WORD] for word in _words(text)}
    missing = [word for word in wanted if word[:_SHARE_OF_WORD] not in there]
    finding = f"Take up what the idea says of: {', '.join(missing[:6])}." if missing else ""
    return 1 - len(missing) / len(wanted), finding


def _structure(text: str, beside: Scored) -> Judged:
    del beside
    missing = [n for n, pattern in _SECTIONS.items() if not re.search(pattern, text, re.IGNORECASE)]
    finding = f"Say {', '.join(missing)}." if missing else ""
    return 1 - len(missing) / len(_SECTIONS), finding


def _specificity(text: str, beside: Scored) -> Judged:
    """Bounds and conditions that an answer can be held against."""
    del beside
    sentences = _sentences(text)
    bound = sum(bool(_BOUND.search(sentence)) for sentence in sentences)
    value = min(1.0, bound / max(3.0, 0.4 * len(sentences)))
    finding = "" if value >= 1 else "Turn general wishes into limits: how many, how long, what not."
    return value, finding


def _clarity(text: str, beside: Scored) -> Judged:
    del beside
    sentences = _sentences(text)
    long = [s for s in sentences if len(s.split()) > _LONG_SENTENCE]
    vague = list(dict.fromkeys(found.lower() for found in _VAGUE.findall(text)))
    findings: list[str] = []
    if long:
        findings.append(f"Split the sentence that begins “{' '.join(long[0].split()[:6])}…”.")
    if vague:
        findings.append(f"Say exactly what is meant by: {', '.join(vague[:4])}.")
    value = 1 - min(0.5, len(long) / max(1, len(sentences))) - min(0.5, 0.1 * len(vague))
    return max(0.0, value), " ".join(findings)


def _variables(text: str, beside: Scored) -> Judged:
    if not beside.names:
        return 1.0, ""
    there = {variable.name for variable in find_variables([text], ())}
    missing = [name for name in beside.names if name not in there]
    shown = ", ".join(f"{{{{ {name} }}}}" for name in missing)
    return 1 - len(missing) / len(beside.names), f"Bring back {shown}." if missing else ""


def _brevity(text: str, beside: Scored) -> Judged:
    """Up to twice the outline is fine; each further length of it costs."""
    ratio = estimate_tokens(text) / max(60, estimate_tokens(beside.outline))
    value = max(0.0, min(1.0, 1 - (ratio - 2) / 3))
    return value, "" if value >= 1 else f"Cut it: it is {ratio:.1f} times as long as the outline."


_FEATURES: tuple[tuple[str, float, Callable[[str, Scored], Judged]], ...] = (
    ("coverage", 0.25, _coverage),
    ("structure", 0.20, _structure),
    ("specificity", 0.20, _specificity),
    ("clarity", 0.15, _clarity),
    ("variables", 0.10, _variables),
    ("brevity", 0.10, _brevity),
)


def _words(text: str) -> list[str]:
    return [word.lower() for word in _WORD.findall(text[:20_000])]


def _sentences(text: str) -> list[str]:
    return [s for s in _SENTENCE.split(text[:20_000]) if len(s.split()) > 1]
