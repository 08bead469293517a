"""promptfoo's assertions: taken over where they mean the same, refused with the reason."""

from __future__ import annotations

from typing import Any

import pytest
from tests.evals.scorers.conftest import answered

import burnish
from burnish.evals.promptfoo import from_promptfoo
from burnish.evals.registry import Scorers


@pytest.mark.parametrize(
    ("assertion", "right", "wrong"),
    [
        ({"type": "equals", "value": "a b"}, "a b", "a b "),
        ({"type": "equals", "value": {"a": 1}}, '{"a": 1}', '{"a": 2}'),
        ({"type": "contains", "value": "for {{ name }}"}, "for Ann", "for {{ name }}"),
        ({"type": "not-icontains", "value": "SORRY"}, "hello", "so sorry"),
        ({"type": "contains-any", "value": "x, b"}, "b", "c"),
        ({"type": "icontains-all", "value": ["A", "b"]}, "b a", "a"),
        ({"type": "starts-with", "value": "Dear"}, "Dear Ann", "Ann"),
        ({"type": "regex", "value": "^\\d+$"}, "42", "x"),
        ({"type": "is-json", "value": {"type": "object"}}, "{}", "[]"),
        ({"type": "contains-json"}, "so {}", "so"),
        ({"type": "levenshtein", "value": "colour", "threshold": 1}, "color", "collar"),
        ({"type": "levenshtein", "value": "abcdefgh"}, "abc", "xy"),
        ({"type": "rouge-n", "value": "a b c", "threshold": 0.5}, "a b d", "x y z"),
        ({"type": "bleu", "value": "a b c d e"}, "a b c d e", "x"),
        ({"type": "similar", "value": "The parcel is late."}, "The parcel is late.", "Soup."),
        ({"type": "word-count", "value": {"min": 2, "max": 3}}, "a b", "a"),
        ({"type": "word-count", "value": 2}, "a b", "a b c"),
        ({"type": "not-is-refusal"}, "Sure.", "I'm sorry, but I can't assist with that."),
    ],
)
async def test_what_means_the_same_is_taken_over(
    scorers: Scorers, assertion: dict[str, Any], right: str, wrong: str
) -> None:
    scorer = scorers.make(from_promptfoo({**assertion, "weight": 2, "metric": "m"}))
    good = await scorer.score(answered(right, inputs={"name": "Ann"}))
    bad = await scorer.score(answered(wrong, inputs={"name": "Ann"}))
    assert (good.passed, good.weight, good.metric) == (True, 2, "m")
    assert (bad.passed, bad.error) == (False, "")


def test_bounds_of_money_and_time_and_judges_keep_their_numbers() -> None:
    cost = from_promptfoo({"type": "cost", "threshold": 0.002})
    assert (cost.name, cost.value, cost.threshold) == ("cost", 0.002, None)
    latency = from_promptfoo({"type": "latency", "threshold": 500})
    assert (latency.name, latency.value) == ("latency", 500)
    rubric = from_promptfoo({"type": "llm-rubric", "value": "polite to {{name}}", "threshold": 0.6})
    assert (rubric.name, rubric.threshold, rubric.parameters) == ("llm-rubric", 0.6, {"fill": True})
    assert from_promptfoo({"type": "model-graded-closedqa", "value": "v"}).value == "v"
    assert from_promptfoo({"type": "factuality", "value": "v"}).name == "factuality"


@pytest.mark.parametrize(
    ("assertion", "says"),
    [
        ({"type": "javascript", "value": "output.length > 3"}, "runs code"),
        ({"type": "not-python", "value": "file://check.py"}, "runs code"),
        ({"type": "webhook", "value": "https://example.com"}, "sends answers to an address"),
        ({"type": "select-best", "value": "the funniest"}, "use pairwise"),
        ({"type": "moderation"}, "has no counterpart"),
        ({"type": "contains", "value": "a", "transform": "output.trim()"}, "has 'transform'"),
        ({"type": "llm-rubric", "value": "v", "provider": "openai:gpt-5"}, "has 'provider'"),
        ({"type": "contains", "value": "{{ name | upper }}"}, "a template with logic"),
        ({"type": "contains", "value": "{% if a %}b{% endif %}"}, "a template with logic"),
        ({"type": "contains", "value": "file://text.txt"}, "is in another file"),
        ({"type": "cost"}, "the threshold of an assertion is no number"),
        ({"type": "contains", "value": "a", "weight": "heavy"}, "the weight"),
        ({"value": "a"}, "has no type"),
        ({"type": 3}, "has no type"),
    ],
)
def test_what_is_not_supported_says_why(assertion: dict[str, Any], says: str) -> None:
    with pytest.raises(burnish.UsageError) as caught:
        from_promptfoo(assertion)
    assert says in str(caught.value)
    assert caught.value.hint
