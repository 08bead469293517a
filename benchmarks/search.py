"""Search: how well it finds. How fast is in `scale.py`.

    python benchmarks/search.py --prompts FOLDER

FOLDER, or the variable BURNISH_BENCH_PROMPTS, holds `fabric_patterns.jsonl` and
`fabric_descriptions.jsonl` (danielmiessler/fabric, MIT), which are not part of this repository;
`benchmarks/data/search_queries.jsonl` asks for them by name.
A `paraphrase` there shares no content word with anything that is searched of its targets: not
with their names, descriptions, tags or texts; that is checked here.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import random
import re
import tempfile
from collections.abc import Sequence
from pathlib import Path
from statistics import mean
from typing import Any, NamedTuple

import numpy as np
from _report import report

from burnish.library import Library, NewPrompt
from burnish.library.embedders import Embedder, Hashed, MiniLm, is_common, plain, stem
from burnish.library.fusion import K, fuse
from burnish.library.ranked import STRAY, Mode
from burnish.library.search import Hit, Search
from burnish.storage.sql.search import SqlSearch
from burnish.storage.sqlite import open_sqlite

QUERIES = Path(__file__).parent / "data" / "search_queries.jsonl"
FOLDS = 5
WEIGHTS = (0.25, 0.5, 0.75, 1.0, 1.5, 2.0, 3.0)
KS = (10.0, 20.0, 60.0)
_WORD = re.compile(r"[^\W\d_]+")


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


def folder_given(about: str | None) -> Path | None:
    parser = argparse.ArgumentParser(description=(about or "").partition("\n")[0])
    parser.add_argument("--prompts", default=os.environ.get("BURNISH_BENCH_PROMPTS", ""))
    given = parser.parse_args()
    if given.prompts:
        return Path(given.prompts)
    print("no --prompts and no BURNISH_BENCH_PROMPTS: search is not measured")
    return None


def main() -> None:
    if folder := folder_given(__doc__):
        report("search", quality(read(folder)))


if __name__ == "__main__":
    main()
