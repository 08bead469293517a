"""Two versions of a prompt on public tasks, answered by the built-in model: what a report of real
answers looks like, and how little so small a model can do.

    python benchmarks/real_task.py --tasks FOLDER      about four minutes on two cores

The folder holds `bbh_boolean_expressions.jsonl` and `bbh_object_counting.jsonl` of BIG-Bench Hard,
one object a line with `input` and `expected`; they are no part of the project. The reports go to
`benchmarks/reports`, with figures and ids, without a text of the tasks. Every answer is asked for
at temperature 0, one after the other, so that a second run says the same, times apart.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec
from _report import report

if TYPE_CHECKING:
    from burnish.evals.report import Report

ROOT = Path(__file__).parents[1]
REPORTS = Path(__file__).parent / "reports"
MODEL = "smollm2-135m"
ROWS = 5


class Task(NamedTuple):
    """`plain` says what to do, `shown` also shows how. Answers beyond `max_tokens` are cut."""

    name: str
    examples: int
    plain: str
    shown: str
    scorer: str
    max_tokens: int
    guessing: str


TASKS = (
    Task(
        name="boolean_expressions",
        examples=100,
        plain="Work out the value of this expression. Answer with True or False alone.\n\n"
        "{{ input }}",
        shown="Work out the value of the last expression. Answer with True or False alone.\n\n"
        "not True is\nFalse\n\nTrue and not False is\nTrue\n\n"
        "False or ( not True ) is\nFalse\n\nnot ( False and True ) is\nTrue\n\n{{ input }}",
        scorer='classification:{"parameters": {"labels": ["True", "False"]}}',
        max_tokens=8,
        guessing="0.5, for there are two answers",
    ),
    Task(
        name="object_counting",
        examples=50,
        plain="{{ input }} Answer with a number alone.",
        shown="How many? Answer with a number alone.\n\n"
        "I have two chairs, a lamp, and three tables. How many objects do I have?\n6\n\n"
        "I have a goat, an owl, and two hens. How many animals do I have?\n4\n\n{{ input }}",
        scorer="numeric",
        max_tokens=8,
        guessing="about 0.1, for most answers are 3 to 18",
    ),
)


def evaluated(task: Task, folder: Path, home: str) -> tuple[Report, float]:
    import burnish

    name = f"task/{task.name}"
    with burnish.open(home) as p:
        p.prompts.create(name, task.plain)
        p.prompts.update(name, task.shown, message="Show worked examples")
        began = time.perf_counter()
        done = p.evaluate(
            [f"{name}@1", f"{name}@2"],
            folder / f"bbh_{task.name}.jsonl",
            models=f"local:{MODEL}",
            scorers=[task.scorer],
            limit=task.examples,
            temperature=0.0,
            max_tokens=task.max_tokens,
            concurrency=1,  # the time of an answer is then its own, without waiting for others
            baseline=f"{name}@1",
        )
        return done.report, time.perf_counter() - began


def figures_alone(made: Report) -> Report:
    """Answers repeat what they were asked, which is not ours to give on."""
    columns = [
        msgspec.structs.replace(
            column,
            rows=tuple(
                msgspec.structs.replace(row, output="", reasons=(), run_id="")
                for row in column.rows[:ROWS]
            ),
        )
        for column in made.columns
    ]
    return msgspec.structs.replace(made, columns=tuple(columns))


def write(task: Task, made: Report) -> None:
    from burnish.evals.report import html, markdown

    REPORTS.mkdir(exist_ok=True)
    REPORTS.joinpath(f"{task.name}.md").write_text(markdown(made), encoding="utf-8")
    REPORTS.joinpath(f"{task.name}.html").write_text(html(made), encoding="utf-8")


def rows_of(task: Task, made: Report, seconds: float) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = []
    for column, how in zip(made.columns, ("told what to do", "shown how as well"), strict=True):
        assert column.score.mean is not None
        assert column.score.interval is not None
        rows.append(
            {
                "what": f"{task.name}, {how}",
                "examples": column.score.n,
                "right": round(column.score.mean, 3),
                "interval": f"{column.score.interval.low:.2f} to {column.score.interval.high:.2f}",
                "guessing": task.guessing,
                "p50_ms": round(column.latency.p50_ms or 0),
                "tokens_read": column.input_tokens,
                "tokens_written": column.output_tokens,
            }
        )
    (compared,) = made.comparisons
    rows.append(
        {"what": f"{task.name}, compared", "outcome": compared.text, "seconds": round(seconds)}
    )
    return rows


def main() -> None:
    given = argparse.ArgumentParser(description=__doc__)
    given.add_argument("--tasks", type=Path, help="folder of the task files")
    folder: Path | None = given.parse_args().tasks
    if folder is None:
        print("left out: it takes the files of public tasks; give their folder with --tasks")
        return
    sys.path.append(str(ROOT))
    from tests.models.server import weights_folder

    weights = weights_folder()
    rows: list[dict[str, Any]] = []
    for task in TASKS:
        with tempfile.TemporaryDirectory() as home:
            Path(home, "models").symlink_to(weights, target_is_directory=True)
            made, seconds = evaluated(task, folder, home)
        write(task, figures_alone(made))
        rows += rows_of(task, made, seconds)
    report("real_task", rows)


if __name__ == "__main__":
    main()
