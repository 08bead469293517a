"""The idea as one instruction: what other sections say taken out, the rest in good form."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence

from burnish.generation.brief import Span
from burnish.generation.reading.lazy import Pattern
from burnish.prompts.template import escape

_QUESTION = Pattern(
    r"(?:what|who|where|when|why|how)['’](?:s|re|d|ll)\b|(?:who|whose|what|when|where|which|why|how|is|are|was|were|does|did|can|could|should|would|will"
    r"|cómo|qué|cuál|por qué|qui|pourquoi|comment|wer|was|wann|wo|warum|wie|welche[rsn]?|quem|como|chi|perché)\b(?!['’])",
    re.IGNORECASE,
)
_GREETING = Pattern(r"^(?:please|pls|hey|hi|hello)[,!\s]+", re.IGNORECASE)
_MADE = (
    r"(?:write|create|make|build|plan|send|draft|design|prepare|compare|summari[sz]e|translate|extract"
    r"|convert|analy[sz]e|develop|generate|organi[sz]e|compose|rewrite|turn|list|classify|describe|explain)\b"
)
# "I want to write to my landlord" asks for the letter; "I want to learn" asks for no such thing.
_WISH = Pattern(
    rf"^(?:(?:i|we) (?:want|need|have|would like|wish|'d like|’d like)|(?:i|we)['’]d like) (?:you )?to (?={_MADE})",
    re.IGNORECASE,
)
_POLITE = Pattern(rf"^(?:can|could|would|will) you (?:please |kindly )?(?={_MADE})", re.IGNORECASE)
_SMALL_I = Pattern(r"(?<![\w{'’.])i(?=['’ ])(?! ?[=.])")
_DANGLING = r"\s*\b(?:and|with|in|for|but|y|et|und|con|mit|pour)\s*(?=[.?!]?$)"


def task_sentence(ask: str, spans: Sequence[Span], *, prose: bool = False) -> str:
    """The ask without what other sections say, its changeable parts as variables. In English
    `prose` a lone i is the writer."""
    pieces: list[str] = []
    end = 0
    for span in spans:
        if span.start < end or (span.keep and not span.replacement):
            continue
        pieces += [escape(ask[end : span.start]), span.replacement]
        end = span.end
    pieces.append(escape(ask[end:]))
    was_cut = bool(spans) and end > 0 and not ask[end:].strip(" .,;!?") and not pieces[-2]
    task = _tidy("".join(pieces), was_cut=was_cut)
    return _SMALL_I.sub("I", task) if prose else task


def _tidy(task: str, *, was_cut: bool) -> str:
    """`was_cut`: the end of the ask stands elsewhere, and a joining word may dangle."""
    task = re.sub(r"[ \t]+", " ", task)
    task = re.sub(r"\s+([,.;:?!])", r"\1", task)
    task = re.sub(r"(?:[,;]\s*)+(?=[,.;]|$)", "", task)
    task = re.sub(r"(?<=\w{3})\.,", ".", task)  # a condition was taken from between them
    if was_cut:
        task = re.sub(_DANGLING, "", task)
    return _finished(_instruction(_GREETING.sub("", task.strip()).strip(" ,;:-\n")))


def _instruction(task: str) -> str:
    task = _WISH.sub("", task)
    asked = _POLITE.sub("", task)
    return asked.rstrip("?") if asked != task and "?" not in asked[:-1] else task


def _finished(task: str) -> str:
    if task and task[0].islower() and not task.startswith("{{"):
        task = task[0].upper() + task[1:]
    ended = bool(task) and task[-1] in ".?!`}。？！" and not task.endswith("}}")
    # A mark after a person's last line, such as a signature, would be ours and not theirs.
    if not task or ended or "\n" in task or _is_wide(task[-1]):
        return task
    return f"{task}?" if _QUESTION.match(task) else f"{task}."


def _is_wide(char: str) -> bool:
    """Chinese, Japanese and Korean sentences need no mark of ours."""
    return unicodedata.east_asian_width(char) in "WF"
