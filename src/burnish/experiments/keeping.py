"""Experiments in the store, and the moves from one state to another."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from typing import Any, Final, get_args

from msgspec import structs

from burnish.errors import Conflict, NotFound, UsageError
from burnish.experiments.around import Around
from burnish.prompts import refs
from burnish.storage.experiment import (
    Experiment,
    Kind,
    Moved,
    Plan,
    State,
    Variant,
    What,
)
from burnish.storage.store import Store

_MOVES: Final[Mapping[State, tuple[State, ...]]] = {
    "draft": ("running",),
    "running": ("paused", "completed", "stopped"),
    "paused": ("running", "completed", "stopped"),
    "completed": (),
    "stopped": (),
}
MOST = 1_000


class Keeping:
    def __init__(self, around: Around) -> None:
        self._around = around

    async def add(self, name: str, kind: Kind, plan: Plan, label: str, why: str) -> Experiment:
        """A draft, whose variants are pinned to revisions."""
        around = self._around
        plan = structs.replace(plan, variants=tuple([await self._pinned(v) for v in plan.variants]))
        names = {refs.parse(each.prompt).name for each in plan.variants}
        if kind == "online" and len(names) > 1:
            raise UsageError(
                f"variants are of several prompts: {', '.join(sorted(names))}",
                hint="compare revisions of one prompt, or use a dataset (data=cases)",
            )
        control = next(each for each in plan.variants if each.name == plan.control)
        experiment = Experiment(
            id=around.new_id(),
            name=refs.check_name(name, "experiment"),
            kind=kind,
            prompt=refs.parse(control.prompt).name,
            label=refs.check_label(label),
            plan=plan,
            salt=secrets.token_hex(8),
            by=around.who(),
            created_at=around.now(),
        )
        store = await around.store()
        await store.experiments.add(experiment, self.moved("created", why=why))
        return experiment

    async def _pinned(self, variant: Variant) -> Variant:
        """Raises NotFound for a version that is not there."""
        found = await self._around.prompts.get(variant.prompt)
        return structs.replace(variant, prompt=f"{found.prompt.name}@{found.version.revision}")

    async def get(self, name: str) -> Experiment:
        return await experiment_named(await self._around.store(), name)

    async def page(self, limit: int, state: State | None, prompt: str) -> list[Experiment]:
        if not 1 <= limit <= MOST:
            raise UsageError(f"{limit} experiments cannot be listed", hint=f"use 1 to {MOST}")
        if state is not None and state not in get_args(State):
            raise UsageError(
                f"there is no state {state!r}", hint=f"use {', '.join(get_args(State))}"
            )
        store = await self._around.store()
        return await store.experiments.page(limit, state=state, prompt=prompt)

    async def log(self, name: str, limit: int) -> list[Moved]:
        experiment = await self.get(name)
        store = await self._around.store()
        return await store.experiments.log(experiment.id, max(1, min(limit, MOST)))

    async def delete(self, name: str) -> Experiment:
        """Raises Conflict for one that runs or is paused."""
        experiment = await self.get(name)
        if experiment.state in ("running", "paused"):
            raise Conflict(
                f"experiment {experiment.name!r} is {experiment.state}",
                hint=f"stop it first: burnish experiments stop {experiment.name}",
            )
        await (await self._around.store()).experiments.delete(experiment.id)
        return experiment

    async def move(
        self,
        experiment: Experiment,
        state: State,
        what: What,
        *,
        why: str = "",
        facts: Mapping[str, Any] | None = None,
        **changes: Any,
    ) -> Experiment:
        """Raises Conflict for a move that there is not, and where somebody else was faster."""
        if state not in _MOVES[experiment.state]:
            raise Conflict(
                f"experiment {experiment.name!r} is {experiment.state}, and cannot become {state}",
                hint=_HINTS[experiment.state],
                subject=experiment.name,
            )
        return await self.change(experiment, what, why=why, facts=facts, state=state, **changes)

    async def change(
        self,
        experiment: Experiment,
        what: What,
        *,
        why: str = "",
        facts: Mapping[str, Any] | None = None,
        **changes: Any,
    ) -> Experiment:
        new = structs.replace(experiment, **changes)
        store = await self._around.store()
        moved = self.moved(what, why=why, facts=facts)
        changed = await store.experiments.change(new, moved)
        self._around.tell(experiment.prompt)
        return changed

    def moved(self, what: What, *, why: str = "", facts: Mapping[str, Any] | None = None) -> Moved:
        around = self._around
        return Moved(
            id=around.new_id(),
            what=what,
            by=around.who(),
            why=why,
            facts=dict(facts or {}),
            at=around.now(),
        )


async def experiment_named(store: Store, name: str) -> Experiment:
    """By its name, or its id or a beginning of that. Raises NotFound, and Conflict where several
    ids begin so."""
    found = await store.experiments.by_name(name)
    if found is not None:
        return found
    several = await store.experiments.by_prefix(name, 2) if name else []
    if not several:
        raise NotFound(
            f"there is no experiment {name!r}",
            hint="see burnish experiments list",
            subject=name,
        )
    if len(several) > 1:
        raise Conflict(
            f"more than one experiment has an id that begins with {name!r}",
            hint="give more of it, or its name",
        )
    return several[0]


_HINTS: Final[Mapping[State, str]] = {
    "draft": "start it first",
    "running": "it runs already",
    "paused": "start goes on with it, stop ends it",
    "completed": "create another one",
    "stopped": "create another one",
}
