"""Whatever is wrong with what goes into an evaluation has a clear row or error; the rest is done
and nothing is lost."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.cli.answering import Said, answering
from tests.cli.conftest import COMMAND, Run

import burnish

MODEL = ("--models", "fake:echo")


@pytest.fixture(autouse=True)
def prompt(run: Run) -> None:
    run("prompts", "create", "say", "Say: {{ text }}")


def report(done: Any) -> Any:
    return json.loads(done.out)["report"]


def kept(run: Run) -> list[str]:
    return run("evaluations", "list").out.splitlines()


def test_rows_without_a_variable_are_told_before_and_the_others_are_asked(
    run: Run, tmp_path: Path
) -> None:
    rows = [{"text": f"t{n}", "expected": f"Say: t{n}"} for n in range(5)]
    rows[3] = {"other": "no text", "expected": "x"}
    (tmp_path / "rows.jsonl").write_text("\n".join(map(json.dumps, rows)))
    done = run("evaluate", "say", "--data", "rows.jsonl", *MODEL, "--json")
    assert done.code == 0, done.err
    assert "1 of 5 examples cannot be asked of say@1: the variable 'text' is missing" in done.err
    (column,) = report(done)["columns"]
    assert (column["answered"], column["failed"], column["passed"]["mean"]) == (4, 1, 1.0)
    (fault,) = report(done)["faults"]
    assert "the example does not fit the prompt: variable 'text' is missing" in fault["error"]


def test_a_prompt_that_fits_no_row_is_refused(run: Run, tmp_path: Path) -> None:
    run("prompts", "create", "both", "{{ text }} and {{ more }}")
    (tmp_path / "rows.csv").write_text("text,expected\na,b\nc,d\n")
    done = run("evaluate", "both", "--data", "rows.csv", *MODEL)
    assert (done.code, kept(run)) == (2, [])
    assert "both@1 wants the variable 'more', and no example has it" in done.err
    assert "edit the prompt" in done.err


@pytest.mark.parametrize(
    ("name", "content", "told"),
    [
        ("twice.csv", b"id,text\n1,a\n1,b\n", "twice.csv, line 3: has the id '1', as line 2 has"),
        ("latin.csv", "text,expected\ncafé,x\n".encode("latin-1"), "line 2: is not UTF-8 text"),
        ("wide.csv", "text\ncaf\u00e9\n".encode("utf-16"), "is not UTF-8 text"),
        ("long.jsonl", b'{"text": "%s"}' % (b"x" * 1_100_000), "line 1: has more than 1 MiB"),
        ("cut.jsonl", b'{"text": "a"}\n{"text": "b', "cut.jsonl, line 2: is cut short"),
        ("empty.csv", b"", "is empty"),
        ("bare.csv", b"text,expected\n", "has no examples"),
    ],
)
def test_a_file_that_is_wrong_begins_nothing(
    run: Run, tmp_path: Path, name: str, content: bytes, told: str
) -> None:
    (tmp_path / name).write_bytes(content)
    done = run("evaluate", "say", "--data", name, *MODEL)
    assert (done.code, done.out, done.err.count("\n")) == (2, "", 1), done.err
    assert told in done.err
    assert kept(run) == []
    assert run("datasets", "list").out == ""


def test_a_row_of_nearly_a_megabyte_is_asked(run: Run, tmp_path: Path) -> None:
    long = "word " * 200_000
    rows = [{"text": long, "expected": f"Say: {long}"}, {"text": "b", "expected": "Say: b"}]
    rows[0]["expected"] = "Say: short"
    (tmp_path / "rows.jsonl").write_text("\n".join(map(json.dumps, rows)))
    done = run("evaluate", "say", "--data", "rows.jsonl", *MODEL, "--json")
    assert done.code == 0, done.err
    (column,) = report(done)["columns"]
    assert (column["answered"], column["passed"]["mean"]) == (2, 0.5)
    results = run("evaluations", "results", json.loads(done.out)["evaluation"]["id"]).out
    assert json.loads(results.splitlines()[0])["output"] == f"Say: {long}"


SCORERS = """
import time


def raises(output):
    raise ValueError("not " + output)


def hangs(output):
    time.sleep(60)
