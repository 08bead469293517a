"""Search: how well it finds, and how fast at 1,000, 10,000 and 100,000 prompts.

    python benchmarks/search.py --prompts FOLDER [--sizes 1000 10000 100000]

FOLDER, or the variable BURNISH_BENCH_PROMPTS, holds `fabric_patterns.jsonl` and
`fabric_descriptions.jsonl` (danielmiessler/fabric, MIT), which are not part of this repository;
`benchmarks/data/search_queries.jsonl` asks for them by name.
A `paraphrase` there shares no content word with anything that is searched of its targets: not
with their names, descriptions, tags or texts; that is checked here.

Large libraries are mixed from sentences of those texts. Embedding 100,000 of them takes an hour,
so their vectors are mixed as well: real sentence vectors, two to a prompt, with noise. Queries are
embedded for real.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import random
import re
import resource
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from statistics import mean
from typing import Any, NamedTuple

import numpy as np
from _report import percentiles_ms, report

from burnish.library import Library, NewPrompt
from burnish.library.embedders import Embedder, Hashed, MiniLm, is_common, plain, stem
from burnish.library.fusion import K, fuse
from burnish.library.ranked import STRAY, Mode
from burnish.library.search import Hit, Search
from burnish.library.vectors import Vectors
from burnish.storage.index import NewVector, SearchFilter
from burnish.storage.sql import SqlStore
from burnish.storage.sql.search import SqlSearch
from burnish.storage.sqlite import open_sqlite

QUERIES = Path(__file__).parent / "data" / "search_queries.jsonl"
FOLDS = 5
WEIGHTS = (0.25, 0.5, 0.75, 1.0, 1.5, 2.0, 3.0)
KS = (10.0, 20.0, 60.0)
_WORD = re.compile(r"[^\W\d_]+")
REPEATS = 120
# The targets are those of a library of this size.
LARGE = 100_000


class Query(NamedTuple):
    text: str
    targets: frozenset[str]
    kind: str


class Ranked(NamedTuple):
    query: Query
    text: list[str]
    semantic: list[str]
    hybrid: list[str]
    covered: dict[str, float]


def read(folder: Path) -> list[NewPrompt]:
    told = {row["name"]: row for row in _lines(folder / "fabric_descriptions.jsonl")}
    return [
        NewPrompt(
            name=row["name"],
            content=row["text"].replace("{", "(").replace("}", ")"),
            description=told[row["name"]]["description"],
            tags=tuple(told[row["name"]]["tags"]),
        )
        for row in _lines(folder / "fabric_patterns.jsonl")
    ]


def queries(prompts: Sequence[NewPrompt]) -> list[Query]:
    words = {
        p.name: content(f"{p.name} {p.description} {' '.join(p.tags)} {p.content}") for p in prompts
    }
    found = [Query(row["query"], frozenset(row["targets"]), row["kind"]) for row in _lines(QUERIES)]
    for query in found:
        shared = {w for name in query.targets for w in content(query.text) & words[name]}
        assert query.kind != "paraphrase" or not shared, (query.text, shared)
    return found


def content(text: str) -> set[str]:
    words = _WORD.findall(plain(text.replace("_", " ")))
    return {stem(word) for word in words if len(word) > 2 and not is_common(word)}


def _lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def measures(rankings: Sequence[tuple[frozenset[str], list[str]]]) -> dict[str, float]:
    """Recall and nDCG count the first ten; of several targets each counts."""
    recalls: list[float] = []
    ranks: list[float] = []
    gains: list[float] = []
    for targets, ranking in rankings:
        top = ranking[:10]
        recalls.append(len(targets & set(top)) / min(10, len(targets)))
        first = next((n for n, name in enumerate(ranking, 1) if name in targets), None)
        ranks.append(1 / first if first else 0.0)
        gained = sum(1 / np.log2(n + 1) for n, name in enumerate(top, 1) if name in targets)
        ideal = sum(1 / np.log2(n + 1) for n in range(1, min(10, len(targets)) + 1))
        gains.append(float(gained / ideal))
    return {
        "recall_at_10": round(mean(recalls), 3),
        "mrr": round(mean(ranks), 3),
        "ndcg_at_10": round(mean(gains), 3),
    }


async def rank(
    prompts: Sequence[NewPrompt], asked: Sequence[Query], embedder: Embedder
) -> list[Ranked]:
    with tempfile.TemporaryDirectory() as folder:
        store = await open_sqlite(Path(folder) / "b.sqlite")
        await Library(store).create_many(prompts)
        search = Search(SqlSearch(store.database), lambda: embedder, holder="benchmark")
        await search.reindex()

        ranked: list[Ranked] = []
        for query in asked:
            modes: tuple[Mode, ...] = ("text", "semantic", "hybrid")
            text, semantic, hybrid = [
                (await search.search(query.text, mode=mode, limit=100)).items for mode in modes
            ]
            covered = {hit.prompt.name: hit.text.covered for hit in text if hit.text}
            ranked.append(Ranked(query, names(text), names(semantic), names(hybrid), covered))
        await search.close()
        await store.close()
        return ranked


def names(hits: Sequence[Hit]) -> list[str]:
    return [hit.prompt.name for hit in hits]


def fused(each: Ranked, weight: float, k: float) -> list[str]:
    ids = sorted({*each.text, *each.semantic})
    number = {name: n for n, name in enumerate(ids)}
    rankings = {
        "text": [(number[name], each.covered[name] ** STRAY) for name in each.text],
        "semantic": [(number[name], 1.0) for name in each.semantic],
    }
    return [ids[n] for n, _ in fuse(rankings, {"text": 1.0, "semantic": weight}, k)]


def cross_validated(ranked: Sequence[Ranked]) -> tuple[dict[str, float], tuple[float, float]]:
    """What the fusion gives on queries that its weight and k were not chosen by, and the choice
    by all of them."""
    order = list(ranked)
    random.Random(7).shuffle(order)
    folds = [order[n::FOLDS] for n in range(FOLDS)]
    held_out: list[tuple[frozenset[str], list[str]]] = []
    for n, fold in enumerate(folds):
        others = [each for m, other in enumerate(folds) if m != n for each in other]
        weight, k = chosen(others)
        held_out += [(each.query.targets, fused(each, weight, k)) for each in fold]
    return measures(held_out), chosen(order)


def chosen(ranked: Sequence[Ranked]) -> tuple[float, float]:
    def gain(pair: tuple[float, float]) -> float:
        m = measures([(each.query.targets, fused(each, *pair)) for each in ranked])
        return m["recall_at_10"] + m["ndcg_at_10"]

    return max(((weight, k) for weight in WEIGHTS for k in KS), key=gain)


def quality(prompts: Sequence[NewPrompt]) -> list[dict[str, Any]]:
    asked = queries(prompts)
    rows: list[dict[str, Any]] = []
    for embedder in (MiniLm(), Hashed()):
        ranked = asyncio.run(rank(prompts, asked, embedder))
        by_mode: dict[str, dict[str, float]] = {}
        for kind in ("paraphrase", "ordinary", "all"):
            some = [each for each in ranked if kind in (each.query.kind, "all")]
            for mode in ("text", "semantic", "hybrid"):
                m = measures([(each.query.targets, getattr(each, mode)) for each in some])
                if kind == "all":
                    by_mode[mode] = m
                row: dict[str, Any] = {
                    "what": f"{embedder.id}: {mode}, {kind}",
                    "queries": len(some),
                    **m,
                }
                if (kind, mode) == ("all", "hybrid"):
                    best = max(by_mode["text"]["recall_at_10"], by_mode["semantic"]["recall_at_10"])
                    row["target"] = "recall >= each part's"
                    row["met"] = m["recall_at_10"] >= best
                rows.append(row)
        validated, (weight, k) = cross_validated(ranked)
        rows.append(
            {
                "what": f"{embedder.id}: hybrid, weight and k by {FOLDS}-fold cross-validation",
                **validated,
                "chosen_by_all": f"weight {weight} and k {k:g}",
                "in_use": f"weight {embedder.weight} and k {K:g}",
            }
        )
    return rows


class Mixed(NamedTuple):
    store: SqlStore
    search: Search
    rates: Mapping[str, float]


CATEGORIES = tuple(f"category {n}" for n in range(12))


def drawn(vectors: Any, count: int, draw: Any) -> Any:
    """Each the sum of two real ones with some noise, as stored."""
    rows = vectors[draw.integers(0, len(vectors), count)]
    rows = rows + vectors[draw.integers(0, len(vectors), count)]
    rows += draw.normal(0, 0.02, rows.shape).astype(np.float32)
    rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    return rows.astype("<f2")


async def mixed(
    folder: Path, count: int, sentences: Sequence[str], vectors: Any, embedder: Embedder
) -> Mixed:
    chance = random.Random(count)
    store = await open_sqlite(folder / f"{count}.sqlite")
    library = Library(store)
    start = time.perf_counter()
    for first in range(0, count, 1000):
        some = [
            NewPrompt(
                name=f"{chance.choice(CATEGORIES)}/p{n} {' '.join(chance.choices(WORDS, k=2))}",
                content="\n".join(chance.choices(sentences, k=8)) + f"\ntag{n}x",
                category=CATEGORIES[n % 12],
                tags=tuple(sorted(set(chance.choices(WORDS, k=2)))),
                description=chance.choice(sentences)[:100],
            )
            for n in range(first, min(count, first + 1000))
        ]
        await library.create_many(some)
    added = time.perf_counter() - start
    index = SqlSearch(store.database)
    draw = np.random.default_rng(count)
    for first in range(0, count, 5000):
        docs = await index.changes(first, min(5000, count - first))
        content = drawn(vectors, len(docs), draw)
        await index.put(
            embedder.id,
            [
                NewVector(each.doc, each.stamp, row.tobytes())
                for each, row in zip(docs, content, strict=True)
            ],
        )
    search = Search(index, lambda: embedder, holder="benchmark")
    start = time.perf_counter()
    await search.search("first search", mode="semantic")
    loaded = time.perf_counter() - start
    return Mixed(store, search, {"added_per_s": count / added, "first_search_s": loaded})


SUBJECTS = """
invoice pirate lesson kernel garden audit recipe verdict orbit ledger
poem sensor treaty harvest compiler patient budget glacier melody contract
"""
WORDS = SUBJECTS.split()


async def times(search: Search, asked: Sequence[str], **options: Any) -> list[float]:
    found: list[float] = []
    for query in asked:
        start = time.perf_counter()
        await search.search(query, **options)
        found.append(time.perf_counter() - start)
    return found


async def speed(folder: Path, count: int, prompts: Sequence[NewPrompt]) -> list[dict[str, Any]]:
    texts = [str(p.content) for p in prompts]
    sentences = [
        s.strip()
        for t in texts
        for s in re.split(r"[.\n]+", t)
        if 20 < len(s) < 200 and len(s.split()) > 3
    ]
    embedder = MiniLm()
    chance = random.Random(3)
    vectors = embedder.encode(chance.sample(sentences, 1500))
    made = await mixed(folder, count, sentences, vectors, embedder)
    asked = [" ".join(chance.sample(chance.choice(sentences).split(), 3)) for _ in range(REPEATS)]
    rare = [f"tag{chance.randrange(count)}x" for _ in range(REPEATS)]
    kinds: tuple[tuple[str, Sequence[str], dict[str, Any], float], ...] = (
        ("a rare word", rare, {"mode": "text"}, 50.0),
        ("three words", asked, {"mode": "text"}, 50.0),
        ("hybrid in a category", asked, {"where": SearchFilter(category=CATEGORIES[3])}, 20.0),
        ("hybrid in all", [f"{q} now" for q in asked], {}, 0.0),
    )
    rows: list[dict[str, Any]] = []
    for what, some, options, target in kinds:
        row: dict[str, Any] = {"what": f"{count:,} prompts: {what}"}
        row |= percentiles_ms(await times(made.search, some, **options))
        if target and count >= LARGE:
            row |= {"target": f"p95 <= {target:g} ms", "met": row["p95_ms"] <= target}
        rows.append(row)
    rows.append(await listing(made, count))
    rows += await exact(made, count, embedder, asked)
    rows.append(await sizes(made, count))
    await made.search.close()
    await made.store.close()
    return rows


async def listing(made: Mixed, count: int) -> dict[str, Any]:
    library = Library(made.store)
    found: list[float] = []
    for n in range(40):
        start = time.perf_counter()
        await library.list(category=CATEGORIES[n % 12], limit=50)
        found.append(time.perf_counter() - start)
    return {"what": f"{count:,} prompts: a page of the list", **percentiles_ms(found)}


async def exact(
    made: Mixed, count: int, embedder: Embedder, asked: Sequence[str]
) -> list[dict[str, Any]]:
    """The search in memory beside the product and the choice of the best alone."""
    index = SqlSearch(made.store.database)
    held = Vectors(embedder.dimension)
    held.learn_docs(await index.changes(0, count))
    stored = await index.vectors(embedder.id, 0, count)
    held.learn_vectors(stored)
    content = np.frombuffer(b"".join(each.vector for each in stored), dtype="<f2")
    bare = content.reshape(count, embedder.dimension).astype(np.float32)
    wanted = embedder.encode(asked[:40])
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
    ratio = float(np.median(ours) / np.median(theirs))
    row: dict[str, Any] = {
        "what": f"{count:,} prompts: exact nearest ten, beside bare numpy",
        "p50_ms": round(float(np.median(ours)) * 1e3, 3),
        "numpy_p50_ms": round(float(np.median(theirs)) * 1e3, 3),
        "ratio": round(ratio, 3),
    }
    return [row | ({"target": "<= 1.1", "met": ratio <= 1.1} if count >= LARGE else {})]


async def sizes(made: Mixed, count: int) -> dict[str, Any]:
    from sqlalchemy import text

    async with made.store.database.reading() as connection:

        async def number(query: str) -> int:
            return int((await connection.execute(text(query))).scalar_one() or 0)

        words = await number("SELECT sum(length(block)) FROM search_fts_data")
        vectors = await number("SELECT sum(length(vector)) FROM search_vectors")
        texts = await number("SELECT sum(length(messages)) FROM prompt_versions")
        pages = await number(
            "SELECT page_count * page_size FROM pragma_page_count, pragma_page_size"
        )
    return {
        "what": f"{count:,} prompts: size",
        "texts_mb": round(texts / 1e6, 1),
        "word_index_mb": round(words / 1e6, 1),
        "vectors_mb": round(vectors / 1e6, 1),
        "file_mb": round(pages / 1e6, 1),
        "added_per_s": round(made.rates["added_per_s"]),
        "first_search_s": round(made.rates["first_search_s"], 2),
        "peak_mb": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--prompts", default=os.environ.get("BURNISH_BENCH_PROMPTS", ""))
    parser.add_argument("--sizes", type=int, nargs="*", default=[1000, 10_000, 100_000])
    given = parser.parse_args()
    if not given.prompts:
        print("no --prompts and no BURNISH_BENCH_PROMPTS: search is not measured")
        return
    prompts = read(Path(given.prompts))
    rows = quality(prompts)
    with tempfile.TemporaryDirectory() as folder:
        for count in given.sizes:
            rows += asyncio.run(speed(Path(folder), count, prompts))
    report("search", rows)


if __name__ == "__main__":
    main()
