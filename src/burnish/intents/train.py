"""Trains the intent classifier and reports what grouped cross-validation says of it.

    python -m burnish.intents.train [--out FOLDER] [--cache FILE]

Writes one file of weights for each tier, `manifest.json` (data, sums, seeds) and `report.json`. The
data and the recipe decide the result; only rounding depends on the threads. Needs the extras
`train` and, for the weights over sentence vectors, `embed`.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Any, cast

import msgspec
import numpy as np

from burnish.intents import train_kinds
from burnish.intents.corpus import (
    Example,
    Source,
    folds,
    held_out,
    held_out_voices,
    load_corpus,
    manifest,
)
from burnish.intents.embedding import MODEL_ID, embedding_available, shared_embedder
from burnish.intents.features import cut_for_vector, without_stop
from burnish.intents.fit import Read, Recipe, fit, intents_goal, read, temperature
from burnish.intents.grading import grade
from burnish.intents.intent import INTENTS
from burnish.intents.trained import (
    NEAR_CERTAIN,
    WEIGHTS,
    TrainedModel,
    WeightSet,
    save_model,
    softmax,
)

SEED = 7
RECIPES: Mapping[WeightSet, Recipe] = MappingProxyType(
    {"rules": Recipe(), "floor": Recipe(), "embedding": Recipe()}
)
_TIERS: Mapping[WeightSet, dict[str, bool]] = MappingProxyType(
    {
        "rules": {"terms": False, "vectors": False},
        "floor": {"terms": True, "vectors": False},
        "embedding": {"terms": True, "vectors": True},
    }
)

_SOURCES_OF_INTENTS: frozenset[Source] = frozenset({"request", "template", "pool"})


def fitted(rows: Sequence[Read], tier: WeightSet) -> TrainedModel:
    return fit(rows, intents_goal(rows, RECIPES[tier]), RECIPES[tier], **_TIERS[tier])


def logits_of(model: TrainedModel, rows: Sequence[Read]) -> Any:
    return np.stack([model.logits(row.request, row.vector) for row in rows])


class CrossValidated(msgspec.Struct, frozen=True):
    """Logits for the requests, each from a fit that saw none of their group."""

    logits: Any
    examples: tuple[Example, ...]
    temperature: float

    @property
    def chances(self) -> Any:
        return softmax(self.logits / self.temperature)


def cross_validate(rows: Sequence[Read], tier: WeightSet, *, seed: int = 0) -> CrossValidated:
    """Five folds by group. Only requests are tested on: fillers make templates too easy."""
    parts: list[Any] = []
    tested: list[Example] = []
    for fold in folds((r.example for r in rows), seed=seed):
        kept = [r for r in rows if r.example.group not in fold]
        left = [r for r in rows if r.example.group in fold and r.example.source == "request"]
        parts.append(logits_of(fitted(kept, tier), left))
        tested += [r.example for r in left]
    logits = np.concatenate(parts)
    truth = np.array([INTENTS.index(e.intent) for e in tested])
    return CrossValidated(logits, tuple(tested), temperature(logits, truth))


def evaluate(
    rows: Sequence[Read], held: frozenset[str], tier: WeightSet, crossed: CrossValidated
) -> dict[str, Any]:
    """Grouped cross-validation without the held-out voices, then one fit tested on those, and one
    on templates alone tested on requests."""
    seen = [r for r in rows if r.example.group not in held]
    unseen = [r for r in rows if r.example.group in held and r.example.source == "request"]
    model = fitted(seen, tier)
    templates = [r for r in seen if r.example.source != "request"]
    singles = [r for r in seen if r.example.source == "request"]
    from_templates = fitted(templates, tier)

    return {
        "temperature": round(crossed.temperature, 4),
        "grouped_cross_validation": grade(crossed.chances, crossed.examples),
        "held_out_voices": graded(model, unseen, crossed.temperature),
        "templates_to_requests": graded(from_templates, singles, crossed.temperature),
    }


def graded(model: TrainedModel, tested: Sequence[Read], temperature: float) -> dict[str, Any]:
    chances = softmax(logits_of(model, tested) / temperature)
    return grade(chances, [r.example for r in tested])


def vectors_of(examples: Sequence[Example], cache: Path | None) -> Any:
    """Sentence vectors of the cut texts; `cache` (.npz) keeps them between runs."""
    texts = [cut_for_vector(without_stop(e.text)) for e in examples]
    keys = [hashlib.sha256(text.encode()).hexdigest() for text in texts]
    known: dict[str, Any] = {}
    if cache is not None and cache.is_file():
        with np.load(cache, allow_pickle=False) as stored:
            known = dict(zip(stored["keys"].tolist(), stored["rows"], strict=True))
    missing = {key: text for key, text in zip(keys, texts, strict=True) if key not in known}
    if missing:
        rows = shared_embedder().encode(list(missing.values()))
        known |= dict(zip(missing, rows, strict=True))
        if cache is not None:
            cache.parent.mkdir(parents=True, exist_ok=True)
            np.savez(cache, keys=np.array(list(known)), rows=np.stack(list(known.values())))
    return np.stack([known[key] for key in keys])


def train(out: Path = WEIGHTS, *, cache: Path | None = None) -> dict[str, Any]:
    """Evaluates and fits every tier, writes weights, manifest and report; gives the report.

    The shipped weights are fitted on everything but `held_out.jsonl`: the held-out voices join in
    after they were used to report. Raises `MissingExtra` without scipy.
    """
    embeds = embedding_available()

    def readings(examples: Sequence[Example]) -> list[Read]:
        return read(examples, vectors_of(examples, cache) if embeds else None)

    rows, last = readings(load_corpus(seed=SEED)), readings(held_out())
    held = held_out_voices()
    for_kinds = [r for r in rows if r.example.source not in _SOURCES_OF_INTENTS]
    rows = [r for r in rows if r.example.source in _SOURCES_OF_INTENTS]
    seen = [r for r in rows if r.example.group not in held]
    report: dict[str, Any] = {}
    crossed: dict[WeightSet, CrossValidated] = {}
    for tier in _TIERS:
        if tier == "embedding" and not embeds:
            continue
        crossed[tier] = cross_validate(seen, tier)
        report[tier] = evaluate(rows, held, tier, crossed[tier])
        model = fitted(rows, tier)
        calibrated = msgspec.structs.replace(model, temperature=report[tier]["temperature"])
        save_model(calibrated, out / f"{tier}.npz")
        report[tier]["held_out"] = graded(calibrated, last, calibrated.temperature)
        kinds, report[tier]["kinds"] = _kinds(tier, [*rows, *for_kinds], crossed[tier])
        save_model(kinds, out / f"{tier}_kinds.npz")
        chances = _by_text(last, softmax(logits_of(calibrated, last)))
        report[tier]["kinds"]["held_out"] = train_kinds.graded(kinds, last, chances)
    report["cascade"] = {"grouped_cross_validation": _cascaded(crossed)}
    _write(out / "report.json", report)
    _write(out / "manifest.json", _manifest(out))
    return report


def _kinds(
    tier: WeightSet, rows: Sequence[Read], crossed: CrossValidated
) -> tuple[TrainedModel, dict[str, Any]]:
    """The weights for the kinds of task, and what cross-validation says of them."""
    out_of_group = {
        e.text: chances for e, chances in zip(crossed.examples, crossed.chances, strict=True)
    }
    told = [r for r in rows if r.example.kind]
    tested = train_kinds.cross_validate(told, out_of_group, **_TIERS[tier])
    model = train_kinds.fitted(told, **_TIERS[tier])
    report = {
        "kinds": len(model.classes),
        "temperature": tested.temperature,
        "grouped_cross_validation": tested.report,
    }
    return msgspec.structs.replace(model, temperature=tested.temperature), report


def _by_text(rows: Sequence[Read], chances: Any) -> dict[str, Any]:
    return {r.example.text: row for r, row in zip(rows, chances, strict=True)}


def _cascaded(crossed: Mapping[WeightSet, CrossValidated]) -> dict[str, Any]:
    """What a caller gets: near-certain rules answer, the best other weights where they are not."""
    rules = crossed["rules"].chances
    best = crossed["embedding" if "embedding" in crossed else "floor"]
    certain = rules.max(axis=1) >= NEAR_CERTAIN
    figures = grade(np.where(certain[:, None], rules, best.chances), best.examples)
    return {**figures, "answered_by_rules": round(float(certain.mean()), 4)}


def _manifest(out: Path) -> dict[str, Any]:
    return {
        "data": manifest(),
        "held_out_voices": sorted(held_out_voices()),
        "seed": SEED,
        "sentence_vectors": MODEL_ID,
        "intents_fitted_to": sorted(_SOURCES_OF_INTENTS),
        "recipes": {tier: msgspec.to_builtins(recipe) for tier, recipe in RECIPES.items()},
        "recipe_of_kinds": msgspec.to_builtins(train_kinds.RECIPE),
        "weights": {
            path.name: {
                "bytes": path.stat().st_size,
                "sha256": hashlib.sha256(path.read_bytes()).hexdigest(),
            }
            for path in sorted(out.glob("*.npz"))
        },
    }


def _write(path: Path, content: dict[str, Any]) -> None:
    path.write_text(json.dumps(content, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description="Train the intent classifier.")
    parser.add_argument("--out", type=Path, default=WEIGHTS)
    parser.add_argument("--cache", type=Path, default=None, help="keeps sentence vectors (.npz)")
    given = parser.parse_args(arguments)
    for tier, result in train(given.out, cache=given.cache).items():
        kinds = {f"kinds, {test}": figures for test, figures in result.pop("kinds", {}).items()}
        for test, found in sorted((result | kinds).items()):
            if isinstance(found, dict):
                figures = {**cast("dict[str, Any]", found)}
                figures.pop("per_intent", None)
                sys.stdout.write(f"{tier:10} {test:32} {figures}\n")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
