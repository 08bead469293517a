"""Measures of how alike two texts are, from their papers."""

from __future__ import annotations

import math
import re
import string
from collections import Counter
from collections.abc import Hashable, Sequence

from burnish.evals.scorers.tokens import pieces, words

_ARTICLES = re.compile(r"\b(a|an|the)\b")
_NO_PUNCTUATION = str.maketrans("", "", string.punctuation)


def _places(items: Sequence[Hashable]) -> dict[Hashable, int]:
    """For each item the places where it stands, as the bits of a number."""
    found: dict[Hashable, int] = {}
    for at, item in enumerate(items):
        found[item] = found.get(item, 0) | 1 << at
    return found


def edit_distance(left: str, right: str) -> int:
    """Levenshtein's distance, a whole column at a time in the bits of a number (Myers 1999, in
    Hyyrö's form of 2003)."""
    left, right = _trimmed(left, right)
    if not left or not right:
        return len(left) + len(right)
    places, last = _places(left), 1 << len(left) - 1
    mask = (last << 1) - 1
    up, down, distance = mask, 0, len(left)
    for sign in right:
        equal = places.get(sign, 0)
        vertical = equal | down
        horizontal = (((equal & up) + up) ^ up) | equal
        rise = down | ~(horizontal | up)
        fall = up & horizontal
        distance += bool(rise & last) - bool(fall & last)
        rise = rise << 1 | 1
        up = (fall << 1 | ~(vertical | rise)) & mask
        down = rise & vertical & mask
    return distance


def _trimmed(left: str, right: str) -> tuple[str, str]:
    """Without what both begin and end with."""
    shorter = min(len(left), len(right))
    start = 0
    while start < shorter and left[start] == right[start]:
        start += 1
    end = 0
    while end < shorter - start and left[-1 - end] == right[-1 - end]:
        end += 1
    return left[start : len(left) - end], right[start : len(right) - end]


def common_order(left: Sequence[Hashable], right: Sequence[Hashable]) -> int:
    """Length of the longest common subsequence, by bits as above (Hyyrö 2004)."""
    places, mask = _places(left), (1 << len(left)) - 1
    state = mask
    for item in right:
        hit = state & places.get(item, 0)
        state = ((state + hit) | (state - hit)) & mask
    return len(left) - state.bit_count()


def _f_measure(common: int, output: int, wanted: int) -> float:
    """Of precision and recall; 1 where there is nothing on either side."""
    if not output and not wanted:
        return 1.0
    return 2 * common / (output + wanted)


def rouge_tokens(text: str) -> list[str]:
    return words(text.lower())


def rouge_n(output: Sequence[str], wanted: Sequence[str], n: int) -> float:
    """ROUGE-N as F-measure (Lin 2004), without stemming. Texts too short for one run of `n` words
    are compared as they are."""
    if max(len(output), len(wanted)) < n:
        return float(list(output) == list(wanted))
    ours, theirs = _runs(output, n), _runs(wanted, n)
    return _f_measure((ours & theirs).total(), ours.total(), theirs.total())


def rouge_l(output: Sequence[str], wanted: Sequence[str]) -> float:
    """ROUGE-L as F-measure over whole texts (Lin 2004)."""
    return _f_measure(common_order(output, wanted), len(output), len(wanted))


def _runs(tokens: Sequence[str], n: int) -> Counter[tuple[str, ...]]:
    return Counter(zip(*(tokens[start:] for start in range(n)), strict=False))


def bleu(output: str, references: Sequence[str], *, order: int = 4, smooth: bool = True) -> float:
    """BLEU of one text (Papineni et al. 2002). Run lengths that the text is too short for do not
    count. Smoothing: the k-th run length without a match counts 1 / 2^k of one match (the third
    method of Chen and Cherry 2014)."""
    tokens = pieces(output)
    theirs = [pieces(each) for each in references]
    if not tokens or not any(theirs):
        return float(not tokens and not all(theirs))
    logs: list[float] = []
    missed = 0
    for n in range(1, min(order, len(tokens)) + 1):
        matches, total = _matches(tokens, theirs, n)
        if not matches:
            missed += 1
            if not smooth or n == 1:  # without one word in common nothing is alike
                return 0.0
        logs.append(math.log((matches or 0.5**missed) / total))
    closest = min((len(each) for each in theirs), key=lambda n: (abs(n - len(tokens)), n))
    brevity = min(0.0, 1 - closest / len(tokens))
    return math.exp(brevity + math.fsum(logs) / len(logs))


def _matches(tokens: Sequence[str], references: Sequence[Sequence[str]], n: int) -> tuple[int, int]:
    """Runs of the output that a reference has, each at most as often as it has it; and all."""
    ours = _runs(tokens, n)
    most: Counter[tuple[str, ...]] = Counter()
    for each in references:
        most |= _runs(each, n)
    return (ours & most).total(), ours.total()


def token_f1(output: str, wanted: str) -> float:
    """F1 of shared words as SQuAD's evaluation defines it (Rajpurkar et al. 2016); of scripts
    without spaces each character is a word."""
    ours, theirs = Counter(_squad(output)), Counter(_squad(wanted))
    return _f_measure((ours & theirs).total(), ours.total(), theirs.total())


def _squad(text: str) -> list[str]:
    return words(_ARTICLES.sub(" ", text.lower().translate(_NO_PUNCTUATION)))