"""


def test_a_scorer_that_raises_or_hangs_is_told_and_the_others_score(
    run: Run, tmp_path: Path
) -> None:
    (tmp_path / "own.py").write_text(
        f"import burnish\n{SCORERS}\nhangs = burnish.scorer(name='hangs', timeout_s=0.2)(hangs)\n"
    )
    (tmp_path / "rows.csv").write_text("text,expected\na,Say: a\nb,Say: b\n")
    scorers = [
        part for name in ("raises", "hangs") for part in ("--scorer", f"python:own.py:{name}")
    ]
    done = run(
        *("evaluate", "say", "--data", "rows.csv", *MODEL),
        *(*scorers, "--scorer", "exact", "--json"),
    )
    assert done.code == 0, done.err
    (column,) = report(done)["columns"]
    metrics = {m["metric"]: (m["mean"], m["unscored"]) for m in column["metrics"]}
    assert metrics == {"raises": (None, 2), "hangs": (None, 2), "exact": (1.0, 0)}
    assert column["answered"] == 2
    faults = {fault["metric"]: fault["error"] for fault in report(done)["faults"]}
    assert faults["raises"].startswith("ValueError: not Say: ")
    assert faults["hangs"] == "took longer than 0.2 s and was given up"


@pytest.fixture
def odd(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Models that say nothing, or nonsense, or what they hear."""

    def reply(body: dict[str, Any]) -> Said:
        heard = body["messages"][-1]["content"]
        said = {"empty": "", "blank": " \n ", "judge": "purple monkey dishwasher"}
        return Said(said.get(str(body["model"]), str(heard)))

    monkeypatch.setenv("BURNISH_MODELS__MAX_RETRIES", "0")
    with answering(reply) as url:
        monkeypatch.setenv("OPENAI_BASE_URL", url)
        yield


@pytest.mark.usefixtures("odd")
def test_a_judge_that_answers_nonsense_is_told_and_the_answers_stay(
    run: Run, tmp_path: Path
) -> None:
    (tmp_path / "rows.csv").write_text("text,expected\na,Say: a\nb,Say: b\n")
    rubric = 'rubric:{"value": "Polite.", "parameters": {"model": "openai:judge"}}'
    done = run(
        *("evaluate", "say", "--data", "rows.csv", "--models", "openai:m"),
        *("--scorer", rubric, "--scorer", "exact", "--json"),
    )
    assert done.code == 0, done.err
    (column,) = report(done)["columns"]
    metrics = {m["metric"]: (m["mean"], m["unscored"]) for m in column["metrics"]}
    assert metrics == {"rubric": (None, 2), "exact": (1.0, 0)}
    (fault,) = report(done)["faults"]
    assert (fault["metric"], fault["count"]) == ("rubric", 2)
    assert "JSON" in fault["error"]


@pytest.mark.usefixtures("odd")
@pytest.mark.parametrize("name", ["empty", "blank"])
def test_a_model_that_says_nothing_fails_and_stops_no_other(
    run: Run, tmp_path: Path, name: str
) -> None:
    (tmp_path / "rows.csv").write_text("text,expected\na,Say: a\nb,Say: b\n")
    models = f"openai:{name},openai:m"
    done = run("evaluate", "say", "--data", "rows.csv", "--models", models, "--json")
    assert done.code == 0, done.err
    columns = report(done)["columns"]
    assert [(c["answered"], c["failed"]) for c in columns] == [(0, 2), (2, 0)]
    (fault,) = report(done)["faults"]
    assert "empty" in fault["error"]


def evaluated_while(run: Run, monkeypatch: pytest.MonkeyPatch, change: Any) -> Any:
    """An evaluation, during whose first call something happens to its dataset."""
    first = threading.Event()

    def reply(body: dict[str, Any]) -> Said:
        if not first.is_set():
            first.set()
            change()
        return Said(body["messages"][-1]["content"])

    rows = "text,expected\n" + "".join(f"t{n},Say: t{n}\n" for n in range(1_200))
    Path("rows.csv").write_text(rows)
    assert run("datasets", "add", "kept", "rows.csv").code == 0
    with answering(reply) as url:
        monkeypatch.setenv("OPENAI_BASE_URL", url)
        asked = ("--models", "openai:m", "--concurrency", "1", "--json")
        return run("evaluate", "say", "--data", "kept", *asked)


