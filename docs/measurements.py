"""Writes docs/reference/measurements.md from benchmarks/results. `--check` only compares."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs" / "reference" / "measurements.md"
HEAD = """# Measurements

Generated from `benchmarks/results/`; `make bench` measures again and `make docs` writes this page.
Absolute times depend on the machine (here: two shared cores); ratios in one run are what counts.
Where a target is missed, the table says so.
"""


def page() -> str:
    parts = [HEAD]
    for path in sorted((ROOT / "benchmarks" / "results").glob("*.json")):
        content = json.loads(path.read_text(encoding="utf-8"))
        if "rows" in content:
            command = f"python benchmarks/{content.get('command', f'{path.stem}.py')}"
            parts.append(f"## {path.stem}\n\n`{command}`\n\n{_table(content['rows'])}")
    return "\n".join(parts)


def _table(rows: list[dict[str, Any]]) -> str:
    lines = ["| What | Measured | Target | Met |", "| --- | --- | --- | --- |"]
    for row in rows:
        figures = ", ".join(
            f"{key.replace('_', ' ')} {value:,}"
            if isinstance(value, int | float)
            else f"{key} {value}"
            for key, value in row.items()
            if key not in ("what", "target", "met")
        )
        met = {True: "yes", False: "**no**"}.get(row.get("met", ""), "")
        lines.append(f"| {row['what']} | {figures} | {row.get('target', '')} | {met} |")
    return "\n".join(lines) + "\n"


def main() -> None:
    if "--check" in sys.argv:
        sys.exit(0 if PAGE.exists() and PAGE.read_text(encoding="utf-8") == page() else 1)
    PAGE.write_text(page(), encoding="utf-8")


if __name__ == "__main__":
    main()
