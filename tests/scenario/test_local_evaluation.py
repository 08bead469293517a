"""A real prompt, two versions of it, on a real task, answered by the real local model."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from tests.cli.conftest import Run
from tests.models import server as fixtures
from tests.models.server import MODEL

import burnish

weights = fixtures.weights
# One worker of the test run holds the model.
pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("local")]

# A public task where a copy of it is beside the project; else one of our own, of the same kind.
PUBLIC = Path(__file__).parents[3] / "shared/data/tasks/bbh_boolean_expressions.jsonl"
OWN = [
    ("not ( True ) or False is", "False"),
    ("True and not False and True is", "True"),
    ("( False or True ) and True is", "True"),
    ("not not False or False is", "False"),
    ("True and ( False and True ) is", "False"),
    ("not ( False or False ) is", "True"),
    ("False or not ( not True ) is", "True"),
    ("not True and ( True or False ) is", "False"),
    ("True or not ( True and True ) is", "True"),
    ("( not True ) or ( False and True ) is", "False"),
]
COUNT = len(OWN)
PLAIN = "Work out the value of this expression. Answer with True or False alone.\n\n{{ input }}"
SHOWN = (
    "Work out the value of the last expression. Answer with True or False alone.\n\n"
    "not True is\nFalse\n\nTrue and not False is\nTrue\n\n{{ input }}"
)
SCORER = 'classification:{"parameters": {"labels": ["True", "False"]}}'
MOST_TOKENS = 8


@pytest.fixture
def task(tmp_path: Path) -> Path:
    if PUBLIC.is_file():
        return PUBLIC
    path = tmp_path / "expressions.jsonl"
    rows = [json.dumps({"input": asked, "expected": right}) for asked, right in OWN]
    path.write_text("\n".join(rows), encoding="utf-8")
    return path


def test_two_versions_of_a_prompt_are_compared_on_a_task_by_the_built_in_model(
    spawn: Run, tmp_path: Path, weights: Path, task: Path
) -> None:
    folder = tmp_path / "home" / "models"
    folder.mkdir(parents=True)
    (folder / f"{MODEL}.gguf").symlink_to(weights / f"{MODEL}.gguf")
    with burnish.open() as p:
        p.prompts.create("logic/value", PLAIN)
        p.prompts.update("logic/value", SHOWN)
    done = spawn(
        *("evaluate", "logic/value@1", "logic/value@2", "--baseline", "logic/value@1"),
        *("--data", str(task), "--limit", str(COUNT), "--scorer", SCORER),
        *("--models", f"local:{MODEL}", "--temperature", "0", "--max-tokens", str(MOST_TOKENS)),
        *("--concurrency", "1", "--report", "report.md", "--json"),
    )
    assert done.code == 0, done.err
    told: dict[str, Any] = json.loads(done.out)
    plain, shown = sorted(told["report"]["columns"], key=lambda column: column["prompt"])
    assert (plain["prompt"], shown["prompt"]) == ("logic/value@1", "logic/value@2")
    for column in (plain, shown):
        _check_column(column)
    assert shown["input_tokens"] > plain["input_tokens"] > COUNT * 10

    (compared,) = told["report"]["comparisons"]
    assert (compared["column"], compared["against"], compared["n"]) == (
        shown["name"],
        plain["name"],
        COUNT,
    )
    difference = shown["score"]["mean"] - plain["score"]["mean"]
    assert compared["difference"] == pytest.approx(difference)
    assert compared["interval"]["low"] <= difference <= compared["interval"]["high"]
    assert compared["outcome"] in ("better", "worse", "no difference")
    assert "[" in (tmp_path / "report.md").read_text(encoding="utf-8")
    _check_kept(told)


def _check_column(column: dict[str, Any]) -> None:
    """All is answered, each figure has its n and interval, and the model counted its tokens."""
    score = column["score"]
    assert (column["answered"], column["failed"], column["missing"]) == (COUNT, 0, 0)
    assert (score["n"], score["kind"], score["unscored"]) == (COUNT, "rate", 0)
    assert 0 <= score["interval"]["low"] <= score["mean"] <= score["interval"]["high"] <= 1
    assert score["interval"]["high"] - score["interval"]["low"] > 0.2  # so few examples say little
    assert COUNT <= column["output_tokens"] <= COUNT * MOST_TOKENS
    assert 0 < column["latency"]["p50_ms"] <= column["latency"]["p95_ms"]
    assert column["cost"]["usd"] == 0
    assert column["cached"] == 0


def _check_kept(told: dict[str, Any]) -> None:
    """What the report says is in the results and the runs."""
    with burnish.open() as p:
        results = list(p.evaluations.results(told["evaluation"]["id"]))
        runs = p.runs.page(limit=100).items
    assert len(results) == len(runs) == 2 * COUNT
    assert {result.run_id for result in results} == {run.id for run in runs}
    assert all(run.kind == "evaluation" and run.output_tokens for run in runs)
    right = sum(bool(result.passed) for result in results)
    means = [column["score"]["mean"] for column in told["report"]["columns"]]
    assert sum(means) * COUNT == pytest.approx(right)
