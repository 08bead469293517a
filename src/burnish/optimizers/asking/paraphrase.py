"""The same prompt in other words."""

from __future__ import annotations

from burnish.optimizers.asking.form import MOST_CHARS, Asked, Prompt, asked
from burnish.optimizers.demonstrations import Messages
from burnish.prompts.prompt import Message

TASK = (
    "Say the prompt below in other words. It asks for exactly the same: nothing is added, "
    "nothing is left out, nothing becomes weaker or stronger. Change the sentences and their "
    "order where that reads better."
)


def ask(messages: Messages, most: int = MOST_CHARS) -> tuple[Message, ...] | str:
    return asked(Asked(task=TASK, prompts=(Prompt("prompt", messages),)), most)
