"""Each scorer says yes to what is right and no to what is not."""

from __future__ import annotations

import json
from typing import Any

import pytest
from tests.evals.scorers.conftest import Scoring

import burnish
from burnish.evals.registry import Scorers
from burnish.storage.example import ScorerSpec

CITY: dict[str, Any] = {
    "type": "object",
    "required": ["city"],
    "properties": {"city": {"type": "string"}},
}
BOUNDS: dict[str, Any] = {"min": 2, "max": 4}


def spec(name: str, value: Any = None, **parameters: Any) -> ScorerSpec:
    return ScorerSpec(name=name, value=value, parameters=parameters)


RIGHT_AND_WRONG: list[tuple[ScorerSpec, Any, str, str]] = [
    (spec("exact"), "Paris", " Paris\n", "paris"),
    (spec("exact", case=False), "Paris", "PARIS", "Paris."),
    (spec("exact", strip=False), "Paris", "Paris", "Paris "),
    (spec("exact"), {"a": 1, "b": [True]}, '{"b": [true], "a": 1.0}', '{"b": [1], "a": 1}'),
    (spec("exact"), 42, "42", "43"),
    (spec("equals"), "Straße 😀", "Straße 😀", "Strasse 😀"),
    (spec("contains", "refund"), None, "Your refund is due.", "Your Refund is due."),
    (spec("icontains", "STRASSE"), None, "in der Straße 4", "in der Gasse 4"),
    (spec("contains-all", ["a", "b"]), None, "b a", "a"),
    (spec("contains-any", ["x", "b"]), None, "b", "a"),
    (spec("icontains-all", ["A", "b"]), None, "B a", "A"),
    (spec("icontains-any", ["X", "B"]), None, "b", "a"),
    (spec("starts-with", "Dear"), None, "  Dear Ann", "Oh dear"),
    (spec("regex", r"\b[A-Z]{2}-\d{4}\b"), None, "order AB-1234 came", "order AB-123 came"),
    (spec("regex", "paris", whole=True, ignore_case=True), None, "Paris", "Paris."),
    (spec("regex", "^b.*c$", multiline=True, dot_all=True), None, "a\nb\nc", "ab\nc d"),
    (spec("is-json"), None, '{"a": [1, null]}', "{'a': 1}"),
    (spec("is-json", CITY), None, '{"city": "Rome"}', '{"town": "Rome"}'),
    (spec("contains-json"), None, 'Here: {"a": 1}. Enjoy!', "Here: {a: 1}"),
    (spec("contains-json", CITY), None, '[1] and ```json\n{"city": "Rome"}\n```', 'only {"a": 1}'),
    (spec("json-schema", CITY), None, '{"city": "Rome"}', '{"city": 4}'),
    (spec("json-schema", json.dumps(CITY)), None, '{"city": "Rome"}', "[]"),
    (spec("json-field", 3, path="items[0].n"), None, '{"items": [{"n": 3}]}', '{"items": [{"n": 4}]}'),
    (spec("json-field", path="/a~1b/0"), {"a/b": ["x"]}, '{"a/b": ["x", 1]}', '{"a/b": []}'),
    (spec("json-field", 0.3, path="sum", tolerance=0.01), None, 'It is {"sum": 0.301}', '{"sum": 0.4}'),
    (spec("numeric"), "so it is #### 1,234", "First 3, then 1234.0 in all.", "1234, or rather 1235"),
    (spec("numeric", which="first"), 3, "3 of 4", "4 of 3"),
    (spec("numeric", which="any"), -5, "between -5 and 9", "2023-05-01"),
    (spec("numeric", 100, relative=0.05), None, "about 96", "about 94"),
    (spec("numeric", decimal=","), 1234.5, "genau 1.234,50 €", "genau 1.234 €"),
    (spec("numeric", 2.5e6), None, "2.5e6 of them", "2.5 of them"),
    (spec("levenshtein", max_distance=1), "colour", "color", "couleur"),
    (spec("levenshtein"), "kitten in a box", "kitten in the box", "a dog"),
    (spec("rouge-n", n=2), "police killed the gunman", "police killed the gunman", "the gunman police"),
    (spec("bleu"), "the cat is on the mat", "the cat is on the mat", "a dog"),
    (spec("f1"), "the Eiffel Tower", "Eiffel tower!", "the Louvre"),
    (spec("f1"), ["Paris", "埃菲尔铁塔"], "埃菲尔铁塔", "罗浮宫"),
    (spec("similar"), "The parcel is late.", "The parcel is late.", "Boil the pasta in salted water."),
    (spec("classification", labels=["billing", "late delivery"]), "billing", "It is: Billing.", "billing or late delivery"),
    (spec("classification"), "spam", "**Spam**", "no spam"),
    (spec("length", unit="words", **BOUNDS), None, "one two three", "one two three four five"),
    (spec("length", unit="characters", **BOUNDS), None, "abc", "abcde"),
    (spec("length", unit="sentences", **BOUNDS), None, "One. Two! Three", "Only one 3.5 here"),
    (spec("language", "de"), None, "Das Paket kommt leider erst am Freitag an.", "The parcel comes on Friday."),
    (spec("language", ["fr", "ja"]), None, "荷物は金曜日に届きます。", "Das Paket kommt leider am Freitag."),
    (spec("is-refusal"), None, "I'm sorry, but I can't help with that.", "Sorry that your parcel can't come today."),
    (spec("is-refusal"), None, "Leider kann ich dabei nicht helfen.", "Das kann ich gern tun."),
    (spec("not-is-refusal"), None, "Of course: boil water first.", "  "),
]  # fmt: skip


