"""`p.optimize` for goals with a measure of their own beside the score."""

from __future__ import annotations

import random
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import burnish
from burnish.errors import UsageError
from burnish.models.fake import Fake
from burnish.models.model import ModelReply, ModelRequest, Usage
from burnish.optimizers.report.report import OptimizationReport, report_of
from burnish.optimizers.room import ShownOptimization

RULE = "Answer with the label alone."
TEXT = "Is it a bug or praise?\n\n{{ text }}"
ROWS = [
    {"id": f"m{n}", "inputs": {"text": f"mail {n}"}, "expected": "bug" if n % 2 else "praise"}
    for n in range(120)
]
Options = dict[str, Any]
ASKED: Options = {"model": "fake:a", "writer": "fake:w", "dataset": "mails", "budget": 400}
Answer = Callable[[bool, str, random.Random], str]
"""From whether the rule stands in the prompt, what is right, and chance, what the model says."""


class Model:
    """`answer` answers; asked to improve a prompt it writes the rule, or another one."""

    def __init__(self, answer: Answer) -> None:
        self._answer = answer
        self.requests: list[ModelRequest] = []

    def models(self) -> list[Fake]:
        return [Fake(self)]

    def __call__(self, request: ModelRequest) -> ModelReply:
        self.requests.append(request)
        text = "\n".join(each.content for each in request.messages)
        chance = random.Random(f"{text} {request.sample}")
        if "You improve prompts" in text:
            said = _written(text, chance.choice([RULE, "Be quick.", "Think of the sender."]))
        else:
            number = int(re.findall(r"mail (\d+)", text)[-1])
            said = self._answer(RULE in text, "bug" if number % 2 else "praise", chance)
        used = Usage(input_tokens=len(text) // 4, output_tokens=len(said) // 4 + 1)
        return ModelReply(text=said, usage=used)

    @property
    def answers(self) -> list[ModelRequest]:
        return [each for each in self.requests if "You improve" not in each.messages[0].content]


def _written(text: str, rule: str) -> str:
    if "<add>" in text:
        return f"<add>{rule}</add>"
    found = re.search(
        r"<(prompt-\w+|first-prompt-\w+|best-prompt-\w+)>\n(.*?)\n</\1>", text, re.DOTALL
    )
    assert found is not None
    head, blank, tail = found[2].rpartition("\n\n")
    return f"<cause>form</cause><new_prompt>\n{head} {rule}{blank}{tail}\n</new_prompt>"


def wavering(has_rule: bool, right: str, chance: random.Random) -> str:
    """Says the same in one of many ways, unless it is told how; it is as right in either."""
    if has_rule:
        return right
    return f"{chance.choice('abcdefgh') * 3}: {right}"


def chatting(has_rule: bool, right: str, chance: random.Random) -> str:
    """Answers rightly, but in a sentence, unless it is told how."""
    return right if has_rule else f"Well, I would say that this is {right}, more or less."


def done(answer: Answer, scorer: str = "contains", **options: Any) -> ShownOptimization:
    with burnish.open(plugins=[Model(answer)]) as p:
        p.prompts.create("mail/kind", TEXT)
        return p.optimize("mail/kind", ROWS, scorers=[scorer], **(ASKED | options))


@pytest.mark.spec("OPT-08")
@pytest.mark.parametrize(
    ("goal", "answer", "measure"),
    [("clarity", wavering, "agreement"), ("specificity", chatting, "form")],
)
def test_what_is_surely_higher_in_the_goals_measure_becomes_the_next_version(
    goal: str, answer: Answer, measure: str
) -> None:
    shown = done(answer, goal=goal)
    one, report = shown.optimization, report_of(shown)
    assert (one.outcome, one.best) == ("improved", "mail/kind@2"), one.text
    assert report.comparison is not None
    own = report.comparison.own
    assert own is not None
    assert (own.measure, own.after) == (measure, 1.0)
    assert own.before < 0.5
    assert own.low is not None
    assert 0 < own.low < own.difference
    assert own.p < 0.05
    # What costs less is known to be worse, though not in its score.
    original = next(each for each in report.front if each.is_original)
    assert (original.score, original.is_worse) == (1.0, True)
    assert original.own is not None
    assert original.own < 0.5
    # Nobody scores lower, and only the rule made the difference.
    assert report.comparison.difference == 0
    best = next(each for each in shown.candidates if each.id == one.report["leader"])
    assert RULE in best.text
    assert f"{measure} {own.before:.2f} → 1.00" in one.text


@pytest.mark.parametrize("algorithm", ["reflective", "genetic", "bandit", "fewshot", "auto"])
def test_every_algorithm_looks_for_it(algorithm: str) -> None:
    shown = done(chatting, goal="specificity", algorithm=algorithm)
    best = shown.optimization.report["leader"]
    if algorithm == "fewshot":  # it changes no rule, and shows what is expected
        shown_in = next(each for each in shown.candidates if each.id == best)
        assert shown_in.operator in ("original", "demonstrate", "paraphrase")
    else:
        assert shown.optimization.outcome == "improved", shown.optimization.text


def lower(has_rule: bool, right: str, chance: random.Random) -> str:
    """Agrees with itself where it is told how, and is often wrong then."""
    return "praise" if has_rule else wavering(has_rule, right, chance)


def shorter(has_rule: bool, right: str, chance: random.Random) -> str:
    return "praise" if has_rule else chatting(has_rule, right, chance)


@pytest.mark.spec("OPT-08")
@pytest.mark.parametrize(("goal", "answer"), [("clarity", lower), ("specificity", shorter)])
def test_where_the_score_would_fall_the_original_stays(goal: str, answer: Answer) -> None:
    one = done(answer, goal=goal, algorithm="genetic").optimization
    assert (one.outcome, one.best) == ("kept", "")
    assert one.report["verdict"]["reason"] in ("worse", "nothing better")
    assert "the score is lower" in one.text or "none of" in one.text


def right(has_rule: bool, right: str, chance: random.Random) -> str:
    return right


@pytest.mark.parametrize(
    ("goal", "told"),
    [
        ("clarity", "asked twice, it answers the same on all "),
        ("specificity", "its answers have the form of the expected ones on all "),
    ],
)
def test_where_there_is_nothing_to_gain_it_says_so(goal: str, told: str) -> None:
    one = done(right, goal=goal).optimization
    assert (one.outcome, one.report["verdict"]["reason"]) == ("kept", "ceiling")
    assert told in one.text


def test_clarity_asks_each_example_twice_at_a_temperature_above_0() -> None:
    model = Model(wavering)
    with burnish.open(plugins=[model]) as p:
        p.prompts.create("mail/kind", TEXT)
        asked: Options = ASKED | {"goal": "clarity", "temperature": 0.0, "budget": 300}
        plan = p.plan_optimization("mail/kind", ROWS, **asked)
        assert plan.answers_each == 2
        assert plan.search + plan.final + 4 * plan.test <= 300
        assert any("temperature 0.7: at 0 every prompt agrees" in note for note in plan.notes)
        shown = p.run_optimization(plan.optimization)
    report = shown.optimization.report
    assert report["calls"] <= 300
    assert report["calls"] == report["answers"] + report["proposals"]
    assert {each.temperature for each in model.answers} == {0.7}
    asked_twice = [each.sample for each in model.answers]
    assert sorted(set(asked_twice)) == [0, 1]
    assert asked_twice.count(0) == asked_twice.count(1)
    # The report says it as well.
    assert any("temperature 0.7" in note for note in report_of(shown).notes)


def test_a_temperature_that_is_given_stays_and_other_goals_leave_it_alone() -> None:
    model = Model(wavering)
    with burnish.open(plugins=[model]) as p:
        p.prompts.create("mail/kind", TEXT)
        warm = p.plan_optimization("mail/kind", ROWS, **ASKED, goal="clarity", temperature=0.3)
        assert warm.optimization.parameters["temperature"] == 0.3
        cold = p.plan_optimization("mail/kind", ROWS, **ASKED, goal="quality", temperature=0.0)
        assert cold.optimization.parameters["temperature"] == 0
        assert (cold.answers_each, any("temperature" in note for note in cold.notes)) == (1, False)


def test_specificity_takes_examples_that_say_what_is_expected() -> None:
    rows: list[dict[str, Any]] = [dict(row) for row in ROWS]
    for row in rows[:7]:
        del row["expected"]
    with burnish.open(plugins=[Model(chatting)]) as p:
        p.prompts.create("mail/kind", TEXT)
        asked: Options = ASKED | {"goal": "specificity", "scorers": ["contains:bug"]}
        with pytest.raises(UsageError, match="7 of 120 examples do not say what is expected"):
            p.plan_optimization("mail/kind", rows, **asked)


def test_who_writes_is_told_what_the_measure_misses() -> None:
    for answer, goal, told in (
        (chatting, "specificity", "and a label alone is wanted"),
        (wavering, "clarity", "asked the same again, it answered otherwise: "),
    ):
        model = Model(answer)
        with burnish.open(plugins=[model]) as p:
            p.prompts.create("mail/kind", TEXT)
            asked: Options = ASKED | {"goal": goal, "algorithm": "reflective"}
            p.optimize("mail/kind", ROWS, scorers=["contains"], **asked)
        written = [each for each in model.requests if each not in model.answers]
        assert any(told in each.messages[-1].content for each in written)


@pytest.mark.parametrize(
    ("goal", "answer", "measure"),
    [
        ("clarity", wavering, "agreement"),
        ("specificity", chatting, "form"),
        ("efficiency", chatting, "tokens"),
    ],
)
def test_reports_show_the_measure_before_and_after_with_its_interval(
    goal: str, answer: Answer, measure: str, tmp_path: Path
) -> None:
    from burnish.optimizers.report.files import report_file

    report: OptimizationReport = report_of(done(answer, goal=goal, algorithm="genetic"))
    for ending in (".md", ".html"):
        text = report_file(report, ending).decode()
        assert f"{measure}: difference" in text, text[:3000]
    assert f'"measure": "{measure}"' in report_file(report, ".json").decode()
    own = report.comparison.own if report.comparison else None
    assert own is not None
    assert own.low is not None
    assert own.high is not None
    assert own.low <= own.difference <= own.high
    quality = report_of(done(chatting))
    assert measure + ": difference" not in report_file(quality, ".md").decode()


class KilledError(BaseException):
    """Nothing between the model and the caller takes it for a failed call."""


@pytest.mark.parametrize(("goal", "answer"), [("clarity", wavering), ("specificity", chatting)])
def test_after_a_kill_it_goes_on_as_if_it_had_not_been(
    goal: str, answer: Answer, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    whole = report_of(done(answer, goal=goal))
    monkeypatch.setenv("BURNISH_HOME", str(tmp_path / "broken"))
    left = 150

    def dying(has_rule: bool, right: str, chance: random.Random) -> str:
        nonlocal left
        left -= 1
        if left < 0:
            raise KilledError
        return answer(has_rule, right, chance)

    with pytest.raises(burnish.BurnishError, match="the optimisation failed: "):
        done(dying, goal=goal)
    again = Model(answer)
    with burnish.open(plugins=[again]) as p:
        (listed,) = p.optimizations.list()
        assert listed.ended_at is None
        resumed = report_of(p.resume_optimization(listed.id))
    assert (resumed.outcome, resumed.text) == ("improved", whole.text)
    assert resumed.comparison is not None
    assert whole.comparison is not None
    assert resumed.comparison.own == whole.comparison.own
    assert resumed.effort.answers == whole.effort.answers
    assert len(again.answers) <= whole.effort.answers - 100
