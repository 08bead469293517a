"""Columns against columns, and which to take."""

from __future__ import annotations

import random
from collections.abc import Callable

import pytest

from burnish.errors import NotFound, UsageError
from burnish.evals.report import Weights, report_of
from burnish.storage.result import Result

Made = Callable[..., Result]
MadeAll = Callable[..., list[Result]]


def rates(n: int, share: float) -> list[float]:
    return [1.0] * round(n * share) + [0.0] * (n - round(n * share))


def test_a_difference_is_said_in_plain_words(column: MadeAll) -> None:
    results = column(rates(100, 0.6)) + column(rates(100, 0.8), prompt="mail/late@2")
    (found,) = report_of(results).comparisons
    assert (found.column, found.against) == ("mail/late@2", "mail/late@1")
    assert (found.outcome, found.n, found.test) == ("better", 100, "mcnemar")
    assert found.difference == pytest.approx(0.2)
    assert found.verdicts is not None
    assert (found.verdicts.gained, found.verdicts.lost) == (20, 0)
    assert found.text.startswith("mail/late@2 is better than mail/late@1: score +0.200 [+0.1")
    assert found.text.endswith("over 100 examples, p < 0.001")


def test_the_loser_is_worse(column: MadeAll) -> None:
    results = column(rates(100, 0.8)) + column(rates(100, 0.6), prompt="mail/late@2")
    (found,) = report_of(results).comparisons
    assert found.outcome == "worse"


def test_few_examples_show_no_difference(column: MadeAll) -> None:
    """Four of five against two of five is nothing yet."""
    results = column(rates(5, 0.4)) + column(rates(5, 0.8), prompt="mail/late@2")
    (found,) = report_of(results).comparisons
    assert found.outcome == "no difference"
    assert found.text.startswith("no difference shown between mail/late@2 and mail/late@1")


def test_one_example_in_common_says_nothing(made: Made) -> None:
    results = [
        made(0, 1.0),
        made(1, 1.0),
        made(0, 0.0, model="fake:b"),
        made(2, 0.0, model="fake:b"),
    ]
    (found,) = report_of(results).comparisons
    assert (found.outcome, found.n, found.difference, found.interval) == ("no data", 1, None, None)
    assert "nothing can be said" in found.text


def test_many_small_gains_and_a_few_large_losses_are_no_difference(column: MadeAll) -> None:
    """The ranks say better, the mean says worse: neither is said."""
    before = [0.5 + i / 1000 for i in range(60)]
    after = [score + 0.02 for score in before[:50]] + [0.0] * 10
    results = column(before) + column(after, prompt="mail/late@2")
    (found,) = report_of(results).comparisons
    assert found.test == "wilcoxon"
    assert found.difference is not None
    assert found.difference < 0 < found.ranks.rank_biserial
    assert found.outcome == "no difference"


def test_repeats_are_compared_by_their_means(made: Made) -> None:
    results = [
        made(example, float(repeat < passing), repeat=repeat, model=model)
        for model, passing in (("fake:a", 1), ("fake:b", 2))
        for example in range(20)
        for repeat in range(3)
    ]
    (found,) = report_of(results).comparisons
    assert (found.n, found.test) == (20, "wilcoxon")
    assert found.difference == pytest.approx(1 / 3)
    assert found.verdicts is not None
    assert found.verdicts.gained == 20


def test_each_is_compared_with_each_and_of_many_with_the_best(made: Made) -> None:
    def columns(count: int) -> list[Result]:
        return [
            made(example, float(example < 10 + column), model=f"fake:{column:02}")
            for column in range(count)
            for example in range(30)
        ]

    few, many = report_of(columns(12)), report_of(columns(13))
    assert (few.compared, len(few.comparisons)) == ("each", 66)
    assert (many.compared, len(many.comparisons)) == ("best", 12)
    assert {each.against for each in many.comparisons} == {"fake:12"}


@pytest.mark.parametrize(
    ("baseline", "pairs"),
    [
        ("mail/late@1", {("2a", "1a"), ("2b", "1b")}),
        ("fake:b", {("1a", "1b"), ("2a", "2b")}),
        ("mail/late@1 · fake:b", {("1a", "1b"), ("2a", "1b"), ("2b", "1b")}),
    ],
)
def test_a_baseline_is_a_prompt_a_model_or_a_column(
    column: MadeAll, baseline: str, pairs: set[tuple[str, str]]
) -> None:
    results = [
        result
        for prompt in ("mail/late@1", "mail/late@2")
        for model in ("fake:a", "fake:b")
        for result in column(rates(10, 0.5), prompt=prompt, model=model)
    ]
    report = report_of(results, baseline=baseline)
    short = {
        f"mail/late@{number} · fake:{letter}": f"{number}{letter}"
        for number in "12"
        for letter in "ab"
    }
    assert {(short[each.column], short[each.against]) for each in report.comparisons} == pairs
    assert (report.compared, report.baseline) == ("baseline", baseline)


