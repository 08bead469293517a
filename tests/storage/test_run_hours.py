"""The histogram of an hour stays small however many groups of runs are added to it."""

import random
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest
from sqlalchemy import text

from burnish.storage.ids import Ids
from burnish.storage.run import Run
from burnish.storage.sqlite import open_sqlite
from burnish.storage.stats import StatFilter

NOON = datetime(2026, 5, 4, 12, tzinfo=UTC)


async def test_histograms_are_shortened_and_lose_nothing(tmp_path: Path) -> None:
    ids, chance = Ids(), random.Random(1)
    store = await open_sqlite(tmp_path / "b.sqlite")
    latencies = [chance.gauss(1000, 100) for _ in range(12_000)]
    for first in range(0, len(latencies), 100):
        await store.runs.add(
            [
                Run(id=ids(), kind="model", model="m", latency_ms=ms, created_at=NOON)
                for ms in latencies[first : first + 100]
            ]
        )
    async with store.database.reading() as connection:
        size = await connection.scalar(text("SELECT length(latencies) FROM run_hours"))
    # Each of the 120 groups added some forty buckets of eight characters.
    assert size is not None
    assert size < 25_000
    (stat,) = await store.runs.stats("model", StatFilter())
    assert stat.runs == 12_000
    assert stat.p95_latency_ms == pytest.approx(np.percentile(latencies, 95), rel=0.01)
    await store.close()
