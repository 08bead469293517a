"""One small edit: a rule that is added, or a sentence that is changed."""

from __future__ import annotations

import re
from collections.abc import Sequence

from burnish.optimizers.asking.answer import NONE, thoughtless
from burnish.optimizers.asking.form import MOST_CHARS, Asked, Prompt, asked, editable
from burnish.optimizers.asking.record import Record
from burnish.optimizers.blocks import BULLET, blocks, with_rule
from burnish.optimizers.demonstrations import Messages
from burnish.optimizers.frozen import spans
from burnish.optimizers.operators.operator import instructions
from burnish.prompts.prompt import Message

TASK = (
    "The prompt below was given to a language model, and the cases show answers that were judged "
    "wrong or weak. Name the worst fault of the prompt, then mend it with one small edit: either "
    "add one rule of one or two sentences, or change one sentence. State a general rule; never "
    "quote the inputs or the answers of the cases."
)
FORM = (
    "Answer in one of these two forms, and with nothing else:\n"
    "<add>the new rule</add>\n"
    "<old>the sentence, copied exactly from the prompt</old> <new>what it becomes</new>"
)
_ADD = re.compile(r"<add>(.*?)</add>", re.DOTALL | re.IGNORECASE)
_CHANGE = re.compile(
    r"<old>(.*?)</old>\s*(?:->|to|by|with)?\s*<new>(.*?)</new>", re.DOTALL | re.IGNORECASE
)
_COPIED = ("the new rule", "what it becomes", "the sentence, copied exactly from the prompt")
_MOST_CHARS, _MOST_LINES = 600, 8


def ask(
    messages: Messages, records: Sequence[Record], most: int = MOST_CHARS
) -> tuple[Message, ...] | str:
    if not records:
        return "there are no failures to learn from"
    of = Asked(task=TASK, prompts=(Prompt("prompt", messages),), records=records, form=FORM)
    return asked(of, most)


def edited(answer: str, messages: Messages) -> Messages | str:
    """The messages with the edit, or why it cannot be carried out."""
    text = thoughtless(answer)
    changes, additions = _CHANGE.findall(text), _ADD.findall(text)
    if changes:
        old, new = (part.strip() for part in changes[-1])
        return _fault(new) or _fault(old) or _changed(messages, old, new)
    if additions:
        rule = additions[-1].strip()
        return _fault(rule) or _added(messages, rule)
    return f"{NONE}: it proposed no edit"


def _fault(text: str) -> str:
    if text.strip(" .").casefold() in _COPIED or not re.search(r"\w", text):
        return f"{NONE}: its edit is empty"
    if len(text) > _MOST_CHARS or text.count("\n") >= _MOST_LINES:
        return "the model's edit is too long"
    return ""


def _changed(messages: Messages, old: str, new: str) -> Messages | str:
    if sum(message.content.count(old) for message in messages) != 1:
        return "the model changes a sentence that the prompt does not have once"
    number = next(n for n, message in enumerate(messages) if old in message.content)
    text = messages[number].content
    at = text.index(old)
    kept = spans(text) if number in editable(messages) else [(0, len(text))]
    if any(at < end and start < at + len(old) for start, end in kept):
        return "changes a part that is kept"
    return _with(messages, number, text[:at] + new + text[at + len(old) :])


def _added(messages: Messages, rule: str) -> Messages | str:
    number = instructions(messages)
    if number is None:
        return "nothing of the prompt may change"
    text = messages[number].content
    bullets = [block for block in blocks(text) if block.text.startswith("- ")]
    if len(bullets) > 1 and not BULLET.match(rule) and "\n" not in rule:
        rule = f"- {rule}"
    return _with(messages, number, with_rule(text, rule))


def _with(messages: Messages, number: int, text: str) -> Messages:
    changed = Message(messages[number].role, text)
    return (*messages[:number], changed, *messages[number + 1 :])
