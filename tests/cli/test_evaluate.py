"""evaluate and evaluations: reports, gates, promptfoo configurations, going on."""

from __future__ import annotations

import json
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
from tests.cli.conftest import MODEL, Run
from tests.cli.test_terminal import screen
from tests.scenario.running import Running

import burnish
from burnish.errors import UsageError

pytestmark = pytest.mark.usefixtures("server")


@pytest.fixture
def folder(rows: str, server: Running, monkeypatch: pytest.MonkeyPatch) -> Running:
    """The server, with the folder of the rows as the working one."""
    monkeypatch.chdir(Path(rows).parent)
    return server


def test_a_report_says_how_good_and_how_sure(run: Run, rows: str) -> None:
    done = run("evaluate", "mail/say", "--data", rows, *MODEL)
    assert done.code == 0, done.err
    assert "0.80 [0.49, 0.94]" in done.out
    (line,) = run("evaluations", "list").out.splitlines()
    evaluation, _, *told = line.split("\t")
    assert told == ["done", "mail/say@1", "openai:m", "rows@1", "0.80", ""]
    assert run("evaluations", "show", evaluation[:12]).out == done.out
    results = run("evaluations", "results", evaluation).out.splitlines()
    assert len(results) == 10
    assert json.loads(results[0])["output"] == "You said: Say: item 0"


@pytest.mark.spec("TST-12")
def test_a_gate_fails_below_its_score_and_lists_the_failing_rows(run: Run, rows: str) -> None:
    good = run("evaluate", "mail/say", "--data", rows, *MODEL, "--min-score", "0.8")
    assert good.code == 0, good.err
    bad = run("evaluate", "mail/say", "--data", rows, *MODEL, "--min-score", "0.9")
    assert bad.code == 1
    assert "r0" in bad.out
    assert "r5" in bad.out
    shown = run("evaluations", "show", "01", "--min-score", "0.9")
    assert shown.code == 4


def test_a_gate_holds_against_a_baseline(run: Run, rows: str, tmp_path: Path) -> None:
    run("prompts", "create", "mail/say", "Tell: {{ text }}")
    run("prompts", "label", "mail/say", "production", "1")
    first = run(
        *("evaluate", "mail/say@2", "--data", rows, *MODEL),
        *("--baseline", "mail/say@production", "--max-regression", "0.02"),
    )
    assert first.code == 1, first.err
    assert "mail/say" in first.out
    assert run("evaluate", "mail/say@2", "--data", rows, "--baseline", "gone", *MODEL).code == 3


def test_reports_are_files_by_their_endings(run: Run, rows: str, tmp_path: Path) -> None:
    files = [tmp_path / f"report.{ending}" for ending in ("html", "md", "xml", "json")]
    options = [part for path in files for part in ("--report", str(path))]
    done = run("evaluate", "mail/say", "--data", rows, *MODEL, *options, "--min-score", "0.9")
    assert done.code == 1
    page, text, suite, data = (path.read_text(encoding="utf-8") for path in files)
    assert page.startswith("<!doctype html>")
    assert "://" not in page
    assert "0.80 [0.49, 0.94]" in text
    assert ET.fromstring(suite.encode()).tag == "testsuites"
    assert json.loads(data)["verdict"]["passed"] is False
    for path, why in (("report.pdf", "no ending"), ("no/where.html", "no folder")):
        refused = run("evaluate", "mail/say", "--data", rows, *MODEL, "--report", path)
        assert (refused.code, why in refused.err) == (2, True)


def test_one_example_and_several_models(run: Run, rows: str) -> None:
    del rows
    models = ("--models", "openai:a,openai:b", "--models", "openai:down")
    done = run("evaluate", "mail/say", "--var", "text=hello", *models, "--json")
    assert done.code == 0, done.err
    report = json.loads(done.out)["report"]
    columns = {column["model"]: column for column in report["columns"]}
    assert [c["answered"] for c in columns.values()] == [1, 1, 0]
    assert columns["openai:down"]["failed"] == 1


def test_nothing_is_asked_in_a_dry_run(run: Run, rows: str, server: Running) -> None:
    done = run("evaluate", "mail/say", "--data", rows, "--models", "openai:a,openai:b", "--dry-run")
    assert (done.code, "20 calls" in done.out) == (0, True)
    plan = run("evaluate", "mail/say", "--data", rows, *MODEL, "--dry-run", "--json")
    assert json.loads(plan.out)["estimate"]["calls"] == 10
    assert server.counters().received == 0
    assert run("evaluations", "list").out == ""


