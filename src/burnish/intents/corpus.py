"""The requests that the classifier learns from: our own writing, kept beside the code.

Templates are expanded by a seeded choice of their fillers. `group` holds together what one voice
wrote (or, in the pool, what one template gave), so that no fold is tested on the style it was
fitted to.
"""

from __future__ import annotations

import hashlib
import json
import random
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, Literal

import msgspec

from burnish.intents.intent import INTENTS, Intent

DATA = Path(__file__).parent / "data"
Source = Literal["request", "kinds", "template", "pool", "correction"]
FILLS = 4
_SLOT = re.compile(r"\{(\w+)\}")


class Example(msgspec.Struct, frozen=True, kw_only=True):
    """`also` are further acceptable intents, `kind` is what an expert would call the task (only
    requests and rows of `kinds` have one); `share` is the row's part of its template's weight."""

    text: str
    intent: Intent
    also: tuple[Intent, ...] = ()
    kind: str = ""
    also_kinds: tuple[str, ...] = ()
    source: Source
    group: str
    share: float = 1.0
    lang: str = ""


def load_corpus(folder: Path = DATA, *, seed: int = 7) -> list[Example]:
    rows: list[Example] = []
    for path in sorted(folder.glob("requests_*.jsonl")):
        rows += [_request(row) for row in _read(path)]
    # As many for each kind of task: they teach the kinds, and would distort the mix of intents.
    for path in sorted(folder.glob("kinds_*.jsonl")):
        rows += [_request(row, "kinds") for row in _read(path)]
    rng = random.Random(seed)  # noqa: S311 - fillers, not secrets
    for path in sorted(folder.glob("templates_*.jsonl")):
        for row in _read(path):
            rows += _expanded(row, rng)
    pool = list(_read(folder / "pool.jsonl"))
    rows += [
        Example(text=r["text"], intent=r["intent"], source="pool", group=f"pool:{r['template']}")
        for r in pool
    ]
    return rows


def held_out(folder: Path = DATA) -> list[Example]:
    """Requests by other voices and another author, for testing alone."""
    return [_request(row) for row in _read(folder / "held_out.jsonl")]


def held_out_voices(folder: Path = DATA) -> frozenset[str]:
    content: Any = json.loads((folder / "held_out_voices.json").read_text(encoding="utf-8"))
    return frozenset(f"voice:{voice}" for voice in content["voices"])


def manifest(folder: Path = DATA) -> list[dict[str, Any]]:
    """Each data file with its rows, its SHA-256 and whose writing it is."""
    described: list[dict[str, Any]] = []
    for path in sorted(folder.glob("*.jsonl")):
        rows = list(_read(path))
        described.append(
            {
                "file": path.name,
                "sha256": hashlib.sha256(path.read_bytes()).hexdigest(),
                "rows": len(rows),
                "intents": dict(sorted(Counter(row["intent"] for row in rows).items())),
                "licence": "Apache-2.0 (written for Burnish)",
            }
        )
    return described


def _read(path: Path) -> Iterator[dict[str, Any]]:
    with path.open(encoding="utf-8") as lines:
        for line in lines:
            if line.strip():
                yield json.loads(line)


def _request(row: dict[str, Any], source: Source = "request") -> Example:
    return Example(
        text=row["text"],
        intent=_known(row["intent"]),
        also=tuple(_known(name) for name in row["also"]),
        kind=row["kind"],
        also_kinds=tuple(row.get("also_kinds", ())),
        source=source,
        group=f"voice:{row['voice']}",
        lang=row["lang"],
    )


def _expanded(row: dict[str, Any], rng: random.Random) -> list[Example]:
    slots: dict[str, list[str]] = row["slots"]

    def fill(match: re.Match[str]) -> str:
        return rng.choice(slots[match[1]]) if match[1] in slots else match[0]

    texts = list(dict.fromkeys(_SLOT.sub(fill, row["text"]) for _ in range(FILLS)))
    return [
        Example(
            text=text,
            intent=_known(row["intent"]),
            also=tuple(_known(name) for name in row["also"]),
            source="template",
            group=f"voice:{row['voice']}",
            share=1.0 / len(texts),
        )
        for text in texts
    ]


def _known(name: str) -> Intent:
    for intent in INTENTS:
        if intent == name:
            return intent
    raise ValueError(f"no intent {name!r}; there are {', '.join(INTENTS)}")


def folds(examples: Iterable[Example], count: int = 5, *, seed: int = 0) -> list[frozenset[str]]:
    """Groups shared out to folds of like size; a group is never in two."""
    sizes = Counter(example.group for example in examples)
    names = sorted(sizes)
    random.Random(seed).shuffle(names)  # noqa: S311 - a reproducible split
    parts: list[set[str]] = [set() for _ in range(count)]
    filled = [0] * count
    for name in sorted(names, key=lambda n: -sizes[n]):
        smallest = filled.index(min(filled))
        parts[smallest].add(name)
        filled[smallest] += sizes[name]
    return [frozenset(part) for part in parts]
