"""What every store keeps of counters."""

from __future__ import annotations

import asyncio

from burnish.storage.counters import Counted
from burnish.storage.store import Store

PLAIN: Counted = ("made", ())
LABELLED: Counted = ("tests", (("model", 'a "b"'), ("x", "é")))


async def test_sums_add_up_whoever_adds(store: Store) -> None:
    await store.counters.add({})
    assert await store.counters.all() == {}
    await asyncio.gather(*(store.counters.add({PLAIN: 1.0, LABELLED: 0.5}) for _ in range(20)))
    assert await store.counters.all() == {PLAIN: 20.0, LABELLED: 10.0}


async def test_totals_of_prompts(store: Store) -> None:
    assert await store.prompts.totals() == (0, None)
