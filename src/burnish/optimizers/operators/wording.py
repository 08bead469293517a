"""The same said in other or fewer words, by tables; data, code, quotes and kept parts stay."""

from __future__ import annotations

import re
from collections.abc import Sequence
from random import Random
from typing import NamedTuple

from burnish.optimizers.blocks import Block, atoms, blocks, join, united
from burnish.optimizers.candidate import Candidate
from burnish.optimizers.demonstrations import Messages, without
from burnish.optimizers.frozen import Span, is_frozen
from burnish.optimizers.operators.operator import Context, made
from burnish.prompts.prompt import Message


class Rewrite(NamedTuple):
    pattern: re.Pattern[str]
    text: str


def _all(*pairs: tuple[str, str]) -> tuple[Rewrite, ...]:
    return tuple(
        Rewrite(re.compile(rf"\b{old}" + (r"\b" if old[-1].isalpha() else ""), re.IGNORECASE), new)
        for old, new in pairs
    )


# At the begin of a sentence or a list item: elsewhere the word may be none of an instruction.
_START = r"(?<!\w )(?<!, )"
# Words that say nothing: shortening takes them away.
FILLERS = _all(
    (r"please note that ", ""),
    (r"(?:could|can|would) you please ", ""),
    (rf"{_START}i would like you to ", ""),
    (rf"{_START}i want you to ", ""),
    (rf"{_START}your (?:task|job) is to ", ""),
    (r"it is (?:very |extremely )?important (?:to note )?that ", ""),
    (rf"{_START}keep in mind that ", ""),
    (r"(?:please|kindly) ", ""),
    (r", please(?=[.!])", ""),
    (r"make sure (?:to|that you) ", ""),
    (r"be sure to ", ""),
    (r"try to (?=[a-z])", ""),
    (r"in order to ", "to "),
    (r"due to the fact that ", "because "),
    (r"in the event that ", "if "),
    (r"at this point in time ", "now "),
    (r"a (?:large|great) number of ", "many "),
    (r"with (?:regard|respect) to ", "about "),
    (r"(?:very|really|extremely|basically|actually|essentially) (?=[a-z])", ""),
    (r"as well as ", "and "),
    (r"each and every ", "every "),
    (r"thank you(?: very much)?[.!]", ""),
    (r"thanks[.!]", ""),
    (r"bitte ", ""),
    (r"s'il (?:vous|te) plaît,? ", ""),
    (r"por favor,? ", ""),
)
# Ways of saying an instruction: which one a model follows best is for the measurement to say.
PHRASES = _all(
    (r"you should (?=[a-z])(?!not )", "you must "),
    (rf"{_START}you must (?!not |always |never )(?=[a-z])", "always "),
    (rf"{_START}always (?=[a-z])", "in every case, "),
    (r"you should not ", "never "),
    (rf"{_START}do not ", "never "),
    (rf"{_START}don't ", "do not "),
    (rf"{_START}never (?=[a-z])", "do not "),
    (rf"{_START}avoid (?=[a-z]+ing\b)", "refrain from "),
    (r"try to (?=[a-z])", ""),
    (r"if possible,? ", ""),
    (r"make sure (?:to|that you) ", ""),
    (r"make sure that ", "check that "),
    (r"ensure that ", "make sure that "),
    (r"only (?:return|output) ", "answer with nothing but "),
    (r"(?:return|output) only ", "answer with nothing but "),
    (r"answer with only ", "answer with nothing but "),
    (r"determine (?=whether|which|if)", "decide "),
    (r"decide (?=whether|which|if)", "determine "),
    (rf"{_START}summari[sz]e ", "write a summary of "),
    (rf"{_START}explain ", "say in plain words "),
    (r"(?:be|keep it) (?:brief|concise)(?=[.!,;])", "use few words"),
    (r"(?:briefly|concisely)(?=[.!,;])", "in few words"),
    (r"the answer should be ", "the answer must be "),
    (r"should be written ", "must be written "),
    (r"step by step", "one step after the other"),
    (r"(?:could|can|would) you (?:please )?", ""),
    (r"(?:please|kindly) ", ""),
    (r"perhaps ", ""),
    (r"maybe ", ""),
)

_QUOTED = re.compile(r"\"[^\"\n]{1,300}\"|“[^”\n]{1,300}”|«[^»\n]{1,300}»|`[^`\n]+`")
_FIXED = re.compile(r"\bhttps?://\S+|^[ \t]*\|.*\|[ \t]*$|(?<!\w)[-+]?\d[\d.,:/]*", re.MULTILINE)
_SENTENCE = re.compile(r"(?<=[.!?])[ \t]+(?=\S)")
_FEW_WORDS = 4


