"""What the shipped weights were trained on, what their report says, and that training repeats."""

from __future__ import annotations

import hashlib
import json
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from burnish.errors import MissingExtra
from burnish.intents import INTENTS, corpus, fit, train
from burnish.intents.corpus import Example, folds, held_out_voices, load_corpus
from burnish.intents.fit import Recipe, intents_goal, kinds_goal, read, temperature
from burnish.intents.grading import calibration_error, grade, interval
from burnish.intents.trained import WEIGHTS, load_model, save_model, softmax

REPORT: dict[str, Any] = json.loads((WEIGHTS / "report.json").read_text(encoding="utf-8"))
MANIFEST: dict[str, Any] = json.loads((WEIGHTS / "manifest.json").read_text(encoding="utf-8"))
RESULTS = Path(__file__).parents[2] / "benchmarks" / "results" / "intents.json"
KIND_TESTS = {"held_out": "held-out set", "grouped_cross_validation": "five folds"}
PUBLISHED = {"accuracy": 0.644, "lenient": 0.750, "macro_f1": 0.633}


@pytest.fixture(scope="module")
def examples() -> list[Example]:
    return load_corpus()


@pytest.fixture(scope="module")
def few(examples: list[Example]) -> list[fit.Read]:
    return read([e for e in examples if e.source == "request"][::4])


@pytest.mark.spec("INT-01")
@pytest.mark.parametrize("test", ["held_out", "grouped_cross_validation", "held_out_voices"])
def test_offline_accuracy_is_at_least_the_published_number(test: str) -> None:
    figures = REPORT["embedding"][test]
    assert all(figures[name] >= least for name, least in PUBLISHED.items())


def test_requests_by_another_author_are_read_well() -> None:
    figures = REPORT["embedding"]["held_out"]
    assert (figures["accuracy"] >= 0.72, figures["lenient"] >= 0.84) == (True, True)
    assert (figures["macro_f1"] >= 0.70, figures["ece"] <= 0.08) == (True, True)


@pytest.mark.parametrize("tier", ["rules", "floor", "embedding", "cascade"])
def test_confidence_is_honest_in_every_tier(tier: str) -> None:
    assert REPORT[tier]["grouped_cross_validation"]["ece"] <= 0.08


@pytest.mark.spec("INT-01")
def test_the_benchmark_printed_the_report_of_these_weights() -> None:
    rows = {row["what"]: row for row in json.loads(RESULTS.read_text(encoding="utf-8"))["rows"]}
    for tier in ("rules", "floor", "embedding"):
        for test in (
            "held_out",
            "grouped_cross_validation",
            "held_out_voices",
            "templates_to_requests",
        ):
            row = rows[f"{tier}, {test}"]
            figures = REPORT[tier][test]
            assert {name: row[name] for name in PUBLISHED} == {
                name: figures[name] for name in PUBLISHED
            }
        for test in KIND_TESTS:
            row = rows[f"{tier}, kinds, {test}"]
            assert row["accuracy"] == REPORT[tier]["kinds"][test]["accuracy"]
    assert all(row.get("met", True) for row in rows.values())


def test_the_manifest_describes_the_data_and_weights_that_are_there() -> None:
    assert MANIFEST["data"] == corpus.manifest(), (
        "the data changed: python -m burnish.intents.train"
    )
    for name, stored in MANIFEST["weights"].items():
        content = (WEIGHTS / name).read_bytes()
        assert hashlib.sha256(content).hexdigest() == stored["sha256"]
        assert len(content) <= 1_500_000


def test_no_fold_shares_a_voice_or_a_template(examples: list[Example]) -> None:
    parts = folds(examples)
    groups = [group for part in parts for group in part]
    assert len(groups) == len(set(groups)) == len({e.group for e in examples})
    sizes = [sum(e.group in part for e in examples) for part in parts]
    assert max(sizes) < 1.1 * min(sizes)


