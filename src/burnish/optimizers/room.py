"""`p.optimizations`: searches for a better prompt, and what they found."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Sequence
from typing import Any, Literal

import msgspec

from burnish.errors import Conflict, NotFound, UsageError
from burnish.optimizers.candidate import ORIGINAL, Candidate
from burnish.optimizers.drive import Drafted
from burnish.optimizers.varied import own_values
from burnish.prompts.config import PromptConfig, read_config
from burnish.prompts.prompt import Message, join_messages
from burnish.shapes import convert
from burnish.storage.optimization import Counts, Optimization, Standing, Step
from burnish.storage.store import Store

_MOST = 1_000
State = Literal["queued", "running", "done", "stopped"]


class ListedOptimization(Optimization, frozen=True, kw_only=True):
    """One of a list. It is `stopped` where it was cancelled, or has not ended and nobody goes
    on with it."""

    state: State


class ListedCandidate(msgspec.Struct, frozen=True, kw_only=True):
    """A candidate with what its answers come to. `step` is the one of the search in which an
    `operator` made it of its `parents` (ids), None for the original.

    `score` is the mean over the `n` examples that it was measured on, None where there is none; an
    answer that failed counts 0. Candidates are measured on different examples, so their scores
    alone do not tell which is better. `cost_usd` is the mean of an answer's, None where no price is
    known; tokens are sums. `parameters` of the original are those that may vary, as far as it gives
    them; of others what differs from it.
    """

    id: str
    step: int | None = None
    operator: str
    why: str = ""
    parents: tuple[str, ...] = ()
    text: str
    messages: tuple[Message, ...]
    parameters: dict[str, Any] = {}
    n: int = 0
    answers: int = 0
    failed: int = 0
    score: float | None = None
    cost_usd: float | None = None
    input_tokens: int = 0
    output_tokens: int = 0


class ShownOptimization(msgspec.Struct, frozen=True, kw_only=True):
    """`counts` are of its answers, `rejected` how many candidates were turned down."""

    optimization: ListedOptimization
    counts: Counts
    rejected: int
    candidates: tuple[ListedCandidate, ...]


class AsyncOptimizations:
    """Each is named by its id, or by a beginning of it that no other has."""

    def __init__(self, opener: Callable[[], Awaitable[Store]]) -> None:
        self._open = opener

    async def list(
        self, *, prompt: str = "", dataset: str = "", limit: int = 50
    ) -> list[ListedOptimization]:
        """Newest first; those of a prompt or a dataset, by its name."""
        if not 1 <= limit <= _MOST:
            raise UsageError(f"{limit} optimisations cannot be listed", hint=f"use 1 to {_MOST}")
        store = await self._open()
        found = await store.optimizations.page(limit, prompt=prompt, dataset=dataset)
        return await _listed(store, found)

    async def get(self, optimization_id: str) -> Optimization:
        """Raises NotFound, and Conflict where several ids begin so."""
        store = await self._open()
        given = optimization_id
        found = await store.optimizations.by_prefix(given, 2) if given else []
        if not found:
            raise NotFound(
                f"no optimisation has the id {given!r}",
                hint="see burnish optimizations list",
                subject=given,
            )
        if len(found) > 1:
            raise Conflict(
                f"more than one optimisation has an id that begins with {given!r}",
                hint="give more of it",
            )
        return found[0]

    async def show(self, optimization_id: str) -> ShownOptimization:
        """An optimisation with all that it has tried so far."""
        optimization = await self.get(optimization_id)
        store = await self._open()
        (listed,) = await _listed(store, [optimization])
        steps = await _steps(store, optimization)
        return ShownOptimization(
            optimization=listed,
            counts=await store.optimizations.counts(optimization.id),
            rejected=sum(len(drafted.rejected) for _, drafted in steps),
            candidates=tuple(await _candidates(store, optimization, steps)),
        )

    async def candidates(self, optimization_id: str) -> list[ListedCandidate]:
        """What it has tried so far, in the order in which it was made: first the original."""
        optimization = await self.get(optimization_id)
        store = await self._open()
        return await _candidates(store, optimization, await _steps(store, optimization))

    async def delete(self, optimization_id: str) -> Optimization:
        """With its answers and all candidates that did not become a version. Raises Conflict while
        its job is queued or running."""
        optimization = await self.get(optimization_id)
        store = await self._open()
        (listed,) = await _listed(store, [optimization])
        if listed.state in ("queued", "running"):
            raise Conflict(
                f"optimisation {optimization.id} is {listed.state}",
                hint=f"end it first: burnish jobs cancel {optimization.job_id}",
                subject=optimization.id,
            )
        await store.optimizations.delete(optimization.id)
        return optimization


async def _listed(store: Store, found: Sequence[Optimization]) -> list[ListedOptimization]:
    states: dict[str, State] = {}
    for each in found:
        if each.ended_at is None and each.job_id:
            jobs = await store.jobs.by_prefix(each.job_id, 1)
            states.update(
                (each.id, job.state) for job in jobs if job.state in ("queued", "running")
            )
    return [
        ListedOptimization(
            **msgspec.structs.asdict(each),
            state=states.get(each.id) or _ended(each),
        )
        for each in found
    ]


def _ended(optimization: Optimization) -> State:
    is_done = optimization.ended_at is not None and optimization.outcome != "stopped"
    return "done" if is_done else "stopped"


async def _steps(store: Store, optimization: Optimization) -> list[tuple[Step, Drafted]]:
    steps = await store.optimizations.steps(optimization.id)
    return [(step, convert(step.drafted, Drafted)) for step in steps]


async def _candidates(
    store: Store, optimization: Optimization, steps: Sequence[tuple[Step, Drafted]]
) -> list[ListedCandidate]:
    made: dict[str, tuple[int, Candidate]] = {}
    for step, drafted in steps:
        for each in drafted.candidates:
            # Two ways may lead to one text: the first one made it.
            made.setdefault(each.id, (step.step, each))
    standings = {e.candidate: e for e in await store.optimizations.standings(optimization.id)}
    original, usual = await _original(store, optimization)
    first = _first([each for _, each in made.values()], standings) or original.id
    made.pop(first, None)
    return [
        msgspec.structs.replace(
            _line(first, None, original, standings.get(first)), parameters=usual
        ),
        *(_line(name, step, each, standings.get(name)) for name, (step, each) in made.items()),
    ]


def _first(made: Sequence[Candidate], measured: Iterable[str]) -> str:
    """The id of the one that the search began with, which others come from before any step has
    made it; empty where nothing was tried."""
    there: set[str] = set()
    for each in made:
        for parent in each.parents:
            if parent not in there:
                return parent
        there.add(each.id)
    return next((each for each in measured if each not in there), "")


async def _original(store: Store, optimization: Optimization) -> tuple[Candidate, dict[str, Any]]:
    """With what it gives the parameters that may vary."""
    version = await store.versions.by_id(optimization.version_id)
    vary, given = optimization.settings.get("vary", {}), optimization.parameters
    if version is None:  # it was deleted for good
        return Candidate(messages=(), operator=ORIGINAL), own_values(vary, PromptConfig(), given)
    made = Candidate(messages=version.messages, operator=ORIGINAL)
    return made, own_values(vary, read_config(version.config), given)


def _line(
    name: str, step: int | None, made: Candidate, standing: Standing | None
) -> ListedCandidate:
    line = ListedCandidate(
        id=name,
        step=step,
        operator=made.operator,
        why=made.why,
        parents=made.parents,
        text=join_messages(made.messages) if made.messages else "",
        messages=made.messages,
        parameters=made.parameters,
    )
    if standing is None:
        return line
    priced = standing.answers - standing.unpriced
    return msgspec.structs.replace(
        line,
        n=standing.examples,
        answers=standing.answers,
        failed=standing.failed,
        score=standing.score,
        cost_usd=standing.cost_usd / priced if priced else None,
        input_tokens=standing.input_tokens,
        output_tokens=standing.output_tokens,
    )
