"""A library from 1,000 to 1,000,000 prompts: what each step costs, and how it grows.

    python benchmarks/scale.py --prompts FOLDER [--sizes 1000 10000 100000 1000000]

FOLDER is that of `search.py`. Libraries are mixed from sentences of its texts. Embedding 100,000
of them takes an hour, so their vectors are mixed as well: real sentence vectors, two to a prompt,
with noise. Queries are embedded for real.

Each step says how its cost grows with the number of prompts n: `bounded` (an index, or a look at
no more than so many), or `n` (each prompt, or each of a category, or with a word, is looked at).
A tenfold library may make the first twice and the second twelve times as dear, in the mean from
10,000 on: below, what each call costs anyway hides the rest. One tenfold alone may be dearer, where
what fitted into the processor's cache does not any more, or memory is touched for the first time.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import random
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable, Generator, Iterable, Sequence
from contextlib import contextmanager
from functools import partial
from itertools import pairwise
from pathlib import Path
from statistics import geometric_mean, quantiles
from typing import Any, Literal, NamedTuple

import numpy as np
from _report import report
from search import read
from sqlalchemy import text

from burnish.library import Library, NewPrompt
from burnish.library.cache import Cache
from burnish.library.embedders import Embedder, MiniLm
from burnish.library.search import Search
from burnish.library.vectors import Vectors
from burnish.storage.index import NewVector, SearchFilter
from burnish.storage.sql import SqlStore
from burnish.storage.sql.search import SqlSearch
from burnish.storage.sqlite import open_sqlite

Cost = Literal["bounded", "n"]
WORST = {"bounded": 2.0, "n": 12.0}
SIZES = (1_000, 10_000, 100_000, 1_000_000)
FROM = 10_000
# The targets are those of a library of this size.
LARGE = 100_000
TARGETS = {
    "fetch by label, from memory, ms": 0.05,
    "search for a rare word, ms": 50.0,
    "hybrid search in a category, ms": 20.0,
    "exact nearest ten, beside bare numpy, ratio": 1.1,
}
REPEATS = 120
LABELLED = 200
CATEGORIES = tuple(f"category {n}" for n in range(12))
SUBJECTS = """
invoice pirate lesson kernel garden audit recipe verdict orbit ledger
poem sensor treaty harvest compiler patient budget glacier melody contract
"""
WORDS = SUBJECTS.split()


class Figure(NamedTuple):
    """`cost` is None for a rate or a ratio, which is not to grow. Times have a 95th percentile
    beside their median."""

    what: str
    value: float
    cost: Cost | None
    p95: float | None = None


class Made(NamedTuple):
    store: SqlStore
    path: Path
    names: Sequence[str]
    added_per_s: float


def one_of(n: int, sentences: Sequence[str], chance: random.Random) -> NewPrompt:
    return NewPrompt(
        name=f"{chance.choice(CATEGORIES)}/p{n} {' '.join(chance.choices(WORDS, k=2))}",
        content="\n".join(chance.choices(sentences, k=8)) + f"\ntag{n}x",
        category=CATEGORIES[n % 12],
        tags=tuple(sorted(set(chance.choices(WORDS, k=2)))),
        description=chance.choice(sentences)[:100],
    )


async def made_before(path: Path, store: SqlStore) -> Made | None:
    rate = path.with_suffix(".rate")
    if not rate.exists():
        return None
    async with store.database.reading() as connection:
        names = (await connection.scalars(text("SELECT name FROM prompts"))).all()
    return Made(store, path, names, float(rate.read_text()))


async def make(
    folder: Path, count: int, sentences: Sequence[str], vectors: Any, embedder: Embedder
) -> Made:
    """A thousand prompts in one transaction; the clock runs while they are added."""
    path = folder / f"{count}.sqlite"
    store = await open_sqlite(path)
    if known := await made_before(path, store):
        return known
    library = Library(store)
    chance = random.Random(count)
    names: list[str] = []
    taken = 0.0
    for first in range(0, count, 1000):
        some = [one_of(n, sentences, chance) for n in range(first, min(count, first + 1000))]
        start = time.perf_counter()
        await library.create_many(some)
        taken += time.perf_counter() - start
        names += [p.name for p in some]
    made = Made(store, path, names, count / taken)
    await embed(made, embedder, vectors)
    path.with_suffix(".rate").write_text(str(made.added_per_s))
    return made


async def embed(made: Made, embedder: Embedder, vectors: Any) -> None:
    index = SqlSearch(made.store.database)
    count = len(made.names)
    draw = np.random.default_rng(count)
    for first in range(0, count, 5000):
        docs = await index.changes(first, min(5000, count - first))
        content = drawn(vectors, len(docs), draw)
        new = [NewVector(d.doc, d.stamp, content[n].tobytes()) for n, d in enumerate(docs)]
        await index.put(embedder.id, new)


def drawn(vectors: Any, count: int, draw: Any) -> Any:
    """Each the sum of two real ones with some noise, as stored."""
    rows = vectors[draw.integers(0, len(vectors), count)]
    rows = rows + vectors[draw.integers(0, len(vectors), count)]
    rows += draw.normal(0, 0.02, rows.shape).astype(np.float32)
    rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    return rows.astype("<f2")


async def timed(what: str, cost: Cost, calls: Iterable[Callable[[], Awaitable[object]]]) -> Figure:
    times: list[float] = []
    for call in calls:
        start = time.perf_counter()
        await call()
        times.append(time.perf_counter() - start)
    cuts = quantiles(times, n=20)
    return Figure(f"{what}, ms", cuts[9] * 1e3, cost, cuts[18] * 1e3)


async def reading(made: Made) -> list[Figure]:
    chance = random.Random(5)
    some = chance.sample(made.names, LABELLED)
    library = Library(made.store)
    for name in some:
        await library.set_label(name, "production", 1)
    keys = [f"{name}@production" for name in some]
    for key in keys:
        await library.get(key)
    forgetful = Library(made.store, cache=Cache(ttl_s=0))
    last = [await last_cursor(library, category) for category in CATEGORIES]
    return [
        await timed(
            "fetch by label, from memory", "bounded", [partial(library.get, k) for k in keys]
        ),
        await timed(
            "fetch by label, from the file", "bounded", [partial(forgetful.get, k) for k in keys]
        ),
        await timed(
            "first page of a category",
            "n",
            [partial(library.list, category=each) for each in CATEGORIES * 5],
        ),
        await timed(
            "page 20 of a category",
            "n",
            [
                partial(library.list, category=each, cursor=cursor)
                for each, cursor in zip(CATEGORIES * 5, last * 5, strict=True)
            ],
        ),
    ]


async def last_cursor(library: Library, category: str) -> str | None:
    """Where page 20 begins, or the last one there is."""
    cursor: str | None = None
    for _ in range(19):
        page = await library.list(category=category, cursor=cursor)
        if page.next is None:
            break
        cursor = page.next
    return cursor


async def searching(made: Made, embedder: Embedder, sentences: Sequence[str]) -> list[Figure]:
    count = len(made.names)
    search = Search(SqlSearch(made.store.database), lambda: embedder, holder="benchmark")
    start = time.perf_counter()
    await search.search("first search", mode="semantic")
    loaded = time.perf_counter() - start
    chance = random.Random(3)
    asked = [" ".join(chance.sample(chance.choice(sentences).split(), 3)) for _ in range(REPEATS)]
    rare = [f"tag{chance.randrange(count)}x" for _ in range(REPEATS)]
    where = SearchFilter(category=CATEGORIES[3])
    text, hybrid = partial(search.search, mode="text"), search.search
    found = [
        await timed("search for a rare word", "bounded", [partial(text, q) for q in rare]),
        await timed("search for three words", "n", [partial(text, q) for q in asked]),
        await timed(
            "hybrid search in a category", "n", [partial(hybrid, q, where=where) for q in asked]
        ),
        await timed("hybrid search in all", "n", [partial(hybrid, f"{q} now") for q in asked]),
    ]
    await search.close()
    return [*found, Figure("vectors read at the first search, s", loaded, "n")]


async def exact(made: Made, embedder: Embedder) -> list[Figure]:
    """The search in memory beside the product and the choice of the best alone."""
    count = len(made.names)
    index = SqlSearch(made.store.database)
    held = Vectors(embedder.dimension)
    held.learn_docs(await index.changes(0, count))
    stored = await index.vectors(embedder.id, 0, count)
    held.learn_vectors(stored)
    content = np.frombuffer(b"".join(each.vector for each in stored), dtype="<f2")
    bare = content.reshape(count, embedder.dimension).astype(np.float32)
    wanted = embedder.encode([f"{a} and {b}" for a in WORDS[:6] for b in WORDS[6:12]])
    ours: list[float] = []
    theirs: list[float] = []
    for vector in (*wanted, *wanted):
        start = time.perf_counter()
        found = held.nearest(vector, 10)
        ours.append(time.perf_counter() - start)
        start = time.perf_counter()
        scores = bare @ vector
        best = np.argpartition(-scores, 9)[:10]
        best = best[np.argsort(-scores[best])]
        theirs.append(time.perf_counter() - start)
        assert np.allclose([score for _, score in found], scores[best], atol=1e-5)
    median = float(np.median(ours))
    return [
        Figure("exact nearest ten, median ms", median * 1e3, "n"),
        Figure(
            "exact nearest ten, beside bare numpy, ratio", median / float(np.median(theirs)), None
        ),
    ]


async def sizes(made: Made) -> list[Figure]:
    queries = {
        "file": "SELECT page_count * page_size FROM pragma_page_count, pragma_page_size",
        "of it texts": "SELECT sum(length(messages)) FROM prompt_versions",
        "of it words": "SELECT sum(length(block)) FROM search_fts_data",
        "of it vectors": "SELECT sum(length(vector)) FROM search_vectors",
    }
    found: list[Figure] = []
    async with made.store.database.reading() as connection:
        for what, query in queries.items():
            size = int((await connection.execute(text(query))).scalar_one() or 0)
            found.append(Figure(f"{what}, MB", size / 1e6, "n"))
    return found


def memory_mb(path: Path) -> float:
    """Of a process that has searched the file once by meaning."""
    done = subprocess.run(
        [sys.executable, __file__, "--memory-of", str(path)],
        check=True, capture_output=True, text=True,
    )  # fmt: skip
    return float(done.stdout)


def resident_mb() -> float:
    """Now; the most there was would begin with that of the process that started this one."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6


