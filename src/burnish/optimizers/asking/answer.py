"""The new prompt in what a model wrote around it, or why there is none."""

from __future__ import annotations

import re

from burnish.optimizers.asking.form import KEEP, SYSTEM, editable
from burnish.optimizers.asking.repair import repaired
from burnish.optimizers.blocks import tags
from burnish.optimizers.demonstrations import Messages
from burnish.prompts.fences import fences
from burnish.prompts.preserve import lost
from burnish.prompts.prompt import Message

NONE = "the model gave no prompt"
_THOUGHT = re.compile(r"\A\s*<think(?:ing)?>.*?(?:</think(?:ing)?>|\Z)", re.DOTALL)
_TAGGED = re.compile(
    r"<(?P<name>new|improved|final|rewritten)?[_ -]?prompt>\n?(?P<text>.*?)(?:</[\w -]*prompt>|\Z)",
    re.DOTALL | re.IGNORECASE,
)
_NUMBERED = re.compile(
    r"<(?:new[_ -])?message[_ -](?P<number>\d{1,2})>\n?(?P<text>.*?)"
    r"</(?:new[_ -])?message[_ -]\d{1,2}>",
    re.DOTALL | re.IGNORECASE,
)
_LABEL = re.compile(
    r"^[ \t*#]*(?:the |here is (?:the|an?|my) |here's (?:the|an?|my) )?"
    r"(?:(?:new|improved|revised|rewritten|final|updated|better|optimi[sz]ed) )+"
    r"prompt[ \t*]*:[ \t*]*$",
    re.MULTILINE | re.IGNORECASE,
)
_FENCE = re.compile(r"[ \t]*(?:`{3,}|~{3,})")
_MARK = re.compile(r"-[0-9a-f]{12}>")
_ABOUT = re.compile(
    r"\b(?:the|this|a|your|new|improved|good|better|original|effective) prompts?\b"
    r"|prompt engineering",
    re.IGNORECASE,
)
_WORD = re.compile(r"\w+")
# Of a text without marks around it, so much must be the parent's: an essay shares less.
_LIKE = 0.35
_FEW, _LEAST, _LEAST_SHARE = 8, 3, 0.2
_RUN, _MANY_RUNS = 4, 20
_LONGEST = 20_000
# Looking for tags takes long where many begin and none ends.
_MOST_BRACES = 1_000


def thoughtless(answer: str, most: int = _LONGEST) -> str:
    """Without what a model thinks aloud first; at most so many characters."""
    return _THOUGHT.sub("", answer).strip()[:most]


def messages_of(answer: str, parent: Messages) -> Messages | str:
    """The parent's messages with their new texts, repaired where that needs no guess."""
    text = thoughtless(answer, _LONGEST + 3 * sum(len(m.content) for m in parent))
    if not text:
        return f"{NONE}: its answer is empty"
    numbers = editable(parent)
    if not numbers:
        return "nothing of the prompt may change"
    if text.count("{") > _MOST_BRACES + sum(m.content.count("{") for m in parent):
        return f"{NONE}: its answer is full of braces"
    found = _texts(text, parent, numbers)
    if isinstance(found, str):
        return found
    changed = list(parent)
    for number, new in found.items():
        old = parent[number].content
        if fault := _fault(new, old):
            return fault
        changed[number] = Message(parent[number].role, repaired(old, _trimmed(new, old)))
    return tuple(changed)


def _texts(text: str, parent: Messages, numbers: list[int]) -> dict[int, str] | str:
    numbered = {int(each["number"]) - 1: each["text"] for each in _NUMBERED.finditer(text)}
    if numbered:
        own = {n: new for n, new in numbered.items() if n in numbers and new.strip()}
        return own or f"{NONE}: it numbered messages that the prompt has not"
    if len(numbers) > 1:
        return f"{NONE}: its messages are not numbered"
    old = parent[numbers[0]].content
    one = _one(text, old)
    if one:
        return {numbers[0]: one}
    echo = KEEP[:60] in text or SYSTEM[:60] in text
    return f"{NONE}: it {'repeats the question' if echo else 'wrote something else'}"


