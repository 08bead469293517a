"""Before an experiment begins: how many units, and who sees what."""

from __future__ import annotations

from collections import Counter
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from burnish.errors import UsageError
from burnish.experiments.assign import Assigner, Share, within
from burnish.experiments.bandit import of_mean, of_rate, thompson, weighed
from burnish.experiments.estimate import Estimate
from burnish.experiments.power import (
    Effect,
    fixed_size,
    least_effect,
    needed,
    of_means,
    of_rates,
    power_of,
)
from burnish.experiments.spending import bounds

UNITS = [f"user-{n}" for n in range(100_000)]
THREE = [Share("a", 0.5), Share("b", 0.3), Share("c", 0.2)]


def test_sizes_are_the_published_ones() -> None:
    assert fixed_size(of_rates(0.10, 0.02), power=0.8, alpha=0.05) == 3_839
    assert fixed_size(of_means(1.0, 0.2), power=0.8, alpha=0.05) == 393


def test_the_planned_size_has_the_planned_power() -> None:
    effect, n = of_rates(0.3, 0.06), 0
    n = needed(effect, method="fixed").n
    assert power_of(effect, n) == pytest.approx(0.8, abs=0.002)
    random, runs = np.random.default_rng(2), 4_000
    a, b = random.binomial(n, 0.30, runs) / n, random.binomial(n, 0.36, runs) / n
    error = np.sqrt(a * (1 - a) / n + b * (1 - b) / n)
    assert (np.abs(b - a) / error > 1.959964).mean() == pytest.approx(0.8, abs=0.03)
    assert least_effect(0.21, 0.2304, n) == pytest.approx(0.06, rel=0.01)


def test_looking_all_the_time_costs_units_at_most_and_saves_some_on_average() -> None:
    effect = of_means(1.0, 0.1)
    once, always = needed(effect, method="fixed"), needed(effect, a_day=100)
    assert once.n < always.n < 2 * once.n
    assert always.usual < always.n
    assert always.days == always.total / 100


@pytest.mark.parametrize(("looks", "power", "variants"), [(2, 0.9, 2), (5, 0.8, 2), (10, 0.8, 3)])
def test_a_plan_of_looks_has_the_planned_power_and_error(
    looks: int, power: float, variants: int
) -> None:
    effect = of_means(1.0, 0.1)
    plan = needed(effect, method="group", looks=looks, power=power, variants=variants)
    once = needed(effect, method="fixed", power=power, variants=variants)
    assert once.n < plan.n < 1.05 * once.n
    assert plan.usual < once.n
    assert plan.looks == looks
    # Sums of n values each, as they are at each look; the difference of two has twice the variance.
    random, runs = np.random.default_rng(looks), 40_000
    at = np.ceil(plan.n * np.arange(1, looks + 1) / looks)
    noise = np.sqrt(2 * np.diff(at, prepend=0)) * random.normal(size=(runs, looks))
    far = np.array(bounds((at / at[-1]).tolist(), level=1 - 0.05 / (variants - 1))) * np.sqrt(
        2 * at
    )
    for difference, expected in ((0.1, power), (0.0, 0.05 / (variants - 1))):
        passed = np.abs(noise.cumsum(axis=1) + difference * at) > far
        shown = passed.any(axis=1)
        assert shown.mean() == pytest.approx(expected, abs=0.007)
        if difference:
            stops = np.where(shown, at[passed.argmax(axis=1)], plan.n)
            assert stops.mean() == pytest.approx(plan.usual, rel=0.01)


def test_more_variants_want_more_units_each() -> None:
    effect = of_rates(0.1, 0.05)
    two, five = (needed(effect, method="fixed", variants=n) for n in (2, 5))
    assert five.n > two.n
    assert five.total == 5 * five.n


@pytest.mark.parametrize(
    ("effect", "options"),
    [
        (of_means(1.0, 0.1), {"power": 1.0}),
        (of_means(1.0, 0.1), {"alpha": 0.0}),
        (of_means(1.0, 0.0), {}),
        (of_means(1.0, 0.1), {"variants": 1}),
        (of_means(1.0, 0.1), {"a_day": 0.0}),
        (of_means(1.0, 1e-9), {}),
    ],
)
def test_plans_that_cannot_be_are_refused(effect: Effect, options: dict[str, Any]) -> None:
    with pytest.raises(UsageError):
        needed(effect, **options)


