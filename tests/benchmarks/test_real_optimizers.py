"""What is told of optimisers with a real model says what guessing would score."""

import json
import sys
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
BENCHMARKS = ROOT / "benchmarks"


def module(name: str) -> ModuleType:
    sys.path.insert(0, str(BENCHMARKS))
    try:
        return import_module(name)
    finally:
        sys.path.remove(str(BENCHMARKS))


def test_guessing_is_the_share_of_the_commonest_answer_held_out(tmp_path: Path) -> None:
    tasks: Any = module("optimizing.real.tasks")
    rows = [{"input": f"question {n}", "expected": "yes" if n % 3 else "no"} for n in range(150)]
    text = "\n".join(map(json.dumps, rows))
    (tmp_path / "bbh_some.jsonl").write_text(text, encoding="utf-8")
    task = tasks.read("some", tmp_path)
    said = [each["expected"] for each in task.held_out]
    assert len(said) == tasks.HELD_OUT
    assert tasks.guessing(task) == said.count("yes") / len(said) > 0.5


def found(before: float, after: float) -> dict[str, Any]:
    values = [[float(n < 100 * share) for n in range(100)] for share in (before, after)]
    return {
        "outcome": "improved",
        "before": values[0],
        "after": values[1],
        "calls": 300,
        "messages": [],
    }


def test_rows_have_guessing_beside_the_score_and_count_the_tasks_above_it() -> None:
    script: Any = module("real_optimizers")
    done = {
        ("gepa", "one_task", 0): found(0.0, 0.6),
        ("gepa", "other_task", 0): found(0.0, 0.5),
    }
    one, other, whole = script.lines(done, ["gepa"], {"one_task": 0.55, "other_task": 0.5})
    assert one["what"] == "gepa, our changes, one task"
    assert (one["before"], one["after"], one["guessing"]) == (0.0, 0.6, 0.55)
    assert (other["after"], other["guessing"]) == (0.5, 0.5)
    assert whole["above_guessing"] == "1 of 2 tasks"


@pytest.mark.parametrize("name", ["real_optimizers", "real_optimizers_unseen"])
def test_every_task_that_is_published_says_what_guessing_scores(name: str) -> None:
    path = BENCHMARKS / "results" / f"{name}.json"
    rows: list[dict[str, Any]] = json.loads(path.read_text(encoding="utf-8"))["rows"]
    tasks = [row for row in rows if "after" in row]
    for whole in (row for row in rows if row not in tasks):
        method = whole["what"].partition(",")[0]
        mine = [row for row in tasks if row["what"].startswith(f"{method},")]
        above = sum(row["after"] > row["guessing"] for row in mine)
        assert whole["above_guessing"] == f"{above} of {len(mine)} tasks"
    assert all(1 / 18 <= row["guessing"] < 1 for row in tasks)


def test_the_guide_tells_what_was_measured_and_what_was_missed() -> None:
    script: Any = import_module("runpy").run_path(str(ROOT / "docs" / "measurements.py"))
    guide = (ROOT / "docs" / "guide" / "optimization.md").read_text(encoding="utf-8")
    assert script["guide"]() == guide
    told = script["MEASURED"].search(guide)[0]
    rows: list[dict[str, Any]] = []
    for name in ("optimizers", "real_optimizers", "real_optimizers_unseen"):
        path = BENCHMARKS / "results" / f"{name}.json"
        rows += json.loads(path.read_text(encoding="utf-8"))["rows"]
    for whole in (row for row in rows if row["what"] == "auto, all tasks"):
        assert f"{whole['mean_gain']:.2f} in" in told
    assert all(row["target"] in told for row in rows if row.get("met") is False)
