"""A prompt that gets answers of the wanted form."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from burnish.errors import UsageError
from burnish.optimizers.goals.form import Form, form_of, labels_of, likeness
from burnish.optimizers.goals.goal import MEASURES
from burnish.optimizers.goals.measured import Measured as OwnMeasure
from burnish.optimizers.log import kept
from burnish.prompts.render import as_text

if TYPE_CHECKING:
    from burnish.optimizers.ask import Measured
    from burnish.optimizers.book import Own
    from burnish.storage.example import Example


class Specificity(OwnMeasure):
    """The measure of an answer is how far its form equals that of the expected one (`likeness`).
    Raises UsageError for examples without one."""

    name = "specificity"
    measure = MEASURES["specificity"]
    full = "its answers have the form of the expected ones"
    ways = ("specify",)

    def __init__(self, examples: Sequence[Example]) -> None:
        missing = sum(each.expected is None for each in examples)
        if missing:
            raise UsageError(
                f"{missing} of {len(examples)} examples do not say what is expected, and "
                "specificity is how far answers have the form of what is",
                hint="give each an expected answer in the form that you want, or choose those that "
                "have one with --tag",
            )
        # Cut as answers are.
        texts = [kept(as_text(each.expected)) for each in examples]
        self._labels = labels_of(texts)
        self._wanted = [form_of(each, self._labels) for each in texts]

    @property
    def own(self) -> Own | None:
        return self._likeness

    def remark(self, example: int, answers: Sequence[Measured]) -> str:
        own, wanted = self._form(answers[0]), self._wanted[example]
        if likeness(own, wanted) == 1:
            return ""
        return f"its form is {own.told}, and {wanted.told} is wanted"

    def _form(self, answer: Measured) -> Form:
        return form_of(answer.output, self._labels)

    def _likeness(self, example: int, answers: Sequence[Measured]) -> float | None:
        """Of the first answer; one that failed has no form."""
        if answers[0].error:
            return 0.0
        return likeness(self._form(answers[0]), self._wanted[example])
