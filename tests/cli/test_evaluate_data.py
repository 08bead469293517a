"""evaluate: which examples are asked, and what becomes of their dataset."""

from __future__ import annotations

import json
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest
from tests.cli.conftest import Run

import burnish
from burnish.errors import Conflict, UsageError

ASKED = ("evaluate", "say", "--models", "fake:echo", "--data", "rows.csv")


@pytest.fixture(autouse=True)
def given(run: Run, tmp_path: Path) -> None:
    run("prompts", "create", "say", "Say: {{ text }}")
    rows = (
        "id,text,expected,tags,split\na,one,1,home,train\nb,two,2,away,dev\nc,three,3,home,test\n"
    )
    (tmp_path / "rows.csv").write_text(rows)


def test_a_file_that_changed_is_said_to_make_a_new_version(run: Run, tmp_path: Path) -> None:
    first = run(*ASKED, "--dry-run")
    assert run(*ASKED).out
    again = run(*ASKED, "--dry-run")
    assert (first.err, again.err) == ("", "")
    assert "of rows@1" in first.out
    assert again.out.partition(";")[0] == first.out.partition(";")[0]
    (tmp_path / "rows.csv").write_text("id,text,expected\na,one,1!\nb,two,2\nd,four,4\n")
    changed = run(*ASKED, "--dry-run")
    assert "of rows@2" in changed.out
    assert changed.err == (
        "burnish: note: rows@2 is new, and differs from rows@1: 1 added, 2 changed, 1 removed; "
        "--dataset NAME keeps such a file apart\n"
    )
    # A file elsewhere shares no more than the name.
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "rows.csv").write_text("id,text,expected\nz,zero,0\n")
    other = ("evaluate", "say", "--models", "fake:echo", "--data", "other/rows.csv")
    done = run(*other, "--json")
    assert "rows@2 is new" in done.err
    assert run(*other, "--json").err == ""
    apart = run(*other, "--dataset", "zero", "--dry-run", "--json")
    assert json.loads(apart.out)["notes"] == []


def tables(tmp_path: Path) -> list[str]:
    with closing(sqlite3.connect(tmp_path / "home" / "burnish.sqlite")) as database:
        return list(database.iterdump())


@pytest.mark.parametrize(
    ("asked", "code"),
    [
        (("--data", "rows.csv"), 0),
        (("--data", "rows.csv", "--dataset", "mine", "--limit", "2", "--json"), 0),
        (("--var", "text=hello"), 0),
        (("--data", "rows.csv", "--tag", "none"), 2),
        (("--data", "rows.csv", "--scorer", "none"), 2),
    ],
)
def test_a_dry_run_and_what_is_refused_store_nothing(
    run: Run, tmp_path: Path, asked: tuple[str, ...], code: int
) -> None:
    before = tables(tmp_path)
    done = run("evaluate", "say", "--models", "fake:echo", *asked, "--dry-run")
    assert (done.code, tables(tmp_path) == before) == (code, True), done.err


def test_a_plan_of_a_file_that_changed_since_is_not_begun(run: Run, tmp_path: Path) -> None:
    with burnish.open() as p:
        plan = p.plan_evaluation("say", "rows.csv", models="fake:echo")
        (tmp_path / "rows.csv").write_text("id,text,expected\na,one,1\n")
        for begin in (p.run_evaluation, p.submit_evaluation):
            with pytest.raises(Conflict, match="have changed since it was planned; plan it again"):
                begin(plan.evaluation)
        assert (p.datasets.list(), p.evaluations.list()) == ([], [])
        again = p.plan_evaluation("say", "rows.csv", models="fake:echo")
        assert p.run_evaluation(again.evaluation).evaluation.dataset == "rows@1"
    assert run("datasets", "list").out.startswith("rows\t1\t")


def test_a_plan_is_not_begun_elsewhere_over_rows_that_came_later(tmp_path: Path) -> None:
    with burnish.open() as p:
        plan = p.plan_evaluation("say", "rows.csv", models="fake:echo")
    with burnish.open() as other:
        other.datasets.add("rows", [{"id": "a", "text": "another", "expected": "another"}])
        with pytest.raises(Conflict, match="rows@1 was stored after this was planned"):
            other.run_evaluation(plan.evaluation)
        assert other.evaluations.list() == []


def test_the_notes_of_a_plan_tell_python_too(tmp_path: Path) -> None:
    with burnish.open() as p:
        p.evaluate("say", "rows.csv", models="fake:echo")
        (tmp_path / "rows.csv").write_text("id,text,expected\na,one,1\n")
        (note,) = p.plan_evaluation("say", Path("rows.csv"), models="fake:echo").notes
    assert note.startswith("rows@2 is new, and differs from rows@1: 1 changed, 2 removed")


def test_a_tag_that_no_example_has_is_answered_with_those_there_are(run: Run) -> None:
    done = run(*ASKED, "--tag", "hom")
    assert (done.code, done.out) == (2, "")
    assert (
        "no example of rows.csv has the tag 'hom'; did you mean home? there are home, away"
        in done.err
    )


def test_splits_go_by_the_names_that_people_use(run: Run) -> None:
    found = json.loads(run(*ASKED, "--split", "validation", "--json").out)
    assert (found["evaluation"]["split"], found["report"]["examples"]) == ("dev", 1)
    refused = run(*ASKED, "--split", "holdout")
    assert (refused.code, "use one of train, dev, test" in refused.err) == (2, True)
    with burnish.open() as p:
        plan = p.plan_evaluation("say", "rows", models="fake:echo", split="val")
        assert (plan.evaluation.split, plan.evaluation.examples) == ("dev", 1)
        assert p.datasets.count("rows", split="training") == 1
        with pytest.raises(UsageError, match="no split 'holdout'"):
            p.plan_evaluation("say", "rows", models="fake:echo", split="holdout")
    wanted = ("--set=prompts=say", "--set=data=rows", "--set=models=fake:echo")
    scheduled = ("schedule", "add", "s", "evaluation", "@daily", *wanted)
    assert run(*scheduled, "--set=split=validation").code == 0
    assert run(*scheduled, "--set=split=holdout").code == 2


def test_examples_that_nobody_named_are_listed_only_when_asked_for(run: Run) -> None:
    run("datasets", "add", "inline/mine", "rows.csv")
    run("evaluate", "say", "--models", "fake:echo", "--var", "text=hello")
    listed = run("datasets", "list").out.splitlines()
    assert [line.split("\t")[0] for line in listed] == ["inline/mine"]
    names = [each["name"] for each in json.loads(run("datasets", "list", "--all", "--json").out)]
    assert len(names) == 2
    with burnish.open() as p:
        assert [each.name for each in p.datasets.list()] == ["inline/mine"]
        assert [each.name for each in p.datasets.list(all=True)] == names


def test_numpy_is_not_loaded_before_the_first_answer(run: Run) -> None:
    """What a report counts with takes longer to load than a plan takes."""
    code = """
import sys, burnish
seen = []
with burnish.open() as p:
    plan = p.plan_evaluation("say", "rows.csv", models="fake:echo", scorers=["contains"])
    def told(job):
        seen.append(("numpy" in sys.modules, job.progress.done))
    p.run_evaluation(plan.evaluation, progress=told)
    p.evaluations.list()
print(any(loaded for loaded, done in seen if done == 0), "numpy" in sys.modules)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "False True\n"