def _one(text: str, old: str) -> str:
    """Between tags, else in a fence, else after a label, else all of it where it is like the old
    one; empty where nothing is."""
    found = [each["text"] for each in _TAGGED.finditer(text)]
    # "Between <new_prompt> and </new_prompt>" is how the question says it.
    tagged = [each for each in found if each.strip() not in ("", "and")]
    if tagged:
        return _unfenced(tagged[-1], old)
    if fenced := _fenced(text, old):
        return fenced
    if label := list(_LABEL.finditer(text)):
        rest = text[label[-1].end() :]
        return _unfenced(rest, old) if _is_like(rest, old) else ""
    return text if _is_like(text, old) else ""


def _unfenced(text: str, old: str) -> str:
    """Without a fence around all of it; the prompt may begin and end with fences of its own."""
    lines = text.strip().split("\n")
    marks = [n for n, line in enumerate(lines) if _FENCE.match(line)]
    around = len(marks) > 1 and marks[0] == 0 and marks[-1] == len(lines) - 1
    if not around or len(marks) % 2:
        return text
    inner = "\n".join(lines[1:-1])
    return text if len(_code(old, inner)) > len(_code(old, text)) else inner


def _fenced(text: str, old: str) -> str:
    """The last fence that holds something like the prompt, or all from the first to the last."""
    found = [text[start:end] for start, end in fences(text)]
    lines = text.split("\n")
    marks = [n for n, line in enumerate(lines) if _FENCE.match(line)]
    if len(marks) > 2:
        found.append("\n".join(lines[marks[0] : marks[-1] + 1]))
    own = [_unfenced(block, old) for block in found if block.strip() not in old]
    like = [block for block in own if _is_like(block, old)]
    return min(like, key=lambda block: len(_code(old, block))) if like else ""


def _code(old: str, new: str) -> list[str]:
    return [loss.text for loss in lost(old, new) if loss.kind in ("code", "variable")]


def _is_like(text: str, old: str) -> bool:
    """Whether it can be another wording of it: its variables, or a good part of its words."""
    wanted = {tag.text for tag in tags(old)}
    if _about(text) > _about(old) + 1:
        return False
    if wanted:
        return wanted <= {tag.text for tag in tags(text)}
    ours, theirs = _words(old), _words(text)
    return bool(ours and theirs) and len(ours & theirs) >= _LIKE * min(len(ours), len(theirs))


def _fault(new: str, old: str) -> str:
    if not new.strip():
        return f"{NONE}: what it marked is empty"
    repeated = any(
        words in new for words in (SYSTEM[:60], KEEP[:60], "<new_prompt>", "<new_message_")
    )
    if repeated or (_MARK.search(new) and not _MARK.search(old)):
        return f"{NONE}: it repeats the question"
    if _about(new) > _about(old) + 2:
        return f"{NONE}: it writes about prompts"
    return _too_little(new, old) or _repeats(new)


def _too_little(new: str, old: str) -> str:
    """An answer to the prompt is shorter than any prompt that says the same."""
    words, was = len(_WORD.findall(new)), len(_WORD.findall(old))
    if not words:
        return f"{NONE}: what it marked holds no words"
    few = was >= _FEW and words < max(_LEAST, was * _LEAST_SHARE)
    return f"{NONE}: what it marked is a few words" if few else ""


def _repeats(text: str) -> str:
    """A weak model ends in a loop: the same few words again and again."""
    words = text.split()
    runs = [" ".join(words[at : at + _RUN]) for at in range(0, len(words) - _RUN, 2)]
    loops = len(runs) > _MANY_RUNS and len(set(runs)) < len(runs) / 2
    return "the model says the same again and again" if loops else ""


def _about(text: str) -> int:
    return len(_ABOUT.findall(text))


def _words(text: str) -> set[str]:
    return {word.casefold() for word in _WORD.findall(text)}


def _trimmed(new: str, old: str) -> str:
    """With the spaces around it that the old text has."""
    bare = old.strip()
    if not bare:
        return new.strip()
    start = old.index(bare)
    return old[:start] + new.strip() + old[start + len(bare) :]
