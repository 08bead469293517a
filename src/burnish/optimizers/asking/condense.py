"""The same prompt in fewer words."""

from __future__ import annotations

from burnish.optimizers.asking.form import MOST_CHARS, Asked, Prompt, asked
from burnish.optimizers.demonstrations import Messages
from burnish.prompts.prompt import Message

TASK = (
    "Make the prompt below as short as it can be without losing anything that it asks for. "
    "Leave out politeness, fillers, what is said twice and what goes without saying. Keep "
    "every rule, limit and format, and how many lines it has."
)


def ask(messages: Messages, most: int = MOST_CHARS) -> tuple[Message, ...] | str:
    return asked(Asked(task=TASK, prompts=(Prompt("prompt", messages),)), most)
