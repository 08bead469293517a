"""`/metrics`: what all processes on this store have counted, for Prometheus."""

from __future__ import annotations

import asyncio
import logging
import math
from bisect import bisect_left
from collections.abc import AsyncGenerator, Iterator, Mapping
from contextlib import asynccontextmanager, suppress
from typing import TYPE_CHECKING, Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from burnish.errors import BurnishError
from burnish.platform import AsyncPlatform
from burnish.platform.measured import Gauges
from burnish.rest.operation import Operation
from burnish.storage.counters import Counted
from burnish.telemetry.metrics import (
    COUNTERS,
    GENERATION_MS,
    HISTOGRAMS,
    REQUEST_S,
    REQUESTS,
    Counter,
    Histogram,
    of_name,
)

if TYPE_CHECKING:
    from prometheus_client.metrics_core import Metric

PATH = "/metrics"
# How far another process's requests may lag behind.
_EVERY_S = 2.0
# What no operation answers has no name of its own: anybody can ask for any path.
_OTHER = "other"
_HOT = "prompts_get"


class Metrics:
    """Counts requests here, and hands them to the store from time to time, so that one process
    tells what all have answered. Who is killed loses the last two seconds of them."""

    def __init__(self, platform: AsyncPlatform) -> None:
        self._platform = platform
        self._counts: dict[Counted, float] = {}
        self._hot_counts: dict[int, int] = {}
        self._hot_buckets: dict[int, int] = {}
        self._hot_s = 0.0

    def answered(
        self, method: str, operation: Operation | None, status: int, took_s: float
    ) -> None:
        name = _OTHER if operation is None else operation.name
        self._add(REQUESTS.one(method if operation else _OTHER, name, str(status)))
        self._add(REQUEST_S.one(took_s, name))

    def hot(self, status: int, took_s: float) -> None:
        """A read that was answered at once: counted in a moment, added up later."""
        self._hot_counts[status] = self._hot_counts.get(status, 0) + 1
        self._hot_s += took_s
        at = bisect_left(REQUEST_S.bounds, took_s)
        self._hot_buckets[at] = self._hot_buckets.get(at, 0) + 1

    def _take_hot(self) -> None:
        counts, self._hot_counts = self._hot_counts, {}
        buckets, self._hot_buckets = self._hot_buckets, {}
        total, self._hot_s = self._hot_s, 0.0
        for status, count in counts.items():
            self._add(dict.fromkeys(REQUESTS.one("GET", _HOT, str(status)), count))
        for at, count in buckets.items():
            bound = REQUEST_S.bounds[at] if at < len(REQUEST_S.bounds) else math.inf
            bucket, whole = REQUEST_S.one(bound, _HOT)
            self._add({bucket: count, whole: total})
            total = 0.0

    @asynccontextmanager
    async def kept(self) -> AsyncGenerator[None]:
        task = asyncio.create_task(self._keep())
        try:
            yield
        finally:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task
            await self._hand_over()

    def route(self) -> Route:
        return Route(PATH, self._told, methods=["GET"])

    async def _keep(self) -> None:
        while True:
            await asyncio.sleep(_EVERY_S)
            await self._hand_over()

    async def _hand_over(self) -> None:
        self._take_hot()
        counts, self._counts = self._counts, {}
        try:
            await self._platform.counts.add(counts)
        except BurnishError as error:
            # The store is away: they are kept for the next time.
            self._add(counts)
            self._platform.log(logging.WARNING, "requests are not counted yet", error=str(error))

    def _add(self, amounts: Mapping[Counted, float]) -> None:
        for counted, amount in amounts.items():
            self._counts[counted] = self._counts.get(counted, 0.0) + amount

    async def _told(self, _: Request) -> Response:
        from prometheus_client import CollectorRegistry, generate_latest
        from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4

        await self._hand_over()
        registry = CollectorRegistry(auto_describe=False)
        counts = self._platform.counts
        registry.register(_Collected(await counts.all(), await counts.gauges()))
        return Response(
            generate_latest(registry), headers={"content-type": CONTENT_TYPE_PLAIN_0_0_4}
        )


class _Collected:
    """What the store has, as the exposition wants it."""

    def __init__(self, found: Mapping[Counted, float], gauges: Gauges) -> None:
        self._found = found
        self._gauges = gauges

    def collect(self) -> Iterator[Metric]:
        yield from (self._counter(each) for each in COUNTERS)
        yield from (self._histogram(each) for each in HISTOGRAMS)
        yield from self._measured()

    def _counter(self, counter: Counter) -> Metric:
        from prometheus_client.metrics_core import CounterMetricFamily

        told = CounterMetricFamily(counter.name, counter.help, labels=counter.labels)
        found = dict(self._found)
        if not counter.labels:
            found.setdefault((counter.name, ()), 0.0)
        for labels, value in of_name(found, counter.name):
            told.add_metric([labels[each] for each in counter.labels], value)
        return told

    def _histogram(self, histogram: Histogram) -> Metric:
        from prometheus_client.metrics_core import HistogramMetricFamily

        told = HistogramMetricFamily(histogram.name, histogram.help, labels=histogram.labels)
        buckets: dict[tuple[str, ...], dict[str, float]] = {} if histogram.labels else {(): {}}
        for labels, value in of_name(self._found, f"{histogram.name}_bucket"):
            key = tuple(labels[each] for each in histogram.labels)
            buckets.setdefault(key, {})[labels["le"]] = value
        sums = {
            tuple(labels[each] for each in histogram.labels): value
            for labels, value in of_name(self._found, f"{histogram.name}_sum")
        }
        for key, found in buckets.items():
            told.add_metric(list(key), histogram.below(found), sums.get(key, 0.0))
        return told

    def _measured(self) -> Iterator[Metric]:
        from prometheus_client.metrics_core import GaugeMetricFamily

        count = sum(value for _, value in of_name(self._found, f"{GENERATION_MS.name}_bucket"))
        total = sum(value for _, value in of_name(self._found, f"{GENERATION_MS.name}_sum"))
        told: tuple[tuple[str, str, Any], ...] = (
            ("active_templates", "Prompts that are not deleted", self._gauges.prompts),
            ("avg_prompt_rating", "Mean rating of rated prompts, 0 to 1", self._gauges.rating),
            (
                "avg_generation_latency_ms",
                "Mean time of making a prompt, in milliseconds",
                total / count if count else None,
            ),
        )
        for name, about, value in told:
            yield GaugeMetricFamily(name, about, value=float("nan") if value is None else value)
