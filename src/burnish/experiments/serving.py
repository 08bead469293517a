"""Prompts for units: the version that an experiment assigns, else what everybody gets."""

from __future__ import annotations

import threading
from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from msgspec import structs

from burnish.errors import NotFound
from burnish.experiments.assigning import (
    MOST_UNIT_CHARS,
    Assignment,
    Live,
    checked_unit,
    slices_of,
)
from burnish.experiments.journal import Journal
from burnish.experiments.running import AWAY, Running
from burnish.library.lookup import wanted_by
from burnish.library.units import Attributes
from burnish.prompts.refs import Reference
from burnish.storage.experiment import Experiment, Exposure
from burnish.storage.store import Fetched, Store

if TYPE_CHECKING:
    from burnish.library.fallback import Fallback

# Clocks of machines are apart: outcomes count from a little before their exposure on.
SKEW = timedelta(seconds=60)
MOST_UNITS = 100_000
_MOST_REFERENCES, _MOST_EXPERIMENTS = 10_000, 100

Get = Callable[..., Awaitable[Fetched]]
Pointers = Mapping[Any, Fetched]


class Serving:
    """`get` and `fresh` are those of `prompts`. An exposure is logged once for each unit that this
    process remembers, which are the last 100,000 of each experiment; the store keeps the first."""

    def __init__(
        self,
        running: Running,
        journal: Journal,
        *,
        open_store: Callable[[], Awaitable[Store]],
        get: Get,
        fresh: Mapping[str, Pointers],
        warn: Callable[[str, str], None],
    ) -> None:
        self._running = running
        self._journal = journal
        self._open_store = open_store
        self._get = get
        self._fresh = fresh
        self._warn = warn
        self.served: dict[str, Experiment] = {}
        """Those of which a variant was given, by name."""
        self._asked: dict[tuple[str, str | None], Reference] = {}
        self._seen: dict[str, dict[str, str]] = {}
        self._warned: set[tuple[str, str]] = set()
        self._lock = threading.Lock()

    def at_once(
        self, reference: str, label: str | None, unit: str, attributes: Attributes | None
    ) -> Fetched | None:
        """What `get` would answer, where all that it takes is in memory and fresh."""
        wanted = self._asked.get((reference, label))
        if wanted is None or unit.__class__ is not str or not _is_usual(unit):
            return None
        running = self._running.at_once(wanted.name)
        if running is None:
            return None
        pointers = self._fresh.get(reference)
        usual = None if pointers is None else pointers.get(label)
        if not running:
            return usual
        label = wanted.label
        if label is None:
            if usual is None:
                return None
            label = usual.via
        for live in running:
            if live.label == label and not live.refuses(unit, attributes):
                return self._known(live, unit, attributes)
        return usual

    async def get(
        self,
        reference: str,
        label: str | None,
        fallback: Fallback | None,
        unit: str,
        attributes: Attributes | None,
    ) -> Fetched:
        """Raises as `prompts.get` does, and UsageError for what names no unit and for attributes
        that cannot be kept."""
        checked_unit(unit)
        slices_of(attributes)
        wanted = wanted_by(reference, label)
        if wanted.revision is not None or wanted.branch is not None:
            return await self._get(reference, label, None, fallback)
        self._ask(reference, label, wanted)
        running = await self._of(wanted.name)
        if not running:
            return await self._get(reference, label, None, fallback)
        usual = None
        pointer = wanted.label
        if pointer is None:
            usual = await self._get(reference, label, None, fallback)
            pointer = usual.via
        live = _taking(running, pointer, unit, attributes)
        if live is not None:
            variant = await self._variant(live, unit)
            found = await self._version(live, variant)
            if found is not None:
                self._expose(live, unit, variant, attributes)
                return found
        return usual or await self._get(reference, label, None, fallback)

    async def assign(
        self, name: str, unit: str, attributes: Attributes | None, *, expose: bool
    ) -> Assignment:
        checked_unit(unit)
        slices_of(attributes)
        experiment = await self._running.named(name)
        got = Assignment(experiment=experiment.name, unit=unit)
        if experiment.kind == "offline":
            return structs.replace(got, why="it is offline: it asks examples, and no units")
        self._journal.begin()
        running = await self._running.of(experiment.prompt)
        own = next((each for each in running if each.id == experiment.id), None)
        if own is None and experiment.state == "running":
            # Begun by another process just now.
            self._running.drop(experiment.prompt)
            running = await self._running.of(experiment.prompt)
            own = next((each for each in running if each.id == experiment.id), None)
        if own is None:
            return structs.replace(got, why=f"the experiment is {_state(experiment.state)}")
        why = own.refuses(unit, attributes)
        first = _taking(running, own.label, unit, attributes)
        if not why and first is not None and first is not own:
            why = f"experiment {first.experiment.name} has the unit"
        if why:
            return structs.replace(got, why=why)
        variant = await self._variant(own, unit)
        found = await self._version(own, variant)
        prompt = own.variants[variant].prompt
        if found is None:
            return structs.replace(got, why=f"{prompt}, which is variant {variant}, is gone")
        if expose:
            self._expose(own, unit, variant, attributes)
        return structs.replace(got, variant=variant, prompt=prompt)

    async def _of(self, prompt: str) -> tuple[Live, ...]:
        self._journal.begin()
        try:
            return await self._running.of(prompt)
        except AWAY:
            # The prompt itself may be known, or brought along; else that is what is told.
            return ()

    def _known(self, live: Live, unit: str, attributes: Attributes | None) -> Fetched | None:
        variant = self._seen.get(live.id, {}).get(unit)
        if variant is not None:
            return live.served.get(variant)
        if live.reshuffled:
            return None
        variant = live.variant(unit)
        found = live.served.get(variant)
        if found is not None:
            checked_unit(unit)
            self._expose(live, unit, variant, attributes)
        return found

    async def _variant(self, live: Live, unit: str) -> str:
        seen = self._seen.get(live.id, {}).get(unit, "")
        if not seen and live.reshuffled:
            try:
                store = await self._open_store()
                seen = (await store.experiments.seen(live.id, [unit])).get(unit, "")
            except AWAY:
                # As the shares are now: the store keeps what the unit saw first.
                pass
            if seen:
                self._remember(live, unit, seen)
        return seen or live.variant(unit)

    async def _version(self, live: Live, variant: str) -> Fetched | None:
        if variant in live.served:
            return live.served[variant]
        wanted = live.variants[variant]
        try:
            found = await self._get(wanted.prompt)
        except NotFound:
            found = None
        if found is None or found.version.archived_at is not None:
            self._tell_gone(live, variant)
            live.served[variant] = None
            return None
        self.served[live.experiment.name] = live.experiment
        config = found.version.config | wanted.config
        if wanted.model:
            config["model"] = wanted.model
        made = structs.replace(
            found,
            version=structs.replace(found.version, config=config),
            via="experiment",
            experiment=live.experiment.name,
            variant=variant,
        )
        if not made.stale:
            live.served[variant] = made
        return made

    def _expose(self, live: Live, unit: str, variant: str, attributes: Attributes | None) -> None:
        slices = slices_of(attributes)
        if not self._remember(live, unit, variant):
            return
        at = datetime.now(UTC)
        exposure = Exposure(
            experiment_id=live.id,
            unit=unit,
            variant=variant,
            chance=live.shares.get(variant, 0.0),
            slices=slices,
            at=at,
            since=at - SKEW,
        )
        self._journal.expose(exposure)

    def _remember(self, live: Live, unit: str, variant: str) -> bool:
        """Whether it was not in memory before."""
        with self._lock:
            seen = self._seen.setdefault(live.id, {})
            if unit in seen:
                return False
            while len(seen) >= MOST_UNITS:
                del seen[next(iter(seen))]
            while len(self._seen) > _MOST_EXPERIMENTS:
                del self._seen[next(iter(self._seen))]
            seen[unit] = variant
            return True

    def _ask(self, reference: str, label: str | None, wanted: Reference) -> None:
        while len(self._asked) >= _MOST_REFERENCES:
            self._asked.pop(next(iter(self._asked)), None)
        self._asked[reference, label] = wanted

    def _tell_gone(self, live: Live, variant: str) -> None:
        if (live.id, variant) not in self._warned:
            self._warned.add((live.id, variant))
            self._warn(
                "a variant is gone",
                f"{live.variants[variant].prompt}, which is {variant} of experiment "
                f"{live.experiment.name}, was archived or deleted; its units get what "
                f"{live.label or 'everybody'} gives",
            )


def _is_usual(unit: str) -> bool:
    """Whether it needs no closer look."""
    return 0 < len(unit) <= MOST_UNIT_CHARS and unit.isprintable() and not unit.isspace()


def _taking(
    running: tuple[Live, ...], label: str, unit: str, attributes: Attributes | None
) -> Live | None:
    """The oldest one that takes the unit."""
    for live in running:
        if live.label == label and not live.refuses(unit, attributes):
            return live
    return None


def _state(state: str) -> str:
    return "a draft" if state == "draft" else state
