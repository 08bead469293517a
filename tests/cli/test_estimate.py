"""What is said of the cost before a run is near what the run costs.

The sample set has tasks of several kinds. A server on this machine answers them, and charges for
tokens as a provider does: those of the texts in `priced_tasks.json` were counted once with the
package `bpe-openai` (o200k), and chats take 4 tokens for each message and 3 for the answer.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.cli.answering import Said, answering
from tests.cli.conftest import Run

import burnish
from burnish.evals.answer_length import answer_length
from burnish.prompts.prompt import Message
from burnish.storage.example import Example, ScorerSpec

TASKS: list[dict[str, Any]] = json.loads(
    Path(__file__).with_name("priced_tasks.json").read_text(encoding="utf-8")
)
MODEL = "openai:gpt-4o-mini"


def answered(body: dict[str, Any]) -> Said:
    """What the sample set says, and as a provider counts it."""
    asked = body["messages"][-1]["content"]
    row = next(row for task in TASKS for row in task["rows"] if asked.endswith(row["text"]))
    return Said(
        row["answer"],
        input_tokens=row["asked_tokens"] + 4 * len(body["messages"]) + 3,
        output_tokens=row["answer_tokens"],
    )


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    with answering(answered) as url:
        monkeypatch.setenv("OPENAI_BASE_URL", url)
        yield


def in_words(printed: str) -> float:
    found = re.search(r"([\d.]+) USD", printed)
    assert found, printed
    return float(found[1])


@pytest.mark.usefixtures("server")
@pytest.mark.parametrize("task", TASKS, ids=lambda task: task["name"])
@pytest.mark.spec("TST-06")
def test_the_printed_estimate_is_near_what_it_costs(
    run: Run, tmp_path: Path, task: dict[str, Any]
) -> None:
    rows = tmp_path / "rows.jsonl"
    named = [{"text": r["text"], "expected": r["expected"]} for r in task["rows"]]
    rows.write_text("\n".join(json.dumps(each) for each in named), encoding="utf-8")
    run("prompts", "create", "task", task["prompt"])
    asked = ("evaluate", "task", "--data", "rows.jsonl", "--models", MODEL)
    if task["trial"]:
        # Of an answer whose length nothing tells, a few are the measure of the others.
        assert "a guess" in run(*asked, "--dry-run").out
        assert run(*asked, "--limit", str(task["trial"])).code == 0
    printed = run(*asked, "--dry-run")
    assert printed.code == 0, printed.err
    done = run(*asked, "--fresh", "--json")
    assert done.code == 0, done.err
    (column,) = json.loads(done.out)["report"]["columns"]
    assert column["answered"] == len(task["rows"])
    assert column["cost"]["usd"] > 0
    assert in_words(printed.out) == pytest.approx(column["cost"]["usd"], rel=0.2)
    assert "a guess" not in printed.out


@pytest.mark.usefixtures("server")
def test_the_estimate_of_the_whole_sample_set_is_near_too(p: burnish.Platform) -> None:
    said = cost = 0.0
    for task in TASKS:
        name = f"tasks/{task['name']}"
        p.prompts.create(name, task["prompt"])
        rows = [{"text": r["text"], "expected": r["expected"]} for r in task["rows"]]
        if task["trial"]:
            p.evaluate(name, rows, models=MODEL, limit=task["trial"])
        plan = p.plan_evaluation(name, rows, models=MODEL, repeats=2, fresh=True)
        said += plan.estimate.cost_usd or 0.0
        done = p.run_evaluation(plan.evaluation)
        cost += done.report.columns[0].cost.usd or 0.0
    assert said == pytest.approx(cost, rel=0.2)


def length(prompt: str, expected: Any = None, scorer: str = "exact") -> tuple[float, str]:
    example = Example(id="e", inputs={}, expected=expected)
    return answer_length((Message("user", prompt),), example, (ScorerSpec(name=scorer),))


@pytest.mark.parametrize(
    ("prompt", "low", "high"),
    [
        ("Write about 200 words on rain.", 240, 300),
        ("Write 300+ words on rain.", 420, 520),
        ("At most 100 words, please.", 80, 120),
        ("Give me between 50 and 100 words. Use 50-100 words.", 90, 115),
        ("In three sentences: why?", 60, 90),
        ("Name five short reasons.", 60, 100),
        ("Write two paragraphs.", 150, 220),
    ],
)
def test_a_length_that_is_asked_for_counts(prompt: str, low: float, high: float) -> None:
    tokens, basis = length(prompt)
    assert basis == "asked for"
    assert low <= tokens <= high


def test_what_is_expected_counts_where_whole_answers_are_compared() -> None:
    tokens, basis = length("Which city?", "Lisbon")
    assert (tokens < 4, basis) == (True, "expected")
    # A part of the answer tells nothing of its length, unless it is longer than any usual one.
    assert length("Which parcel?", "AB-1", "contains")[1] == "guess"
    assert length("Which parcel?", "word " * 400, "contains")[0] >= 400
    assert length("Think step by step. Which number?", "7")[0] > tokens + 50
    assert length("As JSON.", {"a": 1, "b": [1, 2, 3]})[0] > length("As JSON.", {"a": 1})[0]


def test_a_long_text_is_looked_at_in_no_time(p: burnish.Platform) -> None:
    p.prompts.create("long", "{{ text }}")
    texts = [" " * 900_000 + "x", "7 " * 400_000, "5 " + "a" * 900_000, "at most " * 100_000]
    rows = [{"text": text} for text in texts]
    plan = p.plan_evaluation("long", rows, models="fake:echo", scorers=["contains:x"])
    assert plan.estimate.calls == 4
