"""datasets add, list, show, diff, export, delete, from-runs, generate."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, cast

import pexpect
import pytest
from tests.cli.conftest import COMMAND, Run
from tests.cli.test_terminal import screen

QUIZ = "question,answer,tags\nWhat is 2+2?,4,easy\nCapital of France?,Paris,geo\n"


@pytest.fixture
def quiz(run: Run, tmp_path: Path) -> Run:
    (tmp_path / "quiz.csv").write_text(QUIZ, encoding="utf-8")
    done = run("datasets", "add", "quiz", "quiz.csv", "--description", "To begin with")
    assert (done.code, done.out, done.err) == (0, "quiz@1\t2 examples\t2 added\n", "")
    return run


def test_what_is_added_is_listed_shown_and_written(quiz: Run, tmp_path: Path) -> None:
    assert quiz("datasets", "list").out.startswith("quiz\t1\t2\t20")
    shown = quiz("datasets", "show", "quiz@1", "--limit", "1")
    cells = shown.out.rstrip("\n").split("\t")
    assert cells[2:] == ['{"question":"What is 2+2?"}', '"4"']
    told = json.loads(quiz("datasets", "show", "quiz", "--json").out)
    assert told["dataset"]["description"] == "To begin with"
    assert [each["expected"] for each in told["examples"]] == ["4", "Paris"]
    assert quiz("datasets", "export", "quiz", "--to", "out.csv").out == "2 examples in out.csv\n"
    assert (tmp_path / "out.csv").read_text().startswith("id,split,tags,expected,question\n")
    assert not (tmp_path / "out.csv.part").exists()
    done = quiz("datasets", "export", "quiz", "--to", "out.jsonl", "--tag", "geo", "--json")
    assert json.loads(done.out) == {"exported": 1, "file": "out.jsonl"}
    assert json.loads((tmp_path / "out.jsonl").read_text())["expected"] == "Paris"
    assert quiz("datasets", "add", "quiz", "out.csv").out == "quiz@1\t2 examples\t2 unchanged\n"


def test_a_new_version_and_what_it_changes(quiz: Run, tmp_path: Path) -> None:
    ids = [json.loads(line)["id"] for line in quiz("datasets", "export", "quiz").out.splitlines()]
    rows = [{"id": ids[0], "question": "What is 2+2?", "answer": "four"}, {"question": "new?"}]
    (tmp_path / "more.jsonl").write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")
    done = quiz("datasets", "add", "quiz", "more.jsonl", "--replace", "--message", "shorter")
    assert done.out == "quiz@2\t2 examples\t1 added, 1 changed, 1 removed\n"
    lines = quiz("datasets", "diff", "quiz@1", "quiz@2").out.splitlines()
    assert [line.split("\t")[0] for line in lines] == ["added", "removed", "changed"]
    assert lines[2].split("\t")[1:3] == [ids[0], '{"expected":"4","tags":["easy"]}']
    told = json.loads(quiz("datasets", "diff", "quiz", "--json").out)
    assert (told["old"], told["new"], told["changed"]) == ("quiz@1", "quiz@2", 1)


def test_standard_input_fields_under_other_names_and_bad_rows(spawn: Run) -> None:
    text = "text,label\nhello,greeting\nbroken\nbye,farewell\n"
    options = ("--format", "csv", "--map", "expected=label", "--tag", "mail")
    refused = spawn("datasets", "add", "mail", "-", *options, stdin=text)
    assert refused.code == 2
    assert "standard input, line 3: has 1 cell" in refused.err
    assert spawn("datasets", "list").out == ""
    done = spawn("datasets", "add", "mail", "-", *options, "--skip-errors", stdin=text)
    assert (done.code, done.out) == (0, "mail@1\t2 examples\t2 added\n")
    assert done.err == "burnish: note: left out line 3: has 1 cell; the heading has 2\n"
    (first, _) = map(json.loads, spawn("datasets", "export", "mail").out.splitlines())
    assert (first["inputs"], first["expected"], first["tags"]) == (
        {"text": "hello"},
        "greeting",
        ["mail"],
    )


def test_what_cannot_be_done(quiz: Run, tmp_path: Path) -> None:
    (tmp_path / "x.txt").write_text("x", encoding="utf-8")
    for arguments, code, told in (
        (("add", "quiz", "none.csv"), 2, "cannot be read"),
        (("add", "quiz", "x.txt"), 2, "--format"),
        (("add", "quiz", "quiz.csv", "--map", "label"), 2, "expected=label"),
        (("add", "quiz", "quiz.csv", "--map", "expected=label"), 2, "no field 'label'"),
        (("add", "quiz@1", "quiz.csv"), 2, "cannot name a dataset"),
        (("show", "quizz"), 3, "did you mean 'quiz'"),
        (("show", "quiz@9"), 3, "quiz@1"),
        (("diff", "quiz"), 2, "first version"),
        (("export", "quiz", "--to", "none/out.csv"), 2, "cannot be written"),
        (("export", "quiz", "--split", "holdout"), 2, "train, dev, test (validation and val mean"),
        (("export", "quiz", "--to", "out.xlsx"), 2, "name a .jsonl or .csv file"),
        (("export", "quiz", "--to", "out.json"), 2, "name a .jsonl or .csv file"),
        (("delete", "quiz"), 2, "--yes"),
        (("delete", "quizz", "--yes"), 3, "quizz"),
        (("from-runs", "seen", "--prompt", "none"), 2, "no run of none"),
        (("from-runs", "seen", "--prompt", "none", "--since", "soon"), 2, "no time"),
        (("generate", "try", "--prompt", "none", "--model", "fake:echo"), 3, "none"),
    ):
        done = quiz("datasets", *arguments)
        assert (done.code, done.out) == (code, ""), arguments
        assert told in done.err, arguments
        assert done.err.count("\n") == 1, done.err


def test_an_example_beside_its_correction_is_told_of(quiz: Run, tmp_path: Path) -> None:
    corrected = QUIZ.replace("Paris", "the city of Paris") + "What is 3+3?,6,easy\n"
    (tmp_path / "quiz.csv").write_text(corrected, encoding="utf-8")
    done = quiz("datasets", "add", "quiz", "quiz.csv")
    assert done.out == "quiz@2\t4 examples\t2 added, 1 unchanged\n"
    assert "1 example has the inputs of new ones and another expectation" in done.err
    assert "use --replace" in done.err
    again = quiz("datasets", "add", "quiz", "quiz.csv", "--json")
    assert (json.loads(again.out)["notes"], again.err) == ([], "")
    mended = quiz("datasets", "add", "quiz", "quiz.csv", "--replace")
    assert (mended.out, mended.err) == ("quiz@3\t3 examples\t1 removed, 3 unchanged\n", "")
    # With an id of its own it takes the place of the one before it.
    for answer in ("1", "2"):
        (tmp_path / "named.jsonl").write_text(
            f'{{"id": "a", "question": "x", "answer": "{answer}"}}'
        )
        done = quiz("datasets", "add", "named", "named.jsonl")
    assert (done.out, done.err) == ("named@2\t1 example\t1 changed\n", "")


def test_an_export_of_nothing_says_which_tags_there_are(quiz: Run, tmp_path: Path) -> None:
    done = quiz("datasets", "export", "quiz", "--tag", "eazy")
    assert (done.code, done.out) == (0, "")
    assert done.err == (
        "burnish: note: no example of quiz has the tag 'eazy'; did you mean easy? there are easy, geo\n"
    )
    done = quiz("datasets", "export", "quiz", "--tag", "easy", "--tag", "geo", "--to", "none.csv")
    assert (done.code, done.out) == (0, "0 examples in none.csv\n")
    assert "has all of the tags easy, geo" in done.err
    (tmp_path / "plain.csv").write_text("question,answer,split\nx,y,train\n")
    quiz("datasets", "add", "plain", "plain.csv")
    assert "none has a tag" in quiz("datasets", "export", "plain", "--tag", "easy").err
    assert "in split dev" in quiz("datasets", "export", "plain", "--split", "dev").err
    forced = quiz("datasets", "export", "quiz", "--to", "quiz.txt", "--format", "csv")
    assert (forced.out, forced.err) == ("2 examples in quiz.txt\n", "")


def test_splits_go_by_the_names_that_people_use(quiz: Run, tmp_path: Path) -> None:
    rows = "question,answer,split\na,1,Validation\nb,2,val\nc,3,training\nd,4,test\n"
    (tmp_path / "split.csv").write_text(rows)
    quiz("datasets", "add", "split", "split.csv")
    for name in ("dev", "validation", "Val"):
        lines = quiz("datasets", "export", "split", "--split", name).out.splitlines()
        assert [json.loads(line)["inputs"]["question"] for line in lines] == ["a", "b"]
    (tmp_path / "split.csv").write_text("question,answer,split\na,1,holdout\n")
    refused = quiz("datasets", "add", "split", "split.csv")
    assert (refused.code, "dev (validation, val)" in refused.err) == (2, True)


def test_deleting_is_asked_for_and_for_good(quiz: Run) -> None:
    arguments = [*COMMAND[1:], "datasets", "delete", "quiz"]
    child = cast("Any", pexpect).spawn(COMMAND[0], arguments, timeout=60)
    child.expect_exact("Delete quiz, 2 examples and 1 version? [y/N]")
    child.sendline("n")
    child.expect_exact("Nothing was deleted.")
    child.expect(pexpect.EOF)
    assert quiz("datasets", "delete", "quiz", "--yes").out == "deleted\tquiz\n"
    assert quiz("datasets", "list").out == ""


def test_runs_become_examples(run: Run) -> None:
    run("prompts", "create", "mail/late", "Tell {{ name }} that the parcel is late.")
    for name in ("Ann", "Bob", "Ann"):
        run("prompts", "run", "mail/late", "--var", f"name={name}", "--model", "fake:echo")
    done = run("datasets", "from-runs", "seen", "--prompt", "mail/late", "--since", "7d")
    assert done.out == "seen@1\t2 examples\t2 added, 1 repeat left out\n"
    more = run("datasets", "from-runs", "seen", "--prompt", "mail/late", "--expected")
    assert "2 changed" in more.out


def test_on_a_terminal_it_reads_well(quiz: Run) -> None:
    shown = screen("datasets", "show", "quiz")
    for part in ("quiz@1", "2 examples: ", "quiz.csv", "question: What is 2+2?", "expected: 4"):
        assert part in shown
    listed = screen("datasets", "list")
    assert "examples" in listed
    assert "To begin with" in listed
