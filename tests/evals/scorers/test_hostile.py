"""No answer, pattern, schema or function stops or sinks an evaluation."""

from __future__ import annotations

import asyncio
import json
import threading
from typing import Any

import pytest
from tests.evals.scorers.conftest import answered

import burnish
from burnish.evals.registry import Scorers
from burnish.storage.example import ScorerSpec
from burnish.storage.result import Score

MEGABYTE = 1_000_000
WITHOUT_MODEL: list[tuple[ScorerSpec, Any]] = [
    (ScorerSpec(name="exact"), "a"),
    (ScorerSpec(name="exact"), {"a": 1}),
    (ScorerSpec(name="contains", value="zz"), None),
    (ScorerSpec(name="icontains-all", value=["zz", "é"]), None),
    (ScorerSpec(name="starts-with", value="a"), None),
    (ScorerSpec(name="regex", value=r"(\w+\s?)+z$"), None),
    (ScorerSpec(name="is-json"), None),
    (ScorerSpec(name="contains-json", value={"type": "object"}), None),
    (ScorerSpec(name="json-schema", value={"type": "object"}), None),
    (ScorerSpec(name="json-field", value=1, parameters={"path": "a"}), None),
    (ScorerSpec(name="numeric"), 3),
    (ScorerSpec(name="levenshtein"), "a" * 900),
    (ScorerSpec(name="rouge-n", parameters={"n": "L"}), "a b"),
    (ScorerSpec(name="rouge-n"), "a b"),
    (ScorerSpec(name="bleu"), "a b"),
    (ScorerSpec(name="f1"), "a b"),
    (ScorerSpec(name="similar"), "a b"),
    (ScorerSpec(name="classification", parameters={"labels": ["a", "b"]}), "a"),
    (ScorerSpec(name="length", parameters={"max": 3}), None),
    (ScorerSpec(name="length", parameters={"max": 3, "unit": "sentences"}), None),
    (ScorerSpec(name="language", value="en"), None),
    (ScorerSpec(name="is-refusal"), None),
    (ScorerSpec(name="cost", value=1), None),
    (ScorerSpec(name="latency", value=1), None),
]
HOSTILE = {
    "empty": "",
    "a megabyte": "a" * MEGABYTE,
    "digits": "1" * MEGABYTE,
    "brackets": "[" * MEGABYTE,
    "objects": '{"a":' * (MEGABYTE // 5),
    "fences": "```" * (MEGABYTE // 3),
    "words": "ab " * (MEGABYTE // 3),
    "dots": ". " * (MEGABYTE // 2),
    "a row of dots": "." * MEGABYTE + "x",
    "a row of signs": f"a{'!' * MEGABYTE}a",
    "a long number": "1" * 400,
    "a surrogate's half": "a\ud83d b",
    "nan": "NaN",
    "control signs": "\x00\x1b[2J\u202e",
    "chinese": "价格是 三百 元。" * 20,
}


@pytest.mark.parametrize("output", HOSTILE.values(), ids=HOSTILE.keys())
async def test_every_scorer_gives_a_score_that_can_be_stored(scorers: Scorers, output: str) -> None:
    for spec, expected in WITHOUT_MODEL:
        found = await scorers.make(spec).score(answered(output, expected))
        assert isinstance(found, Score)
        assert (found.value is None) == bool(found.error), (spec.name, found)
        assert found.value is None or 0 <= found.value <= 1
        json.dumps([found.reason, found.error, found.details], allow_nan=False).encode()
        (found.reason + found.error).encode()
        assert len(found.reason) + len(found.error) < 1000


def test_every_scorer_that_needs_no_model_is_in_the_list_above(scorers: Scorers) -> None:
    named = {spec.name for spec, _ in WITHOUT_MODEL}
    others = {"contains-all", "contains-any", "icontains", "icontains-any"}
    assert named | others == {each.name for each in scorers.list() if not each.asks_model}


@pytest.mark.parametrize(
    "pattern",
    ["^(a+)+$", "(?x)^ (a+) + $", "^" + "a?" * 40 + "a" * 40 + "$", r"^\w+\w+\w+\w+\w+\w+\w+\w+$"],
)
async def test_a_pattern_without_end_is_stopped_and_the_next_answer_scored(
    scorers: Scorers, pattern: str
) -> None:
    scorer = scorers.take(f"regex:{pattern}")
    beats = 0

    async def beat() -> None:
        nonlocal beats
        while True:
            await asyncio.sleep(0.01)
            beats += 1

    other = asyncio.create_task(beat())
    hung = await scorer.score(answered("a" * 60 + "-"))
    other.cancel()
    assert hung.value is None
    assert "took more than 2 s" in hung.error
    assert beats > 20  # meanwhile others went on
    assert (await scorer.score(answered("a" * 60))).passed


@pytest.mark.parametrize(
    ("schema", "says"),
    [
        ({"$ref": "http://127.0.0.1:9/schema.json"}, "which is not in it"),
        ({"$ref": "file:///etc/passwd"}, "which is not in it"),
        ({"type": "object", "properties": {"a": {"pattern": "^(a+)+$"}}}, "took more than 2 s"),
    ],
)
async def test_a_schema_reaches_nothing_and_ends(
    scorers: Scorers, schema: dict[str, Any], says: str
) -> None:
    made: Score | None = None
    try:
        scorer = scorers.make(ScorerSpec(name="json-schema", value=schema))
        made = await scorer.score(answered(json.dumps({"a": "a" * 60 + "b"})))
        problem = made.error
    except burnish.BurnishError as error:
        problem = str(error)
    assert says in problem
    assert made is None or made.value is None


async def test_functions_that_raise_or_hang_are_errors_of_their_scores(scorers: Scorers) -> None:
    let_go = threading.Event()

    def raises(output: str) -> bool:
        raise KeyError(f"api_key=sk-{'a' * 30} of {output}")

    def hangs(output: str, expected: object) -> bool:
        return let_go.wait(60)

    async def waits(output: str) -> bool:
        await asyncio.sleep(60)
        return True

    async def clings(output: str) -> bool:
        for _ in range(10):
            try:
                await asyncio.sleep(0.05)
            except asyncio.CancelledError:
                continue
        return True

    found = await scorers.take(raises).score(answered("x"))
    assert found.error.startswith("KeyError")
    assert "sk-aaaa" not in found.error
    spec = {"timeout_s": 0.05}
    for function in (hangs, waits, clings):
        scorer = scorers.made_of(function, spec)
        found = await scorer.score(answered("x"))
        assert found.error == "took longer than 0.05 s and was given up"
    scorer = scorers.made_of(hangs, spec)
    errors = [(await scorer.score(answered("x"))).error for _ in range(9)]
    assert errors[7].startswith("took longer")
    assert errors[8] == "not called any more: it hung 8 times"
    let_go.set()


@pytest.mark.parametrize(
    ("returned", "says"),
    [
        (None, "returns a value of the type NoneType"),
        ("good", "returns a value of the type str"),
        (float("nan"), "gives nan"),
        (float("inf"), "gives inf"),
        (3, "gives 3; a score is 0 to 1"),
        (-0.5, "gives -0.5"),
    ],
)
async def test_what_a_function_returns_is_checked(
    scorers: Scorers, returned: object, says: str
) -> None:
    def gives(output: str) -> object:
        return returned

    found = await scorers.take(gives).score(answered("x"))
    assert (found.value, found.passed) == (None, False)
    assert says in found.error


async def test_a_cancelled_evaluation_does_not_wait_for_a_scorer(scorers: Scorers) -> None:
    let_go = threading.Event()
    ended: list[str] = []

    def slow(output: str) -> bool:
        let_go.wait(30)
        ended.append(output)
        return True

    task = asyncio.create_task(scorers.take(slow).score(answered("x")))
    await asyncio.sleep(0.05)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert not ended
    let_go.set()


async def test_a_long_fixed_repetition_is_tried_where_it_can_be_stopped(scorers: Scorers) -> None:
    scorer = scorers.take("regex:a{400000}b")
    found = await scorer.score(answered("a" * MEGABYTE))
    assert "took more than 2 s" in found.error


@pytest.mark.parametrize("name", ["exact", "numeric", "json-field"])
async def test_a_number_beyond_floats_is_wrong_and_no_error(scorers: Scorers, name: str) -> None:
    parameters = {"path": "n", "tolerance": 0.5} if name == "json-field" else {}
    output = "1" * 400 if name != "json-field" else f'{{"n": {"1" * 400}}}'
    found = await scorers.make(ScorerSpec(name=name, parameters=parameters)).score(
        answered(output, 3.5)
    )
    assert (found.value, found.error) == (0.0, "")


async def test_an_expected_number_beyond_floats_is_told(scorers: Scorers) -> None:
    found = await scorers.take("numeric").score(answered("3", 10**400))
    assert found.error == "what is expected is no number"
    with pytest.raises(burnish.UsageError, match="is no number"):
        scorers.make(ScorerSpec(name="latency", value=10**400))
