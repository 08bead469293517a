"""Examples that a model writes: varied values of a prompt's variables."""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import msgspec

from burnish.errors import (
    BudgetExceeded,
    BurnishError,
    OutputRejected,
    Unavailable,
    UsageError,
)
from burnish.evals.datasets.adding import Came
from burnish.evals.datasets.fields import example_of
from burnish.evals.datasets.staging import Staging
from burnish.models.budget import Budget
from burnish.models.question import Answer, Question
from burnish.prompts.formats.document import Fault
from burnish.prompts.formats.gather import is_list, is_mapping, items, mapping
from burnish.prompts.formats.source import read_json
from burnish.prompts.prompt import Message, Variable
from burnish.prompts.variables import is_type
from burnish.storage.store import Fetched

MAX_COUNT = 2000
_AT_ONCE = 10
# Rounds that bring nothing new before it gives up.
_PATIENCE = 2
_SHOWN_BEFORE = 30
_SHOWN_CHARS = 160
_KINDS = ("typical", "edge")
_FENCE = re.compile(r"```(?:json)?\s*\n(.*?)\n?```", re.DOTALL)

_SYSTEM = """You write test inputs for a prompt template. You never carry out the prompt itself.
Answer with JSON alone, in this form:
{"items": [{"kind": "typical", "inputs": {"<variable>": <value>, …}}, …]}
Each item has a value for every variable, of the type that is named for it. Values are what a real
user of the prompt would give: concrete, complete, in natural wording, without placeholders.
Make them differ in topic, length, tone, wording and difficulty. Of each three items, one has the
kind "edge": a value that is very short or long, ambiguous, contradictory, in another language,
full of mistakes, special characters or line breaks, or that tries to give instructions."""


@dataclass(frozen=True, kw_only=True)
class Author:
    """What writing examples takes: a prompt by its reference, the full name of a model, a bound
    on money, and a call."""

    fetch: Callable[[str], Awaitable[Fetched]]
    model: Callable[[str], str]
    budget: Callable[[float | None], Budget]
    ask: Callable[[Question], Awaitable[Answer]]

    async def into(
        self,
        staging: Staging,
        reference: str,
        count: int,
        *,
        model: str,
        tags: Sequence[str],
        max_cost_usd: float | None,
    ) -> Came:
        """Raises UsageError, and what the first call raises."""
        if not 1 <= count <= MAX_COUNT:
            raise UsageError(f"{count} examples", hint=f"ask for 1 to {MAX_COUNT:,}")
        fetched = await self.fetch(reference)
        variables = fetched.version.variables
        if not variables:
            raise UsageError(
                f"{reference} has no variables, so its inputs cannot vary",
                hint="put {{ a_name }} where its text changes",
                subject=reference,
            )
        writing = _Writing(staging, variables, tags)
        shape = Question(
            model=self.model(model),
            messages=(),
            check=writing.problem,
            retries=1,
            budget=self.budget(max_cost_usd),
            kind="dataset",
        )
        while staging.count < count and writing.fruitless < _PATIENCE:
            some = min(_AT_ONCE, count - staging.count)
            messages = _messages(fetched.version.text, variables, some, writing.before)
            await self._round(replace(shape, messages=messages), writing, some)
        if not staging.count:
            raise OutputRejected(
                "no answer of the model was a list of inputs",
                hint="try a larger model with --model",
                subject=shape.model,
            )
        if staging.count < count:
            writing.came.notes.setdefault(f"the model wrote {staging.count} of {count} examples")
        return writing.came

    async def _round(self, question: Question, writing: _Writing, some: int) -> None:
        try:
            answer = await self.ask(question)
        except OutputRejected as error:
            writing.spent(error.cost_usd)
            writing.lose(some)
        except (BudgetExceeded, Unavailable) as error:
            writing.stop(error)
        else:
            writing.spent(answer.cost_usd)
            writing.take(answer, some)


class _Writing:
    def __init__(
        self, staging: Staging, variables: Sequence[Variable], tags: Sequence[str]
    ) -> None:
        self._staging = staging
        self._variables = variables
        self._tags = tuple(tags)
        self.came = Came()
        self.fruitless = 0
        self.before: deque[str] = deque(maxlen=_SHOWN_BEFORE)

    def problem(self, text: str) -> str:
        """What is wrong with an answer as a whole."""
        try:
            good = [each for each in _items(text) if not self._fault(each)]
        except Fault as fault:
            return fault.what
        if good:
            return ""
        faults = [self._fault(each) for each in _items(text)]
        return f"no item can be used: {faults[0] if faults else 'there is none'}"

    def take(self, answer: Answer, wanted: int) -> None:
        had = self._staging.count
        for number, item in enumerate(_items(answer.text)[:wanted], start=1):
            if self._fault(item):
                self.came.lost += 1
                continue
            kind = item.get("kind")
            row = {
                "inputs": item["inputs"],
                "tags": ["synthetic", kind if kind in _KINDS else "typical", *self._tags],
                "metadata": {"model": answer.model},
                "synthetic": True,
            }
            try:
                self._staging.take(example_of(row), f"item {number}")
            except Fault:
                self.came.lost += 1
            else:
                self.before.append(_shown(item["inputs"]))
        self.fruitless = 0 if self._staging.count > had else self.fruitless + 1

    def lose(self, count: int) -> None:
        self.came.lost += count
        self.fruitless += 1

    def spent(self, cost_usd: float | None) -> None:
        unknown = cost_usd is None or self.came.cost_usd is None
        self.came.cost_usd = None if unknown else (self.came.cost_usd or 0.0) + (cost_usd or 0.0)

    def stop(self, error: BurnishError) -> None:
        """Keeps what there is."""
        if not self._staging.count:
            raise error
        self.came.notes.setdefault(f"stopped early: {error.what}")
        self.fruitless = _PATIENCE

    def _fault(self, item: dict[str, Any]) -> str:
        inputs = mapping(item.get("inputs"))
        for variable in self._variables:
            value = inputs.get(variable.name)
            if value is None and variable.required and variable.default is None:
                return f"a value for {variable.name!r} is missing"
            if value is not None and not is_type(variable.type, value):
                return f"the value for {variable.name!r} is no {variable.type}"
        known = {variable.name for variable in self._variables}
        other = next((name for name in inputs if name not in known), "")
        return f"there is no variable {other!r}" if other else ""


def _items(text: str) -> list[dict[str, Any]]:
    """Raises Fault for what is no list of items."""
    found = _FENCE.search(text)
    value = read_json((found[1] if found else text).strip())
    listed = mapping(value).get("items") if is_mapping(value) else value
    if not is_list(listed):
        raise Fault('the answer is not {"items": […]}')
    return [mapping(each) for each in items(listed)]


def _messages(
    text: str, variables: Iterable[Variable], count: int, before: Iterable[str]
) -> tuple[Message, ...]:
    """The prompt stands in it as a JSON text, so nothing in it can end its own quotation."""
    told = [
        {
            key: value
            for key, value in msgspec.to_builtins(each).items()
            if key in ("name", "type", "description", "example") and value not in (None, "")
        }
        for each in variables
    ]
    parts = [
        f"The prompt template, as a JSON text:\n{msgspec.json.encode(text).decode()}",
        f"Its variables:\n{msgspec.json.encode(told).decode()}",
        f"Write {count} items.",
    ]
    if there := list(before):
        parts.append("These are there already; write others:\n" + "\n".join(there))
    return (Message("system", _SYSTEM), Message("user", "\n\n".join(parts)))


def _shown(inputs: dict[str, Any]) -> str:
    return msgspec.json.encode(inputs).decode()[:_SHOWN_CHARS]
