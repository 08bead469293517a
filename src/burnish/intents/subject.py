"""Domain and sub-intents of a request: what the documentation lists, found by words."""

from __future__ import annotations

import re
from collections.abc import Mapping

from burnish.intents.intent import Intent

DOMAINS: Mapping[str, str] = {
    "software": r"code|coding|python|java|javascript|typescript|sql|regex|api|bug|server|app|website|web ?page|html|css|git|docker|kubernetes|database|linux|bash|script|function|software|developer|deploy|react|excel|flask|django|rust|golang|c\+\+|algorithm|programm\w+",
    "data": r"dataset|data|csv|statistics|chart|dashboard|regression|survey|spreadsheet|metrics|analytics|kpi",
    "business": r"startup|customers?|sales|marketing|company|business|meeting|boss|team|clients?|product|b2b|saas|strategy|revenue|invoice|linkedin|brand|pitch|okr|stakeholders?|negotiat\w+|manager",
    "finance": r"budget|invest\w*|stocks?|tax(?:es)?|loan|mortgage|bank|crypto|interest rate|pension|accounting|insurance|inflation|portfolio",
    "health": r"health|doctor|medicine|medical|symptoms?|diet|calories|workout|exercise|fitness|sleep|pain|therapy|patient|vitamin|protein|pregnan\w+|anxiety|nurse",
    "education": r"student|school|teacher|lesson|homework|exam|class|university|essay|course|quiz|grade|kids? learn|study|thesis",
    "law": r"contract|legal|law|lawsuit|court|clause|tenant|landlord|lease|gdpr|patent|copyright|liability|nda",
    "science": r"physics|chemistry|biology|quantum|photosynthesis|evolution|planet|climate|energy|molecule|experiment|gravity|genetic\w*|astronomy|scientific",
    "mathematics": r"math\w*|equation|calculate|probability|integral|derivative|geometry|algebra|triangle|percent\w*|sum of|solve for|theorem|proof|prime",
    "travel": r"trip|travel|itinerary|flight|hotel|vacation|holiday|tourist|city break|road trip|viaje|reise|voyage",
    "food": r"recipe|cook\w*|dinner|lunch|breakfast|meal|vegetarian|vegan|bake|cake|ingredients|restaurant",
    "arts": r"poem|story|novel|song|lyrics|film|movie|music|painting|character|haiku|fantasy|theatre|museum|art\b|guitar|album",
    "history": r"history|war|empire|ancient|century|revolution|king|queen|medieval|president",
    "home": r"garden\w*|furniture|plumb\w*|dishwasher|washing machine|paint the|apartment|house|diy|car\b|bike|laptop|phone|printer|dog|cat\b|plant",
    "personal": r"friend|girlfriend|boyfriend|husband|wife|family|birthday|wedding|relationship|gift|dating|my (?:mom|mum|dad|son|daughter)|grandma",
    "language": r"grammar|vocabulary|translate|spanish|french|german|english|pronunciation|idiom|synonym",
}  # fmt: skip

SUB_INTENTS: Mapping[str, str] = {
    "asks_for_code": r"\b(?:code|function|script|sql|regex|python|javascript)\b",
    "asks_for_table": r"\btable|tabelle|tabla|tableau\b",
    "asks_for_json": r"\bjson\b",
    "asks_for_list": r"\b(?:list|bullets?|\d+ (?:\w+ )?(?:ideas|tips|ways|examples|names|reasons|questions))\b",
    "asks_for_steps": r"\b(?:step[- ]by[- ]step|steps|how to|guide|instructions|tutorial)\b",
    "asks_for_sources": r"\b(?:sources?|cite|citations?|references|links?)\b",
    "asks_for_opinion": r"\b(?:what do you think|your opinion|do you (?:like|prefer|think))\b",
    "compares": r"\b(?:compare|versus|vs\.?|difference between|better than|pros and cons)\b",
    "gives_text": r"(?:\b(?:this|the following|below|these)\s+(?:\w+\s){0,2}(?:text|article|email|paragraph|sentence|passage|code|document|review|transcript|notes?)\b|:\s*\n)",
    "rewrites": r"\b(?:rewrite|rephrase|paraphrase|improve|proofread|edit|shorten|polish)\b",
    "role_play": r"\b(?:act as|pretend|role-?play|you are (?:a|an|my)|imagine you)\b",
    "troubleshoots": r"\b(?:error|not working|doesn'?t work|won'?t|broken|fails?|bug|crash\w*|fix)\b",
    "calculates": r"\b(?:calculate|compute|how (?:many|much)|percent\w*|sum|average)\b|\d\s*[-+*/^]\s*\d",
    "for_children": r"\b(?:kids?|child(?:ren)?|year[- ]olds?|toddlers?|5th grade|kindergarten)\b",
    "asks_for_translation": r"\btranslat\w+|traduc\w+|übersetz\w+|traduis\w*\b",
    "asks_for_summary": r"\b(?:summar\w+|tl;?dr|key points|takeaways|résum\w+|resum\w+|zusammenfass\w+)\b",
}  # fmt: skip

_DOMAINS = {name: re.compile(rf"\b(?:{words})(?![\w])") for name, words in DOMAINS.items()}
_SUBS = {name: re.compile(words) for name, words in SUB_INTENTS.items()}


_READ_CHARS = 350
# All patterns are in lower case and meet lowered text: ignoring case doubles their time.


def domain(text: str, intent: Intent) -> str:
    """The domain whose words occur most; `general` without any."""
    head = text[:_READ_CHARS].lower()
    counts = {name: len(set(p.findall(head))) for name, p in _DOMAINS.items()}
    if intent == "code_generation":
        counts["software"] += 1
    best = max(counts, key=lambda name: counts[name])
    return best if counts[best] else "general"


def sub_intents(text: str) -> tuple[str, ...]:
    head = text[:_READ_CHARS].lower()
    return tuple(name for name, pattern in _SUBS.items() if pattern.search(head))