def test_a_dataset_that_changes_meanwhile_changes_nothing_of_the_run(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    def change() -> None:
        with burnish.open() as p:
            p.datasets.add("kept", [{"text": "other", "expected": "no"}], replace=True)

    done = evaluated_while(run, monkeypatch, change)
    assert done.code == 0, done.err
    (column,) = report(done)["columns"]
    assert (column["answered"], column["passed"]["mean"]) == (1_200, 1.0)
    assert json.loads(done.out)["evaluation"]["dataset"] == "kept@1"
    assert json.loads(run("datasets", "show", "kept", "--json").out)["version"]["version"] == 2


def test_a_dataset_that_goes_meanwhile_leaves_what_was_answered(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    def change() -> None:
        with burnish.open() as p:
            p.datasets.delete("kept")

    done = evaluated_while(run, monkeypatch, change)
    assert (done.code, done.err.count("\n")) == (1, 1), done.err
    assert "kept@1 was deleted while it was read" in done.err
    (line,) = kept(run)
    results = run("evaluations", "results", line.split("\t")[0]).out.splitlines()
    assert 0 < len(results) < 1_200


def test_a_report_that_cannot_be_written_says_where_the_results_are(
    run: Run, tmp_path: Path
) -> None:
    (tmp_path / "rows.csv").write_text("text,expected\na,Say: a\n")
    (tmp_path / "taken.md").mkdir()
    done = run("evaluate", "say", "--data", "rows.csv", *MODEL, "--report", "taken.md")
    assert (done.code, done.err.count("\n")) == (2, 1), done.err
    assert "taken.md cannot be written" in done.err
    (line,) = kept(run)
    evaluation = line.split("\t")[0]
    assert f"burnish evaluations show {evaluation} --report FILE" in done.err
    assert run("evaluations", "show", evaluation, "--report", "free.md").code == 0


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no /dev/full")
def test_an_output_that_is_full_is_told(run: Run, tmp_path: Path) -> None:
    (tmp_path / "rows.csv").write_text("text,expected\na,Say: a\n")
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            [*COMMAND, "evaluate", "say", "--data", "rows.csv", *MODEL],
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )
    assert (done.returncode, done.stderr.count("\n")) == (1, 1), done.stderr
    assert "no space is left" in done.stderr
    assert len(kept(run)) == 1


FULL = """
set -e
mount -t tmpfs -o size=32m tmpfs "$PWD"
cd "$PWD"
burnish() { "$PYTHON" -c "from burnish.cli.main import entry; entry()" "$@"; }
export BURNISH_HOME="$PWD/home" BURNISH_CACHE__RESPONSES=false
burnish prompts create say "Say: {{ text }}"
burnish datasets add rows "$ROWS"
dd if=/dev/zero of=ballast bs=1k count=100000 2>/dev/null || true
truncate -s -1500k ballast
burnish evaluate say --data rows --models fake:echo --scorer contains:Say --concurrency 1 > "$OUT/first" 2> "$OUT/err" \
    || echo "exit $?"
burnish evaluations list > "$OUT/listed"
ID=$(cut -f 1 "$OUT/listed")
burnish evaluations results "$ID" | wc -l
rm ballast
burnish evaluate --resume "$ID" --json > "$OUT/resumed"
burnish evaluations results "$ID" > "$OUT/results"
"""


def test_a_disk_that_is_full_loses_no_answer(tmp_path: Path) -> None:
    """On a file system of its own that is really full; the one of the machine is left alone."""
    rows, folder = tmp_path / "rows.jsonl", tmp_path / "full"
    folder.mkdir()
    texts = [f"{n} " + "x" * 20_000 for n in range(60)]
    rows.write_text("\n".join(json.dumps({"text": text}) for text in texts))
    done = subprocess.run(
        ["unshare", "--user", "--map-root-user", "--mount", "sh", "-c", FULL],
        cwd=folder,
        env=os.environ | {"PYTHON": sys.executable, "ROWS": str(rows), "OUT": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    if "unshare" in done.stderr or "mount:" in done.stderr:
        pytest.skip(f"no file system can be mounted here: {done.stderr.strip()}")
    assert done.returncode == 0, (done.stdout, done.stderr)
    *_, code, there = done.stdout.splitlines()
    error = (tmp_path / "err").read_text()
    assert code == "exit 1", (done.stdout, error)
    assert "full" in error
    assert "--resume" in error
    assert int(there) < 60
    results = [json.loads(line) for line in (tmp_path / "results").read_text().splitlines()]
    assert [r["output"] for r in results] == [f"Say: {text}" for text in texts]
    (column,) = json.loads((tmp_path / "resumed").read_text())["report"]["columns"]
    assert (column["answered"], column["missing"], column["passed"]["mean"]) == (60, 0, 1.0)
