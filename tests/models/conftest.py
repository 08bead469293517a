"""A caller over scripted models, with its runs in a list."""

from __future__ import annotations

import asyncio
from bisect import insort
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import msgspec
import pytest

from burnish.models.attempts import Attempts
from burnish.models.call import Caller
from burnish.models.fake import Fake
from burnish.models.model import Capabilities, Model
from burnish.models.preset import PRESETS, Preset
from burnish.models.prices import Prices
from burnish.models.question import CallEvent
from burnish.models.registry import Registry
from burnish.settings import LimitSettings, ModelsSettings, VendorEnvironment
from burnish.storage.ids import Ids
from burnish.storage.run import Run

# As often the event loop turns while a call goes from one wait to the next.
_STEPS = 10


class Named(Fake):
    """A scripted model under a provider's name of its own; it is priced like that provider's."""

    def __init__(self, provider: str, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs, capabilities=Capabilities(schema=True, tools=True))
        self._own = provider

    @property
    def provider(self) -> str:
        return self._own


class Memory:
    """A cache and a journal in memory."""

    def __init__(self) -> None:
        self.kept: dict[str, bytes] = {}
        self.runs: list[Run] = []

    def get(self, key: str) -> bytes | None:
        return self.kept.get(key)

    def put(self, key: str, value: bytes, ttl_s: float) -> None:
        self.kept[key] = value

    def record(self, run: Run) -> None:
        self.runs.append(run)

    async def room(self) -> None:
        return


class Time:
    """A clock that only sleeping moves. Sleepers wake in the order of their times, and whoever
    can go on does so before the next of them."""

    def __init__(self) -> None:
        self.now = 0.0
        self.slept: list[float] = []
        self._sleepers: list[tuple[float, int]] = []

    def __call__(self) -> float:
        return self.now

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        until = self.now + seconds
        own = (until, len(self.slept))
        insort(self._sleepers, own)
        try:
            while self.now < until:
                for _ in range(_STEPS):
                    await asyncio.sleep(0)
                if self._sleepers[0] == own:
                    self.now = max(self.now, until)
        finally:
            self._sleepers.remove(own)


@dataclass
class Bench:
    caller: Caller
    memory: Memory
    time: Time
    events: list[CallEvent] = field(default_factory=list[CallEvent])

    @property
    def runs(self) -> list[Run]:
        return self.memory.runs


MakeBench = Callable[..., Bench]


@pytest.fixture
def bench(tmp_path: Path) -> MakeBench:
    def make(
        *models: Model | Preset,
        limits: LimitSettings | None = None,
        cached: bool = True,
        real_time: bool = False,
        fallbacks: tuple[str, ...] = (),
        chance: Callable[[], float] = lambda: 1.0,
        **settings: Any,
    ) -> Bench:
        providers = (
            {}
            if limits is None
            else {m.provider: limits for m in models if not isinstance(m, Preset)}
        )
        models_settings = msgspec.structs.replace(ModelsSettings(providers=providers), **settings)
        registry = Registry(
            (*PRESETS, *models), models_settings, VendorEnvironment({}), tmp_path / "models"
        )
        time, memory, events = Time(), Memory(), list[CallEvent]()
        how: dict[str, Any] = {} if real_time else {"clock": time, "sleep": time.sleep}

        async def journal() -> Memory:
            return memory

        caller = Caller(
            registry,
            Attempts(registry, models_settings, Prices(), chance=chance, **how),
            new_id=Ids(),
            who=lambda: "ana",
            journal=journal,
            cache=memory if cached else None,
            fallbacks=fallbacks,
            observers=[events.append],
        )
        return Bench(caller, memory, time, events)

    return make