def test_a_baseline_without_results_is_an_error(column: MadeAll) -> None:
    with pytest.raises(NotFound, match=r"mail/early@1.*name one of: mail/late@1"):
        report_of(column([1.0]), baseline="mail/early@1")


@pytest.mark.slow
def test_equal_columns_are_seldom_said_to_differ(made: Made) -> None:
    """Four columns by the same coin, compared each with each: about one evaluation of twenty
    says of any that they differ, whatever the number of pairs (uncorrected, one of five)."""
    draw = random.Random(20_261_121)
    alarms = 0
    for _ in range(200):
        results = [
            made(example, draw.choice([0.0, 0.25, 0.5, 1.0]), model=f"fake:{column}")
            for column in range(4)
            for example in range(40)
        ]
        report = report_of(results)
        alarms += any(each.outcome in ("better", "worse") for each in report.comparisons)
    assert alarms / 200 <= 0.08


@pytest.mark.spec("TST-07")
def test_the_score_decides_then_cost_and_latency_by_stated_weights(column: MadeAll) -> None:
    """First by score alone, however dear; then, where the intervals overlap, no difference is said
    and the weights of cost and latency decide."""
    dear = {"cost_usd": 0.02, "latency_ms": 900.0}
    better = column(rates(100, 0.5)) + column(rates(100, 0.9), model="fake:b", **dear)
    by_score = report_of(better).recommendation
    assert (by_score.column, by_score.decided_by, by_score.alike) == ("fake:b", "score", ())

    alike = column(rates(100, 0.80)) + column(rates(100, 0.81), model="fake:b", **dear)
    report = report_of(alike)
    found = report.recommendation
    assert [each.outcome for each in report.comparisons] == ["no difference"]
    assert (found.column, found.decided_by) == ("fake:a", "cost and latency")
    assert set(found.alike) == {"fake:a", "fake:b"}
    assert found.weights == {"cost": 0.7, "latency": 0.3}
    assert found.text.startswith("No difference in score is shown between fake:b and fake:a, and")
    assert "Weighed by cost 0.7 and latency 0.3, take fake:a: 0.001 USD and 100 ms" in found.text


def test_weights_can_turn_the_recommendation(column: MadeAll) -> None:
    cheap_and_slow = column(rates(50, 0.8), cost_usd=0.001, latency_ms=900.0)
    dear_and_fast = column(rates(50, 0.8), model="fake:b", cost_usd=0.004, latency_ms=100.0)
    results = cheap_and_slow + dear_and_fast
    assert report_of(results).recommendation.column == "fake:a"
    turned = report_of(results, weights=Weights(cost=0.1, latency=0.9)).recommendation
    assert (turned.column, turned.weights) == ("fake:b", {"cost": 0.1, "latency": 0.9})


def test_equals_in_everything_are_not_told_apart(column: MadeAll) -> None:
    found = report_of(
        column(rates(50, 0.8)) + column(rates(50, 0.8), model="fake:b")
    ).recommendation
    assert (found.column, found.decided_by) == ("", "nothing")
    assert "any of them will do" in found.text


def test_an_unknown_price_is_not_taken_for_cheap(column: MadeAll) -> None:
    unknown = column(rates(50, 0.8), model="fake:b", cost_usd=None, latency_ms=300.0)
    found = report_of(column(rates(50, 0.8)) + unknown).recommendation
    assert found.column == "fake:a"
    assert "latency alone, for not every price is known" in found.text


def test_an_answer_from_the_cache_is_not_said_to_have_no_price(column: MadeAll) -> None:
    kept = column(rates(50, 0.8), model="fake:b", cost_usd=None, cached=True, latency_ms=300.0)
    found = report_of(column(rates(50, 0.8)) + kept).recommendation
    assert found.column == "fake:a"
    assert "latency alone, for answers from the cache do not tell what one costs" in found.text
    dear = column(rates(50, 0.8), model="fake:b", cost_usd=0.9, cached=True)
    assert "Weighed by cost 0.7" in report_of(column(rates(50, 0.8)) + dear).recommendation.text


def test_a_recommended_column_whose_calls_failed_is_recommended_with_a_warning(
    made: Made, column: MadeAll
) -> None:
    results = column(rates(60, 1.0)) + column(rates(60, 0.2), model="fake:b")
    results += [made(f"x{i}", None, error="down") for i in range(5)]
    assert "Mind that 5 of 65 of its calls failed." in report_of(results).recommendation.text


@pytest.mark.parametrize("weight", [-1.0, float("nan"), float("inf")])
def test_weights_that_make_no_sense_are_refused(weight: float) -> None:
    with pytest.raises(UsageError, match="weights are"):
        Weights(cost=weight)


