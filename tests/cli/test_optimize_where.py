"""optimize --where: prompts that are weak, each on the examples that showed it."""

from __future__ import annotations

import json
import shlex
from pathlib import Path

import pytest
from tests.cli.conftest import Run
from tests.cli.optimizing import PROMPT, RULES, install, mails
from tests.cli.test_schedules_kept import pass_the_time

ROWS = "text,expected\n" + "".join(f"item {n},Say: item {n}\n" for n in range(40))


@pytest.fixture
def evaluated(run: Run, tmp_path: Path) -> None:
    (tmp_path / "rows.csv").write_text(ROWS)
    for name, text in (("mail/good", "Say: {{ text }}"), ("mail/bad", "Tell: {{ text }}")):
        run("prompts", "create", name, text)
        assert run("evaluate", name, "--data", "rows.csv", "--models", "fake:echo").code == 0


def test_weak_prompts_are_listed_before_anything_is_spent(run: Run, evaluated: None) -> None:
    done = run("optimize", "--where", "score < 0.6", "--dry-run")
    assert (done.code, done.out) == (0, "mail/bad@1\t-\t0.00\trows\n")
    told = json.loads(run("optimize", "--where", "score < 0.6", "--dry-run", "--json").out)
    assert [(each["name"], each["score"], each["n"]) for each in told] == [("mail/bad", 0.0, 40)]


def test_each_weak_prompt_is_optimised_on_the_examples_of_its_last_evaluation(
    run: Run, evaluated: None
) -> None:
    run("prompts", "create", "mail/new", "Tell me: {{ text }}")
    asked = ("optimize", "--where", "score < 0.6", "--writer", "offline", "--budget", "120")
    done = run(*asked)
    assert done.code == 0, done.err
    (line,) = done.out.splitlines()
    assert line.split("\t")[1:3] == ["mail/bad@1", "kept"]
    (found,) = json.loads(run("optimizations", "list", "--json").out)
    assert (found["prompt"], found["dataset"]) == ("mail/bad@1", "rows@1")
    # Nobody has rated a prompt, and what is not known is not weak.
    none = run("optimize", "--where", "rating < 0.6")
    assert (none.code, none.out) == (0, "")


def test_one_that_cannot_be_measured_keeps_none_from_its_turn(run: Run, evaluated: None) -> None:
    run("prompts", "create", "mail/a", "Tell me: {{ text }}")
    asked = ("optimize", "--where", "category = mail", "--writer", "offline", "--budget", "120")
    done = run(*asked, "--model", "fake:echo")
    assert done.code == 1
    assert "mail/a@1: nothing to measure with" in done.err
    assert sorted(line.split("\t")[1] for line in done.out.splitlines()) == [
        "mail/bad@1",
        "mail/good@1",
    ]


@pytest.mark.spec("OPT-10")
def test_one_that_was_optimised_already_is_left_out_and_said_to_be(
    run: Run, evaluated: None
) -> None:
    asked = ("optimize", "--where", "score < 0.6", "--writer", "offline", "--budget", "120")
    first = run(*asked).out.split("\t")[0]
    again = run(*asked)
    assert (again.code, again.out) == (0, "")
    assert "mail/bad@1: left out: it was optimised already on rows@1 with fake:echo" in again.err
    assert f"burnish optimizations show {first}" in again.err
    told = json.loads(run(*asked, "--json").out)
    assert (told["optimized"], told["left"][0]["optimization"]) == ([], first)
    assert run(*asked, "--again").out.split("\t")[1:3] == ["mail/bad@1", "kept"]


@pytest.mark.spec("OPT-10")
def test_a_schedule_optimises_what_is_weak_when_its_time_comes(
    run: Run, evaluated: None, tmp_path: Path
) -> None:
    asked = ("optimize", "--where", "score < 0.6", "--writer", "offline", "--budget", "120")
    done = run(*asked, "--max-cost", "2", "--schedule", "0 6 * * 1")
    assert done.code == 0, done.err
    assert done.out.startswith("optimize-score-0.6: optimizations, next at ")
    (schedule,) = json.loads(run("schedule", "list", "--json").out)
    assert (schedule["kind"], schedule["cron"]) == ("optimizations", "0 6 * * 1")
    wanted = {"writer": "offline", "budget": 120, "max_cost_usd": 2.0, "where": "score < 0.6"}
    assert schedule["input"] == wanted
    assert run("worker", "--once").out == ""  # it is not due
    pass_the_time(tmp_path / "home" / "burnish.sqlite")
    assert run("worker", "--once").code == 0
    (job,) = json.loads(run("jobs", "list", "--kind", "optimizations", "--json").out)
    (one,) = job["result"]["optimized"]
    assert (job["state"], one["prompt"], one["outcome"]) == ("done", "mail/bad@1", "kept")
    shown = run("jobs", "show", job["id"]).out
    assert f"mail/bad@1: {one['text']}" in shown
    # The week after, the same prompt on the same examples is not paid for again.
    assert run("schedule", "begin", "optimize-score-0.6").code == 0
    after = json.loads(run("jobs", "list", "--json").out)[0]["result"]
    assert (after["optimized"], after["left"][0]["optimization"]) == ([], one["id"])


