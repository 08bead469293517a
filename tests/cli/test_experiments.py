"""burnish experiments: how many units, and what their outcomes say."""

from __future__ import annotations

import json
import random
from pathlib import Path

import pytest
from tests.cli.conftest import Run
from tests.cli.test_terminal import screen

import burnish
from burnish.errors import UsageError


def written(path: Path, *, gain: float, n: int = 4_000, times: bool = False, seed: int = 1) -> Path:
    draw = random.Random(seed)
    lines = ["unit,variant,value" + (",time" if times else "")]
    for unit in range(n):
        variant = draw.choice("AB")
        value = int(draw.random() < 0.2 + (gain if variant == "B" else 0.0))
        lines.append(f"u{unit},{variant},{value}" + (f",{unit}" if times else ""))
    path.write_text("\n".join(lines) + "\n")
    return path


def analysed(run: Run, path: Path, *more: str) -> dict[str, object]:
    found: dict[str, object] = json.loads(
        run("experiments", "analyze", "--csv", str(path), "--control", "A", *more, "--json").out
    )
    return found


@pytest.mark.spec("EXP-06")
def test_a_plan_tells_units_and_days(run: Run) -> None:
    plan = ("experiments", "plan", "0.10", "0.02")
    told = run(*plan, "--traffic", "500", "--method", "fixed").out
    assert "3,839 units for each variant, 7,678 in all" in told
    assert "15.4 days" in told
    found = json.loads(run(*plan, "--method", "fixed", "--json").out)
    assert (found["n"], found["usual"], found["days"]) == (3839, 3839, None)
    told = run(*plan, "--method", "group", "--looks", "4", "--traffic", "500").out
    found = json.loads(run(*plan, "--method", "group", "--looks", "4", "--json").out)
    assert 3_839 < found["n"] < 4_000
    assert f"Look 4 times, after each {-(-found['n'] // 4):,} of each" in told
    assert f"about {found['usual']:,} of each are usual" in told


def test_a_plan_for_looking_all_the_time_wants_more_and_usually_stops_sooner(run: Run) -> None:
    told = run("experiments", "plan", "3.8", "0.1", "--metric", "mean", "--spread", "1.0",
               "--json").out  # fmt: skip
    found = json.loads(told)
    # As `create` does unless another method is named.
    assert found["method"] == "sequential"
    assert found["n"] > 1_570
    assert found["usual"] < found["n"]


def test_a_plan_fits_in_a_terminal_and_writes_shares_as_reports_do() -> None:
    text = screen("experiments", "plan", "0.10", "0.02", "--traffic", "100")
    assert all(len(line) <= 80 for line in text.splitlines())
    said = " ".join(text.split())
    assert "shown with a chance of 80 %, and one that is not there with 5 % at most." in said


@pytest.mark.parametrize(
    ("given", "says"),
    [
        (["0.95", "0.1"], "rates are between 0 and 1"),
        (
            ["3.8", "0.1", "--metric", "mean"],
            (
                "wants the spread of its values; give their standard "
                "deviation, as past data have it, with --spread"
            ),
        ),
        (
            ["0.1", "0.02", "--method", "bayes"],
            "plan with sequential; a bayes experiment ends with --loss, --units or --days",
        ),
        (["0.1", "0.02", "--method", "often"], "use sequential, fixed, group"),
        (["0.1", "0"], "the least effect is 0"),
        (["0.1", "0.02", "--power", "1.5"], "power is 1.5"),
    ],
)
def test_plans_that_cannot_be_are_refused(run: Run, given: list[str], says: str) -> None:
    done = run("experiments", "plan", *given)
    assert done.code == 2
    assert says in done.err


@pytest.mark.spec("EXP-06")
def test_a_clear_difference_is_told_in_words_and_figures(run: Run, tmp_path: Path) -> None:
    path = written(tmp_path / "a.csv", gain=0.08)
    told = run("experiments", "analyze", "--csv", str(path), "--control", "A").out
    assert "Take B: rate" in told
    assert told.splitlines()[0].startswith("A\t")
    found = analysed(run, path)
    assert found["winner"] == "B"


@pytest.mark.parametrize("method", ["fixed", "sequential", "bayes"])
def test_each_method_finds_it_and_says_how(run: Run, tmp_path: Path, method: str) -> None:
    path = written(tmp_path / "a.csv", gain=0.1)
    with burnish.open() as p:
        found = p.experiments.analyze(path, control="A", method=method)  # pyright: ignore[reportArgumentType] - one of the three
    assert found.winner == "B"
    (contrast,) = found.analysis.contrasts
    assert contrast.interval.low < 0.1 < contrast.interval.high
    assert (contrast.p is None) == (method == "bayes")


def test_times_make_it_safe_to_have_looked_before(tmp_path: Path) -> None:
    path = written(tmp_path / "a.csv", gain=0.0, times=True)
    with burnish.open() as p:
        found = p.experiments.analyze(path, control="A")
        fixed = p.experiments.analyze(path, control="A", method="fixed")
    assert found.analysis.design.method == "sequential"
    assert found.winner == ""
    (ours,), (theirs,) = found.analysis.contrasts, fixed.analysis.contrasts
    assert ours.interval.high - ours.interval.low > theirs.interval.high - theirs.interval.low


