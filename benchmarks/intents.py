"""The intent classifier: accuracy without looking at what it was fitted to, and time per answer.

python benchmarks/intents.py            figures of the shipped weights, and their speed here
python benchmarks/intents.py --train    first fits everything again (some minutes)

Accuracy is that of the report which training leaves beside the weights: a set that another author
wrote and that nothing was tuned on; five folds that share no
voice and no template; whole voices kept from every choice; fits on templates tested on requests.
The public baseline was measured on other requests than ours, so it is a landmark, not a race.
"""

from __future__ import annotations

import argparse
import json
import os
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from _report import percentiles_ms, report

from burnish.intents import Classifier
from burnish.intents.corpus import load_corpus
from burnish.intents.embedding import embedding_available
from burnish.intents.trained import WEIGHTS

BASELINE = {"accuracy": 0.644, "lenient": 0.750, "macro_f1": 0.633}
BAR = {"accuracy": 0.72, "lenient": 0.84, "macro_f1": 0.70}
BAR_ECE = 0.08
TESTS = ("held_out", "grouped_cross_validation", "held_out_voices", "templates_to_requests")
TIERS = ("embedding", "floor", "rules")
SHOWN = (
    "n",
    "accuracy",
    "accuracy_interval",
    "lenient",
    "lenient_interval",
    "macro_f1",
    "ece",
    "top_2",
    "mix_accuracy",
    "mix_lenient",
)


def accuracy_rows(trained: dict[str, Any]) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = []
    for tier in TIERS:
        for test in TESTS:
            figures = trained[tier][test]
            row = {"what": f"{tier}, {test}", **{name: figures[name] for name in SHOWN}}
            if tier == "embedding" and test == "held_out":
                met = reaches(figures, BAR) and figures["ece"] <= BAR_ECE
                row |= {"target": f">= {BAR}, ece <= {BAR_ECE}", "met": met}
            if tier == "embedding" and test == "grouped_cross_validation":
                row |= {"target": f">= baseline {BASELINE}", "met": reaches(figures, BASELINE)}
            rows.append(row)
    for tier in TIERS:
        for test, figures in trained[tier]["kinds"].items():
            if isinstance(figures, dict):
                rows.append({"what": f"{tier}, kinds, {test}", **figures})
    for intent, figures in trained["embedding"]["grouped_cross_validation"]["per_intent"].items():
        rows.append({"what": f"embedding, {intent}", **figures})
    return rows


def reaches(figures: dict[str, float], bar: dict[str, float]) -> bool:
    return all(figures[name] >= least for name, least in bar.items())


def speed_rows(texts: Sequence[str]) -> list[dict[str, Any]]:
    cases: list[tuple[str, Classifier, float, float]] = [
        ("rules (budget_ms=2)", Classifier(embedding=False), 2, 2),
        ("trained", Classifier(embedding=False), 1e6, 20),
    ]
    if embedding_available():
        cases.append(("trained+embedding", Classifier(), 1e6, 20))
    rows: list[dict[str, Any]] = []
    for what, classifier, budget_ms, target in cases:
        for text in texts[:20]:
            classifier.classify(text, budget_ms=budget_ms)
        times: list[float] = []
        for text in texts:
            start = time.process_time()
            classifier.classify(text, budget_ms=budget_ms)
            times.append(time.process_time() - start)
        figures = percentiles_ms(times)
        met = figures["p95_ms"] <= target
        rows.append(
            {
                "what": f"one text, {what}, CPU",
                **figures,
                "target": f"p95 <= {target} ms",
                "met": met,
            }
        )
    return rows


def batch_row(texts: Sequence[str]) -> dict[str, Any]:
    classifier = Classifier()
    for text in texts[:20]:
        classifier.classify(text, budget_ms=1e6)
    start = time.perf_counter()
    one_by_one = [classifier.classify(text, budget_ms=1e6) for text in texts]
    middle = time.perf_counter()
    together = classifier.classify_many(texts, budget_ms=1e6)
    end = time.perf_counter()
    ratio = round((end - middle) / (middle - start), 2)
    return {
        "what": f"{len(texts)} texts in one call, wall time to one by one",
        "ratio": ratio,
        "same_answers": one_by_one == together,
        "cores": len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else None,
        "target": "< 1",
        "met": ratio < 1 and one_by_one == together,
    }


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--train", action="store_true")
    parser.add_argument("--cache", type=Path, default=None, help="keeps sentence vectors (.npz)")
    given = parser.parse_args()
    if given.train:
        from burnish.intents.train import train

        train(cache=given.cache)
    trained = json.loads((WEIGHTS / "report.json").read_text(encoding="utf-8"))
    texts = [e.text for e in load_corpus() if e.source == "request"]
    everywhere = texts[:: max(1, len(texts) // 1000)][:1000]
    rows = [*accuracy_rows(trained), *speed_rows(everywhere), batch_row(everywhere)]
    report("intents", rows)


if __name__ == "__main__":
    main()