@pytest.mark.parametrize(
    ("given", "expected", "right", "wrong"),
    RIGHT_AND_WRONG,
    ids=[f"{number} {row[0].name}" for number, row in enumerate(RIGHT_AND_WRONG)],
)
async def test_right_passes_and_wrong_does_not(
    score: Scoring, given: ScorerSpec, expected: Any, right: str, wrong: str
) -> None:
    good = await score(given, right, expected)
    assert (good.passed, good.error) == (True, "")
    assert good.metric == given.name
    bad = await score(given, wrong, expected)
    assert (bad.passed, bad.error) == (False, "")
    assert bad.value is not None
    assert good.value is not None
    assert bad.value < good.value


@pytest.mark.parametrize(
    ("given", "expected", "right", "wrong"),
    [row for row in RIGHT_AND_WRONG if not row[0].name.startswith("not-")],
    ids=lambda value: value.name if isinstance(value, ScorerSpec) else "",
)
async def test_not_turns_the_verdict_around(
    score: Scoring, given: ScorerSpec, expected: Any, right: str, wrong: str
) -> None:
    turned = ScorerSpec(
        name=f"not-{given.name}", value=given.value, parameters=given.parameters, weight=2.0
    )
    for output in (right, wrong):
        plain, inverted = (
            await score(given, output, expected),
            await score(turned, output, expected),
        )
        assert inverted.passed is not plain.passed
        assert plain.value is not None
        assert inverted.value == pytest.approx(1 - plain.value)
        assert (inverted.metric, inverted.weight) == (turned.name, 2.0)


async def test_cost_and_latency_are_bounds_of_what_was_spent(score: Scoring) -> None:
    for name, field in (("cost", "cost_usd"), ("latency", "latency_ms")):
        within = await score(f"{name}:0.5", "x", **{field: 0.5})
        above = await score(f"{name}:0.5", "x", **{field: 0.51})
        assert (within.passed, above.passed) == (True, False)
    unknown = await score("cost:0.5", "x", cost_usd=None)
    assert (unknown.value, unknown.passed) == (None, False)
    assert "price of this model is unknown" in unknown.error


async def test_a_share_counts_where_a_threshold_lets_it(score: Scoring) -> None:
    given = ScorerSpec(name="contains-all", value=["a", "b", "c"], threshold=0.6, metric="facts")
    found = await score(given, "a c")
    assert (found.passed, found.metric) == (True, "facts")
    assert found.value == pytest.approx(2 / 3)
    assert "without 'b'" in found.reason


async def test_inputs_fill_a_value_once(score: Scoring) -> None:
    given = ScorerSpec(
        name="contains", value="for {{ name }} and {{other}}", parameters={"fill": True}
    )
    inputs = {"name": "{{ secret }}", "secret": "no"}
    found = await score(given, "for {{ secret }} and {{other}}", inputs=inputs)
    assert found.passed


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ("exakt", "did you mean exact"),
        ("contains:[]", "is no text"),
        ("regex:(", "the pattern is wrong"),
        ('json-schema:{"type": "strange"}', "the schema is wrong"),
        ("json-schema", "it has no value"),
        ("json-schema:[1]", "no JSON object"),
        ("length", "has no bound"),
        ('length:{"parameters": {"min": 3, "max": 2}}', "nothing can be of this length"),
        ('length:{"parameters": {"maximum": 2}}', "unknown field `maximum`"),
        ('length:{"parameters": {"max": 2, "timeout_s": 0}}', "its timeout"),
        ('exact:{"threshold": 1.5}', "its threshold is 1.5"),
        ('exact:{"weight": -1}', "its weight is -1"),
        ('exact:{"weight": ', "correct the JSON"),
        ("numeric:many", "no number"),
        ('numeric:{"parameters": {"tolerance": -1}}', "the tolerance is no size"),
        ("language:German", "no language"),
        ("cost:cheap", "no number"),
        ("rubric:polite", "none is named that judges"),
        ('json-field:{"parameters": {"path": "."}}', "names no field"),
        ('classification:{"parameters": {"labels": ["a", "A"]}}', "two labels are the same"),
        ({"name": "exact", "treshold": 0.5}, "no field 'treshold'"),
        (3, "is no scorer"),
    ],
)
def test_a_wrong_spec_is_refused_before_anything_runs(
    scorers: Scorers, given: object, says: str
) -> None:
    with pytest.raises(burnish.UsageError) as caught:
        scorers.take(given)
    assert says in str(caught.value)
    assert caught.value.hint


async def test_what_an_example_lacks_is_the_error_of_one_score(score: Scoring) -> None:
    cases: list[tuple[object, Any, str]] = [
        ("exact", None, "nothing to compare with"),
        ("numeric", "many", "no number"),
        ("contains", {"a": 1}, "is no text"),
        (spec("classification", labels=["a", "b"]), "c", "none of the labels"),
        (spec("json-field", path="a.b"), {"a": 1}, "expects has no a.b"),
        ("language:de", None, "too short to tell"),
    ]
    for given, expected, says in cases:
        found = await score(given, '{"a": 1}' if expected else "42", expected)
        assert (found.value, found.passed) == (None, False)
        assert says in found.error
