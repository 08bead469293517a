"""optimize --where: prompts that are weak, each on the examples that showed it."""

from __future__ import annotations

import json
import os
import re
import shlex
from pathlib import Path

import pytest
from tests.cli.conftest import Run
from tests.cli.optimizing import PROMPT, RULES, by_rules, install, mails, with_rule
from tests.cli.test_schedules_kept import pass_the_time
from tests.cli.test_terminal import screen

import burnish
from burnish.errors import UsageError
from burnish.models import built_in
from burnish.models.fake import Fake
from burnish.models.model import Capabilities, ModelRequest

ROWS = "text,expected\n" + "".join(f"item {n},Say: item {n}\n" for n in range(40))


@pytest.fixture
def evaluated(run: Run, tmp_path: Path) -> None:
    (tmp_path / "rows.csv").write_text(ROWS)
    for name, text in (("mail/good", "Say: {{ text }}"), ("mail/bad", "Tell: {{ text }}")):
        run("prompts", "create", name, text)
        assert run("evaluate", name, "--data", "rows.csv", "--models", "fake:echo").code == 0


ASKED = ("optimize", "--where", "score < 0.6", "--writer", "offline", "--budget", "120")


@pytest.mark.spec("OPT-10")
def test_what_would_be_done_is_told_with_its_cost_before_anything_is_spent(
    run: Run, evaluated: None
) -> None:
    run("prompts", "create", "mail/new", "Tell me: {{ text }}")
    asked = ("optimize", "--where", "category = mail", "--writer", "offline", "--budget", "120")
    done = run(*asked, "--dry-run")
    planned = [line.split("\t") for line in done.out.splitlines()]
    assert (done.code, planned) == (
        0,
        [
            ["mail/bad@1", "-", "0.00", "rows@1", "120", "0", "0"],
            ["mail/good@1", "-", "1.00", "rows@1", "120", "0", "0"],
        ],
    )
    assert "mail/new@1: nothing to measure with" in done.err
    told = json.loads(run(*asked, "--dry-run", "--json").out)
    assert [(each["prompt"], each["answers"]) for each in told["planned"]] == [
        ("mail/bad@1", 120),
        ("mail/good@1", 120),
    ]
    assert [(each["prompt"], each["failed"]) for each in told["left"]] == [("mail/new@1", True)]
    assert (told["cost_usd"], told["unpriced"]) == (0.0, 0)
    assert json.loads(run("optimizations", "list", "--json").out) == []
    # What is optimised is left out, and the plan says so as the command does.
    run(*ASKED)
    after = run(*ASKED, "--dry-run")
    assert (after.code, after.out) == (0, "")
    assert "mail/bad@1: left out: it was optimised already" in after.err
    assert "about" not in (shown := screen(*asked, "--dry-run"))
    assert "1 prompt: at most 120 answers, 0 USD" in shown
    assert "mail/bad@1: left out: it was optimised already" in shown


def test_who_looks_is_told_what_will_be_done_before_it_begins(run: Run, evaluated: None) -> None:
    asked = ("optimize", "--where", "category = mail", "--writer", "offline", "--budget", "120")
    shown = screen(*asked).splitlines()
    begun = next(n for n, line in enumerate(shown) if "mail/bad@1: kept the original" in line)
    at = shown.index("mail/bad@1 on rows@1 with fake:echo")
    assert shown[at + 1] == "  at most 120 answers; 0 USD"
    assert shown[at + 2] == "mail/good@1 on rows@1 with fake:echo"
    assert shown[at + 4] == "2 prompts: at most 240 answers, 0 USD"
    assert at + 4 < begun
    assert all(len(line.rstrip()) <= 80 for line in shown[at : at + 5])


