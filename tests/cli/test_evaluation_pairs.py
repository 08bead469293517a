"""evaluations pairs: accepted answers, to fine-tune a model with."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from tests.cli.conftest import Run

ROWS = "id,text,expected,split\n" + "".join(
    f"r{n},item {n},Say: item {n if n % 3 else 'else'},{split}\n"
    for n, split in enumerate(("train",) * 10 + ("dev",) * 3 + ("test",) * 2)
)


@pytest.fixture
def evaluated(run: Run, tmp_path: Path) -> None:
    run("prompts", "create", "say", "Say: {{ text }}")
    (tmp_path / "rows.csv").write_text(ROWS)
    done = run("evaluate", "say", "--data", "rows.csv", "--models", "fake:echo")
    assert done.code == 0, done.err


@pytest.mark.spec("OPT-14")
def test_accepted_pairs_are_written_as_chat_by_split_with_a_card(
    run: Run, tmp_path: Path, evaluated: None
) -> None:
    done = run("evaluations", "pairs", "0", str(tmp_path / "pairs"))
    assert done.code == 0, done.err
    names = [Path(line).name for line in done.out.splitlines()]
    assert names == ["train.jsonl", "dev.jsonl", "test.jsonl", "README.md"]
    written = [
        json.loads(line)["messages"]
        for name in names[:3]
        for line in (tmp_path / "pairs" / name).read_text().splitlines()
    ]
    # Two of three answers are right.
    said = [each[0]["content"] for each in written]
    assert said == [f"Say: item {n}" for n in (1, 2, 4, 5, 7, 8, 10, 11, 13, 14)]
    assert all(
        each == [{"role": "user", "content": text}, {"role": "assistant", "content": text}]
        for each in written
        for text in [each[0]["content"]]
    )
    card = (tmp_path / "pairs" / "README.md").read_text()
    train = len((tmp_path / "pairs" / "train.jsonl").read_text().splitlines())
    assert (f"| train.jsonl | {train} |" in card, train) == (True, 6)
    for told in ("say@1", "fake:echo", "rows@1", "exact, at 1 or more"):
        assert told in card


def test_pairs_that_are_the_same_are_written_once(
    run: Run, tmp_path: Path, evaluated: None
) -> None:
    asked = ("evaluate", "say", "say", "--data", "rows.csv", "--models", "fake:echo")
    assert run(*asked, "--repeats", "2").code == 0
    newest = run("evaluations", "list", "--limit", "1").out.split("\t")[0]
    done = json.loads(run("evaluations", "pairs", newest, "pairs", "--json").out)
    assert (sum(done["counts"].values()), done["repeated"]) == (10, 10)


def test_what_is_there_is_never_written_over(run: Run, tmp_path: Path, evaluated: None) -> None:
    (tmp_path / "pairs").mkdir()
    (tmp_path / "pairs" / "own.txt").write_text("mine")
    done = run("evaluations", "pairs", "0", str(tmp_path / "pairs"))
    assert done.code == 4
    assert [each.name for each in (tmp_path / "pairs").iterdir()] == ["own.txt"]


def test_an_evaluation_without_accepted_answers_leaves_nothing_behind(
    run: Run, tmp_path: Path, evaluated: None
) -> None:
    bad = "text,expected\none,no\ntwo,no\n"
    (tmp_path / "bad.csv").write_text(bad)
    run("evaluate", "say", "--data", "bad.csv", "--models", "fake:echo")
    newest = run("evaluations", "list", "--limit", "1").out.split("\t")[0]
    done = run("evaluations", "pairs", newest, str(tmp_path / "pairs"))
    assert (done.code, (tmp_path / "pairs").exists()) == (2, False)
    assert "lower --min-score" in done.err
    assert run("evaluations", "pairs", newest, "pairs", "--min-score", "0").code == 2