def test_it_goes_on_with_what_failed(run: Run, rows: str, monkeypatch: pytest.MonkeyPatch) -> None:
    url = "http://127.0.0.1:9/v1"
    with monkeypatch.context() as away:
        away.setenv("OPENAI_BASE_URL", url)
        away.setenv("BURNISH_MODELS__MAX_RETRIES", "0")
        failed = run("evaluate", "mail/say", "--data", rows, *MODEL, "--json")
    assert failed.code == 1
    evaluation = json.loads(failed.out)["evaluation"]["id"]
    done = run("evaluate", "--resume", evaluation, "--json")
    assert done.code == 0, done.err
    (column,) = json.loads(done.out)["report"]["columns"]
    assert (column["answered"], column["failed"]) == (10, 0)
    assert run("evaluate", "mail/say", "--resume", evaluation).code == 2
    assert run("evaluate", "--resume", "nothing").code == 3


def test_it_goes_on_with_a_function_that_is_given_again(
    run: Run, folder: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    del folder
    Path("checks.py").write_text("def polite(output):\n    return 'item' in output\n")
    scorer = ("--scorer", "python:checks.py:polite")
    with monkeypatch.context() as away:
        away.setenv("OPENAI_BASE_URL", "http://127.0.0.1:9/v1")
        away.setenv("BURNISH_MODELS__MAX_RETRIES", "0")
        failed = run("evaluate", "mail/say", "--data", "rows.csv", *MODEL, *scorer, "--json")
    evaluation = json.loads(failed.out)["evaluation"]["id"]
    alone = run("evaluate", "--resume", evaluation)
    assert (alone.code, "--scorer python:FILE.py:NAME" in alone.err) == (1, True), alone.err
    done = run("evaluate", "--resume", evaluation, *scorer, "--json")
    assert done.code == 0, done.err
    (column,) = json.loads(done.out)["report"]["columns"]
    assert (column["answered"], column["score"]["mean"]) == (10, 1.0)


CONFIG = """
description: Polite answers
prompts:
  - "Say: {{text}}"
  - "Please say: {{text}}"
providers:
  - openai:m
  - openai:n
  - exec:./mine.sh
defaultTest:
  assert:
    - type: contains
      value: "{{text}}"
tests:
  - vars: {text: one}
    assert:
      - type: icontains
        value: YOU SAID
      - type: javascript
        value: output.length < 3
  - vars: {text: two}
    assert:
      - type: equals
        value: "You said: Say: two"
"""


def test_a_promptfoo_configuration_runs_as_it_is(run: Run, server: Running, tmp_path: Path) -> None:
    del server
    path = tmp_path / "promptfooconfig.yaml"
    path.write_text(CONFIG)
    done = run("evaluate", str(path), "--json")
    assert done.code == 0, done.err
    told = json.loads(done.out)
    assert told["evaluation"]["models"] == ["openai:m", "openai:n"]
    assert len(told["evaluation"]["prompts"]) == 2
    assert "javascript" in done.err
    assert "exec:./mine.sh" in done.err
    plain, polite = told["report"]["columns"][0], told["report"]["columns"][2]
    assert (plain["passed"]["mean"], polite["passed"]["mean"]) == (1.0, 0.5)
    # The same file again changes nothing in the library.
    assert (
        json.loads(run("evaluate", str(path), "--json").out)["evaluation"]["prompts"]
        == (told["evaluation"]["prompts"])
    )


@pytest.mark.parametrize(
    ("arguments", "code", "told"),
    [
        ((), 2, "no prompt is named"),
        (("mail/say",), 2, "no examples"),
        (("mail/say", "--data", "x.csv", "--var", "a=b"), 2, "--data and --var"),
        (("mail/say", "--var", "text"), 2, "NAME=VALUE"),
        (("mail/say", "--data", "nothing"), 3, "nothing"),
        (("mail/say", "--data", "rows.csv", "--scorer", "exakt"), 2, "exact"),
        (("mail/say", "--data", "rows.csv", "--min-score", "7"), 2, "7"),
        (("mail/say", "--data", "rows.csv", "--max-regression", "0.1"), 2, "baseline"),
    ],
)
def test_what_is_wrong_is_said_before_a_call(
    run: Run, folder: Running, arguments: tuple[str, ...], code: int, told: str
) -> None:
    done = run("evaluate", *arguments, *(MODEL if arguments else ()))
    assert (done.code, told in done.err) == (code, True), done.err
    assert done.err.count("\n") == 1
    assert folder.counters().received == 0


def test_an_evaluation_is_deleted_only_when_asked_twice(run: Run, rows: str) -> None:
    run("evaluate", "mail/say", "--data", rows, *MODEL)
    evaluation = run("evaluations", "list").out.split("\t")[0]
    assert run("evaluations", "delete", evaluation).code == 2
    assert run("evaluations", "delete", evaluation, "--yes").code == 0
    assert run("evaluations", "list").out == ""


def test_what_a_scorer_prints_is_not_in_the_report(run: Run, tmp_path: Path) -> None:
    own = tmp_path / "own.py"
    own.write_text("def loud(output):\n    print('looking at', output)\n    return True\n")
    run("prompts", "create", "mail/late", "Say {{ name }}.")
    done = run("evaluate", "mail/late", "--var", "name=Ann", "--models", "fake:echo",
               "--scorer", f"python:{own}:loud", "--json")  # fmt: skip
    assert json.loads(done.out)["report"]["columns"][0]["score"]["mean"] == 1.0
    assert "looking at" in done.err


def test_only_examples_with_the_tag_are_asked(run: Run, tmp_path: Path) -> None:
    rows = tmp_path / "rows.csv"
    rows.write_text("name,expected,tags\nAnn,Ann,home\nBo,Bo,away\nCy,Cy,home\n")
    run("prompts", "create", "mail/late", "Say {{ name }}.")
    asked = ("evaluate", "mail/late", "--data", str(rows), "--models", "fake:echo", "--json")
    found = json.loads(run(*asked, "--tag", "home").out)
    assert (found["report"]["examples"], found["evaluation"]["tags"]) == (2, ["home"])
    assert run(*asked, "--tag", "hom").code == 2


def test_a_list_says_state_and_best_score_on_a_narrow_screen(run: Run, rows: str) -> None:
    models = ("--models", "openai:gpt-4o-mini,openai:one-with-a-long-name-of-2026")
    run("prompts", "create", "mail/customers/late", "Say: {{ text }}")
    run("evaluate", "mail/say", "mail/customers/late", "--data", rows, *models, "--tag", "none")
    run("evaluate", "mail/say", "mail/customers/late", "--data", rows, *models)
    run("evaluate", "mail/say", "--data", rows, *MODEL, "--background")
    lines = screen("evaluations", "list").splitlines()
    assert max(map(len, lines)) <= 80
    assert "…" not in "".join(lines)
    assert [" queued " in lines[1], " done " in lines[2], " 0.80 " in lines[2]] == [True] * 3
    told = "mail/say@1, mail/customers/late@1 on rows@1 by openai:gpt-4o-mini, openai:one-with-"
    assert told.replace(" ", "") in "".join(line[40:] for line in lines[2:]).replace(" ", "")
    (queued, done) = json.loads(run("evaluations", "list", "--json").out)
    assert (queued["state"], queued["results"], queued["score"]) == ("queued", 0, None)
    assert (done["state"], done["results"], done["score"]) == ("done", 40, 0.8)
    assert done["best"] == "mail/customers/late@1 · openai:gpt-4o-mini"
    assert done["scorers"][0]["name"] == "exact"


def test_an_id_that_several_begin_with_is_a_conflict_everywhere(run: Run, rows: str) -> None:
    for _ in range(2):
        run("evaluate", "mail/say", "--data", rows, *MODEL, "--fresh")
    for noun in ("evaluations", "jobs", "runs"):
        done = run(noun, "show", "0")
        assert (done.code, done.out) == (4, ""), noun
        assert f"more than one {noun[:-1]} has an id that begins with '0'" in done.err


def test_an_option_that_is_none_is_refused(run: Run) -> None:
    with burnish.open() as p, pytest.raises(UsageError, match="no option 'tag'"):
        p.plan_evaluation("mail/late", "rows", tag=["home"])