async def search_once(path: Path) -> None:
    store = await open_sqlite(path)
    search = Search(SqlSearch(store.database), MiniLm, holder="benchmark")
    await search.search("what a first search takes")
    print(resident_mb())
    await search.close()
    await store.close()


async def measured(
    folder: Path, count: int, sentences: Sequence[str], vectors: Any, embedder: Embedder
) -> list[Figure]:
    made = await make(folder, count, sentences, vectors, embedder)
    figures = [Figure("added, prompts a second", made.added_per_s, None)]
    figures += await reading(made)
    by_category = [made.store.prompts.categories] * 20
    figures.append(await timed("statistics by category", "n", by_category))
    figures += await searching(made, embedder, sentences)
    figures += await exact(made, embedder)
    figures += await sizes(made)
    await made.store.close()
    return [*figures, Figure("memory of a process that searches, MB", memory_mb(made.path), "n")]


def table(by_size: dict[int, list[Figure]]) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = []
    for n, first in enumerate(next(iter(by_size.values()))):
        values = {count: figures[n].value for count, figures in by_size.items()}
        row: dict[str, Any] = {"what": first.what}
        row |= {f"{count:,}": shown(figures[n]) for count, figures in by_size.items()}
        large = by_size[LARGE][n] if LARGE in by_size else None
        rows.append(row | growth(first.cost, values) | target(large))
    return rows


