"""How long the unit tests take: everything without browsers, processes that are killed, or docs.

python benchmarks/suite.py
"""

from __future__ import annotations

import re
import subprocess
import sys
import time
from pathlib import Path

from _report import report

ROOT = Path(__file__).parents[1]
UNIT = ("prompts", "intents", "techniques", "generation", "library", "contract", "storage")


def main() -> None:
    folders = [f"tests/{name}" for name in UNIT]
    start = time.perf_counter()
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-n", "2", "-m", "not slow", *folders],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    seconds = round(time.perf_counter() - start, 1)
    passed = int((re.search(r"(\d+) passed", done.stdout) or ["", "0"])[1])
    report(
        "suite",
        [
            {
                "what": "unit tests on two cores, without network",
                "tests": passed,
                "seconds": seconds,
                "target": "<= 60 s",
                "met": seconds <= 60,
            }
        ],
    )


if __name__ == "__main__":
    main()
