"""burnish experiments assign, record: for programs in other languages, and to look at."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from tests.cli.conftest import Run


@pytest.fixture
def started(run: Run) -> Run:
    """With a running experiment for people in Germany."""
    for text in ("Answer {{ text }}.", "Answer {{ text }} briefly."):
        assert run("prompts", "create", "mail", text).code == 0
    run("prompts", "label", "mail", "production", "1")
    created = run("experiments", "create", "shorter", "A=mail@1", "B=mail@2", "--metric", "solved",
                  "--target", "country=de")  # fmt: skip
    assert created.code == 0, created.err
    assert run("experiments", "start", "shorter").code == 0
    return run


def test_a_unit_gets_one_variant_and_is_counted(started: Run) -> None:
    asked = ("experiments", "assign", "shorter", "user-1", "--attribute", "country=de")
    first = started(*asked)
    variant, prompt = first.out.rstrip("\n").split("\t")
    assert prompt == {"A": "mail@1", "B": "mail@2"}[variant]
    assert started(*asked).out == first.out
    told = json.loads(started(*asked, "--json").out)
    assert told == {
        "experiment": "shorter",
        "unit": "user-1",
        "variant": variant,
        "prompt": prompt,
        "why": "",
    }
    looked = started("experiments", "assign", "shorter", "user-2", "--attribute", "country=de",
                     "--no-expose")  # fmt: skip
    assert looked.code == 0
    recorded = started("experiments", "record", "shorter", "--unit", "user-1", "--value", "1")
    assert recorded.out == "recorded\tshorter\tuser-1\tsolved\n"


def test_why_there_is_no_variant_is_told(started: Run) -> None:
    done = started("experiments", "assign", "shorter", "user-1", "--attribute", "country=us")
    assert done.out == "-\tnot targeted: country is none of de\n"
    started("experiments", "pause", "shorter")
    done = started("experiments", "assign", "shorter", "user-1", "--attribute", "country=de")
    assert done.out == "-\tthe experiment is paused\n"
    assert started("experiments", "assign", "shorter", "u", "--attribute", "country").code == 2
    assert started("experiments", "assign", "nobody", "u").code == 3


def test_an_outcome_is_recorded_once(started: Run) -> None:
    asked = ("experiments", "record", "shorter", "--unit", "u")
    started("experiments", "assign", "shorter", "u", "--attribute", "country=de")
    assert started(*asked, "--value", "1").out.startswith("recorded\t")
    assert started(*asked, "--value", "0").out.startswith("duplicate\t")
    mean = (*asked, "--metric", "score", "--value", "0.5", "--key", "k", "--at", "2026-01-01")
    assert json.loads(started(*mean, "--json").out)["metric"] == "score"
    assert started(*asked, "--value", "2").code == 2
    assert started(*asked, "--value", "1", "--at", "2999-01-01").code == 2
    assert started(*asked).code == 2
    assert started("experiments", "record", "--run", "r-1", "--value", "1").code == 3
    assert started("experiments", "record", "nobody", "--unit", "u", "--value", "1").code == 3
    started("experiments", "stop", "shorter")
    late = started("experiments", "record", "shorter", "--unit", "u", "--metric", "thumb",
                   "--value", "1")  # fmt: skip
    assert (late.code, late.err) == (
        0,
        "burnish: note: experiment shorter has ended; the outcome is late\n",
    )


def test_an_outcome_that_does_not_count_says_so(started: Run) -> None:
    asked = ("experiments", "record", "shorter", "--unit", "u", "--value", "1")
    waits = started(*asked)
    assert waits.out == "unmatched\tshorter\tu\tsolved\n"
    assert waits.err == (
        "burnish: note: u has seen no variant so far: the outcome waits for its exposure\n"
    )
    started("experiments", "assign", "shorter", "u", "--attribute", "country=de")
    old = json.loads(started(*asked, "--metric", "thumb", "--at", "2026-01-01", "--json").out)
    assert old["state"] == "early"
    assert old["note"].startswith("it is from before u saw its variant")


def test_a_file_of_outcomes_is_recorded_but_for_its_bad_rows(started: Run, tmp_path: Path) -> None:
    path = tmp_path / "outcomes.csv"
    path.write_text("unit,value\nu1,1\nu2,0\nu1,1\nu3,much\n")
    asked = ("experiments", "record", "shorter", "--csv", str(path))
    done = started(*asked)
    assert (done.code, done.out) == (1, "2\t1\t0\t1\n")
    assert done.err == (
        "burnish: note: 3 rows of units that have seen no variant so far: waiting for their "
        "exposures\nburnish: note: line 5: 'much' is no value\n"
    )
    path.write_text("unit,value\nu1,1\nu4,1\n")
    again = started(*asked, "--json")
    assert again.code == 0
    assert (json.loads(again.out)["recorded"], json.loads(again.out)["duplicates"]) == (1, 1)
    assert started(*asked, "--value", "1").code == 2
    path.write_text("unit,value\n" + "u,much\n" * 30)
    many = started(*asked)
    assert many.err.splitlines()[-1] == "burnish: note: and 10 rows more"
