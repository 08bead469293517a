"""How much a request asks for, 1 to 5, with the marks in the text that say so.

Length alone says next to nothing about difficulty; conditions, parts that depend on each other
and specialised words do.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from burnish.intents.intent import Complexity, ComplexityName, Intent

_BASE: Mapping[Intent, float] = {
    "conversation": 0.6, "translation": 1.1, "summarization": 1.3, "data_extraction": 1.5,
    "learning": 1.5, "research": 1.5, "creative_writing": 1.5, "problem_solving": 1.9,
    "analysis": 2.0, "code_generation": 1.9, "planning": 2.1, "reasoning": 2.1, "other": 1.0,
}  # fmt: skip
_CONDITION = re.compile(
    r"\b(?:must|should|need(?:s|ed)? to|has to|have to|without|no more than|at least|at most|only|exactly|under|within"
    r"|ensure|make sure|avoid|constraint|requirement|budget|deadline|unless|except|assuming|given that|both|while"
    r"|sin|ohne|sans|sem|senza|mindestens|höchstens|debe|muss|doit)\b",
)
_DEPENDS = re.compile(
    r"\b(?:then|after that|based on (?:that|the)|finally|first|second|next|step|phase|depending|if .{1,40} then|trade-?offs?"
    r"|compare|versus|optimi[sz]e|prove|derive|integrate|migrate|architecture|end[- ]to[- ]end|strategy|evaluate)\b",
)
_EXPERT = re.compile(
    r"\b(?:algorithm|concurren\w+|distributed|asynchronous|kubernetes|microservices?|transaction\w*|scalab\w+|latency"
    r"|multi-?(?:threaded|tenant|region|step|modal)|thread[- ]safe|encrypt\w+|authenticat\w+|theorem|integral|derivative"
    r"|eigen\w+|differential|statistical|regression|bayesian|hypothesis|quantum|thermodynamic\w*|pharmac\w+|differential"
    r"|jurisdiction|liability|compliance|gdpr|hipaa|valuation|amorti[sz]ation|derivatives|macroeconomic\w*|epistemolog\w+"
    r"|recursion|dynamic programming|np-hard|o\(n|big-o|neural|transformer|backpropagation|failover|replication|sharding)\b",
)
_QUESTION = re.compile(r"[?？؟]")
_LIST_ITEM = re.compile(r"^\s*(?:[-*•]|\d+[.)])\s+\S", re.MULTILINE)
_LONG_WORD = re.compile(r"\b[^\W\d_]{9,}\b")
_CONJOINED = re.compile(r"\b(?:and|und|y|et|e|plus|as well as|along with)\b|,")


# Further on stands pasted text, which says little about what is asked and takes time to read.
_READ_CHARS = 400


def complexity(text: str, intent: Intent, asks: int) -> Complexity:
    head = text[:_READ_CHARS].lower()
    points: list[tuple[float, str]] = [
        (min(1.2, 0.35 * len(_CONDITION.findall(head))), "conditions"),
        (min(1.2, 0.4 * len(_DEPENDS.findall(head))), "parts that depend on each other"),
        (min(1.5, 0.6 * len(set(_EXPERT.findall(head)))), "specialised subject"),
        (min(0.8, 0.5 * max(0, asks - 1)), "several asks"),
        (min(0.8, 0.25 * max(0, len(_QUESTION.findall(head)) - 1)), "several questions"),
        (min(1.0, 0.2 * len(_LIST_ITEM.findall(head))), "a list of points"),
        (min(0.7, 0.06 * len(set(_LONG_WORD.findall(head)))), "long technical words"),
        (min(0.5, 0.07 * len(_CONJOINED.findall(head))), "many parts in one sentence"),
        (0.4 if "```" in head else 0.0, "code"),
    ]
    total = _BASE[intent] + sum(amount for amount, _ in points)
    level = max(1, min(5, int(total + 0.3)))
    because = tuple(reason for amount, reason in sorted(points, reverse=True) if amount >= 0.3)
    return Complexity(level, _name(level), because[:4])


def _name(level: int) -> ComplexityName:
    return "simple" if level <= 2 else "moderate" if level == 3 else "complex"