def test_what_is_missing_for_an_answer_is_told(run: Run, tmp_path: Path) -> None:
    path = written(tmp_path / "a.csv", gain=0.0, n=400, seed=3)
    told = run("experiments", "analyze", "--csv", str(path), "--control", "A").out
    assert "No difference is shown" in told
    small = analysed(run, written(tmp_path / "b.csv", gain=0.0, n=200_000), "--matters", "0.02")
    assert "smaller than the 0.02 that matters" in str(small["verdict"])


def test_units_that_came_in_other_shares_block_the_verdict(run: Run, tmp_path: Path) -> None:
    path = written(tmp_path / "a.csv", gain=0.2)
    found = analysed(run, path, "--weights", "A=1,B=2")
    assert found["winner"] == ""
    assert str(found["verdict"]).startswith("No verdict: units did not come")
    told = run("experiments", "analyze", "--csv", str(path), "--weights", "A=1,B=2")
    assert (told.out + told.err).count("did not come in the planned shares") == 1


def test_rows_that_cannot_be_read_are_named_and_counted(run: Run, tmp_path: Path) -> None:
    path = written(tmp_path / "a.csv", gain=0.2, n=300)
    with path.open("a") as file:
        file.write("u9000,A,nan\nu9001,,1\nu9002,A,?\nu1,A,1\nu1,B,1\n")
    done = run("experiments", "analyze", "--csv", str(path), "--control", "A")
    assert done.code == 0
    assert "3 of 305 rows are left out: line 302: 'nan' is no value" in done.err
    assert "1 units came with several variants" in done.err


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ("unit,value\n1,1\n", "no column variant"),
        ("unit,variant,value\n1,A,1\n2,A,0\n", "two variants or more"),
        ("unit,variant,value\n1,A,1\n2,B,0\n3,A,4.5\n", "add --metric mean"),
        ("unit,variant,value\n1,A,1\n2,B,0\n3,B,1\n", "too few units of variant"),
        ("", "no column"),
    ],
)
def test_tables_that_cannot_be_compared_are_refused(
    run: Run, tmp_path: Path, content: str, says: str
) -> None:
    path = tmp_path / "a.csv"
    path.write_text(content)
    done = run("experiments", "analyze", "--csv", str(path))
    assert done.code == 2
    assert says in done.err


def test_a_file_that_is_not_there_or_no_text_is_refused(run: Run, tmp_path: Path) -> None:
    assert run("experiments", "analyze", "--csv", str(tmp_path / "no.csv")).code == 2
    (tmp_path / "b.csv").write_bytes(b"unit,variant,value\n\xff\xfe,1,1\n")
    done = run("experiments", "analyze", "--csv", str(tmp_path / "b.csv"))
    assert done.code == 2
    assert "no CSV file in UTF-8" in done.err
    assert run("experiments", "analyze", "--csv", "x", "--weights", "A").code == 2


def test_rows_from_code_ratios_and_covariates() -> None:
    draw = random.Random(5)
    rows: list[dict[str, object]] = []
    for unit in range(2_000):
        variant, before = "AB"[unit % 2], draw.gauss(10, 2)
        value = 0.8 * before + draw.gauss(0, 1) + (0.2 if variant == "B" else 0)
        rows.append({"unit": unit, "variant": variant, "value": value, "covariate": before})
    with burnish.open() as p:
        plain = p.experiments.analyze(
            [{**row, "covariate": ""} for row in rows], metric="mean", method="fixed"
        )
        known = p.experiments.analyze(rows, metric="mean", method="fixed")
        cheap = p.experiments.analyze(rows, metric="mean", lower_is_better=True)
        ratio = p.experiments.analyze(
            [row | {"denominator": 2} for row in rows], metric="ratio", method="fixed"
        )
        with pytest.raises(UsageError, match="no metric"):
            p.experiments.analyze(rows, metric="median")  # pyright: ignore[reportArgumentType]
    assert known.analysis.kept < 0.3
    assert (plain.winner, known.winner, cheap.winner) == ("", "B", "A")
    assert ratio.analysis.arms[0].value == pytest.approx(plain.analysis.arms[0].value / 2)


def test_several_variants_share_the_error() -> None:
    draw = random.Random(6)
    rows = [
        {"unit": unit, "variant": "ABCD"[unit % 4], "value": draw.gauss(unit % 4 == 3, 1)}
        for unit in range(400)
    ]
    with burnish.open() as p:
        found = p.experiments.analyze(rows, metric="mean")
    assert found.winner == "D"
    outcomes = {each.variant: each.outcome for each in found.analysis.contrasts}
    assert found.left_out == 0
    assert outcomes == {"B": "no difference", "C": "no difference", "D": "better"}


def test_rows_of_one_unit_do_not_pass_for_units() -> None:
    draw = random.Random(7)
    once: list[dict[str, object]] = []
    for unit in range(300):
        solved = int(draw.random() < 0.5)
        once.append({"unit": unit, "variant": "AB"[unit % 2], "value": solved})
    with burnish.open() as p:
        single = p.experiments.analyze(once, method="fixed").analysis
        tenfold = p.experiments.analyze(once * 10, method="fixed").analysis
    assert (single.metric, tenfold.metric) == ("rate", "rate")
    assert [arm.n for arm in tenfold.arms] == [150, 150]
    narrow, wide = tenfold.contrasts[0].interval, single.contrasts[0].interval
    assert narrow.high - narrow.low == pytest.approx(wide.high - wide.low, rel=0.05)
