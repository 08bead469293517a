"""generate --optimize."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from tests.cli.conftest import Run
from tests.cli.test_terminal import screen

IDEA = "classify support mails as bug or praise"
# What some compositions say and the usual one does not; the model `fake:echo` repeats it.
HELPS = "contains:Begin with the answer itself"
GAIN = ("--models", "fake:echo", "--scorer", HELPS)


@pytest.fixture
def mails(tmp_path: Path) -> str:
    path = tmp_path / "mails.csv"
    path.write_text("mail,expected\n" + "".join(f"mail {n},mail {n}\n" for n in range(10)))
    return str(path)


@pytest.mark.spec("GEN-02")
def test_scores_before_and_after_are_shown_and_without_a_gain_the_original_stays(
    run: Run, mails: str
) -> None:
    better = run("generate", IDEA, "--optimize", "--data", mails, "--name", "mail/kind", *GAIN)
    assert better.code == 0, better.err
    assert (
        "improved: 0.00 [0.00, 0.28] → 1.00 [0.72, 1.00] over 10 examples; 0 USD; the prompt"
        in better.err
    )
    assert "Begin with the answer itself" in better.out
    assert run("prompts", "show", "mail/kind").out == better.out
    usual = ("--models", "fake:echo", "--scorer", "contains")
    same = run("generate", IDEA, "--optimize", "--data", mails, "--name", "mail/same", *usual)
    assert same.code == 0, same.err
    assert "kept the original: no other prompt scores higher than its 1.00" in same.err
    assert "Begin with the answer itself" not in same.out
    assert run("prompts", "show", "mail/same").out == same.out


def test_which_version_is_the_prompt_in_the_end_is_told(run: Run, mails: str) -> None:
    asked = ("generate", IDEA, "--optimize", "--data", mails)
    taken = "the prompt is now mail/kind@6, with the text of the candidate mail/kind@2"
    better = " ".join(screen(*asked, "--name", "mail/kind", *GAIN).split())
    assert taken in better
    assert "see burnish prompts diff mail/kind@1 mail/kind@6" in better
    assert run("prompts", "diff", "mail/kind@2", "mail/kind@6").out.startswith("texts are the same")
    usual = ("--models", "fake:echo", "--scorer", "contains", "--name", "mail/same")
    same = screen(*asked, *usual)
    assert "mail/same@1 stays the prompt" in same
    assert "prompts diff" not in same
    assert "mail/same@2" not in same
    # A pipe gets it in the one line beside the prompt.
    again = run(*asked, "--name", "mail/again", *GAIN)
    assert "mail/again@6, with the text of the candidate mail/again@2" in again.err


def test_json_has_all_that_was_tried(run: Run, mails: str) -> None:
    done = run(
        *("generate", IDEA, "--optimize", "--data", mails, "--name", "mail/kind", *GAIN),
        *("--candidates", "2", "--limit", "9", "--json"),
    )
    told = json.loads(done.out)
    found = told["optimized"]
    assert told["reference"] == "mail/kind@4"
    assert (found["outcome"], found["original"], found["best"]) == (
        "improved",
        "mail/kind@1",
        "mail/kind@2",
    )
    assert [each["scores"][0]["mean"] for each in found["tried"]] == [0.0, 1.0, 0.0]
    assert all(each["techniques"] for each in found["tried"])
    assert (found["scorers"], found["examples"], found["cost_usd"]) == (["contains"], 9, 0.0)
    shown = run("evaluations", "show", found["evaluations"][0], "--json")
    assert json.loads(shown.out)["evaluation"]["baseline"] == "mail/kind@1"
    # Without --optimize there is none.
    assert json.loads(run("generate", IDEA, "--json").out)["optimized"] is None


def test_the_candidates_are_put_away(run: Run, mails: str) -> None:
    run("generate", IDEA, "--optimize", "--data", mails, "--name", "mail/kind", *GAIN)
    lines = run("prompts", "history", "mail/kind").out.splitlines()
    assert [line.split("\t")[0] for line in lines if "archived" not in line] == ["6", "1"]
    assert "improves mail/kind@1" in run("prompts", "graph", "mail/kind").out


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (("--optimize",), "--optimize takes examples to measure with; give --data FILE"),
        (("--data", "mails.csv"), "--data is for --optimize; add --optimize"),
        (("--optimize", "--stream", "--data", "mails.csv"), "leave one out"),
        (("--optimize", "--data", "gone.csv", "--models", "fake:a"), "gone.csv"),
        (("--optimize", "--data", "mails.csv"), "takes a model, and none is set up"),
        (("--optimize", "--data", "mails.csv", "--models", "fake:a", "--scorer", "x"), "no scorer"),
        (("--optimize", "--data", "empty.csv", "--models", "fake:a"), "empty.csv"),
        (("--optimize", "--data", "one.csv", "--models", "fake:a"), "1 example cannot show"),
    ],
)
def test_what_is_wrong_is_said_before_anything_is_stored(
    run: Run, mails: str, tmp_path: Path, options: tuple[str, ...], told: str
) -> None:
    (tmp_path / "empty.csv").write_text("")
    (tmp_path / "one.csv").write_text("mail,expected\na,b\n")
    done = run("generate", IDEA, *options)
    assert done.code in (2, 3)
    assert told in done.err
    assert not done.out
    assert run("prompts", "list").out == ""


def test_nothing_measured_is_exit_code_1(run: Run, mails: str, tmp_path: Path) -> None:
    (tmp_path / "own.py").write_text("def broken(output):\n    raise ValueError('no idea')\n")
    own = ("--models", "fake:echo", "--scorer", f"python:{tmp_path / 'own.py'}:broken")
    done = run("generate", IDEA, "--optimize", "--data", mails, "--name", "mail/kind", *own)
    assert done.code == 1
    assert "kept the original: it has no score" in done.err
    assert run("prompts", "show", "mail/kind").out == done.out


def test_models_that_cannot_answer_are_found_out_first(run: Run, mails: str) -> None:
    down = ("--models", "ollama:none", "--scorer", "contains")
    done = run("generate", IDEA, "--optimize", "--data", mails, *down)
    assert done.code == 5
    assert "ollama cannot be reached" in done.err
    assert run("prompts", "list").out == ""
