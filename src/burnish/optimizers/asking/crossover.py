"""Two prompts for one purpose: one that has what is best in each."""

from __future__ import annotations

from burnish.optimizers.asking.form import MOST_CHARS, Asked, Prompt, asked
from burnish.optimizers.demonstrations import Messages
from burnish.prompts.prompt import Message

TASK = (
    "The two prompts below serve the same purpose, and each does some cases better. Write one "
    "prompt that has the useful instructions of both: where they say the same, say it once; where "
    "they contradict each other, decide for the clearer one. Do not simply put one behind the "
    "other, and make it no longer than the longer of the two."
)


def ask(messages: Messages, other: Messages, most: int = MOST_CHARS) -> tuple[Message, ...] | str:
    prompts = (Prompt("first-prompt", messages), Prompt("second-prompt", other))
    return asked(Asked(task=TASK, prompts=prompts), most)