def test_held_out_voices_are_whole_and_about_a_tenth(examples: list[Example]) -> None:
    held = held_out_voices()
    requests = [e for e in examples if e.source == "request"]
    assert held <= {e.group for e in requests}
    assert 0.08 <= sum(e.group in held for e in requests) / len(requests) <= 0.2


def test_no_request_begins_like_one_of_another_voice(examples: list[Example]) -> None:
    groups: dict[str, set[str]] = {}
    for example in examples:
        start = re.sub(r"\W+", " ", example.text.lower()).strip()[:60]
        if len(start) >= 40:
            groups.setdefault(start, set()).add(example.group)
    assert not [start for start, found in groups.items() if len(found) > 1]


def test_a_fit_repeats_and_survives_its_file(few: list[fit.Read], tmp_path: Path) -> None:
    recipe = Recipe(iterations=15)
    first = fit.fit(few, intents_goal(few, recipe), recipe, terms=True, vectors=False)
    second = fit.fit(few, intents_goal(few, recipe), recipe, terms=True, vectors=False)
    save_model(first, tmp_path / "a.npz")
    save_model(second, tmp_path / "b.npz")
    assert (tmp_path / "a.npz").read_bytes() == (tmp_path / "b.npz").read_bytes()
    stored = load_model(tmp_path / "a.npz")
    for row in few[:20]:
        assert softmax(stored.logits(row.request)) == pytest.approx(
            softmax(first.logits(row.request)), abs=0.01
        )


def test_a_fit_learns_what_unseen_voices_want(few: list[fit.Read]) -> None:
    crossed = train.cross_validate(few, "rules")
    figures = grade(crossed.chances, crossed.examples)
    most_frequent = max(sum(r.example.intent == i for r in few) for i in INTENTS) / len(few)
    assert figures["n"] == len(few)
    assert figures["accuracy"] > 2 * most_frequent
    assert figures["lenient"] >= figures["accuracy"]
    assert figures["top_2"] >= figures["accuracy"]


def test_a_model_for_other_intents_is_refused(few: list[fit.Read], tmp_path: Path) -> None:
    recipe = Recipe(iterations=2)
    model = fit.fit(few[:60], intents_goal(few[:60], recipe), recipe, terms=False, vectors=False)
    save_model(model, tmp_path / "m.npz")
    assert load_model(tmp_path / "m.npz", INTENTS).classes == INTENTS
    with pytest.raises(ValueError, match="other classes"):
        load_model(tmp_path / "m.npz", INTENTS[:-1])


def test_temperature_undoes_overconfidence() -> None:
    rng = np.random.default_rng(3)
    logits = rng.normal(size=(4000, len(INTENTS))).astype(np.float32) * 2
    chances = softmax(logits)
    truth = np.array([rng.choice(len(INTENTS), p=row / row.sum()) for row in chances.astype(float)])
    assert temperature(logits * 2.5, truth) == pytest.approx(2.5, rel=0.1)
    assert calibration_error(softmax(logits * 2.5), truth) > 0.1
    assert calibration_error(chances, truth) < 0.03


def test_grading_counts_acceptable_labels_apart() -> None:
    rows = [
        Example(text="a", intent="research", also=("learning",), source="request", group="x"),
        Example(text="b", intent="research", source="request", group="x"),
    ]
    chances = np.zeros((2, len(INTENTS)))
    chances[:, INTENTS.index("learning")] = 1.0
    figures = grade(chances, rows)
    assert (figures["accuracy"], figures["lenient"]) == (0.0, 0.5)


def test_training_without_its_extra_says_what_to_install(
    few: list[fit.Read], monkeypatch: pytest.MonkeyPatch
) -> None:
    def nothing(name: str) -> None:
        return None

    monkeypatch.setattr(fit, "find_spec", nothing)
    recipe = Recipe(iterations=1)
    with pytest.raises(MissingExtra) as missing:
        fit.fit(few[:40], intents_goal(few[:40], recipe), recipe, terms=False, vectors=False)
    assert "burnish[train]" in missing.value.hint


