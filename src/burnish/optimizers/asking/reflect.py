"""A prompt and where it failed: the cause that the failures share, then the whole prompt anew."""

from __future__ import annotations

import re
from collections.abc import Sequence

from burnish.optimizers.asking.form import MOST_CHARS, Asked, Prompt, answer_form, asked
from burnish.optimizers.asking.record import Record
from burnish.optimizers.demonstrations import Messages
from burnish.prompts.prompt import Message

TASK = (
    "The prompt below was given to a language model, and the cases show answers that were judged "
    "wrong or weak. Find the one cause in the prompt that most of them share: what it does not "
    "say, says unclearly, or says wrongly. Then rewrite the prompt so that it removes this cause "
    "for all inputs of this kind, not for these cases alone. State general rules; never quote the "
    "inputs or the answers of the cases. Leave what works as it is."
)
_PASSED = " One more case shows an answer that was right: it must stay right."
_FORM = (
    "First write in one or two sentences between <cause> and </cause> what the failures have in "
    "common. "
)
_CAUSE = re.compile(r"<cause>(.*?)</cause>", re.DOTALL | re.IGNORECASE)
_MOST_CAUSE = 400


def ask(
    messages: Messages,
    records: Sequence[Record],
    passed: Record | None = None,
    most: int = MOST_CHARS,
) -> tuple[Message, ...] | str:
    if not records:
        return "there are no failures to learn from"
    of = Asked(
        task=TASK + (_PASSED if passed else ""),
        prompts=(Prompt("prompt", messages),),
        records=records,
        passed=passed,
        form=_FORM + answer_form(messages),
    )
    return asked(of, most)


def cause(answer: str) -> str:
    """What the model found the failures to have in common."""
    found = _CAUSE.search(answer)
    return " ".join(found[1].split())[:_MOST_CAUSE] if found else ""
