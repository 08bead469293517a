"""Personal data kept from models elsewhere, and from the memory of answers."""

from __future__ import annotations

import asyncio
import dataclasses
from collections.abc import Callable, Iterator, Sequence

import msgspec

from burnish.models.model import ToolCall
from burnish.models.question import Answer, Check, Piece, Question
from burnish.prompts.prompt import Message
from burnish.redaction import Kind
from burnish.redaction.redact import (
    Found,
    put_back,
    redact,
    redact_texts,
    take_out,
    values_of,
)
from burnish.redaction.stream import Restoring


@dataclasses.dataclass(frozen=True)
class Hidden:
    """What was taken out of a question. `messages` are those that the caller gave; `is_sent` tells
    that the model gets them without it."""

    messages: tuple[Message, ...]
    found: tuple[Found, ...]
    is_sent: bool

    def shown(self, text: str) -> str:
        return put_back(values_of(self.found), text)

    def without(self, text: str) -> str:
        return take_out({each.value: each.placeholder for each in self.found}, text)


@dataclasses.dataclass(frozen=True)
class _HiddenCheck:
    """Judges an answer as the caller will see it. What it finds goes to the model, and so names
    no value; equal for equal questions, which then share a call."""

    hidden: Hidden
    kinds: tuple[Kind, ...]
    check: Check

    def __call__(self, text: str) -> str:
        problem = self.check(self.hidden.shown(text))
        return redact(self.hidden.without(problem), self.kinds).text


class Hiding:
    """`sent` are the kinds that models elsewhere do not get, `stored` those that are not written
    down. `is_here` tells of a model's name whether it runs on this machine."""

    def __init__(
        self, sent: Sequence[Kind], stored: Sequence[Kind], is_here: Callable[[str], bool]
    ) -> None:
        self._sent = tuple(sent)
        self._stored = tuple(stored)
        self._is_here = is_here

    async def asked(self, question: Question, names: Sequence[str]) -> Question:
        """The question as it is asked. Of several models all get the same, so that whichever
        answers, its answer is remembered for the same question."""
        if not self._sent and not self._stored:
            return question
        return await asyncio.to_thread(self._asked, question, names)

    def to_keep(self, question: Question, answer: Answer) -> Answer | None:
        """The answer as it may be remembered: only with placeholders for what the question itself
        says, which it has again when it asks again. None where it holds more than that."""
        hidden = question.hidden
        if not self._stored:
            return answer
        kept = answer if hidden is None or hidden.is_sent else _changed(answer, hidden.without)
        said = [kept.text, *(call.arguments for call in kept.tool_calls)]
        if redact_texts(said, self._stored).found or _is_torn(question, answer):
            return None
        return kept

    def remembered(self, question: Question, answer: Answer) -> Answer:
        hidden = question.hidden
        if hidden is None or hidden.is_sent:
            return answer
        return _changed(answer, hidden.shown)

    def _asked(self, question: Question, names: Sequence[str]) -> Question:
        goes_out = bool(self._sent) and not all(map(self._is_here, names))
        kinds = self._sent if goes_out else self._stored
        done = redact_texts([each.content for each in question.messages], kinds)
        if not done.found:
            return question
        hidden = Hidden(question.messages, done.found, is_sent=goes_out)
        if not goes_out:
            return dataclasses.replace(question, hidden=hidden)
        return dataclasses.replace(
            question,
            messages=tuple(
                Message(each.role, text)
                for each, text in zip(question.messages, done.texts, strict=True)
            ),
            check=question.check and _HiddenCheck(hidden, kinds, question.check),
            hidden=hidden,
        )


def shown(question: Question, answer: Answer) -> Answer:
    """The answer as the caller gets it."""
    hidden = question.hidden
    return _changed(answer, hidden.shown) if hidden and hidden.is_sent else answer


class ShownPieces:
    """A streamed answer as the caller gets it."""

    def __init__(self, question: Question) -> None:
        hidden = question.hidden
        values = values_of(hidden.found) if hidden and hidden.is_sent else {}
        self._restoring = Restoring(values)

    def of(self, piece: Piece) -> Iterator[Piece]:
        if piece.restart:
            # What was held back belongs to the pieces that no longer count.
            self._restoring.rest()
            yield piece
        elif text := self._restoring.add(piece.text):
            yield Piece(text)

    def rest(self) -> Iterator[Piece]:
        if text := self._restoring.rest():
            yield Piece(text)


def _changed(answer: Answer, change: Callable[[str], str]) -> Answer:
    calls = tuple(ToolCall(call.name, change(call.arguments)) for call in answer.tool_calls)
    return msgspec.structs.replace(answer, text=change(answer.text), tool_calls=calls)


def _is_torn(question: Question, answer: Answer) -> bool:
    """Whether the model itself wrote what would be taken for one of our placeholders."""
    hidden = question.hidden
    if hidden is None or hidden.is_sent:
        return False
    said = (answer.text, *(call.arguments for call in answer.tool_calls))
    return any(each.placeholder in text for each in hidden.found for text in said)
