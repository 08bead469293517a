"""The same prompt, more exact."""

from __future__ import annotations

from burnish.optimizers.asking.form import MOST_CHARS, Asked, Prompt, asked
from burnish.optimizers.demonstrations import Messages
from burnish.prompts.prompt import Message

TASK = (
    "Make the prompt below more exact. Where it leaves open how the answer looks, how long it "
    "is, what belongs to it and what to do in unclear cases, say it by what the prompt and "
    "its inputs make most likely. Do not invent facts, names or examples, and keep its aim."
)


def ask(messages: Messages, most: int = MOST_CHARS) -> tuple[Message, ...] | str:
    return asked(Asked(task=TASK, prompts=(Prompt("prompt", messages),)), most)