def phrase(context: Context, parents: Sequence[Candidate], random: Random) -> Candidate | None:
    """One wording of the table, at all its places in one message."""
    messages = without(parents[0].messages)
    options = [
        (number, rewrite)
        for number, message in enumerate(messages)
        if _may_change(message)
        for rewrite in PHRASES
        if rewrite.pattern.search(message.content)
    ]
    random.shuffle(options)
    for number, rewrite in options:
        text = rewritten(messages[number].content, [rewrite])
        if text != messages[number].content:
            changed = (*messages[:number], Message(messages[number].role, text))
            found = (*changed, *messages[number + 1 :])
            was = rewrite.pattern.search(messages[number].content)
            why = f"says {rewrite.text.strip()!r} for {(was[0] if was else '').strip()!r}"
            return made(context, parents, found, "phrase", why=why)
    return None


def shorten(context: Context, parents: Sequence[Candidate], random: Random) -> Candidate | None:
    """All fillers and repeated sentences, or half of the time some of them."""
    messages = without(parents[0].messages)
    rewrites = [each for each in FILLERS if _found(each, messages)]
    if len(rewrites) > 1 and random.random() < 0.5:
        rewrites = random.sample(rewrites, random.randint(1, len(rewrites) - 1))
    originals = without(context.original)
    found = tuple(
        Message(now.role, _shorter(was.content, now.content, rewrites)) if _may_change(now) else now
        for was, now in zip(originals, messages, strict=True)
    )
    if sum(len(m.content) for m in found) >= sum(len(m.content) for m in messages):
        return None
    return made(context, parents, found, "shorten", why="says the same in fewer words")


def rewritten(text: str, rewrites: Sequence[Rewrite]) -> str:
    """With each rewrite at all its places outside of what is fixed."""
    for rewrite in rewrites:
        if not rewrite.pattern.search(text):
            continue
        fixed = _fixed(text)
        for match in reversed(list(rewrite.pattern.finditer(text))):
            if not _meets(match.span(), fixed):
                text = _put(text, match, rewrite.text)
    return text


def _may_change(message: Message) -> bool:
    return message.role != "assistant" and not is_frozen(message)


def _found(rewrite: Rewrite, messages: Messages) -> bool:
    return any(rewrite.pattern.search(m.content) for m in messages if _may_change(m))


def _shorter(was: str, now: str, rewrites: Sequence[Rewrite]) -> str:
    return once(was, _by_sentence(rewritten(now, rewrites)))


def _by_sentence(text: str) -> str:
    """Without sentences that the same block or an earlier one said word for word."""
    fixed = _fixed(text)
    seen: set[str] = set()
    parts: list[str] = []
    at = 0
    for block in blocks(text):
        span = at, at + len(block.text)
        at = span[1] + len(block.gap)
        plain = not _meets(span, fixed) and "\n" not in block.text
        parts += [_fresh(block.text, seen) if plain else block.text, block.gap]
    return "".join(parts)


def _fresh(text: str, seen: set[str]) -> str:
    """A block that would be empty stays: its line is the user's."""
    kept: list[str] = []
    for sentence in _SENTENCE.split(text):
        key = " ".join(sentence.casefold().split()).rstrip(".!?")
        if key not in seen or len(key.split()) < _FEW_WORDS:
            kept.append(sentence)
        seen.add(key)
    return " ".join(kept) if kept and len(kept) < len(_SENTENCE.split(text)) else text


def once(was: str, now: str) -> str:
    """Without the second of two equal blocks, where the original has no two of them."""
    own = [block.key for block in blocks(was)]
    kept: list[Block] = []
    count: dict[str, int] = {}
    for block in blocks(now):
        count[block.key] = count.get(block.key, 0) + 1
        plain = len(block.key.split()) >= _FEW_WORDS and not atoms(block.text)
        if not plain or count[block.key] <= max(1, own.count(block.key)):
            kept.append(block)
    if len(kept) == len(blocks(now)):
        return now
    end = blocks(now)[-1].gap
    return join([*kept[:-1], Block(kept[-1].text, end)])


def _fixed(text: str) -> list[Span]:
    found = [match.span() for pattern in (_QUOTED, _FIXED) for match in pattern.finditer(text)]
    return united([*atoms(text), *found])


def _meets(span: Span, fixed: Sequence[Span]) -> bool:
    return any(span[0] < end and start < span[1] for start, end in fixed)


def _put(text: str, match: re.Match[str], new: str) -> str:
    before, after = text[: match.start()], text[match.end() :]
    big = match[0][:1].isupper()
    if new:
        return before + (new[:1].upper() + new[1:] if big else new) + after
    return before + (after[:1].upper() + after[1:] if big else after)
