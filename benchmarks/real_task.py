"""Two versions of a prompt on public tasks, answered by the built-in model: what a report of real
answers looks like, and how little so small a model can do.

    python benchmarks/real_task.py --tasks FOLDER      about three minutes of one core

The folder holds `bbh_boolean_expressions.jsonl` and `bbh_object_counting.jsonl` of BIG-Bench Hard,
one object a line with `input` and `expected`; they are no part of the project. The reports go to
`benchmarks/reports`, with figures and ids, without a text of the tasks. Every answer is asked for
at temperature 0, one after the other, so that a second run says the same, times apart.
"""

from __future__ import annotations

import argparse
import itertools
import json
import sys
import tempfile
import time
from collections import Counter
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
    ),
)


class Measured(NamedTuple):
    """`guessing` is the share of the commonest answer: what saying it alone would get right."""

    report: Report
    guessing: float
    cpu_s: float


def evaluated(task: Task, folder: Path, home: str) -> Measured:
    import burnish

    name, path = f"task/{task.name}", folder / f"bbh_{task.name}.jsonl"
    with burnish.open(home) as p:
        p.prompts.create(name, task.plain)
        p.prompts.update(name, task.shown, message="Show worked examples")
        began = time.process_time()
        done = p.evaluate(
            [f"{name}@1", f"{name}@2"],
            path,
            models=f"local:{MODEL}",
            scorers=[task.scorer],
            limit=task.examples,
            temperature=0.0,
            max_tokens=task.max_tokens,
            concurrency=1,  # the time of an answer is then its own, without waiting for others
            baseline=f"{name}@1",
        )
        cpu_s = time.process_time() - began
    return Measured(done.report, guessing(path, task.examples), cpu_s)


def guessing(path: Path, count: int) -> float:
    with path.open(encoding="utf-8") as lines:
        answers = [json.loads(line)["expected"] for line in itertools.islice(lines, count)]
    return Counter(answers).most_common(1)[0][1] / count


def figures_alone(made: Report) -> Report:
    """Answers repeat what they were asked, which is not ours to give on."""
    columns = [
        msgspec.structs.replace(
            column,
            rows=tuple(
                msgspec.structs.replace(
                    row, input="", expected="", output="", reasons=(), run_id=""
                )
                for row in column.rows[:ROWS]
            ),
        )
        for column in made.columns
    ]
    # Nor who ran it, and when: the same run gives the same file.
    return msgspec.structs.replace(made, columns=tuple(columns), about=None)


def plainly(task: Task, measured: Measured) -> str:
    shown = [
        column.name
        for column in measured.report.columns
        if column.score.interval is not None and column.score.interval.low > measured.guessing
    ]
    better = "only " + " and ".join(shown) if shown else "neither version"
    return (
        f"{task.examples} examples of BIG-Bench Hard's {task.name.replace('_', ' ')}, answered by "
        f"{MODEL} at temperature 0. Saying the commonest answer each time would be right in "
        f"{measured.guessing:.2f} of them, and {better} is shown to do better: so small a model "
        "is near guessing, whatever the prompt. It is there to try the machinery with."
    )


def write(task: Task, measured: Measured) -> None:
    from burnish.evals.report import html, markdown

    made = msgspec.structs.replace(figures_alone(measured.report), title=f"{task.name}, {MODEL}")
    REPORTS.mkdir(exist_ok=True)
    text = f"{markdown(made).rstrip()}\n\n{plainly(task, measured)}\n"
    REPORTS.joinpath(f"{task.name}.md").write_text(text, encoding="utf-8")
    REPORTS.joinpath(f"{task.name}.html").write_text(html(made), encoding="utf-8")


def rows_of(task: Task, measured: Measured) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = []
    made = measured.report
    for column, how in zip(made.columns, ("told what to do", "shown how as well"), strict=True):
        assert column.score.mean is not None
        assert column.score.interval is not None
        rows.append(
            {
                "what": f"{task.name}, {how}",
                "examples": column.score.n,
                "right": round(column.score.mean, 3),
                "interval": f"{column.score.interval.low:.2f} to {column.score.interval.high:.2f}",
                "guessing": round(measured.guessing, 3),
                "tokens_read": column.input_tokens,
                "tokens_written": column.output_tokens,
            }
        )
    (compared,) = made.comparisons
    outcome = {"outcome": compared.text, "cpu_s": round(measured.cpu_s)}
    return [*rows, {"what": f"{task.name}, compared", **outcome}]


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
            measured = evaluated(task, folder, home)
        write(task, measured)
        rows += rows_of(task, measured)
    report("real_task", rows)


if __name__ == "__main__":
    main()
