"""What a command costs from a cold start, in CPU time, against an empty interpreter.

python benchmarks/cli.py
"""

from __future__ import annotations

import os
import resource
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from _report import report

ROUNDS = 9
ENTRY = "from burnish.cli.main import entry; entry()"
IDEA = "write a polite reminder about an unpaid invoice"


def cpu_s(*arguments: str) -> float:
    """Median user and system time of one process, seconds."""
    times: list[float] = []
    # As on a user's machine: modules are compiled once, whatever this shell says.
    environment = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}
    environment["PYTHONPYCACHEPREFIX"] = str(Path(tempfile.gettempdir()) / "burnish-bench-pyc")
    with tempfile.TemporaryDirectory() as home:
        for _ in range(ROUNDS):
            before = resource.getrusage(resource.RUSAGE_CHILDREN)
            subprocess.run(
                [sys.executable, *arguments],
                check=True,
                stdout=subprocess.DEVNULL,
                env=environment | {"BURNISH_HOME": home},
            )
            after = resource.getrusage(resource.RUSAGE_CHILDREN)
            times.append(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)
    return statistics.median(times[1:])


def main() -> None:
    empty = cpu_s("-c", "pass")
    rows: list[dict[str, Any]] = [{"what": "python -c pass", "cpu_ms": round(empty * 1e3, 1)}]
    cases: tuple[tuple[str, tuple[str, ...], float | None, float | None], ...] = (
        ("import burnish", ("-c", "import burnish"), None, 0.150),
        ("burnish --version", ("-c", ENTRY, "--version"), 6, None),
        ("burnish --help", ("-c", ENTRY, "--help"), 6, None),
        ("burnish enhance, cold", ("-c", ENTRY, "enhance", IDEA), None, 0.8),
        ("burnish generate, cold", ("-c", ENTRY, "generate", IDEA), None, 2.0),
        ("burnish prompts list, cold", ("-c", ENTRY, "prompts", "list"), None, None),
    )
    for what, arguments, most_ratio, most_s in cases:
        seconds = cpu_s(*arguments)
        row: dict[str, Any] = {
            "what": what,
            "cpu_ms": round(seconds * 1e3, 1),
            "ratio_to_empty": round(seconds / empty, 1),
        }
        if most_ratio:
            row |= {
                "target": f"<= {most_ratio:g} x python -c pass",
                "met": seconds / empty <= most_ratio,
            }
        if most_s:
            row |= {"target": f"<= {most_s:g} s CPU", "met": seconds <= most_s}
        rows.append(row)
    report("cli", rows)


if __name__ == "__main__":
    main()
