"""The fields on which searches are measured: what is known of them must be so."""

import json
import random
import statistics
import subprocess
import sys
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
import pytest

BENCHMARKS = Path(__file__).parents[2] / "benchmarks"


@pytest.fixture(scope="module")
def worlds() -> Any:
    return module("worlds")


@pytest.fixture(scope="module")
def surfaces() -> Any:
    return module("surfaces")


def module(name: str) -> Any:
    sys.path.insert(0, str(BENCHMARKS))
    try:
        return import_module(f"optimizing.{name}")
    finally:
        sys.path.remove(str(BENCHMARKS))


def test_a_seed_prompt_is_right_in_two_of_five_and_the_best_in_nine_of_ten(worlds: Any) -> None:
    made = [worlds.World(seed) for seed in worlds.TUNING]
    seeds = [world.true_score(frozenset()) for world in made]
    oracles = [world.true_score(world.oracle) for world in made]
    assert statistics.mean(seeds) == pytest.approx(0.39, abs=0.01)
    assert statistics.mean(oracles) == pytest.approx(0.92, abs=0.01)


def test_the_true_score_is_what_many_answers_come_to(worlds: Any) -> None:
    world = worlds.World(3)
    rules = frozenset({"u01", "u05", "h02", "n01"})
    text = worlds.text_of(rules)
    answers = [world.score(text, item) for item in range(20_000)]
    assert statistics.mean(answers) == pytest.approx(world.true_score(rules), abs=0.012)


def test_useful_rules_never_hurt_and_harmful_ones_never_help(worlds: Any) -> None:
    world = worlds.World(5)
    seed = world.true_score(frozenset())
    for rule in world.rules:
        change = world.true_score(frozenset({rule})) - seed
        assert {"u": change > 0, "h": change < 0, "n": change == 0}[rule[0]], rule


def test_an_answer_depends_on_prompt_item_and_repeat_alone(worlds: Any) -> None:
    code = (
        "import json; from optimizing.worlds import World, text_of;"
        "world = World(7); texts = [text_of(()), text_of(['u01'])];"
        "print(json.dumps([world.score(t, i, r) for r in (1, 0) for t in texts for i in range(50)]))"
    )
    run = [sys.executable, "-c", code]
    elsewhere = json.loads(
        subprocess.run(run, cwd=BENCHMARKS, capture_output=True, check=True).stdout
    )
    world = worlds.World(7)
    texts = [worlds.text_of(()), worlds.text_of(["u01"])]
    here = [[world.score(t, i, r) for t in texts for i in range(50)] for r in (0, 1)]
    assert elsewhere == here[1] + here[0]
    assert here[0] != here[1]


def test_two_wordings_of_one_prompt_share_a_part_of_their_luck(worlds: Any) -> None:
    world = worlds.World(2)
    text = worlds.text_of(["u02"])
    other = worlds.paraphrase(text, random.Random(0))
    assert other != text
    assert worlds.rules_of(other) == worlds.rules_of(text) == {"u02"}
    items = range(4000)
    alike = statistics.mean(world.score(text, i) == world.score(other, i) for i in items)
    strange = statistics.mean(world.score(text, i) == world.score(other, i + 4000) for i in items)
    assert strange + 0.1 < alike < 0.95


def test_lines_that_are_no_rules_are_not_read(worlds: Any) -> None:
    text = "Answer.\n- rule u07: keep to the options\nrule h01: no\n- be brief\n- rule h03"
    assert worlds.rules_of(text) == {"u07", "h03"}


def test_a_reflection_adds_one_rule_and_aims_at_the_failures_it_saw(worlds: Any) -> None:
    world = worlds.World(11)
    rng = random.Random(1)
    records = [(item, False) for item in range(30) if world.item(item)[0] == 0][:2]
    added: list[str] = []
    for _ in range(2000):
        (rule,) = world.reflect(frozenset({"h01"}), records, rng) - {"h01"}
        added.append(rule)
    useful = [rule for rule in added if rule in world.oracle]
    assert len(useful) / len(added) == pytest.approx(0.55, abs=0.035)
    assert all(world.effects[rule][0] > 0 for rule in useful)
    passed = [(item, True) for item, _ in records]
    assert not world.reflect(frozenset(), passed, rng) & world.oracle


def test_a_prompt_on_a_surface_is_as_accurate_as_was_measured(surfaces: Any) -> None:
    surface = surfaces.Surface("made", np.linspace(0.02, 0.98, 100).tolist(), 4)
    found = surface.scores(range(surface.size), range(4096)).mean(axis=1)
    assert np.abs(found - surface.truth).max() < 0.03
    assert surface.used == surface.size * 4096
    again = surfaces.Surface("made", np.linspace(0.02, 0.98, 100).tolist(), 4)
    assert [again.score(9, item) for item in range(70, 90)] == surface.scores([9], range(70, 90))[
        0
    ].tolist()


def test_sampling_noise_is_taken_out_of_measured_accuracies(surfaces: Any) -> None:
    rng = np.random.default_rng(0)
    truth = rng.normal(0.5, 0.05, 2000)
    measured = rng.binomial(100, truth) / 100
    assert statistics.pstdev(surfaces.shrunk(measured.tolist(), 100)) == pytest.approx(
        0.05, abs=0.005
    )
    flat = rng.binomial(100, 0.5, 2000) / 100
    assert statistics.pstdev(surfaces.shrunk(flat.tolist(), 100)) < 0.015


def test_halving_finds_a_better_prompt_than_an_even_split(surfaces: Any) -> None:
    methods = module("methods")
    values = np.linspace(0.3, 0.7, 64).tolist()
    lost = {"halving": 0.0, "uniform": 0.0}
    for seed in range(40):
        for name in lost:
            surface = surfaces.Surface("made", values, seed)
            lost[name] += surface.regret(getattr(methods, name)(surface, 1280, seed))
            assert surface.used <= 1280
    assert lost["halving"] < 0.75 * lost["uniform"]


def test_gepa_stops_a_little_after_its_budget(worlds: Any) -> None:
    pytest.importorskip("gepa")
    run = module("gepa_runs").run_gepa(worlds.World(0), budget=150, validation=25)
    assert 150 <= run.calls <= 150 + 25 + 6
    assert run.reflections > run.accepted > 0
    assert run.true_score == worlds.World(0).true_score(run.rules)
