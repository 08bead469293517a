"""Which prompts are weak: conditions over what is known of them."""

from __future__ import annotations

import pytest

import burnish
from burnish.errors import UsageError
from burnish.models.fake import Fake
from burnish.optimizers.where import parse_where


class Given:
    def models(self) -> list[Fake]:
        return [Fake()]


ROWS = [
    {"id": f"r{n}", "inputs": {"text": f"item {n}"}, "expected": f"Say: item {n}"}
    for n in range(10)
]


def test_weak_prompts_are_those_whose_newest_evaluation_scores_low() -> None:
    with burnish.open(plugins=[Given()]) as p:
        p.prompts.create("mail/good", "Say: {{ text }}")
        p.prompts.create("mail/bad", "Tell: {{ text }}")
        p.prompts.create("note/bad", "Tell: {{ text }}!")
        p.prompts.create("note/unknown", "Tell me: {{ text }}!")
        for name in ("mail/good", "mail/bad", "note/bad"):
            p.evaluate(name, ROWS, models="fake:a", dataset="rows")
        weak = p.weak_prompts("score < 0.6")
        assert [(each.name, each.score, each.n) for each in weak] == [
            ("mail/bad", 0.0, 10),
            ("note/bad", 0.0, 10),
        ]
        assert {(each.dataset, each.model) for each in weak} == {("rows", "fake:a")}
        assert [each.name for each in p.weak_prompts("score < 0.6 and category = mail")] == [
            "mail/bad"
        ]
        assert [each.name for each in p.weak_prompts("score >= 0.6")] == ["mail/good"]
        # Nobody has rated anything, and a new version was not evaluated yet.
        assert p.weak_prompts("rating < 0.6") == []
        p.prompts.update("mail/bad", "Say: {{ text }}")
        assert [each.name for each in p.weak_prompts("score < 0.6")] == ["note/bad"]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "is no condition"),
        ("rating", "is no condition"),
        ("rating < low", "is no number"),
        ("score < 5", "no score is 5: they go from 0 to 1; such as score < 0.6"),
        ("rating >= -0.1", "no rating is -0.1: they go from 0 to 1"),
        ("category = mail and rating < 60", "no rating is 60"),
        ("stars < 3", "no 'stars' to choose by"),
        ("name < 3", "name is a text"),
        ("name = mail/*", "'mail/\\*' is a pattern, .*: write category = mail$"),
        ("score < 1 and name != mail/*", "write category != mail$"),
        ("name = *late*", "is a pattern, .* write the whole name, or choose by category or tag"),
        ("rating < 0.6 or score < 1", "is no condition"),
        ("rating < 0.6; drop table prompts", "is no condition"),
        ("x" * 501, "501 characters"),
    ],
)
def test_what_is_no_condition_is_said(text: str, told: str) -> None:
    with pytest.raises(UsageError, match=told):
        parse_where(text)


def test_tags_and_quoted_texts_can_be_asked_for() -> None:
    first, second = parse_where("tag != \"old one\" and category = 'my mail'")
    assert first.holds({"tag": ("new",)})
    assert not first.holds({"tag": ("old one",)})
    assert second.holds({"category": "my mail"})
    assert not second.holds({"category": None})


def test_conditions_are_joined_by_and_in_any_case_and_a_text_may_hold_the_word() -> None:
    for joint in ("and", "AND", "And"):
        first, second = parse_where(f"score < 0.6 {joint}  name = 'black {joint} white'")
        assert first.holds({"score": 0.5})
        assert second.holds({"name": f"black {joint} white"})
    with pytest.raises(UsageError, match="is no condition"):
        parse_where("score < 0.6 and")


@pytest.mark.parametrize(
    "text",
    ['name = "a and score < 0.5" and rating < 0.4', "name = 'a and score < 0.5' AND rating<0.4"],
)
def test_a_text_in_quotes_may_look_like_another_condition(text: str) -> None:
    name, rating = parse_where(text)
    assert (name.field, name.value) == ("name", "a and score < 0.5")
    assert (rating.field, rating.value) == ("rating", 0.4)


def test_a_quoted_text_may_hold_what_looks_like_another_condition() -> None:
    for mark, other in (('"', "'"), ("'", '"')):
        text = f"{other}this{other} and score < 0.1 and that"
        first, second = parse_where(f"tag = {mark}{text}{mark} and score < 0.6")
        assert (first.value, second.value) == (text, 0.6)
