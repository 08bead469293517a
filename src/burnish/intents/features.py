"""A request as named marks and as word and character terms: what the weights are multiplied with.

The part of a request that asks is told apart from the text it may carry: a pasted story about code
must not make a request for a summary look like one for code.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from functools import lru_cache
from itertools import pairwise

from burnish.intents.rules import CONCEPTS, PAIRS, shapes_of

HEAD, TAIL = 300, 150
# A sentence vector costs by the token; more than this made no answer better in cross-validation.
VECTOR_HEAD, VECTOR_TAIL = 140, 80

_TOKEN = re.compile(r"[^\W_]+(?:['\-+#]+[^\W_]+)*[+#]*|[?!]")
_FENCE = re.compile(r"```.*?(?:```|\Z)", re.DOTALL)
_QUOTE = re.compile(r"[\"\u201c\u00ab\u201e][^\"”»“]{40,}[\"”»“]")
_SENTENCE = re.compile(r"(?<=[.!?\u3002\uff01\uff1f\u061f\u0964])\s+|\n+|(?<=[\u3002\uff01\uff1f])")
_NO_SPACES = re.compile(r"[\u0e00-\u0e7f\u3040-\u30ff\u4e00-\u9fff\uac00-\ud7af]")
_DIGITS = re.compile(r"\d+")
_REPEATS = re.compile(r"\s+")
_QUESTION_MARKS = ("?", "\uff1f", "\u061f")
_LENGTHS = (12, 30, 60, 100, 180, 300, 600, 1200)


def cut(text: str, head: int = HEAD, tail: int = TAIL) -> str:
    """The head and the tail of a long text: the ask stands in one of them."""
    text = text.strip()
    return text if len(text) <= head + tail + 10 else f"{text[:head]} … {text[-tail:]}"


def without_stop(text: str) -> str:
    """A full stop at the end says nothing of what is wanted, and must not change an answer."""
    text = text.rstrip()
    return text[:-1] if text.endswith(".") and not text.endswith("..") else text


def cut_for_vector(text: str) -> str:
    return cut(text, VECTOR_HEAD, VECTOR_TAIL)


def ask_of(text: str) -> str:
    """The sentence that asks, without fenced code and long quotes; the first where none stands
    out."""
    bare = _QUOTE.sub(' "…" ', _FENCE.sub("\n…\n", text[:4000]))
    if len(text) > 4000:
        bare += "\n" + text[-400:]
    sentences = [s.strip() for s in _SENTENCE.split(bare) if s and len(s.strip()) > 2]
    if len(sentences) < 2:
        return _before_colon(sentences[0] if sentences else bare.strip())
    ends = sentences[:4] if len(sentences) <= 4 else [*sentences[:3], *sentences[-3:]]
    scored = [(_asking(s) + (0.5 if i == 0 else 0.0), -i, s) for i, s in enumerate(ends)]
    return _before_colon(max(scored)[2])


def _before_colon(sentence: str) -> str:
    """An ask that is followed by what it is about, without that text."""
    ask, colon, rest = sentence.partition(": ")
    if colon and 15 <= len(ask) <= 200 and len(rest) > 40:
        return f"{ask}:"
    return sentence[:400]


_OPENERS = ("do_", "ask_")


def _asking(sentence: str) -> float:
    words = tokens(sentence[:120])
    head = set(concepts(words[:4]))
    score = 2.0 * any(name.startswith(_OPENERS) for name in head)
    score += 1.5 * ("ask_please" in head)
    score += 2.0 * sentence.rstrip().endswith(_QUESTION_MARKS)
    score += 0.6 * any(name.startswith("do_") for name in concepts(words[4:]))
    score += 0.5 * sentence.rstrip().endswith(":")
    return score - 1.0 * (len(sentence) > 250)


def tokens(text: str) -> list[str]:
    return _TOKEN.findall(text.lower().replace("\u2019", "'"))


class _Words:
    """Concepts by word, by beginning of a word, by phrase, and by substring for scripts without
    spaces."""

    def __init__(self) -> None:
        self.phrases: dict[tuple[str, ...], tuple[str, ...]] = {}
        self.longest: dict[str, int] = {}
        self.stems: dict[str, tuple[str, ...]] = {}
        self.inside: dict[str, tuple[str, ...]] = {}
        for concept, words in CONCEPTS.items():
            for entry in words.split(","):
                self._add(concept, entry.strip())
        self.inside_pattern = re.compile(
            "|".join(map(re.escape, sorted(self.inside, key=len, reverse=True)))
        )

    def _add(self, concept: str, entry: str) -> None:
        if _NO_SPACES.search(entry):
            self.inside[entry] = (*self.inside.get(entry, ()), concept)
        elif entry.endswith("*"):
            self.stems[entry[:-1]] = (*self.stems.get(entry[:-1], ()), concept)
        elif phrase := tuple(tokens(entry)):
            self.phrases[phrase] = (*self.phrases.get(phrase, ()), concept)
            self.longest[phrase[0]] = max(self.longest.get(phrase[0], 1), len(phrase))


@lru_cache(maxsize=1)
def _words() -> _Words:
    return _Words()


def concepts(words: list[str]) -> Iterator[str]:
    """The concepts of the words in their order, repeated where they repeat."""
    known = _words()
    for i, word in enumerate(words):
        longest = known.longest.get(word, 0)
        for length in range(1, longest + 1):
            yield from known.phrases.get(tuple(words[i : i + length]), ())
        yield from _inside_of(word)


@lru_cache(maxsize=10_000)
def _inside_of(word: str) -> tuple[str, ...]:
    """The concepts that parts of the word stand for."""
    known = _words()
    found: list[str] = []
    for size in range(4, len(word) + 1 if len(word) > 4 else 0):
        found += known.stems.get(word[:size], ())
    if not word.isascii() and _NO_SPACES.search(word):
        for part in known.inside_pattern.findall(word):
            found += known.inside[part]
    return tuple(found)


def marks(text: str, ask: str) -> list[str]:
    """The named marks of a request: `ask:` in the asking sentence, `head:` in its first words,
    `first:` its first concept, `all:` anywhere in the cut text, `pair:` and `shape:`."""
    short = cut(text)
    words = tokens(ask)
    in_ask = set(concepts(words))
    head = list(concepts(words[:6]))
    found = [f"ask:{c}" for c in in_ask]
    found += [f"head:{c}" for c in set(head)]
    found += [f"first:{c}" for c in dict.fromkeys(concepts(words[:3]))]
    opening = words[:1]
    found += [f"open:{c}" for c in set(concepts(opening))]
    found += [f"all:{c}" for c in set(concepts(tokens(short)))]
    found += [f"pair:{a}+{b}" for a, b in PAIRS if a in in_ask and b in in_ask]
    found += _shapes(text, short, ask)
    return found


def _shapes(text: str, short: str, ask: str) -> Iterable[str]:
    yield from (f"shape:{name}" for name in shapes_of(short))
    if ask.rstrip().endswith(_QUESTION_MARKS):
        yield "shape:ask_question"
    size = len(text)
    yield from (f"size:{limit}" for limit in _LENGTHS if size > limit)
    if size > 2 * len(ask) + 60:
        yield "shape:carries_text"
        yield "shape:ask_first" if text.strip().startswith(ask[:20]) else "shape:ask_later"
    letters = sum(map(str.isalpha, short)) or 1
    digits = sum(map(str.isdigit, short))
    if digits * 12 > letters:
        yield "shape:many_digits"
    if digits:
        yield "shape:digits"
    if not short.isascii() and sum(not c.isascii() for c in short) * 4 > letters:
        yield "shape:other_script"
    count = len(_SENTENCE.split(short))
    yield from (f"sentences:{limit}" for limit in (1, 2, 4, 7) if count > limit)


def word_terms(text: str, ask: str) -> list[str]:
    """Words and neighbours of the cut text; those of the asking sentence again under `a:`, its
    first words under `^`. Numbers count as one word."""
    words = [_DIGITS.sub("0", w) for w in tokens(cut(text))]
    asked = [_DIGITS.sub("0", w) for w in tokens(ask)]
    terms = list(words)
    terms += [f"{a} {b}" for a, b in pairwise(words)]
    terms += [f"a:{w}" for w in asked]
    terms += [f"a:{a} {b}" for a, b in pairwise(asked)]
    terms += [f"^{' '.join(asked[:n])}" for n in (1, 2, 3) if len(asked) >= n]
    return terms


def char_terms(ask: str) -> list[str]:
    """Runs of 3 to 5 characters of the asking sentence: stems in any language, misspellings."""
    text = f" {_REPEATS.sub(' ', _DIGITS.sub('0', ask.lower()))[:200]} "
    return [text[i : i + n] for n in (3, 4, 5) for i in range(len(text) - n + 1)]
