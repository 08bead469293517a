"""A prompt that leaves the model one reading: asked twice, it answers the same."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from burnish.evals.scorers.measures import token_f1
from burnish.optimizers.goals.goal import MEASURES
from burnish.optimizers.goals.measured import Measured as OwnMeasure

if TYPE_CHECKING:
    from burnish.optimizers.ask import Measured
    from burnish.optimizers.book import Own

# A label, a number or a name that differs is another answer.
_SHORT_WORDS = 5
_SHOWN = 300


class Clarity(OwnMeasure):
    """The measure of an example is how far two answers to it agree. They are asked for one
    independent of the other, and at a temperature above 0: at 0 every prompt agrees with itself."""

    name = "clarity"
    measure = MEASURES["clarity"]
    full = "asked twice, it answers the same"
    ways = ("clarify", "specify")
    answers_each = 2
    warmth = 0.7

    @property
    def own(self) -> Own | None:
        return _agreed

    def remark(self, example: int, answers: Sequence[Measured]) -> str:
        del example
        if len(answers) < self.answers_each or agreement(*_texts(answers)) == 1:
            return ""
        return f"asked the same again, it answered otherwise: {answers[1].output[:_SHOWN]}"


def agreement(one: str, other: str) -> float:
    """Of two answers, from 0 to 1: 1 where they are equal but for spaces and case; else, where one
    of them has more than five words, F1 of the words that they share (as SQuAD's evaluation defines
    it, Rajpurkar et al. 2016); else 0."""
    first, second = (" ".join(text.casefold().split()) for text in (one, other))
    if first == second:
        return 1.0
    if max(first.count(" "), second.count(" ")) < _SHORT_WORDS:
        return 0.0
    return token_f1(first, second)


def _agreed(_: int, answers: Sequence[Measured]) -> float | None:
    """An answer that failed agrees with none."""
    if len(answers) < Clarity.answers_each:
        return None
    if any(each.error for each in answers):
        return 0.0
    return agreement(*_texts(answers))


def _texts(answers: Sequence[Measured]) -> tuple[str, str]:
    return answers[0].output, answers[1].output
