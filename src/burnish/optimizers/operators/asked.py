"""Operators that ask a model. Asking and reading are apart, so that whoever pays for the answer
can store it in between."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import msgspec

from burnish.errors import UsageError
from burnish.models.question import storable
from burnish.optimizers.asking import (
    clarify,
    condense,
    critique_edit,
    crossover,
    difference,
    paraphrase,
    reflect,
    specify,
)
from burnish.optimizers.asking.answer import messages_of
from burnish.optimizers.asking.form import MOST_CHARS
from burnish.optimizers.asking.record import Record
from burnish.optimizers.candidate import Candidate
from burnish.optimizers.demonstrations import Messages, without
from burnish.optimizers.operators.operator import Context, made
from burnish.prompts.prompt import Message

Question = tuple[Message, ...]


class Evidence(msgspec.Struct, frozen=True, kw_only=True):
    """What the model is shown besides the prompts: failures of the first parent, and one case that
    it did right. `most` bounds the whole question, in characters."""

    records: tuple[Record, ...] = ()
    passed: Record | None = None
    most: int = MOST_CHARS


class AskedOperator(msgspec.Struct, frozen=True, kw_only=True):
    """`parents` says how many candidates it needs; the new one is a child of the first. With
    `needs_failures` there is no question without records."""

    name: str
    description: str
    parents: int = 1
    needs_failures: bool = False
    question: Callable[[Sequence[Messages], Evidence], Question | str]
    new: Callable[[str, Messages], Messages | str] = messages_of

    def ask(self, parents: Sequence[Candidate], evidence: Evidence | None = None) -> Question | str:
        """Messages for a model, their text as it is (no template); or why there is nothing to ask.

        Raises ValueError for fewer parents than it needs."""
        if len(parents) < self.parents:
            raise ValueError(f"{self.name} is made of {self.parents} candidates")
        texts = [without(parent.messages) for parent in parents]
        return self.question(texts, evidence or Evidence())

    def read(self, context: Context, parents: Sequence[Candidate], answer: str) -> Candidate | str:
        """What the model made of it, not checked yet; or why it is nothing."""
        try:
            answer = storable(answer)  # a half of a surrogate pair is no text
            found = self.new(answer, without(parents[0].messages))
            if isinstance(found, str):
                return found
            used = parents[: self.parents]
            return made(context, used, found, self.name, why=self._why(answer))
        except UsageError as error:
            return f"cannot be rendered: {error.what}"

    def _why(self, answer: str) -> str:
        return (self.name == "reflect" and reflect.cause(answer)) or self.description


ASKED: dict[str, AskedOperator] = {
    each.name: each
    for each in (
        AskedOperator(
            name="reflect",
            description="finds what failures have in common, and rewrites the prompt",
            needs_failures=True,
            question=lambda own, e: reflect.ask(own[0], e.records, e.passed, e.most),
        ),
        AskedOperator(
            name="critique_edit",
            description="adds or changes one rule, because of failures",
            needs_failures=True,
            question=lambda own, e: critique_edit.ask(own[0], e.records, e.most),
            new=critique_edit.edited,
        ),
        AskedOperator(
            name="crossover",
            description="makes one prompt of two",
            parents=2,
            question=lambda own, e: crossover.ask(own[0], own[1], e.most),
        ),
        AskedOperator(
            name="difference",
            description="changes where two prompts differ, in a third",
            parents=3,
            question=lambda own, e: difference.ask(own[0], own[1], own[2], e.most),
        ),
        AskedOperator(
            name="paraphrase",
            description="says the prompt in other words",
            question=lambda own, e: paraphrase.ask(own[0], e.most),
        ),
        AskedOperator(
            name="condense",
            description="says the prompt in fewer words",
            question=lambda own, e: condense.ask(own[0], e.most),
        ),
        AskedOperator(
            name="clarify",
            description="makes the prompt easier to understand",
            question=lambda own, e: clarify.ask(own[0], e.most),
        ),
        AskedOperator(
            name="specify",
            description="makes the prompt more exact",
            question=lambda own, e: specify.ask(own[0], e.most),
        ),
    )
}
"""By name, none of which is one of an operator that asks no model."""