def test_rates_must_stay_rates() -> None:
    with pytest.raises(UsageError):
        of_rates(0.9, 0.2)
    with pytest.raises(UsageError):
        of_means(0.0, 0.2)


def test_units_are_shared_out_by_the_weights() -> None:
    assigner = Assigner("salt", THREE)
    counts = Counter(map(assigner.variant, UNITS))
    for share in THREE:
        assert counts[share.name] / len(UNITS) == pytest.approx(share.weight, abs=0.01)


def test_a_new_variant_moves_nobody_between_the_old_ones() -> None:
    before, after = Assigner("salt", THREE), Assigner("salt", [*THREE, Share("d", 0.1)])
    moved = [
        unit for unit in UNITS[:20_000] if after.variant(unit) not in {"d", before.variant(unit)}
    ]
    assert moved == []


def test_a_greater_weight_takes_units_and_gives_none_away() -> None:
    before = Assigner("salt", THREE)
    after = Assigner("salt", [Share("a", 0.5), Share("b", 0.6), Share("c", 0.2)])
    for unit in UNITS[:5_000]:
        assert after.variant(unit) in {"b", before.variant(unit)}


def test_experiments_share_their_units_out_apart_from_each_other() -> None:
    one, other = Assigner("one", THREE), Assigner("other", THREE)
    both = Counter((one.variant(u), other.variant(u)) for u in UNITS)
    for a in THREE:
        for b in THREE:
            share = both[a.name, b.name] / len(UNITS)
            assert share == pytest.approx(a.weight * b.weight, abs=0.01)


@given(st.text(), st.text())
def test_a_unit_sees_the_same_variant_each_time(salt: str, unit: str) -> None:
    assert Assigner(salt, THREE).variant(unit) == Assigner(salt, THREE[::-1]).variant(unit)


def test_a_ramp_keeps_who_is_in() -> None:
    assert all(within("ramp", u, 0.5) for u in UNITS[:5_000] if within("ramp", u, 0.1))
    share = sum(within("ramp", u, 0.1) for u in UNITS[:20_000]) / 20_000
    assert share == pytest.approx(0.1, abs=0.01)
    assert not any(within("ramp", u, 0.0) for u in UNITS[:1_000])


@pytest.mark.parametrize(
    "shares",
    [[], [Share("a", 0.0)], [Share("a", -1.0)], [Share("a", 1.0), Share("a", 1.0)]],
    ids=["none", "zero", "negative", "twice"],
)
def test_shares_that_share_nothing_out_are_refused(shares: list[Share]) -> None:
    with pytest.raises(UsageError):
        Assigner("salt", shares)


def test_shares_follow_what_was_seen_and_keep_a_floor() -> None:
    arms = [of_rate("a", 10, 100), of_rate("b", 25, 100), of_rate("c", 5, 100)]
    shares = thompson(arms)
    assert sum(shares.values()) == pytest.approx(1.0)
    assert shares["b"] > 0.8
    assert min(shares.values()) >= 0.05
    pair = thompson(arms, top_two=True)
    assert pair["a"] > shares["a"]
    means = [of_mean("a", Estimate(1.0, 0.01, 9)), of_mean("b", Estimate(2.0, 0.01, 9))]
    assert thompson(means)["b"] == pytest.approx(0.95)
    with pytest.raises(UsageError):
        thompson(arms, floor=0.5)
    with pytest.raises(UsageError):
        thompson(arms[:1])


def test_weighed_units_give_an_unbiased_mean_where_plain_ones_do_not() -> None:
    plain: list[float] = []
    sound: list[float] = []
    for seed in range(400):
        random = np.random.default_rng(seed)
        taken: list[bool] = []
        values: list[float] = []
        chances: list[float] = []
        seen = {True: [0.5], False: [0.5]}
        for _ in range(60):
            # Greedy, as bandits are: an unlucky start is hardly ever made up for.
            chance = 0.9 if np.mean(seen[True]) > np.mean(seen[False]) else 0.1
            mine = bool(random.random() < chance)
            value = random.normal(0.5, 1)
            seen[mine].append(value)
            taken.append(mine)
            values.append(value)
            chances.append(chance)
        mine_of = np.array(taken, dtype=bool)
        if mine_of.any():
            plain.append(float(np.array(values)[mine_of].mean()))
            sound.append(weighed(np.array(values), mine_of, np.array(chances)).value)
    assert np.mean(plain) < 0.42
    assert np.mean(sound) == pytest.approx(0.5, abs=0.06)