def test_weights_of_nothing_decide_nothing(column: MadeAll) -> None:
    results = column(rates(50, 0.8)) + column(rates(50, 0.8), model="fake:b", latency_ms=900.0)
    assert report_of(results, weights=Weights(cost=0.0, latency=0.0)).recommendation.column == ""


def test_a_large_lead_over_few_examples_is_not_given_up_for_cost(column: MadeAll) -> None:
    """Three examples can show nothing; the better score is still the better guess."""
    dear = {"cost_usd": 0.02, "latency_ms": 900.0}
    found = report_of(
        column([0.0, 0.0, 1.0]) + column([1.0, 1.0, 1.0], model="fake:b", **dear)
    ).recommendation
    assert (found.column, found.decided_by) == ("fake:b", "score")
    assert (found.alike, found.unsure) == ((), ("fake:a",))
    assert found.text.startswith(
        "Too few examples to tell: fake:b leads fake:a by 0.67 [-0.30, 1.00] over 3 examples; "
        "about 12 would be needed. Until then, fake:b is the better guess."
    )
    assert "By cost 0.7 and latency 0.3 it would be fake:a: 0.001 USD and 100 ms" in found.text


def test_a_lead_that_may_be_chance_is_taken_and_said_to_be_unsure(column: MadeAll) -> None:
    other = [1.0] * 16 + [0.0] * 10 + [1.0] * 8 + [0.0] * 6
    found = report_of(column(rates(40, 0.5)) + column(other, model="fake:b")).recommendation
    assert (found.column, found.decided_by, found.unsure) == ("fake:b", "score", ("fake:a",))
    assert found.text.startswith("Take fake:b, but that is not sure: it leads fake:a by 0.10 [-0.0")
    assert "which shows no difference; about 2" in found.text


def test_equal_scores_of_few_examples_are_no_proof_that_they_are_equal(column: MadeAll) -> None:
    both = column([1.0] * 3) + column([1.0] * 3, model="fake:b", latency_ms=900.0)
    found = report_of(both).recommendation
    assert (found.column, found.decided_by) == ("fake:a", "cost and latency")
    assert found.text.startswith("Too few examples to tell. No difference in score is shown")
    assert "though one of up to 0.55 is not ruled out" in found.text


def test_the_margin_says_which_lead_is_worth_its_price(column: MadeAll) -> None:
    results = column(rates(100, 0.80)) + column(rates(100, 0.83), model="fake:b", cost_usd=0.02)
    assert report_of(results).recommendation.column == "fake:a"
    strict = report_of(results, weights=Weights(margin=0.02)).recommendation
    assert (strict.column, strict.unsure, strict.margin) == ("fake:b", ("fake:a",), 0.02)


@pytest.mark.parametrize("margin", [-0.1, 1.5, float("nan")])
def test_a_margin_that_makes_no_sense_is_refused(margin: float) -> None:
    with pytest.raises(UsageError, match="the margin is"):
        Weights(margin=margin)


def test_a_column_without_a_score_is_not_called_worse(made: Made, column: MadeAll) -> None:
    down = [made(i, None, error="down", model="fake:b") for i in range(10)]
    found = report_of(column(rates(10, 0.8)) + down).recommendation
    assert found.text.endswith("1 column has no score.")
    assert "worse" not in found.text


def test_one_that_leads_and_one_that_is_alike_are_told_apart(column: MadeAll) -> None:
    results = column(rates(40, 0.9)) + column(rates(40, 0.9), model="fake:b", latency_ms=900.0)
    results += column([1.0] * 30 + [0.0] * 2 + [1.0] * 2 + [0.0] * 6, model="fake:c")
    found = report_of(results).recommendation
    assert (found.column, found.alike) == ("fake:a", ("fake:a", "fake:b"))
    assert found.unsure == ("fake:c",)
    assert "fake:a leads fake:c by 0.10" in found.text


@pytest.mark.slow
@pytest.mark.parametrize("n", [5, 12, 30, 100])
def test_the_better_is_recommended_however_few_there_are(made: Made, n: int) -> None:
    """True rates of 0.9 and 0.6 at one price; the worse answers sooner. It is recommended where
    the scores happen to be equal or turned around, which the chances below bound."""
    draw = random.Random(20_261_122)
    worse = 0
    for _ in range(300):
        results = [
            made(i, float(draw.random() < rate), model=model, latency_ms=latency)
            for model, rate, latency in (("fake:a", 0.9, 200.0), ("fake:b", 0.6, 100.0))
            for i in range(n)
        ]
        worse += report_of(results).recommendation.column == "fake:b"
    assert worse / 300 <= {5: 0.30, 12: 0.12, 30: 0.04, 100: 0.0}[n]
