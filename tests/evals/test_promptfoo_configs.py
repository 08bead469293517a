"""Configurations of promptfoo as people write them: each runs, or names what of it does not.

A file says in lines that begin with `#>` what is to come: `calls` of the plan, the `models`,
whether each answer of a run has `passed`, each `note`, or the `error`. A note that no line has is
a failure as well: nothing is told that is not so, and nothing is ignored in silence.
"""

from __future__ import annotations

import json
from pathlib import Path

import pytest

import burnish
from burnish.errors import BurnishError

FOLDER = Path(__file__).parent / "promptfoo_configs"
CONFIGS = sorted(path for path in FOLDER.iterdir() if path.is_file())


def told(path: Path, what: str) -> list[str]:
    start = f"#> {what} "
    lines = path.read_text(encoding="utf-8").splitlines()
    return [line.removeprefix(start) for line in lines if line.startswith(start)]


@pytest.mark.parametrize("path", CONFIGS, ids=lambda path: path.stem)
def test_a_configuration_runs_or_names_what_does_not(path: Path, p: burnish.Platform) -> None:
    errors = told(path, "error")
    if errors:
        with pytest.raises(BurnishError) as raised:
            p.plan_evaluation(str(path))
        assert errors[0] in str(raised.value)
        return
    plan = p.plan_evaluation(str(path))
    wanted = told(path, "note")
    assert len(plan.notes) == len(wanted), plan.notes
    for note in wanted:
        assert any(note in each for each in plan.notes), (note, plan.notes)
    if calls := told(path, "calls"):
        assert plan.estimate.calls == int(calls[0])
    if models := told(path, "models"):
        assert plan.evaluation.models == tuple(models[0].split())
    if plan.evaluation.models != ("fake:echo",):
        return
    done = p.run_evaluation(plan.evaluation)
    assert (done.report.results, done.report.missing) == (plan.estimate.calls, 0)
    assert all(column.failed == 0 for column in done.report.columns), done.report.faults
    if passed := told(path, "passed"):
        results = list(p.evaluations.results(done.evaluation.id))
        assert [int(bool(each.passed)) for each in results] == [*map(int, passed[0].split())]


def test_it_is_named_once_and_asked_the_same_again(p: burnish.Platform) -> None:
    first = p.plan_evaluation(str(FOLDER / "03_labels_limit_tests.yaml")).evaluation
    again = p.plan_evaluation(str(FOLDER / "03_labels_limit_tests.yaml")).evaluation
    assert (first.prompts, first.dataset) == (again.prompts, again.dataset)
    assert p.run_evaluation(again).evaluation.dataset == first.dataset
    rows = [each.metadata for each in p.datasets.iter_examples(first.dataset)]
    assert json.dumps(rows[0]) == '{"only": [["short", "fake:echo"]]}'


def test_other_models_are_asked_what_the_file_says_of_prompts(p: burnish.Platform) -> None:
    done = p.evaluate(str(FOLDER / "04_provider_filter.yaml"), models=["fake:a", "fake:b"])
    assert [column.answered for column in done.report.columns] == [3, 3]
    done = p.evaluate(str(FOLDER / "03_labels_limit_tests.yaml"), models="fake:a")
    assert [column.answered for column in done.report.columns] == [2, 1]


def test_what_stands_under_only_is_asked_of_these_alone(p: burnish.Platform) -> None:
    p.prompts.create("mail/a", "A {{ t }}")
    p.prompts.create("mail/b", "B {{ t }}")
    rows = [
        {"t": "both"},
        {"t": "a alone", "metadata": {"only": [["mail/a", "*"]]}},
        {"t": "one pair", "metadata": {"only": [["mail/b", "fake:y"]]}},
    ]
    done = p.evaluate(["mail/a", "mail/b"], rows, models=["fake:x", "fake:y"], repeats=2)
    answered = {(c.prompt, c.model): (c.answered, c.missing) for c in done.report.columns}
    assert answered == {
        ("mail/a@1", "fake:x"): (4, 0),
        ("mail/a@1", "fake:y"): (4, 0),
        ("mail/b@1", "fake:x"): (2, 0),
        ("mail/b@1", "fake:y"): (4, 0),
    }
    before = p.runs.count()
    p.resume_evaluation(done.evaluation.id)
    assert p.runs.count() == before
