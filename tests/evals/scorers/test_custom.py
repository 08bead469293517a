"""Functions as scorers: decorated, given by value, from a plug-in, from a file."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from tests.evals.scorers.conftest import Scoring, answered

import burnish
from burnish.evals.registry import Scorers


@burnish.scorer
def polite(output: str, expected: Any, *, words: tuple[str, ...] = ("please",)) -> bool:
    """The answer says please.

    More about it.
    """
    return any(word in output.lower() for word in words)


@burnish.scorer(name="near", threshold=0.8)
async def near_enough(answer: str, wanted: Any, inputs: dict[str, Any], latency_ms: float) -> float:
    return 0.9 if answer == f"{wanted}{inputs['end']}" and latency_ms == 5 else 0.1


async def test_a_custom_scorer_is_one_function(score: Scoring) -> None:
    assert (await score(polite, "Please wait.")).passed

    def same(output: str, expected: str) -> bool:
        return output == expected

    assert (await score(same, "a", "a")).passed
    found = await score(near_enough, "a!", "a", inputs={"end": "!"}, latency_ms=5)
    assert (found.metric, found.value, found.passed) == ("near", 0.9, True)
    assert not (await score(near_enough, "b", "a", inputs={"end": "!"}, latency_ms=5)).passed
    assert polite("please", None) is True  # still the function that it was


async def test_a_score_of_ones_own_is_kept(score: Scoring) -> None:
    def strict(output: str) -> burnish.Score:
        return burnish.Score(
            metric="", value=0.4, passed=True, reason="good enough", details={"n": float("nan")}
        )

    found = await score(strict, "x")
    assert (found.metric, found.value, found.passed) == ("strict", 0.4, True)
    assert (found.reason, found.details) == ("good enough", {"n": None})


async def test_a_plug_in_brings_scorers_and_replaces_built_in_ones() -> None:
    def shouts(output: str) -> bool:
        """In capitals."""
        return output.isupper()

    class Plugin:
        @staticmethod
        def scorers() -> list[burnish.ScorerKind]:
            return [polite, burnish.scorer(name="exact")(shouts)]

    spec = burnish.ScorerSpec(name="polite", parameters={"words": ["bitte"]}, weight=2)
    with burnish.open(plugins=[Plugin]) as p:
        assert {"polite", "exact"} <= set(p.scorers.names())
        about = p.scorers.describe("polite")
        assert about.summary == "The answer says please."
        assert [each.name for each in about.parameters] == ["timeout_s", "fill", "words"]
        assert (await p.scorers.make(spec).score(answered("Bitte warten"))).passed
        turned = await p.scorers.take("not-polite").score(answered("Please"))
        assert (turned.passed, turned.metric) == (False, "not-polite")
        assert (await p.scorers.take("exact").score(answered("LOUD"))).passed
        with pytest.raises(burnish.UsageError, match="unknown field `word`"):
            p.scorers.make(burnish.ScorerSpec(name="polite", parameters={"word": "a"}))


def needs_more(output: str, expected: Any, colour: str) -> bool:
    return True


def needs_nothing() -> bool:
    return True


@pytest.mark.parametrize(
    ("function", "says"),
    [(needs_more, "nothing fills the parameter 'colour'"), (needs_nothing, "takes no answer"), (3, "is no scorer")],
)  # fmt: skip
def test_a_function_that_cannot_be_filled_is_refused_at_once(
    scorers: Scorers, function: Any, says: str
) -> None:
    with pytest.raises(burnish.UsageError, match=says):
        scorers.take(function)


async def test_a_file_is_run_only_where_its_user_names_it(scorers: Scorers, tmp_path: Path) -> None:
    checks = tmp_path / "checks.py"
    checks.write_text(
        "import burnish\n\nLEAST = 3\n\n"
        "@burnish.scorer(name='long')\ndef long_enough(output):\n    return len(output) >= LEAST\n"
    )
    address = f"python:{checks}:long_enough"
    with pytest.raises(burnish.UsageError, match="would run a file"):
        scorers.take(address)
    with pytest.raises(burnish.UsageError):
        scorers.take({"name": address})
    found = await scorers.take(address, files=True).score(answered("abc"))
    assert (found.metric, found.passed) == ("long", True)
    turned = await scorers.take(f"not-{address}", files=True).score(answered("abc"))
    assert (turned.metric, turned.passed) == ("not-long", False)


@pytest.mark.parametrize(
    ("address", "error", "says"),
    [
        ("python:checks.py", burnish.UsageError, "names no function"),
        ("python:checks.py:1a", burnish.UsageError, "names no function"),
        ("python:nowhere.py:a", burnish.NotFound, "no file nowhere.py"),
        ("python:checks.py:missing", burnish.NotFound, "has no function missing"),
        ("python:checks.py:number", burnish.UsageError, "is no scorer"),
        ("python:broken.py:a", burnish.UsageError, "cannot be run: ZeroDivisionError"),
    ],
)
def test_a_file_that_is_wrong_is_named(
    scorers: Scorers, tmp_path: Path, address: str, error: type[burnish.BurnishError], says: str
) -> None:
    (tmp_path / "checks.py").write_text("number = 3\n")
    (tmp_path / "broken.py").write_text("1 / 0\n")
    with pytest.raises(error, match=says) as caught:
        scorers.take(address, files=True)
    assert caught.value.hint


def test_one_text_can_be_scored_by_hand(p: burnish.Platform) -> None:
    given: list[object] = ["contains:{{ day }}", polite, burnish.ScorerSpec(name="f1"), "numeric"]
    spec = burnish.ScorerSpec(name="contains", value="{{ day }}", parameters={"fill": True})
    found = p.score(
        "Please come on Friday", [*given, spec], expected="come Friday", inputs={"day": "Friday"}
    )
    assert [each.metric for each in found] == ["contains", "polite", "f1", "numeric", "contains"]
    assert [each.passed for each in found] == [False, True, True, False, True]
    assert "no number" in found[3].error
    with pytest.raises(burnish.UsageError, match="would run a file"):
        p.score("x", ["python:checks.py:polite"])
