"""How often an idea gets the archetype that its label names, by what the choice rests on.

python benchmarks/archetype_choice.py [--cache vectors.npz]     about three minutes on two cores

Five folds by voice over the labelled requests: neither the intents nor the kinds were fitted to a
voice that they are tested on. The patterns of the archetypes were written by hand, some of them
with such requests in view. Lenient counts the second kind that a label allows.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
from _report import report

from burnish.generation.archetype import Archetype, choose, load_archetypes
from burnish.intents import INTENTS, Classification, Complexity, TaskScore
from burnish.intents.corpus import Example, folds, load_corpus
from burnish.intents.fit import Read, read
from burnish.intents.kinds import SHOWN, kind_chances
from burnish.intents.train import cross_validate, vectors_of
from burnish.intents.train_kinds import fitted


def classified(example: Example, intents: Any, kinds: tuple[TaskScore, ...]) -> Classification:
    best = int(intents.argmax())
    return Classification(
        intent=INTENTS[best],
        confidence=float(intents[best]),
        complexity=Complexity(1, "simple"),
        domain="general",
        task_type=kinds[0].task_type,
        task_types=kinds,
        language=example.lang,
        estimated_tokens=20,
        method="trained+embedding",
    )


def cases(rows: Sequence[Read], intents: dict[str, Any]) -> list[tuple[Example, Classification]]:
    found: list[tuple[Example, Classification]] = []
    for fold in folds(r.example for r in rows):
        model = fitted([r for r in rows if r.example.group not in fold], terms=True, vectors=True)
        for row in rows:
            chances = intents.get(row.example.text)
            if row.example.group not in fold or chances is None:
                continue
            kinds = kind_chances(model.logits(row.request, row.vector), model, chances)
            order: list[int] = np.argsort(-kinds)[:SHOWN].tolist()
            scores = tuple(TaskScore(model.classes[i], float(kinds[i])) for i in order)
            found.append((row.example, classified(row.example, chances, scores)))
    return found


def figures(what: str, chosen: Sequence[tuple[Example, str]]) -> dict[str, Any]:
    strict = [name == example.kind for example, name in chosen]
    lenient = [name in (example.kind, *example.also_kinds) for example, name in chosen]
    english = [example.lang == "en" for example, _ in chosen]
    return {
        "what": what,
        "n": len(chosen),
        "accuracy": round(float(np.mean(strict)), 4),
        "lenient": round(float(np.mean(lenient)), 4),
        "lenient_english": share(lenient, english),
        "lenient_other": share(lenient, [not each for each in english]),
    }


def share(hits: Sequence[bool], among: Sequence[bool]) -> float:
    chosen = [hit for hit, counts in zip(hits, among, strict=True) if counts]
    return round(sum(chosen) / len(chosen), 4)


def without_patterns(archetypes: Sequence[Archetype]) -> list[Archetype]:
    return [msgspec.structs.replace(each, match=("(?!)",)) for each in archetypes]


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--cache", type=Path, default=None, help="sentence vectors (.npz)")
    cache: Path | None = parser.parse_args().cache
    examples = load_corpus()
    told = [r for r in read(examples, vectors_of(examples, cache)) if r.example.source != "kinds"]
    crossed = cross_validate(told, "embedding")
    intents = {e.text: c for e, c in zip(crossed.examples, crossed.chances, strict=True)}
    labelled = [e for e in examples if e.kind]
    found = cases(read(labelled, vectors_of(labelled, cache)), intents)
    archetypes = load_archetypes()
    bare = without_patterns(archetypes)
    nothing = [(e, msgspec.structs.replace(c, task_types=())) for e, c in found]
    rows = [
        figures(what, [(e, choose(pool, e.text, c).name) for e, c in given])
        for what, pool, given in (
            ("patterns within the classified intent", archetypes, nothing),
            ("kinds of task alone", bare, found),
            ("kinds of task and patterns", archetypes, found),
        )
    ]
    report("archetype_choice", rows)


if __name__ == "__main__":
    main()
