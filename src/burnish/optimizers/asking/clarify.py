"""The same prompt, easier to understand."""

from __future__ import annotations

from burnish.optimizers.asking.form import MOST_CHARS, Asked, Prompt, asked
from burnish.optimizers.demonstrations import Messages
from burnish.prompts.prompt import Message

TASK = (
    "Make the prompt below easier to understand. One instruction in each sentence, in the "
    "order in which it is needed; plain words; what a word points at is named; what "
    "contradicts itself is settled by what the rest of it wants. Ask for nothing new."
)


def ask(messages: Messages, most: int = MOST_CHARS) -> tuple[Message, ...] | str:
    return asked(Asked(task=TASK, prompts=(Prompt("prompt", messages),)), most)
