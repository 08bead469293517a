"""What is counted, under which name, and what it means."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator, Mapping, Sequence
from typing import Final

import msgspec

from burnish.storage.counters import Counted


class Counter(msgspec.Struct, frozen=True, kw_only=True):
    """A sum that only grows."""

    name: str
    help: str
    labels: tuple[str, ...] = ()

    def one(self, *values: str) -> dict[Counted, float]:
        return {(self.name, tuple(zip(self.labels, values, strict=True))): 1.0}


class Histogram(msgspec.Struct, frozen=True, kw_only=True):
    """How many values lie below each of the `bounds`."""

    name: str
    help: str
    bounds: tuple[float, ...]
    labels: tuple[str, ...] = ()

    def one(self, value: float, *values: str) -> dict[Counted, float]:
        """What to add for a value: its bucket alone, so that each value is two sums to add to."""
        labels = tuple(zip(self.labels, values, strict=True))
        at = bisect_left(self.bounds, value)
        bound = f"{self.bounds[at]:g}" if at < len(self.bounds) else "+Inf"
        return {
            (f"{self.name}_bucket", (*labels, ("le", bound))): 1.0,
            (f"{self.name}_sum", labels): value,
        }

    def below(self, found: Mapping[str, float]) -> list[tuple[str, float]]:
        """How many lie below each bound, of how many lie in each bucket."""
        total, told = 0.0, list[tuple[str, float]]()
        for bound in (*(f"{each:g}" for each in self.bounds), "+Inf"):
            total += found.get(bound, 0.0)
            told.append((bound, total))
        return told


_MS = (5, 10, 25, 50, 100, 250, 500, 1_000, 2_500, 5_000, 10_000, 30_000, 60_000)
_S = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10)

GENERATED: Final = Counter(name="prompts_generated_total", help="Prompts generated and stored")
OPTIMIZED: Final = Counter(name="prompts_optimized_total", help="Optimisations that have ended")
TESTED: Final = Counter(
    name="model_tests_total", help="Evaluations that a model took part in", labels=("model",)
)
GENERATION_MS: Final = Histogram(
    name="generation_latency_ms",
    help="How long making a prompt takes until it is stored, in milliseconds",
    bounds=_MS,
)
REQUESTS: Final = Counter(
    name="http_requests_total",
    help="Requests answered",
    labels=("method", "operation", "status"),
)
REQUEST_S: Final = Histogram(
    name="http_request_duration_seconds",
    help="How long answering takes, in seconds",
    bounds=_S,
    labels=("operation",),
)
COUNTERS: Final = (GENERATED, OPTIMIZED, TESTED, REQUESTS)
HISTOGRAMS: Final = (GENERATION_MS, REQUEST_S)


def added(several: Sequence[Mapping[Counted, float]]) -> dict[Counted, float]:
    total: dict[Counted, float] = {}
    for each in several:
        for counted, amount in each.items():
            total[counted] = total.get(counted, 0.0) + amount
    return total


def of_name(found: Mapping[Counted, float], name: str) -> Iterator[tuple[dict[str, str], float]]:
    """The labels and the value of each sum of that name."""
    for (each, labels), value in found.items():
        if each == name:
            yield dict(labels), value
