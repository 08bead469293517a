"""Which language a text is written in, offline.

Scripts that one language uses alone decide at once; common English words decide for plain
English; the rest is asked of py3langid, whose model is loaded on the first such text.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Any, cast

UNKNOWN = "unknown"
_MIN_LETTERS = 12
_MIN_CONFIDENCE = 0.5
# A few words of one language look like another's: "summarise support tickets" is no Swedish.
_SHORT_LETTERS, _SHORT_CONFIDENCE = 40, 0.7
# Languages that people write requests in. Leaving out the rest keeps short texts from being taken
# for a rare relative.
_CANDIDATES = [
    "af",
    "ar",
    "az",
    "bg",
    "bn",
    "bs",
    "ca",
    "cs",
    "cy",
    "da",
    "de",
    "el",
    "en",
    "eo",
    "es",
    "et",
    "eu",
    "fa",
    "fi",
    "fr",
    "ga",
    "gl",
    "gu",
    "he",
    "hi",
    "hr",
    "hu",
    "hy",
    "id",
    "is",
    "it",
    "ja",
    "ka",
    "kk",
    "ko",
    "la",
    "lt",
    "lv",
    "mk",
    "mr",
    "ms",
    "ne",
    "nl",
    "no",
    "pl",
    "pt",
    "ro",
    "ru",
    "sk",
    "sl",
    "sq",
    "sr",
    "sv",
    "sw",
    "ta",
    "te",
    "th",
    "tl",
    "tr",
    "uk",
    "ur",
    "vi",
    "zh",
]

# Ranges of scripts that tell the language by themselves.
_SCRIPTS: tuple[tuple[str, re.Pattern[str]], ...] = (
    ("ja", re.compile(r"[\u3040-\u30ff]")),
    ("ko", re.compile(r"[\uac00-\ud7af\u1100-\u11ff]")),
    ("th", re.compile(r"[\u0e00-\u0e7f]")),
    ("el", re.compile(r"[\u0370-\u03ff]")),
    ("he", re.compile(r"[\u0590-\u05ff]")),
    ("bn", re.compile(r"[\u0980-\u09ff]")),
    ("ta", re.compile(r"[\u0b80-\u0bff]")),
    ("te", re.compile(r"[\u0c00-\u0c7f]")),
    ("gu", re.compile(r"[\u0a80-\u0aff]")),
    ("pa", re.compile(r"[\u0a00-\u0a7f]")),
    ("kn", re.compile(r"[\u0c80-\u0cff]")),
    ("ml", re.compile(r"[\u0d00-\u0d7f]")),
    ("ka", re.compile(r"[\u10a0-\u10ff]")),
    ("hy", re.compile(r"[\u0530-\u058f]")),
    ("am", re.compile(r"[\u1200-\u137f]")),
    ("km", re.compile(r"[\u1780-\u17ff]")),
    ("zh", re.compile(r"[\u4e00-\u9fff]")),
)
_ENGLISH = frozenset(
    [
        "the",
        "a",
        "an",
        "of",
        "to",
        "and",
        "or",
        "in",
        "on",
        "for",
        "with",
        "from",
        "is",
        "are",
        "was",
        "be",
        "my",
        "me",
        "i",
        "you",
        "your",
        "it",
        "this",
        "that",
        "what",
        "how",
        "why",
        "which",
        "can",
        "could",
        "would",
        "should",
        "do",
        "does",
        "write",
        "make",
        "give",
        "explain",
        "please",
        "help",
        "about",
        "into",
        "as",
        "by",
        "at",
        "not",
        "if",
        "then",
        "when",
        "who",
        "where",
        "list",
        "create",
        "summarize",
        "translate",
        "need",
        "want",
        "best",
        "between",
        "have",
        "has",
    ]
)
# Words of English that other languages spell alike: half the evidence.
_SHARED = frozenset(
    [
        "a",
        "an",
        "on",
        "in",
        "me",
        "be",
        "is",
        "to",
        "as",
        "at",
        "by",
        "do",
        "list",
        "i",
        "my",
        "was",
        "what",
    ]
)
_OTHERS: Mapping[str, frozenset[str]] = {
    "es": frozenset(["el", "la", "los", "las", "un", "una", "de", "que", "para", "con", "por", "en", "mi", "cómo", "qué", "del", "este", "esta", "y", "como", "es", "al", "sobre", "escribe", "haz"]),
    "fr": frozenset(["le", "la", "les", "un", "une", "des", "de", "du", "que", "pour", "avec", "mon", "ma", "est", "et", "en", "sur", "comment", "ce", "cette", "écris", "dans", "je"]),
    "de": frozenset(["der", "die", "das", "ein", "eine", "einen", "und", "für", "mit", "mein", "meine", "ist", "wie", "ich", "auf", "zu", "von", "den", "dem", "schreibe", "bitte", "im"]),
    "pt": frozenset(["o", "a", "os", "as", "um", "uma", "de", "que", "para", "com", "meu", "minha", "é", "e", "em", "como", "do", "da", "no", "na", "este", "esta", "escreva", "sobre"]),
    "it": frozenset(["il", "lo", "la", "gli", "le", "un", "una", "di", "che", "per", "con", "mio", "mia", "è", "e", "come", "del", "della", "questo", "questa", "scrivi", "su", "in"]),
    "nl": frozenset(["de", "het", "een", "van", "en", "voor", "met", "mijn", "is", "hoe", "ik", "op", "te", "dat", "schrijf", "dit", "deze", "over", "naar", "niet"]),
}  # fmt: skip
# Everyday words of those languages that English spells alike: half the evidence, too.
_ENGLISH_TOO = _SHARED | {"no", "come", "over", "die", "den", "son", "pour", "met", "fur"}
_READ_CHARS = 4000
_WORD = re.compile(r"[^\W\d_]+")
_NOISE = re.compile(
    r"```.*?(?:```|\Z)|https?://\S+|\{\{.*?\}\}|`[^`\n]*`|<[^>\n]{1,80}>", re.DOTALL
)


def detect_language(text: str) -> str:
    """An ISO 639-1 code, or `unknown` where too few letters tell."""
    prose = _NOISE.sub(" ", text[:_READ_CHARS])[:600]
    words = _WORD.findall(prose.lower())
    letters = sum(map(len, words))
    if letters == 0:
        return UNKNOWN
    by_script = _by_script(prose, letters)
    if by_script:
        return by_script
    by_words = _by_common_words(words)
    if by_words:
        return by_words
    if letters < _MIN_LETTERS:
        return UNKNOWN
    code, confidence = _identifier().classify(prose)
    short = letters < _SHORT_LETTERS and code != "en"
    enough = _SHORT_CONFIDENCE if short else _MIN_CONFIDENCE
    return str(code) if confidence >= enough else UNKNOWN


def _by_script(prose: str, letters: int) -> str:
    if prose.isascii():
        return ""
    for code, script in _SCRIPTS:
        # Chinese characters weigh more than one letter; kana beside them mean Japanese.
        found = len(script.findall(prose))
        if found * (3 if code in ("zh", "ja", "ko") else 1) > letters * 0.4:
            return code
        if code == "ja" and found >= 2:
            return code
    return ""


def _by_common_words(words: list[str]) -> str:
    """A language whose everyday words clearly lead. Cheap, and surer than letter statistics on
    the short texts that requests are."""
    english = sum(0.5 if word in _SHARED else 1.0 for word in words if word in _ENGLISH)
    others = {
        code: sum(0.5 if w in _ENGLISH_TOO else 1.0 for w in words if w in known)
        for code, known in _OTHERS.items()
    }
    best, count = max(others.items(), key=lambda item: item[1])
    if english >= 1 and english > count and english * 12 >= len(words):
        return "en"
    runner_up = max((n for code, n in others.items() if code != best), default=0)
    clear = count >= 3 and count > runner_up + 1 and count > english
    # Two words of one language and none of any other are as sure on a short text.
    alone = count >= 2 and count > runner_up and english == 0
    if (clear or alone) and count * 4 >= len(words):
        return best
    return ""


@lru_cache(maxsize=1)
def _identifier() -> Any:
    from py3langid.langid import MODEL_FILE, LanguageIdentifier

    identifier: Any = cast("Any", LanguageIdentifier).from_model_file(MODEL_FILE, norm_probs=True)
    identifier.set_languages([code for code in _CANDIDATES if code in identifier.labels])
    return identifier
