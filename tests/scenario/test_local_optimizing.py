"""Prompts tried on a task by the real local model, and the choice among them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from tests.cli.conftest import Run
from tests.models import server as fixtures
from tests.models.server import MODEL

import burnish

weights = fixtures.weights
# One worker of the test run holds the model.
pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("local")]

TEXTS = ("The soup was cold.", "I loved the view.", "Never again.", "Simply wonderful.")


def test_the_built_in_model_answers_for_each_prompt_and_one_of_them_is_kept(
    spawn: Run, tmp_path: Path, weights: Path
) -> None:
    folder = tmp_path / "home" / "models"
    folder.mkdir(parents=True)
    (folder / f"{MODEL}.gguf").symlink_to(weights / f"{MODEL}.gguf")
    rows = [
        {"text": f"{TEXTS[n % 4]} ({n})", "expected": "good" if n % 2 else "bad"} for n in range(6)
    ]
    (tmp_path / "texts.jsonl").write_text("\n".join(map(json.dumps, rows)))
    done = spawn(
        *("generate", "classify texts as good or bad", "--optimize", "--data", "texts.jsonl"),
        *("--models", f"local:{MODEL}", "--model", "offline", "--scorer", "icontains"),
        *("--candidates", "1", "--phases", "draft", "--name", "text/kind", "--json"),
    )
    assert done.code == 0, done.err
    told = json.loads(done.out)
    found = told["optimized"]
    assert found["outcome"] in ("improved", "kept")
    assert len(found["tried"]) == 2
    (before,), (after,) = found["before"], found["after"]
    assert before["n"] == after["n"] == 6
    assert before["model"] == f"local:{MODEL}"
    assert found["cost_usd"] == 0
    # Better only where the report says so.
    is_taken = found["outcome"] == "improved"
    assert is_taken == any(" is better than " in each for each in found["comparisons"])
    with burnish.open() as p:
        kept = p.prompts.get("text/kind")
        assert f"text/kind@{kept.version.revision}" == told["reference"]
        assert (kept.version.revision == 1) is not is_taken
        asked = [run for run in p.runs.page(limit=50).items if run.kind == "evaluation"]
    assert len(asked) == 12
    assert all(run.output and not run.error for run in asked)
