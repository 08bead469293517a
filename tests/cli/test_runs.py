"""runs, stats and cache as a person and a program use them."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, cast

import pexpect
import pytest

import burnish
from burnish.storage.run import Attempt, Run

from .conftest import COMMAND
from .conftest import Run as Call
from .test_terminal import screen

NOW = datetime.now(UTC).replace(microsecond=0)


def a_run(n: int, **fields: Any) -> Run:
    base: dict[str, Any] = {
        "id": f"019700{n:02}-0000-7000-8000-000000000000",
        "kind": "complete",
        "model": "openai:gpt-5-mini",
        "prompt": "writer/chapter",
        "created_at": NOW - timedelta(minutes=n),
        "input": [{"role": "user", "content": f"question {n}"}],
        "output": f"answer {n}",
        "input_tokens": 100,
        "output_tokens": 20,
        "cost_usd": 0.0005,
        "latency_ms": 100.0 * n,
        "requests": 1,
    }
    return Run(**base | fields)


@pytest.fixture
def runs() -> list[Run]:
    new = [
        a_run(1),
        a_run(2, prompt="editor/fix", cached=True, requests=0, cost_usd=0.0),
        a_run(3, error="ServerFault: down", cost_usd=None, retries=2, requests=3),
        a_run(4, model="ollama:llama3.2", prompt="", valid=True, cost_usd=0.0),
        a_run(5, created_at=NOW - timedelta(days=40)),
    ]
    with burnish.open() as p:
        for each in new:
            p.record_run(each)
        p.flush()
    return new


def ids(done: Any) -> list[str]:
    return [line.split("\t")[0] for line in done.out.splitlines()]


def test_list_filters_and_goes_on(run: Call, runs: list[Run]) -> None:
    every = [each.id for each in runs]
    expected: list[tuple[list[str], list[int]]] = [
        ([], [0, 1, 2, 3, 4]),
        (["--model", "ollama:llama3.2"], [3]),
        (["--prompt", "editor/fix"], [1]),
        (["--agent", "writer"], [0, 2, 4]),
        (["--failed"], [2]),
        (["--succeeded"], [0, 1, 3, 4]),
        (["--cached"], [1]),
        (["--kind", "judge"], []),
        (["--since", "7d"], [0, 1, 2, 3]),
        (["--since", (NOW - timedelta(seconds=150)).isoformat()], [0, 1]),
    ]
    for options, found in expected:
        done = run("runs", "list", *options)
        assert done.code == 0
        assert ids(done) == [every[n] for n in found], options
    first = run("runs", "list", "--limit", "2")
    assert ids(first) == every[:2]
    further = json.loads(run("runs", "list", "--limit", "2", "--json").out)["next"]
    rest = run("runs", "list", "--cursor", further)
    assert ids(rest) == every[2:]
    page = json.loads(run("runs", "list", "--limit", "1", "--json").out)
    assert page["items"][0]["output"] == "answer 1"
    fields = run("runs", "list", "--failed").out.rstrip("\n").split("\t")
    assert fields[2:] == [
        "complete", "writer/chapter", "openai:gpt-5-mini", "100", "20", "unknown", "300.0", "failed",
    ]  # fmt: skip
    assert run("runs", "list", "--since", "soon").code == 2


def test_runs_of_the_offline_composer_are_left_out_until_asked_for(
    run: Call, runs: list[Run]
) -> None:
    for name in ("writer/chapter", "mail/late"):
        assert run("generate", "write a toast for my sister", "--name", name).code == 0
    with burnish.open() as p:
        every = [each.id for each in p.runs.page().items]
        assert p.runs.count() == len(every) == 5 + 6
        assert sum(each.runs for each in p.stats(days=None)) == 11
    own = [each.id for each in runs]
    assert ids(run("runs", "list")) == own
    assert ids(run("runs", "list", "--offline")) == every
    offline = set(every) - set(own)
    assert set(ids(run("runs", "list", "--model", "offline"))) == offline
    assert set(ids(run("runs", "list", "--kind", "generate"))) == offline
    assert len(run("runs", "export").out.splitlines()) == 11
    # What is added up is what is listed, whatever it is listed by.
    for by in ("model", "prompt", "agent", "task", "kind", "day"):
        for options in ([], ["--offline"], ["--agent", "writer"], ["--model", "offline"]):
            lines = run("stats", "--by", by, "--days", "0", *options).out.splitlines()
            listed = ids(run("runs", "list", *options))
            assert sum(int(line.split("\t")[1]) for line in lines) == len(listed), (by, options)
    assert "offline" not in run("stats", "--days", "0").out
    for command in (["runs", "list"], ["stats"]):
        told = "offline runs left out: 6; --offline shows them"
        assert screen(*command).count(told) == 1
        assert "left out" not in screen(*command, "--offline")
        assert "left out: 3;" in screen(*command, "--prompt", "mail/late")


def test_show_tells_all_of_a_run(run: Call) -> None:
    with burnish.open() as p:
        p.record_run(
            a_run(
                7,
                error="ServerFault: down",
                attempts=(
                    Attempt(model="openai:gpt-5-mini", error="ServerFault", status=503),
                    Attempt(model="groq:llama", error="CircuitOpen", sent=False),
                ),
            )
        )
    whole = run("runs", "show", "019700")
    for text in ("question 7", "answer 7", "100 in, 20 out", "ServerFault\t503", "not sent"):
        assert text in whole.out
    shown = screen("runs", "show", "01970007")
    for text in ("question 7", "answer 7", "ServerFault", "503", "not sent"):
        assert text in shown
    assert json.loads(run("runs", "show", "0197", "--json").out)["attempts"][0]["status"] == 503
    missing = run("runs", "show", "ffff")
    assert (missing.code, "ffff" in missing.err) == (3, True)


@pytest.mark.spec("MET-08")
def test_export_and_import(run: Call, spawn: Call, runs: list[Run], tmp_path: Path) -> None:
    file = tmp_path / "runs.jsonl"
    done = run("runs", "export", "--jsonl", str(file), "--json")
    assert json.loads(done.out)["exported"] == 5
    lines = file.read_text().splitlines()
    assert [json.loads(line)["id"] for line in lines] == [each.id for each in runs[::-1]]
    # The same to a pipe, and of one day alone.
    assert spawn("runs", "export").out.splitlines() == lines
    assert spawn("runs", "export", "--days", "1").out.splitlines() == lines[1:]
    broken = "\n".join([*lines[:2], "{broken", *lines[2:], lines[0][:50]]) + "\n"
    file.write_text(broken)
    other = str(tmp_path / "other")
    done = run("runs", "import", str(file), "--home", other)
    assert done.code == 1
    assert "5 runs imported, 0 were there already" in done.out
    assert "2 lines hold no run and were skipped: 3, 7" in done.err
    again = spawn("runs", "import", "-", "--home", other, "--json", stdin="\n".join(lines))
    assert again.code == 0
    assert json.loads(again.out) == {
        "imported": 0, "present": 5, "unlinked": 0, "corrupt": 0, "corrupt_lines": [],
    }  # fmt: skip
    assert run("runs", "import", str(tmp_path / "none")).code == 2
    assert run("runs", "export", "--jsonl", str(tmp_path / "no" / "folder")).code == 2
    assert run("runs", "export", "--days", "1", "--since", "7d").code == 2


@pytest.mark.spec("MET-16")
def test_forget_asks_and_keeps_statistics(run: Call, runs: list[Run]) -> None:
    before = run("stats", "--days", "0").out
    assert run("runs", "forget", "--older-than", "30d").code == 2
    assert run("runs", "forget", "--yes").code == 2
    asking = cast("Any", pexpect).spawn(
        COMMAND[0], [*COMMAND[1:], "runs", "forget", "--older-than", "30d"], encoding="utf-8"
    )
    asking.expect("Delete 1 runs from before .* UTC")
    asking.sendline("n")
    asking.expect(pexpect.EOF)
    asking.close()
    assert asking.exitstatus == 1
    assert len(ids(run("runs", "list"))) == 5
    done = run("runs", "forget", "--older-than", "30d", "--yes", "--json")
    assert json.loads(done.out) == {"forgotten": 1}
    assert len(ids(run("runs", "list"))) == 4
    assert run("stats", "--days", "0").out == before
    tomorrow = (NOW + timedelta(days=1)).date().isoformat()
    assert run("runs", "forget", "--before", tomorrow, "-y").out == "4 runs forgotten\n"


@pytest.mark.spec("MET-05", "MET-06")
def test_stats_of_the_last_days(run: Call, runs: list[Run]) -> None:
    lines = [line.split("\t") for line in run("stats").out.splitlines()]
    assert [line[:3] for line in lines] == [
        ["openai:gpt-5-mini", "3", "1"],
        ["ollama:llama3.2", "1", "0"],
    ]
    found = json.loads(run("stats", "--by", "agent", "--json").out)
    assert {each["group"]: each["runs"] for each in found} == {"writer": 2, "editor": 1, "": 1}
    writer = next(each for each in found if each["group"] == "writer")
    assert (writer["success_rate"], writer["avg_retries"], writer["cost_unknown"]) == (0.5, 1, 1)
    assert writer["avg_latency_ms"] == 100
    assert "openai:gpt-5-mini\t4" in run("stats", "--days", "30000").out
    only = run("stats", "--by", "task", "--model", "openai:gpt-5-mini", "--prompt", "editor/fix")
    assert only.out.split("\t")[:2] == ["fix", "1"]
    assert run("stats", "--model", "none").out == ""
    assert run("stats", "--by", "colour").code == 2


@pytest.mark.spec("MET-09")
def test_stats_by_category(run: Call) -> None:
    run("prompts", "create", "a", "text", "--category", "ops")
    run("prompts", "create", "b", "text", "--category", "ops")
    with burnish.open() as p:
        found = p.prompts.get("a").prompt
        p.prompts.record_rating(found.id, 0.5)
        p.prompts.record_use(found.id)
    assert run("stats", "--by", "category").out == "ops\t2\t0.5\t1\n"
    assert json.loads(run("stats", "--by", "category", "--json").out)[0]["usage_count"] == 1


@pytest.mark.spec("MET-07")
def test_cache_statistics_and_clearing(run: Call) -> None:
    with burnish.open() as p:
        p.responses.put("k", b"v" * 1000, 600)
        p.responses.get("k")
        p.responses.get("l")
    found = json.loads(run("cache", "stats", "--json").out)
    assert (found["entries"], found["hits"], found["misses"]) == (1, 1, 1)
    assert found["size_bytes"] >= 1000
    assert found["oldest_age_s"] >= found["average_age_s"] >= 0
    assert "hits\t1 of 2 (50%)" in run("cache", "stats").out
    assert run("cache", "clear").out == "1 answers forgotten\n"
    assert json.loads(run("cache", "stats", "--json").out)["entries"] == 0
    assert "answers" in screen("cache", "stats")


@pytest.mark.parametrize("columns", [80, 120])
def test_tables_keep_to_the_width(run: Call, runs: list[Run], columns: int) -> None:
    with burnish.open() as p:
        p.record_run(a_run(6, model="anthropic:claude-sonnet-4-5-20250929", prompt="a" * 60))
    listed = screen("runs", "list", columns=columns)
    stats = screen("stats", columns=columns)
    for shown in (listed, stats, screen("runs", "show", runs[0].id, columns=columns)):
        assert [line for line in shown.split("\n") if len(line.rstrip()) > columns] == []
    for text in ("01970001", "writer/chapter", "gpt-5-mini", "failed", "cached"):
        assert text in listed
    assert ("unknown" in listed) == (columns == 120)
    assert "p95 ms" in stats
    assert ("retries" in stats) == (columns == 120)
