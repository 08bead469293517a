"""A warm get against a dict lookup, and a first load.

    python benchmarks/library.py

The lookup is measured twice: bare, and behind a function, which no library call can do without.
"""

from __future__ import annotations

import asyncio
import statistics
import tempfile
import time
import timeit
from pathlib import Path

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


async def first_loads_ms(library: Library, count: int) -> list[float]:
    times: list[float] = []
    for n in range(count):
        start = time.perf_counter()
        await library.get(f"p{n}@latest")
        times.append((time.perf_counter() - start) * 1e3)
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
        print(f"dict lookup, bare            {bare:8.0f} ns")
        print(f"dict lookup in a function    {behind:8.0f} ns")
        for key in ("p77", "p77@1"):
            ns = best_ns("f(k)", f=library.get_cached, k=key)
            print(
                f"get_cached({key!r}){'':{15 - len(key)}}{ns:8.0f} ns   "
                f"{ns / bare:.1f} x bare, {ns / behind:.1f} x in a function"
            )
        print(f"await get('p77'), warm       {await warm_ns(library, 'p77'):8.0f} ns")
        times = await first_loads_ms(library, 1000)
        p95 = statistics.quantiles(times, n=20)[-1]
        print(f"first load, p50 / p95        {statistics.median(times):8.2f} / {p95:.2f} ms")
        await store.close()


if __name__ == "__main__":
    asyncio.run(main())