@pytest.mark.spec("OPT-10")
def test_schedule_prints_lines_for_cron_that_work(
    run: Run, evaluated: None, tmp_path: Path
) -> None:
    asked = ("optimizations", "0 6 * * 1", "--set", "where=score < 0.6", "--set", "writer=offline")
    given = (*asked, "--set", "budget=120", "--zone", "Europe/Berlin")
    assert run("schedule", "add", "weekly", *given).code == 0
    zone, line = run("schedule", "cron", "weekly").out.splitlines()
    assert zone == "CRON_TZ=Europe/Berlin"
    assert line.startswith("0 6 * * 1 ")
    _, *words = shlex.split(line.removeprefix("0 6 * * 1 ").replace("\\%", "%"))
    assert words[:3] == ["schedule", "begin", "weekly"]
    assert run("schedule", "pause", "weekly").code == 0
    done = run(*words)
    assert (done.code, done.out.splitlines()[-1].split("\t")[0]) == (0, "done")
    assert run("optimizations", "list").out.split("\t")[2] == "kept"
    assert json.loads(run("schedule", "list", "--json").out)[0]["last_at"]
    assert run("schedule", "cron", "none").code == 3


def test_in_the_background_a_worker_looks_them_up(run: Run, evaluated: None) -> None:
    asked = ("optimize", "--where", "score < 0.6", "--writer", "offline", "--background")
    job = run(*asked, "--budget", "120").out.strip()
    run("prompts", "update", "mail/good", "Tell: {{ text }}")
    assert run("worker", "--once").code == 0
    watched = run("jobs", "watch", job)
    assert (watched.code, watched.out.split("\t")[0]) == (0, "done")
    missing = run(*asked, "--data", "rows.csv")
    assert (missing.code, "burnish datasets add rows rows.csv" in missing.err) == (3, True)


def test_results_stay_on_a_branch_with_a_report_of_each_for_a_pull_request(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    install(monkeypatch)
    asked = ("--data", mails(tmp_path / "mails.csv"), "--models", "fake:a")
    for name in ("mail/kind", "mail: Kind"):
        run("prompts", "create", name, PROMPT)
        assert run("evaluate", name, *asked).code == 0
    how = ("--writer", "fake:w", "--budget", "250", "--algorithm", "reflective")
    done = run(
        *("optimize", "--where", "score < 0.6", *how),
        *("--branch", "weekly", "--report", "reports/new"),
    )
    assert done.code == 0, done.err
    assert [line.split("\t")[1:4] for line in done.out.splitlines()] == [
        ["mail/kind@1", "improved", "mail/kind@2"],
        ["mail: Kind@1", "improved", "mail: Kind@2"],
    ]
    assert RULES[0] not in run("prompts", "show", "mail/kind").out
    assert RULES[0] in run("prompts", "show", "mail/kind@branch:weekly").out
    written = {path.relative_to("reports/new") for path in Path("reports/new").rglob("*.*")}
    assert written == {Path("mail/kind.md"), Path("mail%3A Kind.md")}
    report = Path("reports/new/mail/kind.md").read_text()
    assert f"+{RULES[0]}" in report
    assert "it stands on the branch weekly" in report


@pytest.mark.parametrize(
    ("more", "told"),
    [
        (("mail/bad",), "a prompt and --where are given"),
        (("--resume", "0"), "leave one of them out"),
        (("--report", "x.md"), "give one folder"),
        (("--schedule", "@weekly", "--background"), "begins nothing now"),
        (("--schedule", "@weekly", "--report", "reports"), "writes no report"),
        (("--schedule", "weekly"), "no cron expression"),
        (("--background", "--dataset", "x"), "no worker has the file"),
        (("--background", "--scorer", "python:x.py:f"), "would run a file"),
        (("--branch", "b", "--variant"), "leave one of them out"),
    ],
)
def test_what_does_not_go_with_where_is_said(
    run: Run, evaluated: None, more: tuple[str, ...], told: str
) -> None:
    done = run("optimize", "--where", "score < 0.6", *more)
    assert (done.code, told in done.err) == (2, True), done.err
    assert run("optimize", "--where", "stars < 3").code == 2