def test_a_condition_that_holds_for_nothing_is_said_the_same_way_everywhere(
    run: Run, evaluated: None
) -> None:
    said = "burnish: note: no prompt has rating < 0.6; what was never rated or evaluated"
    for more in ((), ("--dry-run",)):
        done = run("optimize", "--where", "rating < 0.6", *more)
        assert (done.code, done.out) == (0, "")
        assert [line[: len(said)] for line in done.err.splitlines()] == [said]
    assert said in screen("optimize", "--where", "rating < 0.6").replace("\n", "")


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


@pytest.mark.spec("OPT-10")
def test_what_people_rate_low_is_optimised_and_nothing_else(run: Run, evaluated: None) -> None:
    with burnish.open(os.environ["BURNISH_HOME"]) as p:
        p.prompts.record_rating("mail/good@1", 0.9)
        p.prompts.record_rating("mail/bad@1", 0.2)
    asked = ("--where", "rating < 0.6", "--writer", "offline", "--budget", "120")
    done = run("optimize", *asked)
    assert [line.split("\t")[1] for line in done.out.splitlines()] == ["mail/bad@1"], done.err


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
def test_a_schedule_tells_what_a_run_would_cost_and_what_is_set(run: Run, evaluated: None) -> None:
    vary = ("--vary", "temperature=0,0.7", "--vary", "max_tokens=20")
    scheduled = ("--goal", "efficiency", *vary, "--schedule", "0 6 * * 1")
    done = run("optimize", "--where", "category = mail", *ASKED[3:], *scheduled)
    assert done.code == 0, done.err
    assert done.err.splitlines() == [
        "burnish: note: begun now it would optimise 2 prompts: at most 240 answers, 0 USD"
    ]
    told = (
        "category = mail; writer=offline; goal=efficiency; budget=120; "
        "vary=temperature 0, 0.7 and max_tokens 20"
    )
    assert run("schedule", "list").out.rstrip("\n").split("\t")[8] == told
    shown = screen("schedule", "list", columns=200)
    assert f"optimizations {told}" in shown
    (listed,) = json.loads(run("schedule", "list", "--json").out)
    assert listed["input"]["vary"] == {"temperature": [0, 0.7], "max_tokens": [20]}
    # What is weak at its time is looked up then; until then there may be nothing to optimise.
    none = run("optimize", "--where", "rating < 0.6", *ASKED[3:], "--schedule", "@daily")
    assert "begun now it would optimise 0 prompts: at most 0 answers, 0 USD" in none.err


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


class Priced(Fake):
    """As dear as a model of that provider."""

    @property
    def provider(self) -> str:
        return "openai"


