"""An experiment between two versions of a prompt on a public task, answered by the built-in model:
does showing worked examples help so small a model?

    python benchmarks/offline_experiment.py --tasks FOLDER     about five minutes of one core

The folder holds `bbh_boolean_expressions.jsonl` of BIG-Bench Hard, one object a line with `input`
and `expected`; it is no part of the project. What the experiment came to goes to
`benchmarks/reports/offline_experiment.md`, without a text of the task. The worked examples are none
of the task's, so all of its examples can judge. Every answer is asked for at temperature 0, so that
a second run says the same.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from _report import report
from real_task import MODEL, REPORTS, ROOT, TASKS

if TYPE_CHECKING:
    from burnish.experiments.analysis import Arm, Contrast
    from burnish.experiments.findings import Findings

TASK = next(each for each in TASKS if each.name == "boolean_expressions")
NAME = "worked-examples"


class Measured(NamedTuple):
    found: Findings
    cpu_s: float


def tried(folder: Path, home: str) -> Measured:
    import burnish

    config = f"model=local:{MODEL}, temperature=0, max_tokens={TASK.max_tokens}"
    prompt, data = f"task/{TASK.name}", f"bbh/{TASK.name}"
    with burnish.open(home) as p:
        p.prompts.create(prompt, TASK.plain)
        p.prompts.update(prompt, TASK.shown, message="Show worked examples")
        p.datasets.add(data, folder / f"bbh_{TASK.name}.jsonl")
        p.experiments.create(
            NAME,
            [f"told={prompt}@1, {config}", f"shown={prompt}@2, {config}"],
            data=data,
            scorers=[TASK.scorer],
            split="all",
            concurrency=1,
        )
        began = time.process_time()
        p.experiments.start(NAME)
        found = p.experiments.report(NAME)
        return Measured(found, time.process_time() - began)


def written(found: Findings) -> str:
    analysis = found.analysis
    assert analysis is not None
    arms = "\n".join(map(_arm, analysis.arms))
    contrasts = "\n".join(map(_contrast, analysis.contrasts))
    notes = "\n".join(f"- {note}" for note in found.notes)
    return (
        f"# {NAME}\n\n{found.verdict}\n\n"
        f"BIG-Bench Hard's {TASK.name.replace('_', ' ')}, answered by {MODEL} at temperature 0. "
        "One variant is told what to do, the other is shown four worked examples as well.\n\n"
        f"| Variant | Examples | Right | 95 % interval |\n| --- | --- | --- | --- |\n{arms}\n\n"
        "| Variant | Less | Difference | 95 % interval | p | Outcome |\n"
        f"| --- | --- | --- | --- | --- | --- |\n{contrasts}\n\n{notes}\n"
    )


def _arm(arm: Arm) -> str:
    low, high = arm.interval.low, arm.interval.high
    return f"| {arm.name} | {arm.n} | {arm.value:.3f} | {low:.3f} to {high:.3f} |"


def _contrast(each: Contrast) -> str:
    interval = f"{each.interval.low:+.3f} to {each.interval.high:+.3f}"
    figures = f"{each.difference:+.3f} | {interval} | {each.p:.2g}"
    return f"| {each.variant} | {each.control} | {figures} | {each.outcome} |"


def rows_of(measured: Measured) -> list[dict[str, Any]]:
    found, analysis = measured.found, measured.found.analysis
    assert analysis is not None
    rows: list[dict[str, Any]] = [
        {
            "what": f"{TASK.name}, {arm.name}",
            "examples": arm.n,
            "right": round(arm.value, 3),
            "interval": f"{arm.interval.low:.2f} to {arm.interval.high:.2f}",
        }
        for arm in analysis.arms
    ]
    (contrast,) = analysis.contrasts
    low, high = contrast.interval.low, contrast.interval.high
    compared = {
        "what": f"{TASK.name}, {contrast.variant} less {contrast.control}",
        "pairs": contrast.pairs,
        "difference": round(contrast.difference, 3),
        "interval": f"{low:+.2f} to {high:+.2f}",
        "p": f"{contrast.p:.2g}",
        "verdict": found.verdict,
        "cpu_s": round(measured.cpu_s),
    }
    return [*rows, compared]


def main() -> None:
    given = argparse.ArgumentParser(description=__doc__)
    given.add_argument("--tasks", type=Path, help="folder of the task files")
    folder: Path | None = given.parse_args().tasks
    if folder is None:
        print("left out: it takes the file of a public task; give its folder with --tasks")
        return
    sys.path.append(str(ROOT))
    from tests.models.server import weights_folder

    with tempfile.TemporaryDirectory() as home:
        Path(home, "models").symlink_to(weights_folder(), target_is_directory=True)
        measured = tried(folder, home)
    REPORTS.mkdir(exist_ok=True)
    text = written(measured.found)
    REPORTS.joinpath("offline_experiment.md").write_text(text, encoding="utf-8")
    report("offline_experiment", rows_of(measured))


if __name__ == "__main__":
    main()
