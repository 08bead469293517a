"""A warm get against a dict lookup, and a first load.

    python benchmarks/library.py

The lookup is measured twice: bare, and behind a function, which no library call can do without.
"""

from __future__ import annotations

import asyncio
import tempfile
import time
import timeit
from typing import Any

from _report import percentiles_ms, report

import burnish
from burnish.library import NewPrompt

NUMBER = 200_000
COUNT = 1000


def best_ns(statement: str, **names: object) -> float:
    return min(timeit.repeat(statement, globals=names, number=NUMBER, repeat=9)) / NUMBER * 1e9


async def awaited_ns(folder: str) -> float:
    """The awaited call, as code in an event loop of its own makes it."""
    async with burnish.open_async(folder) as p:
        await p.prompts.get("p77")
        start = time.perf_counter_ns()
        for _ in range(NUMBER):
            await p.prompts.get("p77")
        return (time.perf_counter_ns() - start) / NUMBER


def first_loads_s(p: burnish.Platform, count: int) -> list[float]:
    times: list[float] = []
    for n in range(count):
        start = time.perf_counter()
        p.prompts.get(f"p{n}@latest")
        times.append(time.perf_counter() - start)
    return times


def warm_rows(p: burnish.Platform) -> list[dict[str, Any]]:
    plain = {f"p{n}": n for n in range(COUNT)}

    def lookup(key: str) -> int:
        return plain[key]

    bare = best_ns("d[k]", d=plain, k="p77")
    behind = best_ns("f(k)", f=lookup, k="p77")
    rows: list[dict[str, Any]] = []
    for what, key in (("label", "p77"), ("pinned revision", "p77@1")):
        ns = best_ns("p.prompts.get(k)", p=p, k=key)
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
    return rows


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        with burnish.open(folder) as p:
            text = "You write about {{ topic }}. " * 35
            p.prompts.create_many([NewPrompt(name=f"p{n}", content=text) for n in range(COUNT)])
            for n in range(COUNT):
                p.prompts.get(f"p{n}")
                p.prompts.get(f"p{n}@1")
            rows = warm_rows(p)
            first = percentiles_ms(first_loads_s(p, COUNT))
        warm = asyncio.run(awaited_ns(folder))
        rows += [
            {
                "what": "awaited warm get",
                "ns": round(warm),
                "met": warm < 100_000,
                "target": "<= 0.1 ms",
            },
            {
                "what": "first load from the store",
                **first,
                "target": "p95 <= 10 ms",
                "met": first["p95_ms"] <= 10,
            },
        ]
        report("library", rows)


if __name__ == "__main__":
    main()
