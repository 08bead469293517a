"""What a large file of examples takes: to be added to a dataset, and to be gone through.

python benchmarks/datasets.py [SIZE_MB…]
"""

from __future__ import annotations

import json
import random
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from _report import report

_MB = 1_000_000
_SIZES_MB = (100, 300, 1_000)
_WORDS = (
    "the",
    "parcel",
    "is",
    "late",
    "and",
    "nobody",
    "knows",
    "where",
    "it",
    "went",
    "or",
    "when",
)
_CHILD = """
import json, resource, sys, time
import burnish

def cpu(): return time.process_time()

with burnish.open(sys.argv[1]) as p:
    at = cpu()
    rows = p.datasets.add("d", sys.argv[2]).version.size
    added = cpu()
    assert sum(1 for _ in p.datasets.iter_examples("d")) == rows
    read = cpu()
mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
print(json.dumps([rows, added - at, read - added, mb]))
"""


def write(path: Path, size: int) -> None:
    chance, written, number = random.Random(1), 0, 0
    with path.open("w", encoding="utf-8") as file:
        if path.suffix == ".csv":
            file.write("id,question,answer\n")
        while written < size:
            number += 1
            text = " ".join(chance.choices(_WORDS, k=120))
            row = {"id": number, "question": text, "answer": str(number)}
            line = (
                f"{number},{text},{number}\n" if path.suffix == ".csv" else f"{json.dumps(row)}\n"
            )
            written += file.write(line)


def measured(folder: Path, name: str, size: int) -> tuple[int, float, float, float]:
    path = folder / name
    write(path, size)
    home = folder / f"home of {name}"
    done = subprocess.run(
        [sys.executable, "-c", _CHILD, str(home), str(path)],
        check=True,
        capture_output=True,
        text=True,
    )
    path.unlink()
    rows, add_s, read_s, mb = json.loads(done.stdout)
    return rows, add_s, read_s, mb


def main(sizes: Sequence[int]) -> None:
    rows: list[dict[str, Any]] = []
    least: dict[str, float] = {}
    with tempfile.TemporaryDirectory() as folder:
        for ending in ("jsonl", "csv"):
            for size in sizes:
                name = f"{size}.{ending}"
                count, add_s, read_s, mb = measured(Path(folder), name, size * _MB)
                first = least.setdefault(ending, mb)
                rows.append(
                    {
                        "what": f"{size} MB of {ending.upper()}, {count:,} examples",
                        "add_us_an_example": round(add_s / count * 1e6),
                        "read_us_an_example": round(read_s / count * 1e6),
                        "memory_mb": round(mb),
                        "target": "no more memory for more examples (within 10 MB)",
                        "met": mb <= first + 10,
                    }
                )
    report("datasets", rows)


if __name__ == "__main__":
    main([int(size) for size in sys.argv[1:]] or _SIZES_MB)