def test_the_page_about_the_model_quotes_the_report() -> None:
    page = (RESULTS.parents[2] / "docs" / "reference" / "intent-model.md").read_text("utf-8")
    shown = {"embedding": "trained+embedding", "floor": "trained", "rules": "rules"}
    for tier, name in shown.items():
        for test in (
            "held_out",
            "grouped_cross_validation",
            "held_out_voices",
            "templates_to_requests",
        ):
            figures = REPORT[tier][test]
            columns = (f"{figures[key]:.3f}" for key in ("accuracy", "lenient", "macro_f1", "ece"))
            row = " | ".join(columns)
            assert f"{figures['n']:,}" in page
            assert re.search(rf"\| `{re.escape(name)}` \| [\w -]+ \| {re.escape(row)} \|", page)
        for test, called in KIND_TESTS.items():
            figures = REPORT[tier]["kinds"][test]
            columns = (f"{figures[key]:.3f}" for key in ("accuracy", "lenient", "top_3", "ece"))
            assert f"| `{name}` | {called} | {' | '.join(columns)} |" in page


def test_the_interval_is_that_of_whole_groups() -> None:
    rng = np.random.default_rng(5)
    groups = [f"g{n // 20}" for n in range(800)]
    hits = np.repeat(rng.random(40) < 0.7, 20)  # all rows of a group alike: 40 draws, not 800
    low, high = interval(hits, groups)
    spread = 1.96 * float(np.sqrt(hits.mean() * (1 - hits.mean()) / 40))
    assert (low, high) == pytest.approx((hits.mean() - spread, hits.mean() + spread), abs=0.03)


def test_nothing_of_the_held_out_set_is_in_the_training_data(examples: list[Example]) -> None:
    def key(text: str) -> str:
        return re.sub(r"\W+", " ", text.lower()).strip()[:60]

    last = corpus.held_out()
    assert len(last) >= 300
    shared = {key(e.text) for e in last} & {key(e.text) for e in examples}
    assert not {text for text in shared if len(text) > 12}


def test_kinds_of_task_are_read_well_enough_to_choose_a_shape() -> None:
    """Of about 110 kinds; one taken by chance would be right once in a hundred times."""
    figures = REPORT["embedding"]["kinds"]["held_out"]
    assert (figures["accuracy"] >= 0.55, figures["top_3"] >= 0.8) == (True, True)
    assert figures["ece"] <= 0.1


def test_rows_for_the_kinds_do_not_teach_the_intents(examples: list[Example]) -> None:
    rows = [e for e in examples if e.source == "kinds"]
    assert len(rows) > 1000
    assert {e.kind for e in rows} == {e.kind for e in examples if e.kind}
    assert all(e.kind for e in examples if e.source == "request")
    assert MANIFEST["intents_fitted_to"] == ["pool", "request", "template"]


def test_the_goal_of_the_kinds_shares_a_little_with_the_second(few: list[fit.Read]) -> None:
    recipe = Recipe(smoothing=0.0)
    goal = kinds_goal(few, recipe)
    assert goal.targets.sum(axis=1) == pytest.approx(np.ones(len(few)))
    shared = 0
    for row, target in zip(few, goal.targets, strict=True):
        by_name = dict(zip(goal.classes, target, strict=True))
        further = [name for name in row.example.also_kinds if name in by_name]
        second = recipe.second if further else 0.0
        assert by_name[row.example.kind] == pytest.approx(1 - second)
        assert sum(by_name[name] for name in further) == pytest.approx(second)
        shared += bool(further)
    assert shared > 10


def test_the_page_quotes_the_benchmark_of_the_choice() -> None:
    page = (RESULTS.parents[2] / "docs" / "reference" / "intent-model.md").read_text("utf-8")
    rows = json.loads((RESULTS.parent / "archetype_choice.json").read_text("utf-8"))["rows"]
    for row in (rows[0], rows[2]):
        assert f"{row['accuracy']:.3f}" in page
        assert f"{row['lenient']:.3f}" in page
