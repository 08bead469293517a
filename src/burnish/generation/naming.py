"""A name for a prompt whose author gave none: the same idea always gets the same name."""

from __future__ import annotations

import hashlib
import re
import unicodedata

from burnish.intents.intent import Intent

_SKIP = frozenset(
    [
        "a",
        "an",
        "the",
        "of",
        "for",
        "to",
        "my",
        "our",
        "in",
        "on",
        "with",
        "and",
        "please",
        "me",
        "i",
        "want",
        "you",
        "can",
        "could",
    ]
)
_MAX_WORDS = 6
# Signs over Latin, Greek and Cyrillic letters; in Japanese such a sign makes another syllable.
_ACCENTS = re.compile("(?<=[a-z\u0370-\u04ff\u0300-\u036f])[\u0300-\u036f]")
# Signs that tell one idea from another, unlike those that part words and sentences.
_SIGNS = re.compile(r"[^\w\s.,;:!?¡¿'\u2019\"\u201c\u201d()\-\u2013\u2014/]|(?<=\w)[!?](?=\w)")


def name_for(idea: str, intent: Intent) -> str:
    """`summarization/summarize-article-5-bullets-boss`. Ideas that share their first words but
    differ later, or in signs (c, c++, c#), differ in a short hash, so one never becomes a
    revision of the other. Case, accents and small words such as "for" make no other idea."""
    folded = unicodedata.normalize("NFKD", idea.lower())
    plain = unicodedata.normalize("NFC", _ACCENTS.sub("", folded))
    words = [word for word in re.findall(r"[^\W_]+", plain) if word not in _SKIP]
    slug = "-".join(words[:_MAX_WORDS])[:60].strip("-")
    cut = len(words) > _MAX_WORDS or len("-".join(words)) > 60
    if cut or len(slug) < 3 or _SIGNS.search(plain):
        digest = hashlib.sha256(" ".join(idea.split()).encode()).hexdigest()[:6]
        slug = f"{slug}-{digest}" if slug else digest
    return f"{intent}/{slug}"
