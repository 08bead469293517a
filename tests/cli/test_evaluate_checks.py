"""What goes into an evaluation is looked at before anything is asked."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from tests.cli.conftest import Run

ROWS = "text,expected\none,Say: one\ntwo,Say: two\n"


@pytest.fixture(autouse=True)
def given(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("OPENAI_API_KEY", "OPENAI_BASE_URL", "ANTHROPIC_API_KEY", "OLLAMA_HOST"):
        monkeypatch.delenv(name, raising=False)
    run("prompts", "create", "say", "Say: {{ text }}")
    (tmp_path / "rows.csv").write_text(ROWS)


@pytest.mark.parametrize(
    ("model", "code", "told"),
    [
        ("openai:gpt-5-mini", 2, ("OPENAI_API_KEY is not set", "export OPENAI_API_KEY=")),
        ("anthropic", 2, ("ANTHROPIC_API_KEY is not set", "export ANTHROPIC_API_KEY=")),
        ("opnai:gpt-5-mini", 2, ("no provider is called 'opnai'", "did you mean openai?")),
        ("ollama:llama3.2", 5, ("ollama", "ollama serve")),
        ("ollama", 2, ("names no model", "ollama:MODEL")),
    ],
)
def test_a_model_that_cannot_answer_is_refused_before_anything_begins(
    run: Run, monkeypatch: pytest.MonkeyPatch, model: str, code: int, told: tuple[str, str]
) -> None:
    monkeypatch.setenv("OLLAMA_HOST", "127.0.0.1:9")
    done = run("evaluate", "say", "--data", "rows.csv", "--models", model)
    assert (done.code, done.out, done.err.count("\n")) == (code, "", 1), done.err
    assert all(each in done.err for each in told), done.err
    assert run("evaluations", "list").out == ""
    assert run("runs", "list").out == ""


def test_weights_that_are_missing_are_named_with_the_command_that_brings_them(run: Run) -> None:
    done = run("evaluate", "say", "--data", "rows.csv", "--models", "local:tinier")
    assert done.code in (1, 5)
    assert "burnish models pull" in done.err or "pip install 'burnish[local]'" in done.err
    assert run("evaluations", "list").out == ""


def test_a_model_that_cannot_answer_is_warned_of_once_where_others_can(run: Run) -> None:
    models = "openai:gpt-5-mini,fake:echo"
    done = run("evaluate", "say", "--data", "rows.csv", "--models", models, "--json")
    assert done.code == 0, done.err
    assert done.err.count("OPENAI_API_KEY is not set") == 1
    columns = json.loads(done.out)["report"]["columns"]
    assert [(c["model"], c["answered"], c["failed"]) for c in columns] == [
        ("openai:gpt-5-mini", 0, 2),
        ("fake:echo", 2, 0),
    ]


def test_where_several_cannot_answer_each_is_told(run: Run) -> None:
    models = "openai:gpt-5-mini,deepseek"
    done = run("evaluate", "say", "--data", "rows.csv", "--models", models)
    assert (done.code, done.err.count("\n")) == (2, 1)
    assert "OPENAI_API_KEY" in done.err
    assert "DEEPSEEK_API_KEY" in done.err


def test_a_plan_without_a_key_has_its_price_all_the_same(run: Run) -> None:
    arguments = ("evaluate", "say", "--data", "rows.csv", "--models", "openai:gpt-5-mini")
    done = run(*arguments, "--dry-run")
    assert done.code == 0
    assert done.out.startswith(
        "2 calls: 1 prompt × 1 model × 2 examples of rows@1; scored by exact; about "
    )
    assert "OPENAI_API_KEY is not set" in done.err
    plan = json.loads(run(*arguments, "--repeats", "3", "--dry-run", "--json").out)
    assert plan["estimate"]["calls"] == 6
    assert "OPENAI_API_KEY" in plan["unready"]["openai:gpt-5-mini"]


def test_a_judge_that_cannot_answer_is_refused(run: Run) -> None:
    rubric = 'rubric:{"value": "Polite.", "parameters": {"model": "openai:gpt-5-mini"}}'
    arguments = ("evaluate", "say", "--data", "rows.csv", "--models", "fake:echo")
    done = run(*arguments, "--scorer", rubric)
    assert (done.code, run("evaluations", "list").out) == (2, ""), done.err
    assert "OPENAI_API_KEY is not set" in done.err


@pytest.mark.parametrize(
    ("data", "code", "told"),
    [
        ("nothere.csv", 3, ("there is no file nothere.csv", "check the path")),
        ("row.csv", 3, ("there is no file row.csv", "did you mean rows.csv?")),
        ("./nothere", 3, ("there is no file ./nothere", "check the path")),
        ("gone/rows.jsonl", 3, ("there is no file gone/rows.jsonl", "there is no folder gone")),
        ("kept/row", 3, ("there is no dataset 'kept/row'", "did you mean 'kept/rows'?")),
        ("other/thing", 3, ("there is no dataset and no file 'other/thing'", "datasets list")),
        ("kept/", 2, ("kept/ is a folder", "name a file in it")),
        ("kept/rows@9", 3, ("has no version 9", "its newest is kept/rows@1")),
        ("rows.xlsx", 2, ("the format of rows.xlsx is not known", "csv, jsonl")),
        ("x" * 5000, 2, ("no path", "datasets list")),
    ],
)
def test_data_that_is_not_there_says_what_it_was_taken_for(
    run: Run, tmp_path: Path, data: str, code: int, told: tuple[str, str]
) -> None:
    run("datasets", "add", "kept/rows", "rows.csv")
    (tmp_path / "rows.xlsx").write_bytes(b"PK")
    (tmp_path / "kept").mkdir()
    done = run("evaluate", "say", "--data", data, "--models", "fake:echo")
    assert (done.code, done.err.count("\n")) == (code, 1), done.err
    assert all(each in done.err for each in told), done.err
