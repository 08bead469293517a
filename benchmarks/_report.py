"""Prints a benchmark's table and keeps it: `benchmarks/results/<name>.json` is what docs quote."""

from __future__ import annotations

import json
import platform
import statistics
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

RESULTS = Path(__file__).parent / "results"


def percentiles_ms(times_s: list[float]) -> dict[str, float]:
    cuts = statistics.quantiles(times_s, n=20)
    return {"p50_ms": round(cuts[9] * 1e3, 3), "p95_ms": round(cuts[18] * 1e3, 3)}


def timed(call: Callable[[], object], repeats: int) -> list[float]:
    times: list[float] = []
    for _ in range(repeats):
        start = time.perf_counter()
        call()
        times.append(time.perf_counter() - start)
    return times


def report(name: str, rows: list[dict[str, Any]], command: str = "") -> None:
    """Each row has `what`, its figures, and where there is one `target` and `met`. `command` is
    what follows `python benchmarks/`; the script of the same name where it is empty."""
    for row in rows:
        shown = "  ".join(f"{key} {value}" for key, value in row.items() if key != "what")
        print(f"{row['what']:58} {shown}")
    RESULTS.mkdir(exist_ok=True)
    machine = {"python": platform.python_version(), "machine": platform.machine()}
    content: dict[str, Any] = {"machine": machine, "rows": rows}
    content |= {"command": command} if command else {}
    (RESULTS / f"{name}.json").write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")
