"""burnish optimize: what only looks, or is refused, leaves nothing behind."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from tests.cli.conftest import Run
from tests.cli.optimizing import PROMPT, install, mails, right

import burnish
from burnish.errors import Conflict

BOTH = ("--data", "mails.csv", "--model", "fake:a", "--writer", "fake:w")
ANSWERS = ("--models", "fake:a", "--dry-run")


@pytest.fixture
def ready(run: Run, monkeypatch: pytest.MonkeyPatch) -> Run:
    install(monkeypatch)
    assert run("prompts", "create", "mail/kind", PROMPT).code == 0
    mails(Path("mails.csv"))
    mails(Path("few.csv"), 5)
    return run


@pytest.mark.parametrize(
    ("command", "code"),
    [
        (("optimize", "mail/kind", *BOTH, "--dry-run"), 0),
        (("optimize", "mail/kind", *BOTH, "--budget", "30"), 2),
        (("optimize", "mail/kind", *BOTH, "--tag", "none"), 2),
        (("optimize", "mail/kind", "--data", "few.csv", *BOTH[2:]), 2),
        (("optimize", "mail/none", *BOTH), 3),
        (("optimize", "mail/kind", *BOTH, "--scorer", "none"), 2),
        (("generate", "sort mails as bug or praise", "--optimize", *BOTH[:2], "--dry-run"), 2),
        (
            (*("generate", "sort mails as bug or praise", "--optimize", *BOTH[:2]), *ANSWERS),
            0,
        ),
    ],
)
def test_what_only_looks_or_is_refused_stores_no_dataset(
    ready: Run, command: tuple[str, ...], code: int
) -> None:
    done = ready(*command)
    assert done.code == code, done.err
    assert ready("datasets", "list").out == ready("optimizations", "list").out == ""


def test_a_dry_run_tells_of_the_examples_what_the_search_then_does(ready: Run) -> None:
    asked = ("optimize", "mail/kind", *BOTH, "--rounds", "1", "--variant")
    first = ready(*asked)
    assert first.code == 0, first.err
    # The same file again is the same version.
    assert "examples of mails@1" in ready(*asked, "--dry-run").out
    lines = Path("mails.csv").read_text().splitlines()
    other = [*lines[:-3], "mail 118,praise!", f"mail 200,{right(200)}"]
    Path("mails.csv").write_text("\n".join(other) + "\n")
    planned = ready(*asked, "--dry-run", "--json")
    note = "mails@2 is new, and differs from mails@1: 2 added, 3 removed"
    (told,) = [each for each in json.loads(planned.out)["notes"] if "is new" in each]
    assert told.startswith(note)
    assert "mails\t1\t" in ready("datasets", "list").out
    again = ready(*asked, "--json")
    assert f"note: {note}" in again.err
    assert json.loads(again.out)["dataset"] == "mails@2"


def test_a_plan_of_a_file_that_changed_since_is_not_begun(ready: Run) -> None:
    del ready
    with burnish.open() as p:
        plan = p.plan_optimization("mail/kind", "mails.csv", model="fake:a", writer="offline")
        assert not p.datasets.list()
        mails(Path("mails.csv"), 80)
        with pytest.raises(Conflict, match="have changed since it was planned; plan it again"):
            p.run_optimization(plan.optimization)
        assert not p.datasets.list()
        assert not p.optimizations.list()


def test_what_scorers_compare_with_is_looked_for_before_anything_is_paid(
    ready: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = install(monkeypatch)
    bare = "mail\n" + "".join(f"mail {n}\n" for n in range(80))
    Path("bare.csv").write_text(bare)
    asked = ("optimize", "mail/kind", "--data", "bare.csv", *BOTH[2:])
    named = ready(*asked, "--scorer", "contains")
    assert named.code == 2
    assert "the scorer contains compares with what is expected, and no example of bare.csv" in (
        named.err
    )
    assert "--scorer contains:VALUE" in named.err
    assert "nothing tells a right answer: bare.csv says not" in ready(*asked).err
    assert ready("datasets", "list").out == ""
    assert model.requests == []
    # One that has a value of its own, and one that compares with nothing, can score them.
    for fit in ("contains:bug", "is-json"):
        assert ready(*asked, "--scorer", fit, "--dry-run").code == 0
    some = "mail,expected\n" + "".join(f"mail {n},{right(n) * (n > 9)}\n" for n in range(80))
    Path("some.csv").write_text(some)
    told = ready("optimize", "mail/kind", "--data", "some.csv", *BOTH[2:], "--dry-run").err
    assert "10 of 80 examples do not say what is expected: the scorer exact cannot score" in told
