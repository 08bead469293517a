"""Experiments in the store, and the moves from one state to another."""

from __future__ import annotations

import difflib
import secrets
from collections.abc import Mapping, Sequence
from typing import Any, Final, get_args

import msgspec
from msgspec import structs

from burnish.errors import Conflict, NotFound, UsageError
from burnish.experiments.around import Around
from burnish.experiments.trial import configured
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
        """A draft, whose variants are pinned."""
        around = self._around
        control = next(each for each in plan.variants if each.name == plan.control)
        experiment = Experiment(
            id=around.new_id(),
            name=name,
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

    async def pinned(self, kind: Kind, variants: Sequence[Variant]) -> tuple[Variant, ...]:
        """To revisions. Raises NotFound for a version that is not there, UsageError for two that
        are the same, and for several prompts at one label."""
        found: list[Variant] = []
        seen: dict[bytes, str] = {}
        for each in variants:
            got = await self._around.prompts.get(each.prompt)
            prompt = f"{got.prompt.name}@{got.version.revision}"
            says = configured(got.version.config, each)
            twin = seen.setdefault(
                msgspec.json.encode((prompt, says), order="deterministic"), each.name
            )
            if twin != each.name:
                raise UsageError(
                    f"variants {twin!r} and {each.name!r} are the same: {prompt}",
                    hint="change one of them, or leave it out",
                    subject=each.name,
                )
            found.append(structs.replace(each, prompt=prompt))
        names = {refs.parse(each.prompt).name for each in found}
        if kind == "online" and len(names) > 1:
            raise UsageError(
                f"variants are of several prompts: {', '.join(sorted(names))}",
                hint="compare revisions of one prompt, or use a dataset (data=cases)",
            )
        return tuple(found)

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
            raise _refused(experiment, state)
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
    """By its name, or its id or a beginning of that. Raises NotFound with the nearest name there
    is, and Conflict where several ids begin so."""
    found = await store.experiments.by_name(name)
    if found is not None:
        return found
    several = await store.experiments.by_prefix(name, 2) if name else []
    if not several:
        names = [each.name for each in await store.experiments.page(MOST)]
        near = difflib.get_close_matches(name, names, n=1)
        hint = f"did you mean {near[0]!r}?" if near else "see burnish experiments list"
        raise NotFound(f"there is no experiment {name!r}", hint=hint, subject=name)
    if len(several) > 1:
        raise Conflict(
            f"more than one experiment has an id that begins with {name!r}",
            hint="give more of it, or its name",
        )
    return several[0]


def _refused(experiment: Experiment, state: State) -> Conflict:
    """Why it cannot be moved from where it is to that state."""
    now, name = experiment.state, experiment.name
    hint = _HINTS[now].format(name=name)
    if now == "draft":
        said = "is a draft: it has not begun"
    elif now == state or (experiment.ended and state in ("completed", "stopped")):
        said = f"is {now} already"
    else:
        said = f"is {now}: it has ended for good"
    return Conflict(f"experiment {name!r} {said}", hint=hint, subject=name)


_HINTS: Final[Mapping[State, str]] = {
    "draft": "start it first: burnish experiments start {name}",
    "running": "see how it stands: burnish experiments show {name}",
    "paused": "go on with burnish experiments start {name}, or end it with stop",
    "completed": "see what it came to: burnish experiments show {name}",
    "stopped": "see what it came to: burnish experiments show {name}",
}
