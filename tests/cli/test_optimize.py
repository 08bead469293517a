"""generate --optimize and enhance --optimize."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from tests.cli.conftest import Run
from tests.cli.optimizing import RULES, by_rules, install, mails, with_rule
from tests.cli.test_terminal import screen

from burnish.models.model import ModelRequest

IDEA = "classify support mails as bug or praise"
TEXT = "Classify the mail as bug or praise.\n\n<mail>\n{{ mail }}\n</mail>"
BOTH = ("--optimize", "--data", "mails.csv", "--models", "fake:a", "--writer", "fake:w")


@pytest.fixture
def ready(run: Run, monkeypatch: pytest.MonkeyPatch) -> Run:
    install(monkeypatch)
    mails(Path("mails.csv"))
    return run


def always_right(request: ModelRequest) -> str:
    number = int(request.messages[-1].content.split("<mail>\nmail ")[1].split("\n")[0])
    return "bug" if number % 2 else "praise"


@pytest.mark.spec("GEN-02")
def test_scores_before_and_after_are_shown_and_without_a_gain_the_original_stays(
    ready: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    better = ready("generate", IDEA, *BOTH, "--name", "mail/kind", "--json")
    assert better.code == 0, better.err
    made = json.loads(better.out)
    found = made["optimized"]
    assert (found["outcome"], found["original"], found["best"]) == (
        "improved",
        "mail/kind@1",
        "mail/kind@2",
    )
    assert found["difference"] == pytest.approx(found["after"] - found["before"])
    assert 0 < found["low"] < found["difference"] < found["high"]
    assert (found["n"], found["scorers"], found["cost_usd"]) == (40, ["exact"], 0.0)
    text = ready("prompts", "show", "mail/kind").out
    assert any(rule in text for rule in RULES)
    assert made["reference"] == "mail/kind@2"
    assert made["candidates"][0]["text"] == text.rstrip("\n")
    # Once every prompt answers rightly, no other one is better.
    install(monkeypatch, always_right)
    other = (*BOTH[:3], "--models", "fake:b", *BOTH[5:])  # answers of fake:a are remembered
    same = ready("generate", IDEA, *other, "--name", "mail/same")
    assert same.code == 0, same.err
    told = same.err.splitlines()[-1]
    assert "kept the original: it is right on all " in told
    assert told.endswith("0 USD; mail/same@1 stays the prompt")
    assert ready("prompts", "show", "mail/same").out == same.out


def test_it_is_a_stored_optimisation_which_other_commands_know(ready: Run) -> None:
    done = ready("generate", IDEA, *BOTH, "--name", "mail/kind")
    assert done.code == 0, done.err
    ((name, _, outcome, prompt, best, *_),) = [
        line.split("\t") for line in ready("optimizations", "list").out.splitlines()
    ]
    assert (outcome, prompt, best) == ("improved", "mail/kind@1", "mail/kind@2")
    # The line by which it goes on after an interruption is printed when it begins.
    first, *_, last = [line for line in done.err.splitlines() if "note: if it is" in line or name]
    assert f"go on with burnish optimize --resume {name}" in done.err, first
    assert "the prompt is now mail/kind@2, before it was mail/kind@1" in last
    again = ready("optimize", "--resume", name, "--json")
    assert json.loads(again.out)["comparison"]["n"] == 40
    shown = json.loads(ready("optimizations", "show", name, "--json").out)
    assert len(shown["candidates"]) > 1


def test_the_same_search_as_optimize_does_on_what_is_stored(ready: Run) -> None:
    done = ready("generate", IDEA, *BOTH, "--name", "mail/kind", "--seed", "3", "--json")
    found = json.loads(done.out)["optimized"]
    same = ("--model", "fake:a", "--writer", "fake:w", "--seed", "3", "--variant", "--json")
    other = ready("optimize", "mail/kind@1", "--data", "mails", *same)
    report = json.loads(other.out)
    assert report["comparison"]["after"]["score"] == found["after"]
    assert report["effort"]["calls"] == found["calls"]
    branch = ready("prompts", "show", report["best"]).out
    assert branch == ready("prompts", "show", found["best"]).out


def test_an_enhanced_text_is_stored_and_optimised_in_the_same_way(ready: Run) -> None:
    named = ready("enhance", TEXT, *BOTH, "--save", "mail/kind", "--json")
    assert named.code == 0, named.err
    found = json.loads(named.out)["optimized"]
    assert (found["outcome"], found["best"]) == ("improved", "mail/kind@2")
    assert TEXT.splitlines()[0] in ready("prompts", "show", "mail/kind@1").out
    # Without a name it is named after the text, as an idea's prompt is.
    unnamed = ready("enhance", TEXT, *BOTH, "--json")
    made = json.loads(unnamed.out)
    assert made["name"].startswith("analysis/classify")
    assert made["optimized"]["original"] == f"{made['name']}@1"


@pytest.mark.parametrize("command", [("generate", IDEA), ("enhance", TEXT)])
def test_a_dry_run_tells_what_would_be_done_and_does_nothing(
    ready: Run, monkeypatch: pytest.MonkeyPatch, command: tuple[str, str]
) -> None:
    model = install(monkeypatch)
    done = ready(*command, *BOTH, "--budget", "200", "--dry-run")
    assert done.code == 0, done.err
    assert "with fake:a, auto for quality: 110 of 120 examples of mails@1" in done.out
    assert "at most 200 calls: " in done.out
    assert "proposals by fake:w" in done.out
    plan = json.loads(ready(*command, *BOTH, "--dry-run", "--json").out)
    assert (plan["optimization"]["writer"], plan["test"]) == ("fake:w", 40)
    assert model.requests == []
    assert ready("prompts", "list").out == ready("optimizations", "list").out == ""


def test_options_of_the_search_have_their_effect(ready: Run) -> None:
    less = ("--budget", "150", "--algorithm", "reflective", "--limit", "90", "--goal", "efficiency")
    done = ready("generate", IDEA, *BOTH, *less, "--name", "mail/kind", "--json")
    found = json.loads(done.out)["optimized"]
    assert found["calls"] <= 150
    assert (found["algorithm"], found["goal"]) == ("reflective", "efficiency")
    shown = json.loads(ready("optimizations", "show", found["id"], "--json").out)
    assert shown["optimization"]["settings"]["examples"] == 90
    # Without it there is none.
    assert json.loads(ready("generate", IDEA, "--json").out)["optimized"] is None


def test_the_model_that_writes_the_prompt_answers_and_proposes(
    ready: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    def everything(request: ModelRequest) -> str:
        text = request.messages[-1].content
        if "You improve prompts" in request.messages[0].content:
            return with_rule(request)
        for tag in ("outline", "prompt"):
            if f"<{tag}>\n" in text:
                return text.split(f"<{tag}>\n")[1].split(f"\n</{tag}>")[0]
        return by_rules(request)

    install(monkeypatch, everything)
    asked = ("--optimize", "--data", "mails.csv", "--model", "fake:a", "--phases", "draft")
    done = ready("generate", IDEA, *asked, "--name", "mail/kind", "--json")
    assert done.code == 0, done.err
    found = json.loads(done.out)["optimized"]
    assert (found["model"], found["writer"], found["outcome"]) == ("fake:a", "fake:a", "improved")


def test_what_came_of_it_stands_on_a_terminal_after_the_prompt(ready: Run) -> None:
    del ready
    shown = screen("generate", IDEA, *BOTH[:3], "--models", "fake:echo", "--writer", "offline")
    lines = [line.rstrip() for line in shown.splitlines()]
    prompt = lines.index("## Task")
    outcome = next(n for n, line in enumerate(lines) if line.startswith("kept the original: "))
    assert prompt < outcome < lines.index("What the search did")
    assert [line for line in lines[outcome:] if len(line) > 80] == []
    # In one piece, to be copied, beside a bar that breaks lines at the edge.
    told = next(n for n, line in enumerate(lines) if "if it is interrupted, go on with" in line)
    assert re.fullmatch(r"  burnish optimize --resume [0-9a-f-]{18}", lines[told + 1])
    # The bar counts to what the plan has named.
    assert "  at most 300 calls: " in shown
    assert {each[1] for each in re.findall(r"(\d+)/(\d+)", shown[shown.index(" calls, ") :])} == {
        "300"
    }


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (("--optimize",), "--optimize takes examples to measure with; give --data FILE"),
        (("--data", "mails.csv"), "--data is for --optimize; add --optimize"),
        (("--dry-run",), "--dry-run is for --optimize; add --optimize"),
        (("--optimize", "--data", "gone.csv", "--models", "fake:a"), "gone.csv"),
        (("--optimize", "--data", "mails.csv"), "takes a model, and none is set up"),
        (("--optimize", "--data", "mails.csv", "--models", "fake:a,fake:b"), "optimised for one"),
        ((*BOTH, "--scorer", "x"), "no scorer"),
        ((*BOTH, "--limit", "9"), "9 examples are too few to optimise with"),
        ((*BOTH, "--budget", "0"), "a budget of 0 calls allows nothing"),
        ((*BOTH, "--budget", "30"), "give 64 calls at least"),
        ((*BOTH, "--algorithm", "refletive"), "did you mean reflective?"),
        ((*BOTH, "--goal", "fame"), "use quality, clarity, efficiency"),
        (("--optimize", "--data", "empty.csv", "--models", "fake:a"), "empty.csv"),
        (("--optimize", "--data", "mails.csv", "--models", "ollama:none"), "cannot be reached"),
    ],
)
@pytest.mark.parametrize("command", [("generate", IDEA), ("enhance", TEXT)])
def test_what_is_wrong_is_said_before_anything_is_stored(
    ready: Run,
    monkeypatch: pytest.MonkeyPatch,
    command: tuple[str, str],
    options: tuple[str, ...],
    told: str,
) -> None:
    model = install(monkeypatch)
    Path("empty.csv").write_text("")
    done = ready(*command, *options)
    assert done.code in (2, 3, 5)
    assert told in done.err
    assert not done.out
    assert model.requests == []
    assert ready("prompts", "list").out == ready("optimizations", "list").out == ""


@pytest.mark.parametrize(
    ("command", "hint"),
    [
        (("enhance", "Say one word about the weather."), "write {{ mail }} where it belongs"),
        (("generate", "name a colour", "--stream"), "--stream prints one prompt"),
    ],
)
def test_what_cannot_fit_is_told_with_what_to_do(
    ready: Run, command: tuple[str, ...], hint: str
) -> None:
    done = ready(*command, *BOTH)
    assert (done.code, done.out) == (2, "")
    assert hint in done.err


def test_nothing_measured_is_exit_code_1(ready: Run) -> None:
    Path("own.py").write_text("def broken(output):\n    raise ValueError('no idea')\n")
    own = (*BOTH, "--scorer", "python:own.py:broken", "--name", "mail/kind")
    done = ready("generate", IDEA, *own)
    assert done.code == 1
    assert "kept the original: the scorer failed on " in done.err
    assert ready("prompts", "show", "mail/kind").out == done.out


def outcome(run: Run, *command: str) -> dict[str, Any]:
    return json.loads(run(*command, "--json").out)["optimized"]


def test_a_new_version_of_the_examples_is_told(ready: Run) -> None:
    outcome(ready, "generate", IDEA, *BOTH)
    mails(Path("mails.csv"), 100)
    notes = outcome(ready, "generate", IDEA, *BOTH)["notes"]
    assert any("mails@2 is new" in each for each in notes)
