"""burnish optimize: what its plans, reports and refusals tell."""

from __future__ import annotations

import json
import threading
import time
from pathlib import Path
from typing import Any

import pytest
from tests.cli.conftest import Run
from tests.cli.optimizing import PROMPT, RULES, by_rules, install, mails, number_of, right
from tests.cli.test_terminal import screen

import burnish
from burnish.errors import UsageError
from burnish.models.model import ModelRequest

BOTH = ("--data", "mails.csv", "--model", "fake:a", "--writer", "fake:w")
ASKED = ("optimize", "mail/kind", *BOTH)


@pytest.fixture
def ready(run: Run, monkeypatch: pytest.MonkeyPatch) -> Run:
    install(monkeypatch)
    assert run("prompts", "create", "mail/kind", PROMPT).code == 0
    mails(Path("mails.csv"))
    return run


def always_right(request: ModelRequest) -> str:
    return right(number_of(request))


def once_wrong(request: ModelRequest) -> str:
    return "either" if number_of(request) == 3 else always_right(request)


def test_a_search_ends_at_once_where_the_original_leaves_nothing_to_gain(
    ready: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = install(monkeypatch, always_right)
    done = ready(*ASKED, "--json")
    found = json.loads(done.out)
    told = "the original is right on all 56 examples that it was tried on; nothing to gain"
    assert found["effort"]["ended"] == told
    assert (found["effort"]["calls"], found["effort"]["proposals"]) == (56, 0)
    assert (
        found["text"]
        == "kept the original: it is right on all 56 examples that it was tried on; nothing to gain"
    )
    assert f"search ended: {told}" in ready("optimizations", "show", found["id"]).out
    asked = len(model.requests)
    again = ready("optimize", "--resume", found["id"], "--json")
    assert json.loads(again.out) == found
    assert len(model.requests) == asked
    # Fewer tokens are a gain whatever the score; so is what one wrong answer could be.
    for other in (("--goal", "efficiency"), ("--seed", "1")):
        install(monkeypatch, always_right if "--goal" in other else once_wrong)
        more = json.loads(ready(*ASKED, *other, "--fresh", "--limit", "60", "--json").out)
        assert "nothing to gain" not in more["effort"]["ended"]
        assert more["effort"]["candidates"] > 0


def test_where_the_original_stays_its_report_tells_what_was_measured(
    ready: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    def worse_with_more(request: ModelRequest) -> str:
        text = "\n".join(each.content for each in request.messages)
        return "what?" if RULES[0] in text or len(text) > 90 else by_rules(request)

    install(monkeypatch, worse_with_more)
    done = ready(*ASKED, "--report", "r.md", "--report", "r.html", "--json")
    found = json.loads(done.out)
    assert (found["outcome"], found["comparison"]) == ("kept", None), found["text"]
    original, other = found["original"], found["best_other"]
    assert original["low"] < original["score"] < original["high"]
    assert other["n"] > 0
    assert other["score"] < original["score"]
    for name in ("r.md", "r.html"):
        text = Path(name).read_text("utf-8")
        assert f"best other {other['candidate'][:8]}" in text
        assert f"{original['low']:.2f} to {original['high']:.2f}" in text
    line = ready("optimize", "--resume", found["id"]).out.split("\t")
    assert float(line[4]) == pytest.approx(original["score"], abs=1e-4)
    assert (line[5], line[9]) == ("-", str(original["n"]))
    assert "<h2>What was measured</h2>" in text
    shown = screen("optimizations", "show", found["id"])
    assert [each for each in shown.splitlines() if len(each.rstrip()) > 80] == []
    assert "What was measured" in shown


def test_one_candidate_has_one_n_and_calls_are_those_with_proposals(ready: Run) -> None:
    found = json.loads(ready(*ASKED, "--json").out)
    shown = json.loads(ready("optimizations", "show", found["id"], "--json").out)
    listed = {each["id"]: each for each in shown["candidates"]}
    assert found["front"]
    for each in found["front"]:
        line = listed[each["candidate"]]
        assert (line["n"], line["score"]) == (each["n"], pytest.approx(each["score"]))
    facts, rows = ready("optimizations", "show", found["id"]).out.split("\n\n")
    (asked,) = [line for line in facts.splitlines() if line.startswith("answers: ")]
    did = found["effort"]
    assert did["calls"] == did["answers"] + did["proposals"]
    assert f"{did['calls']} calls with {did['proposals']} proposals" in asked
    original = rows.splitlines()[0].split("\t")
    (first,) = [each for each in found["front"] if each["is_original"]]
    assert original[3] == str(first["n"])


@pytest.mark.parametrize(
    ("goal", "measure"), [("clarity", "agreement"), ("specificity", "form"), ("quality", "")]
)
def test_the_front_has_a_column_for_the_measure_of_the_goal(
    ready: Run, goal: str, measure: str
) -> None:
    done = ready(*ASKED, "--goal", goal, "--report", "r.md", "--json")
    assert len(json.loads(done.out)["front"]) > 1
    text = Path("r.md").read_text("utf-8")
    table = text[text.index("None of these is beaten") :]
    (head,) = [line for line in table.splitlines() if line.startswith("| candidate")]
    columns = [each.strip() for each in head.split("|")[1:-1]]
    assert columns[:4] == [
        "candidate",
        "n",
        *([measure, "score"] if measure else ["score", "tokens"]),
    ]


def test_what_was_stopped_says_so_and_how_to_go_on(
    ready: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun: list[int] = []

    def cancel() -> None:
        with burnish.open() as other:
            other.jobs.cancel(other.jobs.list()[0].id)

    cancelling = threading.Thread(target=cancel)

    def stopping(request: ModelRequest) -> str:
        begun.append(1)
        if len(begun) == 30:
            # Beside the loop, whose other tasks may hold the lock of the database.
            cancelling.start()
        if len(begun) >= 30:
            time.sleep(0.05)  # another process cancelled it, which takes a second to be seen
        return by_rules(request)

    install(monkeypatch, stopping)
    done = ready(*ASKED, "--concurrency", "1")
    assert done.code == 1
    name, outcome = done.out.split("\t")[:2]
    assert outcome == "stopped"
    again = f"burnish optimize --resume {name}"
    assert f"stopped; go on with {again}" in done.err
    shown = ready("optimizations", "show", name).out
    assert "\nstate: stopped\n" in shown
    assert f"\ngo on: {again}\n" in shown
    assert ready(*again.split()[1:]).out.split("\t")[1] == "improved"
    ended = ready("optimizations", "show", name).out
    assert "\nstate: done\n" in ended
    assert "go on: " not in ended


def test_who_interrupts_the_last_moment_gets_the_result_that_is_stored(
    ready: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    run_it: Any = burnish.Platform.run_optimization

    def interrupted(*given: Any, **options: Any) -> None:
        run_it(*given, **options)
        raise KeyboardInterrupt

    monkeypatch.setattr(burnish.Platform, "run_optimization", interrupted)
    done = ready(*ASKED)
    assert done.code == 0, done.err
    assert done.out.split("\t")[1] == "improved"
    assert "it had ended already; this is what it came to" in done.err
    assert "go on with" not in done.err


def test_options_of_generate_are_no_mapping(ready: Run) -> None:
    del ready
    with burnish.open() as p:
        wrong: Any = {"data": "mails.csv"}
        for make in (p.generate, p.enhance, p.plan_generation, p.plan_enhancement):
            with pytest.raises(UsageError, match=r"got dict, not burnish\.Optimize; give"):
                make("sort mails", optimize=wrong)


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (("--temperature", "nan"), "temperature is no number; give 0 to 2"),
        (("--temperature", "9"), "temperature is 9.0; it takes a number from 0 to 2"),
        (("--max-tokens", "0"), "max_tokens is 0; it takes a whole number from 1"),
        (("--max-cost", "nan"), "the bound on cost is no number"),
        (("--max-minutes", "nan"), "the bound on time is no number"),
    ],
)
def test_what_could_not_be_done_is_refused(ready: Run, options: tuple[str, ...], told: str) -> None:
    for more in ((), ("--dry-run",)):
        done = ready(*ASKED, *options, *more)
        assert (done.code, done.out) == (2, "")
        assert told in done.err.splitlines()[-1]


def test_what_only_a_model_can_write_takes_one(ready: Run) -> None:
    alone = (*ASKED[:-2], "--writer", "offline")
    for more in ((), ("--dry-run",)):
        done = ready(*alone, "--algorithm", "reflective", *more)
        assert (done.code, done.out) == (2, "")
        assert (
            "reflective takes a model that writes candidates, and there is none; name" in done.err
        )
    assert ready(*alone, "--algorithm", "fewshot", "--dry-run").code == 0


@pytest.mark.parametrize("value", ["nan", "inf", "much"])
def test_a_condition_compares_with_a_number(ready: Run, value: str) -> None:
    done = ready("optimize", "--where", f"score < {value}", "--dry-run")
    assert (done.code, done.out) == (2, "")
    assert f"{value!r} is no number" in done.err


def test_what_examples_can_show_is_told_of_what_they_show(ready: Run) -> None:
    def notes(goal: str, *more: str) -> str:
        done = ready(*ASKED, "--goal", goal, "--dry-run", "--json", *more)
        return "\n".join(json.loads(done.out)["notes"])

    assert "40 examples judge the result: a gain below 0.25 is hardly shown" in notes("quality")
    for goal in ("efficiency", "clarity", "specificity"):
        assert "is hardly shown" not in notes(goal)
    cut = "clarity takes 2 answers to each example, so 22 of 40 examples judge the result: "
    assert f"{cut}--budget 534 has room for all" in notes("clarity")
    assert cut in ready(*ASKED, "--goal", "clarity", "--dry-run").err
    assert "takes 2 answers" not in notes("clarity", "--budget", "534")
    assert "takes 2 answers" not in notes("quality")


def test_what_may_vary_is_in_the_plan_and_in_the_report(ready: Run) -> None:
    vary = ("--vary", "temperature=0,0.7", "--vary", "max_tokens=20")
    plan = ready(*ASKED, *vary, "--dry-run").out
    assert "  temperature may be 0 or 0.7\n  max_tokens may be 20\n" in plan
    done = ready(*ASKED, *vary, "--budget", "150", "--json")
    shown = ready("optimizations", "show", json.loads(done.out)["id"]).out
    assert all(told in shown for told in ("temperature 0", "temperature 0.7", "max_tokens 20"))


def test_a_report_tells_which_values_were_tried_and_which_one_was_taken(
    ready: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    install(monkeypatch, lambda r: always_right(r) if r.temperature == 0.7 else by_rules(r))
    vary = ("--vary", "temperature=0,0.7", "--vary", "max_tokens=20", "--budget", "200")
    reports = ("--report", "r.md", "--report", "r.html")
    found = json.loads(ready(*ASKED[:-1], "offline", *vary, *reports, "--json").out)
    assert found["outcome"] == "improved", found["text"]
    (warmth, longest) = found["varied"]
    assert (warmth["name"], warmth["before"], warmth["best"]) == ("temperature", None, 0.7)
    assert [each["value"] for each in warmth["tried"]] == [None, 0, 0.7]
    assert [each["is_best"] for each in warmth["tried"]] == [False, False, True]
    assert warmth["tried"][2]["n"] >= 8
    assert warmth["tried"][2]["score"] == 1.0
    assert (longest["name"], [each["value"] for each in longest["tried"]]) == (
        "max_tokens",
        [None, 20],
    )
    for name in ("r.md", "r.html"):
        assert "Values of parameters that were tried" in Path(name).read_text("utf-8")
    rows = [each.split() for each in screen("optimizations", "show", found["id"]).splitlines()]
    (taken,) = [row for row in rows if row[:2] == ["temperature", "0.7"] and len(row) > 4]
    assert (taken[3], taken[-1]) == ("1.00", "taken")
    (other,) = [row for row in rows if row[:2] == ["temperature", "0"] and len(row) > 4]
    assert other[-1] != "taken"
    (before,) = [row for row in rows if row[:3] == ["temperature", "none", "given"]]
    assert before[-1] == "before"


def test_a_note_is_told_once(ready: Run) -> None:
    asked = ("--data", "mails.csv", "--model", "fake:echo", "--writer", "offline")
    clear = ("--goal", "clarity", "--scorer", "contains", "--budget", "150")
    shown = screen("optimize", "mail/kind", *asked, *clear)
    assert shown.count("answers are asked for at temperature 0.7") == 1
    idea = ("classify support mails as bug or praise", "--optimize", "--models", *asked[3:])
    made = screen("generate", *idea, *asked[:2], *clear, "--name", "mail/made")
    assert made.count("answers are asked for at temperature 0.7") == 1
    # A report that is looked at later has nothing above it.
    first = ready("optimizations", "list", "--limit", "1").out.split("\t")[0]
    later = screen("optimizations", "show", first)
    assert later.count("answers are asked for at temperature 0.7") == 1


def test_numbers_of_tokens_are_whole_in_every_text(ready: Run) -> None:
    vary = ("--vary", "max_tokens=20,1000000")
    assert "  max_tokens may be 20 or 1,000,000\n" in ready(*ASKED, *vary, "--dry-run").out
    done = ready(*ASKED, *vary, "--budget", "150", "--json")
    found = json.loads(done.out)
    shown = ready("optimizations", "show", found["id"]).out
    assert "max_tokens 1,000,000" in shown
    assert "e+06" not in shown + screen("optimizations", "show", found["id"])
    refused = ready(*ASKED, "--vary", "max_tokens=2000000")
    assert (refused.code, "give 1 to 1,000,000" in refused.err) == (2, True)


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ("temperature=warm", "no numbers"),
        ("temperature", "temperature=0,0.7"),
        ("temperature=nan", "cannot be nan"),
        (f"max_tokens={'1' * 400}", "cannot be"),
        (f"temperature={'[' * 2000}", "no numbers"),
        ("top_k=1", "cannot vary"),
    ],
)
def test_values_that_cannot_vary_are_refused(ready: Run, given: str, told: str) -> None:
    done = ready(*ASKED, "--vary", given)
    assert done.code == 2
    assert told in done.err


def test_a_search_without_a_writer_is_not_told_to_take_a_stronger_one(ready: Run) -> None:
    asked = ("optimize", "mail/kind", "--data", "mails.csv", "--model", "fake:echo")
    how = ("--goal", "specificity", "--writer", "offline", "--budget", "150", "--json")
    done = ready(*asked, "--scorer", "contains", *how)
    advice = json.loads(done.out)["advice"]
    assert advice == "give a larger budget, or name a model with --writer"


def test_for_efficiency_tokens_are_told_also_where_nothing_was_compared(ready: Run) -> None:
    reports = ("--report", "r.md", "--report", "r.html")
    found = json.loads(ready(*ASKED, "--goal", "efficiency", *reports, "--json").out)
    assert (found["outcome"], found["comparison"]) == ("kept", None), found["text"]
    original, other = found["original"], found["best_other"]
    assert original["tokens"] > 0
    # Of all that score no lower none has fewer tokens than the best other.
    listed = {each["candidate"]: each for each in found["front"] if each["n"] >= 8}
    as_good = [each["tokens"] for each in listed.values() if each["score"] >= original["score"]]
    as_good = [each for each in as_good if each != original["tokens"]]
    assert other["tokens"] == min(as_good)
    text = Path("r.md").read_text("utf-8")
    table = text[text.index("| prompt") :].split("\n\n")[0]
    rows = [[cell.strip() for cell in line.split("|")[1:-1]] for line in table.splitlines()]
    assert rows[0][:3] == ["prompt", "n", "tokens"]
    assert [row[2] for row in rows[2:]] == [f"{e['tokens']:.0f}" for e in (original, other)]
    rest = 300 - found["effort"]["calls"]
    assert found["effort"]["ended"] == (
        f"its part of the budget is used up; {rest} answers kept back for a last choice and the "
        "comparison were not needed"
    )
    heads = screen("optimizations", "show", found["id"]).splitlines()
    assert ["prompt", "n", "tokens", "score"] in [line.split()[:4] for line in heads]
