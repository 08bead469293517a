"""Writes docs/reference/measurements.md, and the figures of docs/guide/optimization.md, from
benchmarks/results. `--check` only compares."""

from __future__ import annotations

import json
import re
import statistics
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
RESULTS = ROOT / "benchmarks" / "results"
PAGE = ROOT / "docs" / "reference" / "measurements.md"
GUIDE = ROOT / "docs" / "guide" / "optimization.md"
MEASURED = re.compile(r"(?<=<!-- measured -->\n).*?(?=<!-- /measured -->)", re.DOTALL)
Row = dict[str, Any]
HEAD = """# Measurements

Generated from `benchmarks/results/`; `make bench` measures again and `make docs` writes this page.
Absolute times depend on the machine (here: two shared cores); ratios in one run are what counts.
Where a target is missed, the table says so.
"""


def page() -> str:
    parts = [HEAD]
    for path in sorted(RESULTS.glob("*.json")):
        content = json.loads(path.read_text(encoding="utf-8"))
        if "rows" in content:
            command = f"python benchmarks/{content.get('command', f'{path.stem}.py')}"
            parts.append(f"## {path.stem}\n\n`{command}`\n\n{_table(content['rows'])}")
    return "\n".join(parts)


def _table(rows: list[Row]) -> str:
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


def guide() -> str:
    """The guide with its figures as they were measured."""
    return MEASURED.sub(lambda _: _optimizers(), GUIDE.read_text(encoding="utf-8"))


def _optimizers() -> str:
    names = ("optimizers", "real_optimizers", "real_optimizers_unseen")
    simulated, known, unseen = map(_rows, names)
    aside = [row | {"what": row["what"].replace("all tasks", "all unseen tasks")} for row in unseen]
    parts = (_simulated(simulated), _real(known, unseen), _missed([*simulated, *known, *aside]))
    return "".join(f"- {part}\n" for part in parts)


def _rows(name: str) -> list[Row]:
    return json.loads((RESULTS / f"{name}.json").read_text(encoding="utf-8"))["rows"]


def _simulated(rows: list[Row]) -> str:
    by = {row["what"]: row for row in rows}
    peer = "gepa, 25 validation examples"
    names = ("reflective", "bandit", "genetic", "random search", peer)
    of = "additive worlds, {}, 600 calls".format
    others = ", ".join(f"{name} {by[of(name)]['true_score']:.2f}" for name in names)
    more = by[f"auto less {peer}, 600 calls, the same worlds"]
    return (
        "[On simulated tasks](../reference/measurements.md#optimizers), whose best prompt is "
        f"known, 600 calls bring `auto` to {by[of('auto')]['true_score']:.2f} of right answers "
        f"({others}): {more['difference']:+.2f} beside the package gepa, 95 % interval "
        f"{more['low']:+.2f} to {more['high']:+.2f}. A model that writes is simulated there, too."
    )


def _real(known: list[Row], unseen: list[Row]) -> str:
    one, other = ([row for row in rows if _is_of_auto(row)] for rows in (known, unseen))
    gains = [statistics.mean(row["gain"] for row in rows) for rows in (one, other)]
    apart = [row["after"] - row["guessing"] for row in (*one, *other)]
    above = [each for each in apart if each > 0]
    beside = ", ".join(
        f"{row['what'].removesuffix(', all tasks')} {row['mean_gain']:.2f}"
        for row in known
        if "mean_gain" in row and not row["what"].startswith("auto")
    )
    return (
        "[With a real model](../reference/measurements.md#real_optimizers), the small built-in "
        f"one, 300 calls and no model that writes, `auto` gained {gains[0]:.2f} in the mean of "
        f"{len(one)} public tasks ({beside}) and {gains[1]:.2f} in that of {len(other)} "
        "[unseen ones](../reference/measurements.md#real_optimizers_unseen), mostly by the form of "
        "the answers, which was another than the expected one at first: it came above what saying "
        f"the most frequent right answer each time scores on {len(above)} of these {len(apart)}, "
        f"by {max(above, default=0.0):.2f} at most, and nothing that reflects was measured so."
    )


def _is_of_auto(row: Row) -> bool:
    return row["what"].startswith("auto, ") and "guessing" in row


def _missed(rows: list[Row]) -> str:
    aimed = [row for row in rows if row.get("target")]
    missed: dict[str, list[str]] = {}
    for row in aimed:
        if not row["met"]:
            missed.setdefault(row["target"], []).append(row["what"])
    told = "; ".join(
        f"`{target}` ({whats[0]}{f', and {len(whats) - 1} like it' if whats[1:] else ''})"
        for target, whats in missed.items()
    )
    count = sum(map(len, missed.values()))
    return f"Of {len(aimed)} targets {count} are missed{': ' if told else ''}{told}."


def main() -> None:
    pages = {PAGE: page(), GUIDE: guide()}
    if "--check" in sys.argv:
        known = (
            each.exists() and each.read_text(encoding="utf-8") == pages[each] for each in pages
        )
        sys.exit(0 if all(known) else 1)
    for path, text in pages.items():
        path.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
