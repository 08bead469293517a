"""Prompts tried on a task by the real local model, and the choice among them."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.models import server as fixtures
from tests.models.server import MODEL

import burnish

weights = fixtures.weights
# One worker of the test run holds the model.
pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("local")]

TEXTS = ("The soup was cold.", "I loved the view.", "Never again.", "Simply wonderful.")


def test_the_built_in_model_answers_for_each_prompt_and_one_of_them_is_kept(
    tmp_path: Path, weights: Path
) -> None:
    folder = tmp_path / "home" / "models"
    folder.mkdir(parents=True)
    (folder / f"{MODEL}.gguf").symlink_to(weights / f"{MODEL}.gguf")
    rows = [
        {"text": f"{TEXTS[n % 4]} ({n})", "expected": "good" if n % 2 else "bad"} for n in range(16)
    ]
    how = burnish.Optimize(
        data=rows, model=f"local:{MODEL}", scorers=["icontains"], budget=36, max_tokens=6
    )
    with burnish.open() as p:
        made = p.generate(
            "classify texts as good or bad", model="offline", name="text/kind", optimize=how
        )
        found = made.optimized
        assert found is not None
        kept = p.prompts.get("text/kind")
        asked = [run for run in p.runs.page(limit=50).items if run.kind == "evaluation"]
    assert found.outcome in ("improved", "kept")
    assert (found.model, found.writer) == (f"local:{MODEL}", "")
    assert f"text/kind@{kept.version.revision}" == made.reference
    assert (kept.version.revision == 1) is (found.outcome == "kept")
    # More than the original alone was asked, and no more than was allowed.
    assert len(rows) < found.calls == len(asked) <= 36
    assert found.cost_usd == 0
    assert found.before is not None
    assert 0 <= found.before <= 1
    assert all(run.output and not run.error for run in asked)


BIRDS = [
    "sparrow",
    "heron",
    "falcon",
    "magpie",
    "pelican",
    "ostrich",
    "kestrel",
    "swallow",
    "cuckoo",
    "plover",
    "puffin",
    "finch",
]
OTHERS = [
    "salmon",
    "otter",
    "lizard",
    "beetle",
    "donkey",
    "walrus",
    "spider",
    "turtle",
    "rabbit",
    "shrimp",
    "hornet",
    "badger",
]
SAYS = ("Is a {} a bird?", "Tell me whether the {} belongs to the birds.")
MARGIN = 0.05


@pytest.mark.spec("OPT-01")
def test_the_built_in_model_scores_higher_with_what_the_search_found(
    tmp_path: Path, weights: Path
) -> None:
    """The seed prompt does not say in which form to answer, so that an exact scorer finds nothing
    right; what examples show, even so small a model takes up."""
    folder = tmp_path / "home" / "models"
    folder.mkdir(parents=True)
    (folder / f"{MODEL}.gguf").symlink_to(weights / f"{MODEL}.gguf")
    rows = [
        {"inputs": {"input": says.format(name)}, "expected": answer}
        for says in SAYS
        for names, answer in ((BIRDS, "yes"), (OTHERS, "no"))
        for name in names
    ]
    with burnish.open() as p:
        p.prompts.create("bird/is", "Answer the question.\n\n{{ input }}\n\nAnswer:")
        done = p.optimize(
            "bird/is",
            rows,
            model=f"local:{MODEL}",
            writer="offline",
            scorers=["exact"],
            budget=100,
            temperature=0.0,
            max_tokens=8,
        )
        found = done.optimization.report["verdict"]["beside"]
        assert done.optimization.outcome == "improved"
        assert found["difference"] >= MARGIN
        assert found["low"] > 0
        assert done.optimization.report["calls"] <= 100
        assert p.prompts.get("bird/is@latest").version.revision == 2
