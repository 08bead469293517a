"""How far a judge can be trusted, on the labelled answers that come with Burnish."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Callable
from pathlib import Path

import pytest

import burnish
import burnish.errors
from burnish.cli.main import main
from burnish.evals.judge import Judge
from burnish.evals.judge_check import JudgeReport, check_judge
from burnish.evals.labelled import Labelled, our_labels
from burnish.models.question import Answer, Question

LABELS = {(each.request, each.answer): each for each in our_labels()}


def part(name: str, said: str) -> str:
    found = re.search(rf"<{name}-(\w+)>\n(.*?)\n</{name}-\1>", said, re.DOTALL)
    return found[2] if found else ""


def judging(
    grade: Callable[[Labelled], float], better: Callable[[Labelled, Labelled], str]
) -> type:
    """A plug-in whose model judges by these functions."""

    def reply(request: burnish.ModelRequest) -> str:
        said = request.messages[-1].content
        task = part("task", said)
        if first := part("first", said):
            one, other = LABELS[task, first], LABELS[task, part("second", said)]
            return json.dumps({"reason": "r", "better": better(one, other)})
        return json.dumps({"reason": "r", "score": grade(LABELS[task, part("answer", said)])})

    class Plugin:
        @staticmethod
        def models() -> list[burnish.Fake]:
            return [burnish.Fake(reply)]

    return Plugin


def fair(one: Labelled, other: Labelled) -> str:
    return "first" if one.score > other.score else "second"


def checked(plugin: type, model: str = "fake:judge") -> JudgeReport:
    with burnish.open(plugins=[plugin]) as p:
        return p.check_judge(model)


def test_the_labelled_set_is_large_varied_and_consistent() -> None:
    labels = our_labels()
    assert len(labels) >= 60
    assert len({each.id for each in labels}) == len(labels) == len(LABELS)
    assert len({each.task for each in labels}) >= 8
    assert {each.score for each in labels} == {1, 2, 3, 4, 5}
    assert all(each.passed == (each.score >= 4) for each in labels)
    assert {each.kind for each in labels} == {"plain", "padded", "steering"}


def test_a_judge_that_agrees_with_people_is_fit() -> None:
    report = checked(judging(lambda label: label.score, fair))
    assert report.n == len(LABELS)
    for estimate in (report.kappa, report.weighted_kappa, report.pearson, report.spearman):
        assert estimate.value == pytest.approx(1)
    assert (report.bias, report.steered, report.steering) == (0, 0, 3)
    position = report.position
    assert position.pairs >= 24
    assert (position.consistent, position.first, position.right) == (1, 0.5, 1)
    assert report.fit


def test_biases_show() -> None:
    likes_length = checked(
        judging(lambda label: 5 if len(label.answer) > 100 else 1, lambda one, other: "first")
    )
    assert likes_length.length.correlation.low is not None
    assert likes_length.length.correlation.low > 0
    assert likes_length.length.padded is not None
    assert likes_length.length.padded > 2
    assert (likes_length.position.consistent, likes_length.position.first) == (0, 1)
    assert not likes_length.fit
    steered = checked(
        judging(lambda label: 5 if label.kind == "steering" else label.score, fair), "fake:b"
    )
    assert (steered.steered, steered.steering) == (3, 3)
    generous = checked(judging(lambda label: min(5, label.score + 1), fair), "fake:c")
    assert generous.bias is not None
    assert 0.5 < generous.bias < 1
    assert generous.kappa.value is not None
    assert generous.kappa.value < 0.9


@pytest.mark.spec("TST-10")
def test_the_command_prints_agreement_and_repeats_are_off(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    plugin, opened = judging(lambda label: label.score, fair), burnish.open
    monkeypatch.setattr(burnish, "open", lambda home="": opened(home, plugins=[plugin]))
    assert main(["judge", "check", "--model", "fake:judge"]) == 0
    printed = capsys.readouterr().out
    assert "kappa            1.00 (1.00 to 1.00)" in printed
    assert "verdicts that hold             100%" in printed
    assert "\nfit to judge" in printed
    with opened() as p:
        runs = p.runs.page(limit=500).items
    # Each answer once, each pair in both orders: nothing is asked twice.
    pairs = 2 * int(printed.partition(" pairs")[0].rpartition("\n")[2])
    assert len(runs) == len(LABELS) + pairs
    assert all(run.parameters["temperature"] == 0 for run in runs)
    assert main(["judge", "check", "--model", "fake:judge", "--min-kappa", "0.9", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["fit"] is True


def test_labels_of_ones_own(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    labels = tmp_path / "labels.jsonl"
    rows = [
        {"id": str(n), "request": "Greet Ann.", "answer": f"Hello {n}", "score": 1 + n % 5, "passed": n % 5 > 2}
        for n in range(8)
    ]  # fmt: skip
    labels.write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")

    class Plugin:
        @staticmethod
        def models() -> list[burnish.Fake]:
            return [burnish.Fake(['{"reason": "r", "score": 3}', "nonsense"])]

    with burnish.open(plugins=[Plugin]) as p:
        report = p.check_judge("fake:judge", labels=labels)
    assert (report.n, report.failed) == (1, 7)
    assert not report.fit
    for text, says, code in (
        ('{"id": "1"}', "line 1 of", 2),
        (json.dumps(rows[0] | {"score": 6}), "has the score 6", 2),
        (json.dumps(rows[0]), "too few labels", 2),
        ("\udcff".encode("utf-8", "surrogateescape").decode("latin-1"), "line 1 of", 2),
    ):
        labels.write_text(text, encoding="utf-8")
        assert main(["judge", "check", "--model", "fake:echo", "--data", str(labels)]) == code
        assert says in capsys.readouterr().err
    assert main(["judge", "check", "--model", "fake:echo", "--data", "nowhere.jsonl"]) == 3


def test_a_judge_that_says_nothing_usable_is_unavailable(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main(["judge", "check", "--model", "fake:echo"]) == 5
    assert "gave no verdict" in capsys.readouterr().err
    assert main(["judge", "check"]) == 2
    assert "name one with --model" in capsys.readouterr().err


def test_a_judge_out_of_reach_is_asked_once() -> None:
    down = burnish.Fake(faults=[burnish.errors.KeyRefused("no key", model="fake:j")] * 500)

    class Plugin:
        @staticmethod
        def models() -> list[burnish.Fake]:
            return [down]

    with burnish.open(plugins=[Plugin]) as p:
        with pytest.raises(burnish.Unavailable, match="no key"):
            p.check_judge("fake:judge")
        with pytest.raises(burnish.UsageError, match="asked 0 times"):
            p.check_judge("fake:judge", repeats=0)
    assert len(down.requests) == 1


async def test_a_bound_on_money_ends_it_and_nothing_goes_on_behind() -> None:
    asked = 0

    async def ask(question: Question) -> Answer:
        nonlocal asked
        asked += 1
        await asyncio.sleep(0)
        if asked > 10:
            raise burnish.BudgetExceeded("the next call could pass the bound", hint="raise it")
        return Answer(run_id="1", text='{"reason": "r", "score": 3}', model=question.model)

    with pytest.raises(burnish.BudgetExceeded):
        await check_judge(Judge(ask, "fake:judge"), our_labels(), concurrency=4)
    stopped = asked
    await asyncio.sleep(0.05)
    assert asked == stopped < 30  # of more than a hundred
