"""How much personal data is found, and how much of what is found is none.

python benchmarks/redaction.py [--misses]     a second

Over `benchmarks/data/personal_data.jsonl`: lines written for this, with what each holds, many of
which hold something that only looks like it. Half of them, by the hash of their text, were used
while the rules were written; the others never, and nothing prints their misses. A value counts as
found when kind and text agree exactly. `ms_per_kb` is of a mebibyte of these lines.
"""

from __future__ import annotations

import argparse
import hashlib
import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec
from _report import report

from burnish.redaction import KINDS
from burnish.redaction.redact import redact

LINES = Path(__file__).parent / "data" / "personal_data.jsonl"
# The text of each, then what is spoken of: a value is one of a kind.
Values = Counter[tuple[str, str]]


class Value(msgspec.Struct, frozen=True):
    kind: str
    value: str


class Line(msgspec.Struct, frozen=True):
    text: str
    found: tuple[Value, ...]

    @property
    def is_held_out(self) -> bool:
        return hashlib.sha256(self.text.encode()).digest()[0] % 2 == 1

    @property
    def wanted(self) -> Values:
        return Counter({(each.kind, each.value): 1 for each in self.found})


def lines() -> list[Line]:
    return [msgspec.json.decode(each, type=Line) for each in LINES.read_bytes().splitlines()]


def got(line: Line) -> Values:
    return Counter({(each.kind, each.value): 1 for each in redact(line.text).found})


def figures(what: str, among: Sequence[Line], kind: str) -> dict[str, Any]:
    wanted = right = told = 0
    for line in among:
        truth = {each for each in line.wanted if kind in ("", each[0])}
        said = {each for each in got(line) if kind in ("", each[0])}
        wanted, told, right = wanted + len(truth), told + len(said), right + len(truth & said)
    return {
        "what": f"{what}, {kind or 'all kinds'}",
        "lines": len(among),
        "n": wanted,
        "found": told,
        "precision": round(right / told, 4) if told else None,
        "recall": round(right / wanted, 4) if wanted else None,
    }


def speed(among: Sequence[Line]) -> dict[str, Any]:
    text = "\n".join(line.text for line in among)
    text *= 2**20 // len(text)
    start = time.perf_counter()
    redact(text)
    took = time.perf_counter() - start
    return {"what": "time, 1 MiB of the lines", "ms_per_kb": round(took / len(text) * 1024e3, 3)}


def misses(among: Sequence[Line]) -> None:
    for line in among:
        said, truth = got(line), line.wanted
        if said != truth:
            print(f"{line.text!r}: missed {[*truth - said]}, wrong {[*said - truth]}")


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--misses", action="store_true", help="of the half that is looked at")
    every = lines()
    seen = [line for line in every if not line.is_held_out]
    if parser.parse_args().misses:
        misses(seen)
        return
    held_out = [line for line in every if line.is_held_out]
    halves = (("looked at", seen), ("held out", held_out))
    rows = [figures(what, half, kind) for what, half in halves for kind in ("", *KINDS)]
    report("redaction", [*rows, speed(every)])


if __name__ == "__main__":
    main()
