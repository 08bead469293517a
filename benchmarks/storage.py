"""Bringing in many prompts: one batched call against one call for each.

    python benchmarks/storage.py [prompts]

Both run in one process on the same machine, one after the other, so the ratio holds where the
times do not.
"""

from __future__ import annotations

import asyncio
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from _report import report

from burnish.library import Library, NewPrompt
from burnish.storage.run import Run
from burnish.storage.sqlite import open_sqlite
from burnish.storage.store import Store

TEXT = "You write about {{ topic }}. " * 35


def prompts(count: int, folder: str) -> list[NewPrompt]:
    return [
        NewPrompt(
            name=f"{folder}/p{n}", content=f"{TEXT}{n}", category=f"c{n % 12}", tags=("a", "b")
        )
        for n in range(count)
    ]


async def batched(library: Library, count: int) -> float:
    new = prompts(count, "batch")
    start = time.perf_counter()
    await library.create_many(new)
    return count / (time.perf_counter() - start)


async def single(library: Library, count: int) -> float:
    new = prompts(count, "single")
    start = time.perf_counter()
    for prompt in new:
        await library.create(prompt.name, prompt.content, category=prompt.category)
    return count / (time.perf_counter() - start)


async def reads(library: Library, count: int) -> float:
    start = time.perf_counter()
    for n in range(count):
        await library.get(f"batch/p{n}")
    return (time.perf_counter() - start) / count * 1e3


async def runs(store: Store, library: Library, count: int) -> float:
    fetched = await library.get("batch/p1")
    version, at = fetched.version.id, fetched.version.created_at
    new = [
        Run(id=f"run {n}", kind="model", version_id=version, output=TEXT, created_at=at)
        for n in range(count)
    ]
    start = time.perf_counter()
    for first in range(0, count, 1000):
        await store.runs.add(new[first : first + 1000])
    return count / (time.perf_counter() - start)


async def main(count: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        store = await open_sqlite(Path(folder) / "b.sqlite")
        library = Library(store)
        one_by_one = await single(library, max(1, count // 10))
        at_once = await batched(library, count)
        rows: list[dict[str, Any]] = [
            {"what": f"{count} prompts of 1 KB in one batch", "seconds": round(count / at_once, 2)},
            {"what": "batch against one by one", "ratio": round(at_once / one_by_one, 1)},
            {"what": "first get of a prompt", "ms": round(await reads(library, 500), 2)},
            {
                "what": "runs in batches of 1,000",
                "rows_per_s": round(await runs(store, library, 20_000)),
                "target": ">= 40,000 rows/s",
            },
        ]
        rows[-1]["met"] = rows[-1]["rows_per_s"] >= 40_000
        report("storage", rows)
        await store.close()


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1]) if len(sys.argv) > 1 else 10_000))