def shown(figure: Figure) -> str:
    """Three digits; of times the median and the 95th percentile."""
    some = [figure.value] if figure.p95 is None else [figure.value, figure.p95]
    return " / ".join(f"{value:,.0f}" if value >= 1000 else f"{value:.3g}" for value in some)


def growth(cost: Cost | None, values: dict[int, float]) -> dict[str, Any]:
    steps = [values[b] / values[a] for a, b in pairwise(values) if a >= FROM]
    if cost is None or not steps:
        return {}
    mean = geometric_mean(steps)
    return {
        "grows": cost,
        "tenfold": round(mean, 2),
        "worst_tenfold": round(max(steps), 2),
        "target": f"tenfold costs <= {WORST[cost]:g} x",
        "met": mean <= WORST[cost],
    }


def target(large: Figure | None) -> dict[str, Any]:
    if large is None or large.what not in TARGETS:
        return {}
    most = TARGETS[large.what]
    value = large.value if large.p95 is None else large.p95
    return {"target": f"<= {most:g} at {LARGE:,}", "met": value <= most}


@contextmanager
def kept(folder: Path | None) -> Generator[Path]:
    if folder is not None:
        folder.mkdir(parents=True, exist_ok=True)
        yield folder
        return
    with tempfile.TemporaryDirectory() as passing:
        yield Path(passing)


async def only_make(
    folder: Path, count: int, sentences: Sequence[str], vectors: Any, embedder: Embedder
) -> None:
    made = await make(folder, count, sentences, vectors, embedder)
    await made.store.close()


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--prompts", default=os.environ.get("BURNISH_BENCH_PROMPTS", ""))
    parser.add_argument("--sizes", type=int, nargs="*", default=SIZES)
    parser.add_argument("--libraries", type=Path, help="keep them here, and use those there are")
    parser.add_argument("--only-make", action="store_true", help="make the libraries, no more")
    parser.add_argument("--memory-of", type=Path, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.memory_of:
        asyncio.run(search_once(given.memory_of))
        return
    if not given.prompts:
        print("no --prompts and no BURNISH_BENCH_PROMPTS: the library at scale is not measured")
        return
    texts = [str(p.content) for p in read(Path(given.prompts))]
    parts = [s.strip() for each in texts for s in re.split(r"[.\n]+", each)]
    sentences = [s for s in parts if 20 < len(s) < 200 and len(s.split()) > 3]
    embedder = MiniLm()
    vectors = embedder.encode(random.Random(3).sample(sentences, 1500))
    by_size: dict[int, list[Figure]] = {}
    for count in given.sizes:
        with kept(given.libraries) as folder:
            if given.only_make:
                asyncio.run(only_make(folder, count, sentences, vectors, embedder))
                continue
            by_size[count] = asyncio.run(measured(folder, count, sentences, vectors, embedder))
        print(f"{count:,} done")
    if by_size:
        report("scale", table(by_size))


if __name__ == "__main__":
    main()
