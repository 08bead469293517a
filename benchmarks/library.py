"""A warm get against a dict lookup, and a first load.

    python benchmarks/library.py

The lookup is measured twice: bare, and behind a function, which no library call can do without.
"""

from __future__ import annotations

import asyncio
import tempfile
import time
import timeit
from pathlib import Path
from typing import Any

from _report import percentiles_ms, report

from burnish.library import Library, NewPrompt
from burnish.storage.sqlite import open_sqlite

NUMBER = 200_000


def best_ns(statement: str, **names: object) -> float:
    return min(timeit.repeat(statement, globals=names, number=NUMBER, repeat=9)) / NUMBER * 1e9


async def warm_ns(library: Library, key: str) -> float:
    """The awaited call, over the event loop's own cost of awaiting nothing."""
    start = time.perf_counter_ns()
    for _ in range(NUMBER):
        await library.get(key)
    return (time.perf_counter_ns() - start) / NUMBER


async def first_loads_s(library: Library, count: int) -> list[float]:
    times: list[float] = []
    for n in range(count):
        start = time.perf_counter()
        await library.get(f"p{n}@latest")
        times.append(time.perf_counter() - start)
    return times


async def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        store = await open_sqlite(Path(folder) / "b.sqlite")
        library = Library(store)
        text = "You write about {{ topic }}. " * 35
        await library.create_many([NewPrompt(name=f"p{n}", content=text) for n in range(1000)])
        for n in range(1000):
            await library.get(f"p{n}")
            await library.get(f"p{n}@1")
        plain = {f"p{n}": n for n in range(1000)}

        def lookup(key: str) -> int | None:
            return plain.get(key)

        bare = best_ns("d[k]", d=plain, k="p77")
        behind = best_ns("f(k)", f=lookup, k="p77")
        rows: list[dict[str, Any]] = []
        for what, key in (("label", "p77"), ("pinned revision", "p77@1")):
            ns = best_ns("f(k)", f=library.get_cached, k=key)
            rows.append(
                {
                    "what": f"warm get of a {what}",
                    "ns": round(ns),
                    "ratio_to_bare_dict": round(ns / bare, 1),
                    "ratio_to_dict_in_a_function": round(ns / behind, 1),
                    "target": "<= 4 x a dict lookup",
                    "met": ns / bare <= 4,
                }
            )
        warm = await warm_ns(library, "p77")
        rows.append(
            {
                "what": "awaited warm get",
                "ns": round(warm),
                "met": warm < 100_000,
                "target": "<= 0.1 ms",
            }
        )
        first = percentiles_ms(await first_loads_s(library, 1000))
        rows.append(
            {
                "what": "first load from the store",
                **first,
                "target": "p95 <= 10 ms",
                "met": first["p95_ms"] <= 10,
            }
        )
        report("library", rows)
        await store.close()


if __name__ == "__main__":
    asyncio.run(main())
