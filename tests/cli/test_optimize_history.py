"""What is kept of an optimisation: original, result, gain and kind, and each step between."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from tests.cli.conftest import Run
from tests.cli.optimizing import PROMPT, RULES, install, mails, with_rule

from burnish.models.model import ModelRequest

ASKED = ("optimize", "mail/kind", "--data", "mails.csv", "--model", "fake:a", "--writer", "fake:w")


@pytest.fixture
def ready(run: Run, monkeypatch: pytest.MonkeyPatch) -> Run:
    install(monkeypatch)
    assert run("prompts", "create", "mail/kind", PROMPT).code == 0
    mails(Path("mails.csv"))
    return run


@pytest.mark.spec("OPT-07")
def test_history_has_each_step_and_a_gain_on_examples_that_nothing_was_chosen_by(
    ready: Run,
) -> None:
    found = json.loads(ready(*ASKED, "--algorithm", "reflective", "--json").out)
    assert (found["outcome"], found["prompt"]) == ("improved", "mail/kind@1")
    both = found["comparison"]
    # All that judge, and none that told candidates apart: neither counts the others' answers.
    assert both["n"] == found["examples"]["test"] == 40
    assert both["difference"] == pytest.approx(both["after"]["score"] - both["before"]["score"])
    assert all(each["n"] <= found["examples"]["validation"] for each in found["lineage"])
    gain = f"{both['before']['score']:.2f} → {both['after']['score']:.2f}"
    # The version says what it came of, and by how much it is better.
    (new, old) = ready("prompts", "history", "mail/kind").out.splitlines()
    assert f"Improve mail/kind@1: {gain}" in new
    assert "Improve" not in old
    # A row for each step that was accepted, from the original to the one that was kept.
    _, rows = ready("optimizations", "show", found["id"]).out.split("\n\n")
    steps = {row[0]: row for row in (line.split("\t") for line in rows.splitlines())}
    (best,) = [each for each in found["lineage"] if each["is_best"]]
    step, told = steps[best["candidate"]], list[str]()
    while step[1]:
        assert step[2] in ("reflect", "unite")
        assert int(step[3]) > 0
        told.append(step[5])
        step = steps[step[1].split(",")[0]]
    assert step[2] == "original"
    assert any(rule in why for rule in RULES for why in told) or "unite" in best["operator"]


@pytest.mark.spec("LIB-19")
def test_a_prompt_tells_which_version_it_was_optimised_to(ready: Run) -> None:
    assert "improved" in ready(*ASKED).out
    shown = ready("prompts", "show", "mail/kind", "--graph").out
    assert "mail/kind@2\t\trevises mail/kind@1; is optimised from mail/kind@1" in shown
    edges = json.loads(ready("prompts", "show", "mail/kind", "--graph", "--json").out)["edges"]
    assert "optimised" in [edge["kind"] for edge in edges]


@pytest.mark.spec("OPT-02")
def test_the_genetic_search_counts_what_it_turns_down_and_why(
    ready: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    def forgetful(request: ModelRequest) -> str:
        return with_rule(request).replace("{{ mail }}", "the mail")

    install(monkeypatch, write=forgetful)
    asked = ("--algorithm", "genetic", "--goal", "efficiency", "--json")
    found = json.loads(ready(*ASKED, *asked).out)
    did = found["effort"]
    assert did["turned_down"] == sum(did["rejected"].values()) > 0
    assert did["rejected"]["gives nothing new"] > 0
    assert did["calls"] <= 300
    assert did["proposals"] > 0
    text = json.loads(ready("optimizations", "show", found["id"], "--json").out)
    assert all("{{ mail }}" in each["text"] for each in text["candidates"])
    facts = ready("optimizations", "show", found["id"]).out
    assert f", {did['turned_down']} turned down\n" in facts
