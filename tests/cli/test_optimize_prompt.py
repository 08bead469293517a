"""burnish optimize: what comes of it, and when."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from tests.cli.conftest import Run
from tests.cli.optimizing import (
    PROMPT,
    RULES,
    by_rules,
    install,
    mails,
    shown,
    with_rule,
)
from tests.cli.test_terminal import screen

import burnish
from burnish.models.model import ModelRequest

BOTH = ("--model", "fake:a", "--writer", "fake:w")


@pytest.fixture
def asked(run: Run, tmp_path: Path) -> tuple[str, ...]:
    """The prompt `mail/kind`, and a file of 120 examples."""
    assert run("prompts", "create", "mail/kind", PROMPT).code == 0
    return ("optimize", "mail/kind", "--data", mails(tmp_path / "mails.csv"), *BOTH)


def report(run: Run, *asked: str) -> dict[str, Any]:
    done = run(*asked, "--json")
    assert done.code == 0, done.err
    return json.loads(done.out)


def test_a_prompt_that_is_surely_better_becomes_the_next_version(
    run: Run, asked: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    install(monkeypatch)
    done = run(*asked)
    assert done.code == 0, done.err
    (line,) = done.out.splitlines()
    fields = line.split("\t")
    name, outcome, original, best, before, after, difference, low, high, n, p, calls = fields[:12]
    assert (outcome, original, best) == ("improved", "mail/kind@1", "mail/kind@2")
    assert float(after) - float(before) == pytest.approx(float(difference), abs=1e-4)
    assert 0 < float(low) < float(difference) < float(high)
    assert (int(n), int(calls) <= 300, float(p) < 0.05) == (40, True, True)
    assert fields[12] == "0"
    assert fields[13].startswith("improved: ")
    text = run("prompts", "show", "mail/kind").out
    assert any(rule in text for rule in RULES)
    assert "<mail>\n{{ mail }}\n</mail>" in text
    shown = json.loads(run("optimizations", "show", name, "--json").out)
    assert shown["optimization"]["best"] == "mail/kind@2"


def test_the_same_again_gives_the_same_prompt(
    run: Run, asked: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    install(monkeypatch)
    first, second = (
        report(run, *asked, "--variant", "--seed", "5", "--concurrency", each) for each in "28"
    )
    assert first["diff"] == second["diff"]
    assert first["comparison"]["after"]["score"] == second["comparison"]["after"]["score"]


def test_a_dry_run_tells_what_would_be_done_and_does_nothing(
    run: Run, asked: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    model = install(monkeypatch)
    done = run(*asked, "--dry-run", "--budget", "200")
    assert "mail/kind@1 with fake:a, auto for quality: " in done.out
    assert "of mails@1" in done.out
    assert "at most 200 calls: " in done.out
    assert "proposals by fake:w" in done.out
    plan = json.loads(run(*asked, "--dry-run", "--json").out)
    whole = plan["search"] + plan["final"] + 2 * plan["test"]
    assert (whole, plan["optimization"]["writer"]) == (300, "fake:w")
    assert model.requests == []
    assert run("optimizations", "list").out == ""


@pytest.mark.spec("OPT-13")
def test_a_variant_is_kept_for_its_model_and_leaves_the_base_alone(
    run: Run, asked: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    install(monkeypatch)
    before = run("prompts", "show", "mail/kind").out
    found = report(run, *asked, "--variant")
    assert found["outcome"] == "improved"
    assert run("prompts", "show", "mail/kind").out == before
    branch = run("prompts", "show", "mail/kind@branch:for-fake-a").out
    assert any(rule in branch for rule in RULES)
    assert run("prompts", "show", found["best"]).out == branch


def test_what_somebody_saved_meanwhile_is_not_overwritten(
    run: Run, asked: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    saved: list[str] = []

    def answer(request: ModelRequest) -> str:
        if not saved:
            with burnish.open() as other:
                made = other.prompts.update("mail/kind", "Say: {{ mail }}")
            saved.append(f"mail/kind@{made.version.revision}")
        return by_rules(request)

    install(monkeypatch, answer)
    found = report(run, *asked)
    assert saved == ["mail/kind@2"]
    assert found["outcome"] == "improved"
    assert "has changed meanwhile, so the result stands on the branch optimized-" in found["text"]
    assert run("prompts", "show", "mail/kind").out == "Say: {{ mail }}\n"
    assert any(rule in run("prompts", "show", found["best"]).out for rule in RULES)


def test_what_is_between_keep_marks_stays_as_it_is(
    run: Run, asked: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    kept = "{# keep #}\nSigned: the support team of Gröbner & Söhne.\n{# /keep #}"
    run("prompts", "edit", "mail/kind", f"{PROMPT}\n\n{kept}")

    def greedy(request: ModelRequest) -> str:
        new = with_rule(request)
        return new.replace("Gröbner", "another") if number_of_words(request) % 2 else new

    install(monkeypatch, write=greedy)
    found = report(run, *asked)
    assert found["outcome"] == "improved"
    assert kept in run("prompts", "show", found["best"]).out
    assert found["effort"]["rejected"]["changes a part that is kept"] > 0


def number_of_words(request: ModelRequest) -> int:
    return len(request.messages[-1].content.split())


@pytest.mark.spec("OPT-09")
@pytest.mark.parametrize(
    ("options", "ended"),
    [
        (("--target", "0.5"), "the target of 0.5 is reached"),
        (("--unchanged", "2"), "2 rounds in a row brought nothing better"),
        (("--rounds", "1"), "1 rounds are done"),
        (("--budget", "150"), ("the budget is used up", "its part of the budget is used up; ")),
    ],
)
def test_the_search_ends_where_it_is_told_to_and_says_why(
    run: Run,
    asked: tuple[str, ...],
    monkeypatch: pytest.MonkeyPatch,
    options: tuple[str, ...],
    ended: str | tuple[str, ...],
) -> None:
    model = install(monkeypatch)
    found = report(run, *asked, *options)
    assert found["effort"]["ended"].startswith(ended)
    assert found["effort"]["calls"] <= (150 if "--budget" in options else 300)
    assert len(model.requests) <= found["effort"]["calls"]
    shown = run("optimizations", "show", found["id"], "--report", "again.json")
    assert shown.code == 0
    again = json.loads(Path("again.json").read_text("utf-8"))
    assert again["effort"]["ended"] == found["effort"]["ended"]


@pytest.mark.spec("OPT-08")
def test_for_efficiency_tokens_go_down_and_the_score_stays(
    run: Run, asked: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    padding = " ".join(
        f"Take your {what} with every mail." for what in ("time", "joy", "care", "rest")
    )
    run("prompts", "edit", "mail/kind", f"{RULES[0]}\n{PROMPT}\n\n{padding} {padding}")

    def shorter(request: ModelRequest) -> str:
        lines = shown(request).split("\n")
        lines[-1] = ". ".join(lines[-1].split(". ")[:-3] or ["Take care."])
        return f"<new_prompt>\n{chr(10).join(lines)}\n</new_prompt>"

    install(monkeypatch, write=shorter)
    found = report(run, *asked, "--goal", "efficiency", "--budget", "400")
    assert found["outcome"] == "improved", found["text"]
    both = found["comparison"]
    assert both["after"]["tokens"] < 0.8 * both["before"]["tokens"]
    assert both["high"] is None or both["high"] >= 0
    assert "tokens an answer" in found["text"]


@pytest.mark.usefixtures("server")
def test_a_bound_on_money_holds(
    run: Run, asked: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-none")
    bound = 0.0002
    done = run(
        *(*asked[:4], "--model", "openai:gpt-4o-mini", "--writer", "offline", "--scorer"),
        *("contains", "--max-tokens", "16", "--concurrency", "2", "--max-cost", str(bound)),
        "--json",
    )
    found = json.loads(done.out)
    assert 0 < found["effort"]["cost_usd"] <= bound
    assert found["effort"]["answers"] < 250
    assert found["effort"]["ended"] == "the rest of $0.0002 is kept for the comparison"
    (spent,) = json.loads(run("stats", "--json").out)
    assert 0 < spent["cost_usd"] <= bound


def test_a_prompt_that_takes_nothing_of_the_examples_is_refused(
    run: Run, asked: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    model = install(monkeypatch)
    run("prompts", "create", "mail/dull", "Say one word.")
    done = run("optimize", "mail/dull", *asked[2:])
    assert done.code == 2
    assert "mail/dull@1 has no variable of the examples" in done.err
    assert model.requests == []


@pytest.mark.parametrize(
    ("options", "code", "told"),
    [
        ((), 2, "no prompt is named; burnish optimize mail/late --data cases.csv"),
        (("mail/kind",), 2, "it takes examples to measure with; give --data FILE"),
        (("mail/none", "--data", "mails.csv", *BOTH), 3, "there is no prompt 'mail/none'"),
        (("mail/kind", "--data", "gone.csv", *BOTH), 3, "gone.csv"),
        (("mail/kind", "--data", "mails.csv"), 2, "name one with --model provider:model"),
        (("mail/kind", "--data", "two.csv", *BOTH), 2, "2 examples are too few to optimise with"),
        (
            ("mail/kind", "--data", "mails.csv", *BOTH, "--budget", "30"),
            2,
            "give 64 calls at least",
        ),
        (
            ("mail/kind", "--data", "mails.csv", *BOTH, "--algorithm", "refletive"),
            2,
            "no optimizer is called 'refletive'; did you mean reflective?",
        ),
        (("mail/kind", "--data", "mails.csv", *BOTH, "--goal", "fame"), 2, "use quality, clar"),
        (("mail/kind", "--data", "mails.csv", *BOTH, "--target", "5"), 2, "scores go from 0 to 1"),
        (("mail/kind", "--data", "mails.csv", *BOTH, "--report", "a.pdf"), 2, "no ending of a rep"),
        (("--resume", "0197"), 3, "no optimisation has the id '0197'"),
        (("mail/kind", "--resume", "0197"), 2, "leave out the prompt and --data"),
        (("--resume", "0197", "--background"), 2, "--resume goes on here and now"),
        (("mail/kind", "--background", "--report", "a.md"), 2, "burnish optimizations show ID"),
        (("mail/kind", "--data", "mails.csv", "--model", "ollama:none"), 5, "cannot be reached"),
    ],
)
@pytest.mark.usefixtures("asked")
def test_what_is_wrong_is_said_before_anything_is_asked(
    run: Run, monkeypatch: pytest.MonkeyPatch, options: tuple[str, ...], code: int, told: str
) -> None:
    model = install(monkeypatch)
    mails(Path("two.csv"), 2)
    done = run("optimize", *options)
    assert (done.code, done.out) == (code, "")
    assert told in done.err.splitlines()[-1]
    assert model.requests == []
    assert run("optimizations", "list").out == ""


@pytest.mark.usefixtures("asked")
def test_a_terminal_shows_the_whole_outcome_within_its_width() -> None:
    shown = screen(
        *("optimize", "mail/kind", "--data", "mails.csv", "--model", "fake:echo"),
        *("--scorer", "contains:Before you finish, check", "--report", "report.html"),
    )
    lines = shown[shown.index("improved: ") :].splitlines()
    assert [line for line in lines if len(line.rstrip()) > 80] == []
    told = "\n".join(line.rstrip() for line in lines)
    assert "mail/kind@2           1.00" in told
    assert "difference +1.000 [" in told
    assert "\n+ - Before you finish, check" in told
    assert "\n40 examples won, the 5 that changed most\n" in told
    assert "\nWhat the search did\nasked       " in told
    assert "\nNone of these is beaten in every respect\n" in told
    assert "\nburnish prompts diff mail/kind@1 mail/kind@2" in told
    assert "wrote report.html" in shown


def test_a_dry_run_for_clarity_tells_that_each_example_is_answered_twice(
    run: Run, asked: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    install(monkeypatch)
    told = run(*asked, "--goal", "clarity", "--dry-run").out
    assert "auto for clarity" in told
    assert "at most 300 calls: " in told
    assert "each example is answered 2 times by a prompt" in told
    assert "answered 2 times" not in run(*asked, "--dry-run").out


@pytest.mark.parametrize(
    "options",
    [
        ("--where", "score < 0.6", "--schedule", ""),
        ("--where", ""),
        ("--resume", ""),
        ("mail/kind", "--data", "mails", "--branch", ""),
    ],
)
def test_an_option_that_is_empty_is_not_taken_as_left_out(
    run: Run, options: tuple[str, ...]
) -> None:
    found = run("optimize", *options)
    assert found.code == 2
    assert "is empty" in found.err


@pytest.mark.parametrize(
    "option", [("--max-minutes", "1"), ("--budget", "300"), ("--branch", "b"), ("--max-cost", "1")]
)
def test_what_goes_on_is_bounded_as_it_was(run: Run, option: tuple[str, str]) -> None:
    found = run("optimize", "--resume", "01970000", *option)
    assert found.code == 2
    assert "as it was asked for" in found.err
