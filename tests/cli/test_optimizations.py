"""burnish optimizations: what searches found."""

from __future__ import annotations

import json
from pathlib import Path

from tests.cli.conftest import Run
from tests.cli.test_terminal import screen
from tests.optimizers import stored


def ids() -> list[str]:
    every = (stored.ORIGINAL, stored.SORRY, stored.WHEN, stored.BOTH, stored.SHORT)
    return [each.id for each in every]


def test_optimisations_are_listed(run: Run) -> None:
    ended = stored.optimization(0, **stored.IMPROVED)
    left = stored.optimization(1, prompt="news@3", algorithm="genetic")
    stored.put(ended, left)
    rows = [line.split("\t") for line in run("optimizations", "list").out.splitlines()]
    assert [row[0] for row in rows] == [left.id, ended.id]
    about = ["news@3", "", "genetic", "fake:echo", "parcels@2", "quality"]
    assert rows[0][2:] == ["stopped", *about]
    about = ["mail/late@1", "mail/late@2", "reflective", "fake:echo", "parcels@2", "quality"]
    assert rows[1][2:] == ["improved", *about]
    of_one = run("optimizations", "list", "--prompt", "mail/late", "--data", "parcels", "--json")
    (one,) = json.loads(of_one.out)
    assert (one["id"], one["state"], one["outcome"]) == (ended.id, "done", "improved")
    assert run("optimizations", "list", "--data", "parcel").out == ""
    assert len(run("optimizations", "list", "--limit", "1").out.splitlines()) == 1


def test_one_that_was_cancelled_is_stopped_in_every_output(run: Run) -> None:
    ended = {"outcome": "stopped", "text": "kept the original: it was cancelled"}
    one = stored.optimization(0, **ended, ended_at=stored.IMPROVED["ended_at"])
    stored.put(one)
    assert run("optimizations", "list").out.split("\t")[2] == "stopped"
    (listed,) = json.loads(run("optimizations", "list", "--json").out)
    assert (listed["state"], listed["outcome"]) == ("stopped", "stopped")
    shown = run("optimizations", "show", one.id, "--json").out
    assert json.loads(shown)["optimization"]["state"] == "stopped"


def test_a_terminal_shows_what_came_of_each(run: Run) -> None:
    stored.put(stored.optimization(0, **stored.IMPROVED), stored.optimization(1))
    lines = screen("optimizations", "list", columns=80).splitlines()
    assert all(len(line) <= 80 for line in lines)
    assert lines[0].split() == ["id", "when", "outcome", "algorithm", "about"]
    told = " ".join(" ".join(lines).split())
    assert "stopped" in told
    assert "improved reflective mail/late@1 → mail/late@2" in told
    assert "2 optimisations" in told
    assert "No optimisations." in screen("optimizations", "list", "--prompt", "none", columns=80)


def test_one_is_shown_as_a_tree_of_its_candidates(run: Run) -> None:
    one = stored.tried()
    lines = [line.rstrip() for line in screen("optimizations", "show", one.id[:12]).splitlines()]
    facts = {line[:12].strip(): line[12:].strip() for line in lines[: lines.index("")]}
    assert facts["id"] == one.id
    assert facts["outcome"] == "improved: 0.50 → 0.75 over 40 examples"
    assert facts["candidates"] == "5 (3 measured), 3 turned down"
    assert facts["answers"].startswith(
        "10, 1 failed; 10 calls without proposals, at least 0.012 USD"
    )
    first, sorry, when, both, short = (name[:8] for name in ids())
    assert lines[lines.index("") + 1 :] == [
        f"{first}  original  n 4  mean 0.50",
        f"  {sorry}  reflect  not measured  no apology in three answers",
        f"    {both}  unite  n 4  mean 0.75  with {when}",
        f"      {short}  technique  not measured  terse",
        f"  {when}  reflect  n 1  mean 0.00  no day is named",
    ]


def test_a_line_is_cut_at_the_edge_of_a_narrow_terminal(run: Run) -> None:
    one = stored.tried()
    deep = stored.SHORT
    for step in range(10, 60):
        deep = stored.candidate(f"Step {step}.", deep, operator="reflect", why="as it was " * 20)
        stored.drafted(one, step, deep)
    lines = screen("optimizations", "show", one.id, columns=60).splitlines()
    assert all(len(line) <= 60 for line in lines)
    assert lines[-2].strip().startswith(f"{deep.id[:8]}  reflect  not measured")


def test_a_report_of_many_candidates_fits_a_comment_and_is_whole_as_a_page(run: Run) -> None:
    one = stored.tried()
    deep = stored.SHORT
    for step in range(10, 310):
        deep = stored.candidate(f"Step {step}.", deep, operator="reflect", why="as it was " * 40)
        stored.drafted(one, step, deep)
    files = ("--report", "r.md", "--report", "r.html")
    assert run("optimizations", "show", one.id, *files).code == 0
    markdown, page = (Path(f"r.{each}").read_text("utf-8") for each in ("md", "html"))
    title = "All 305 candidates, below those that they were made of"
    assert len(markdown) < 65_536
    assert f"{title}: too long for a comment." in markdown
    assert title in page
    assert page.count("<li class=") == 305
    assert f"<b>{deep.id[:8]}</b>" in page
    assert '"--depth: 12"' in page
    assert '"--depth: 13"' not in page


def test_a_pipe_gets_facts_and_a_line_for_each_candidate(run: Run) -> None:
    one = stored.tried()
    facts, candidates = run("optimizations", "show", one.id).out.split("\n\n")
    assert "best: mail/late@2" in facts.splitlines()
    rows = [line.split("\t") for line in candidates.splitlines()]
    first, sorry, when, both, short = ids()
    assert rows == [
        [first, "", "original", "4", "0.50", ""],
        [sorry, first, "reflect", "0", "-", "no apology in three answers"],
        [when, first, "reflect", "1", "0.00", "no day is named"],
        [both, f"{sorry},{when}", "unite", "4", "0.75", ""],
        [short, both, "technique", "0", "-", "terse"],
    ]


def test_as_json_it_is_whole(run: Run) -> None:
    one = stored.tried()
    shown = json.loads(run("optimizations", "show", one.id, "--json").out)
    assert (shown["optimization"]["id"], shown["counts"]["answers"]) == (one.id, 10)
    assert [each["id"] for each in shown["candidates"]] == ids()
    assert shown["candidates"][1]["text"].endswith("Say sorry.")


def test_one_is_deleted_when_somebody_says_so(run: Run) -> None:
    one = stored.tried()
    asked = run("optimizations", "delete", one.id[:12])
    assert (asked.code, "--yes" in asked.err) == (2, True)
    assert "5 candidates, 10 answers" in asked.err
    assert json.loads(run("optimizations", "delete", one.id, "--yes", "--json").out) == {
        "deleted": one.id
    }
    gone = run("optimizations", "show", one.id)
    assert (gone.code, "optimizations list" in gone.err) == (3, True)
    running = stored.optimization(1, job_id=stored.IDS[1])
    stored.put(running)
    stored.work(running, "running")
    refused = run("optimizations", "delete", running.id, "--yes")
    assert (refused.code, f"jobs cancel {running.id}" in refused.err) == (4, True)