def test_a_cost_that_is_not_known_whole_is_at_least_so_much(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def say(request: ModelRequest) -> str:
        return (with_rule if "unheard" in request.model else by_rules)(request)

    priced, before = Priced(say, capabilities=Capabilities()), built_in.models()
    monkeypatch.setattr(built_in, "models", lambda: [*before, priced])
    rows = mails(tmp_path / "mails.csv")
    how = ("--writer", "openai:unheard-of", "--algorithm", "reflective", "--budget", "160")
    known = ("--models", "openai:gpt-4o-mini")
    short = ("--max-tokens", "20")
    run("prompts", "create", "mail/kind", PROMPT)
    assert run("evaluate", "mail/kind", "--data", rows, *known, *short).code == 0
    asked = ("optimize", "--where", "name = mail/kind", *how, *short)
    job = run(*asked, "--background").out.strip()
    assert run("worker", "--once").code == 0
    told = run("jobs", "show", job).out
    assert re.search(r"mail/kind@1: .*; at least 0\.\d+ USD \(burnish optimizations show", told)
    with monkeypatch.context() as patch:
        patch.setattr("burnish.cli.optimize_where.on_terminal", lambda: True)
        shown = run(*asked, "--again", "--fresh", "--data", "mails", "--model", known[1]).out
    assert re.search(r"^  at least 0\.\d+ USD; burnish optimizations show", shown, re.MULTILINE)
    made = run(
        *("enhance", PROMPT, "--optimize", "--data", "mails", "--save", "mail/other"),
        *known,
        *how,
    )
    assert made.code == 0
    assert re.search(r"; at least 0\.\d+ USD; ", made.err), made.err


def no_access(path: Path, mode: int) -> bool:
    """As everybody but root finds a folder of others."""
    return bool(path) and not mode


def test_reports_take_no_folder_that_holds_prompts_or_is_none_before_anything_is_paid(
    run: Run, evaluated: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert run("sync", "prompts").code == 0
    before = Path("prompts/mail/bad.md").read_bytes()
    done = run(*ASKED, "--report", "prompts")
    assert (done.code, "prompts/mail/bad.md is a prompt" in done.err) == (2, True), done.err
    Path("file").write_text("")
    for folder in ("file", "file/reports"):
        done = run(*ASKED, "--report", folder)
        assert (done.code, "is a file; give a folder" in done.err) == (2, True), done.err
    with monkeypatch.context() as patch:
        patch.setattr("os.access", no_access)
        done = run(*ASKED, "--report", "reports/new")
        assert (done.code, "nothing can be written in" in done.err) == (2, True), done.err
    assert json.loads(run("optimizations", "list", "--json").out) == []
    assert Path("prompts/mail/bad.md").read_bytes() == before
    # A README, and reports of before, are no prompts.
    Path("reports").mkdir()
    Path("reports/README.md").write_text("# Reports\n")
    assert run(*ASKED, "--report", "reports").code == 0
    assert run(*ASKED, "--again", "--report", "reports").code == 0
    assert Path("reports/README.md").read_text() == "# Reports\n"


def test_a_folder_with_more_files_than_can_be_looked_at_is_refused(
    run: Run, evaluated: None
) -> None:
    Path("many/deep").mkdir(parents=True)
    for number in range(10_000):
        Path(f"many/deep/{number}.txt").touch()
    done = run(*ASKED, "--report", "many")
    assert (done.code, done.out) == (2, "")
    assert "many holds more than 10,000 files; give a folder of their own" in done.err
    assert json.loads(run("optimizations", "list", "--json").out) == []


def test_a_schedule_that_is_there_is_kept_and_how_to_name_another_is_told(
    run: Run, evaluated: None
) -> None:
    assert run(*ASKED, "--schedule", "0 6 * * 1").code == 0
    again = run(*ASKED, "--tag", "a b", "--schedule", "0 6 * * 2")
    assert again.code == 4
    assert "burnish schedule remove optimize-score-0.6 takes it away" in again.err
    told = again.err.partition("for one beside it: burnish ")[2]
    words = shlex.split(told.replace("NAME", "weekly"))
    assert words[:4] == ["schedule", "add", "weekly", "optimizations"]
    assert run(*words).code == 0
    named = {e["name"]: e for e in json.loads(run("schedule", "list", "--json").out)}
    assert named["optimize-score-0.6"]["cron"] == "0 6 * * 1"
    shown = screen("schedule", "list")
    assert re.search(
        r"^optimize-score-0\.6 .* 0 6 \* \* 1 +\d\d-\d\d 06:00 +never", shown, re.MULTILINE
    )
    wanted = {"writer": "offline", "budget": 120, "tags": ["a b"], "where": "score < 0.6"}
    assert (named["weekly"]["cron"], named["weekly"]["input"]) == ("0 6 * * 2", wanted)


def test_a_schedule_whose_plan_is_refused_is_not_kept(
    run: Run, evaluated: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def refused(*_: object) -> None:
        raise UsageError("nothing can be planned", hint="later")

    monkeypatch.setattr("burnish.platform.choosing_where.plan_where", refused)
    done = run(*ASKED, "--schedule", "0 6 * * 1")
    assert (done.code, done.out) == (2, "")
    assert json.loads(run("schedule", "list", "--json").out) == []


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
