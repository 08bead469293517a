"""The public tasks, those of BIG-Bench Hard with at most 18 possible answers, in two groups.

`TASKS` are the six shortest with at most six answers, fewer than 190 characters in the mean. They
are no unseen ones. That examples are shown as turns, too, was decided by answers to other examples
of four of them, and that `auto` expects much of showing examples after it had failed on one; the
held-out examples were used for neither.

`UNSEEN` are all others whose questions have fewer than 500 characters in the mean, but for
object_counting, which `real_task.py` asks. No model had been asked anything of them before the
optimisers were finished."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from pathlib import Path
from typing import Any, NamedTuple

TASKS = (
    "boolean_expressions",
    "sports_understanding",
    "hyperbaton",
    "ruin_names",
    "web_of_lies",
    "navigate",
)
UNSEEN = (
    "movie_recommendation",
    "snarks",
    "date_understanding",
    "disambiguation_qa",
    "reasoning_about_colored_objects",
    "logical_deduction_three_objects",
)
PROMPT = "Answer the question.\n\n{{ input }}\n\nAnswer:"
HELD_OUT = 100


class Task(NamedTuple):
    """`examples` are for the optimisation, `held_out` are seen by none of it."""

    name: str
    examples: list[dict[str, Any]]
    held_out: list[dict[str, Any]]


def read(name: str, folder: Path) -> Task:
    lines = (folder / f"bbh_{name}.jsonl").read_text(encoding="utf-8").splitlines()
    rows = sorted(
        {line: json.loads(line) for line in lines}.items(), key=lambda each: _key(each[0])
    )
    examples = [
        {"id": f"{name}-{n}", "inputs": {"input": row["input"]}, "expected": row["expected"]}
        for n, (_, row) in enumerate(rows)
    ]
    return Task(name, examples[HELD_OUT:], examples[:HELD_OUT])


def guessing(task: Task) -> float:
    """The share of the commonest right answer among the held-out examples: what saying it alone
    would score."""
    answers = Counter(each["expected"] for each in task.held_out)
    return answers.most_common(1)[0][1] / len(task.held_out)


def _key(line: str) -> str:
    return hashlib.sha256(line.encode()).hexdigest()
