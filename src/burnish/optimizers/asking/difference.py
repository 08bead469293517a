"""Differential evolution: what sets two prompts apart, changed, and brought into a third.

Guo et al., "Connecting Large Language Models with Evolutionary Algorithms Yields Powerful Prompt
Optimizers" (2023)."""

from __future__ import annotations

from burnish.optimizers.asking.form import MOST_CHARS, Asked, Prompt, asked
from burnish.optimizers.demonstrations import Messages
from burnish.prompts.prompt import Message

TASK = (
    "Three prompts below serve the same purpose; the best one is the basis. Find where the first "
    "and the second one differ in what they ask for. Think of another way to settle each of these "
    "points alone, and bring it into the best one. What the first and the second one have in "
    "common stays as the best one says it."
)


def ask(
    best: Messages, first: Messages, second: Messages, most: int = MOST_CHARS
) -> tuple[Message, ...] | str:
    prompts = (
        Prompt("best-prompt", best),
        Prompt("first-prompt", first),
        Prompt("second-prompt", second),
    )
    return asked(Asked(task=TASK, prompts=prompts), most)
