"""Two versions that grew from one are brought together, and nothing of either is lost unsaid."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from burnish.errors import Conflict, UsageError
from burnish.prompts.merge import Content, Merge, Own, merge
from burnish.prompts.prompt import Message, Variable

BASE = "Write a note.\nBe brief.\nUse plain words.\nEnd with a date.\n"


def content(*texts: str, **rest: Any) -> Content:
    roles = ["system", "user", "assistant", "user"] if len(texts) > 1 else ["user"]
    messages = tuple(Message(role, text) for role, text in zip(roles, texts, strict=False))
    return Content(messages=messages, **rest)


def merged(base: str, ours: str, theirs: str) -> Merge:
    return merge(content(base), content(ours), content(theirs))


def text_of(made: Content) -> str:
    return made.messages[0].content


@pytest.mark.spec("VER-04")
def test_changes_of_different_lines_merge_cleanly() -> None:
    ours = BASE.replace("brief", "kind")
    theirs = BASE.replace("a date", "a greeting")
    found = merged(BASE, ours, theirs)
    assert not found.conflicts
    assert text_of(found.resolved()) == BASE.replace("brief", "kind").replace(
        "a date", "a greeting"
    )


def test_changes_of_lines_next_to_each_other_merge_cleanly() -> None:
    found = merged(BASE, BASE.replace("brief", "kind"), BASE.replace("plain", "short"))
    assert (
        text_of(found.resolved()) == "Write a note.\nBe kind.\nUse short words.\nEnd with a date.\n"
    )


def test_changes_of_different_words_of_a_line_merge_cleanly() -> None:
    base = "Write a short and friendly note about the weather in Lisbon today."
    ours = base.replace("friendly", "formal")
    theirs = base.replace("Lisbon", "{{ city }}")
    assert text_of(merged(base, ours, theirs).resolved()) == base.replace(
        "friendly", "formal"
    ).replace("Lisbon", "{{ city }}")


@pytest.mark.spec("VER-04")
def test_the_same_line_conflicts_until_it_is_resolved() -> None:
    ours, theirs = BASE.replace("Be brief", "Be kind"), BASE.replace("Be brief", "Be exact")
    found = merged(BASE, ours, theirs)
    (conflict,) = found.conflicts
    assert (conflict.number, conflict.where) == (1, "message 1 (user), line 2")
    assert (conflict.base, conflict.ours, conflict.theirs) == (
        "Be brief.\n",
        "Be kind.\n",
        "Be exact.\n",
    )
    with pytest.raises(Conflict, match=r"1 conflict to resolve \(1: message 1 \(user\), line 2\)"):
        found.resolved()
    assert text_of(found.resolved({1: "ours"})) == ours
    assert text_of(found.resolved({1: "theirs"})) == theirs
    assert text_of(found.resolved({1: "base"})) == BASE
    assert "Be kind.\nBe exact.\n" in text_of(found.resolved({1: "both"}))
    assert "Be kind and exact.\n" in text_of(found.resolved({1: Own("Be kind and exact.\n")}))


@pytest.mark.parametrize(
    ("choices", "what"),
    [
        ({1: "ours", 2: "ours"}, "there is no conflict 2"),
        ({1: "mine"}, "'mine' is no side"),
        ({1: Own(3)}, "needs a text"),
        (["ours"], "no mapping"),
    ],
)
def test_a_choice_that_fits_no_conflict_is_refused(choices: Any, what: str) -> None:
    with pytest.raises(UsageError, match=what):
        merged("a b", "a c", "a d").resolved(choices)


def test_what_one_side_removes_and_the_other_changes_is_a_conflict() -> None:
    ours = BASE.replace("Be brief.\n", "")
    theirs = BASE.replace("Be brief.", "Be brief and kind.")
    (conflict,) = merged(BASE, ours, theirs).conflicts
    assert (conflict.ours, conflict.theirs) == ("", "Be brief and kind.\n")


def test_what_both_change_alike_is_taken_once() -> None:
    both = BASE.replace("brief", "kind")
    assert text_of(merged(BASE, both, both + "More.\n").resolved()) == both + "More.\n"


def test_what_both_add_at_one_place_has_no_order() -> None:
    (conflict,) = merged(BASE, BASE + "Ours.\n", BASE + "Theirs.\n").conflicts
    assert (conflict.base, conflict.ours, conflict.theirs) == ("", "Ours.\n", "Theirs.\n")


def test_messages_come_and_go() -> None:
    base = content("Be kind.", "Write {{ topic }}.")
    ours = Content(messages=(*base.messages, Message("assistant", "Here:")))
    theirs = content("Be exact.", "Write {{ topic }}.")
    made = merge(base, ours, theirs).resolved()
    assert [(m.role, m.content) for m in made.messages] == [
        ("system", "Be exact."),
        ("user", "Write {{ topic }}."),
        ("assistant", "Here:"),
    ]


def test_a_message_removed_here_and_changed_there_is_a_conflict() -> None:
    base = content("Be kind.", "Write.")
    ours = Content(messages=base.messages[1:])
    theirs = content("Be kind and brief.", "Write.")
    found = merge(base, ours, theirs)
    (conflict,) = found.conflicts
    assert (conflict.kind, conflict.where, conflict.ours) == ("message", "message 1", None)
    assert found.resolved({1: "ours"}).messages == ours.messages
    assert found.resolved({1: "theirs"}).messages == theirs.messages
    assert found.resolved({1: Own("Be.")}).messages[0] == Message("system", "Be.")


def test_variables_merge_field_by_field() -> None:
    tone = Variable(name="tone", default="kind")
    base = content("{{ tone }}", variables=(tone,))
    ours = content("{{ tone }}", variables=(Variable(name="tone", default="kind", example="x"),))
    theirs = content(
        "{{ tone }}", variables=(Variable(name="tone", default="dry"), Variable(name="size"))
    )
    assert merge(base, ours, theirs).resolved().variables == (
        Variable(name="tone", default="dry", example="x"),
        Variable(name="size"),
    )


def test_a_variable_that_both_change_is_a_conflict() -> None:
    sides = [
        content("{{ n }}", variables=(Variable(name="n", type="number", default=default),))
        for default in (1, 2, True)
    ]
    found = merge(*sides)
    (conflict,) = found.conflicts
    assert (conflict.kind, conflict.where) == ("variable", "variable 'n': default")
    assert found.resolved({1: "theirs"}).variables == sides[2].variables
    with pytest.raises(UsageError, match="cannot have both"):
        found.resolved({1: "both"})


def test_config_merges_key_by_key() -> None:
    base = content("x", config={"temperature": 0.1, "model": "a", "extra": {"a": 1, "b": 1}})
    ours = content("x", config={"temperature": 0.9, "model": "a", "extra": {"a": 2, "b": 1}})
    theirs = content("x", config={"temperature": 0.1, "extra": {"a": 1, "b": 1, "c": 3}})
    assert merge(base, ours, theirs).resolved().config == {
        "temperature": 0.9,
        "extra": {"a": 2, "b": 1, "c": 3},
    }
    clash = content("x", config={"temperature": 0.5, "model": "b", "extra": {"a": 1, "b": 1}})
    (first,) = merge(base, ours, clash).conflicts
    assert (first.where, first.base, first.ours, first.theirs) == (
        "config temperature",
        0.1,
        0.9,
        0.5,
    )


WORDS = st.sampled_from(["write", "a", "note", "{{ x }}", "be", "kind", "雨", "\r", "{% if x %}"])
LINES = st.lists(st.lists(WORDS, max_size=5).map(" ".join), max_size=8)
TEXTS = LINES.map("\n".join) | LINES.map(lambda lines: "".join(f"{line}\n" for line in lines))


@given(TEXTS, TEXTS)
def test_a_change_of_one_side_alone_is_taken_as_it_is(base: str, changed: str) -> None:
    assert text_of(merged(base, changed, base).resolved()) == changed
    assert text_of(merged(base, base, changed).resolved()) == changed
    assert text_of(merged(base, changed, changed).resolved()) == changed


@st.composite
def changed_lines(draw: st.DrawFn) -> tuple[list[str], list[str], list[str]]:
    """Lines of which each is there once, and two changes of them."""
    base = [f"line {n}" for n in range(draw(st.integers(0, 8)))]

    def change(mark: str) -> list[str]:
        lines: list[str] = []
        for n, line in enumerate([*base, ""]):
            lines += [f"{mark} {n}.{more}" for more in range(draw(st.integers(0, 1)))]
            what = draw(st.sampled_from(["keep", "keep", "drop", "change"]))
            if line and what != "drop":
                lines.append(line if what == "keep" else f"{mark} for {line}")
        return lines

    return base, change("ours"), change("theirs")


@given(changed_lines(), st.lists(st.booleans(), min_size=3, max_size=3))
def test_every_line_that_a_side_brought_is_there_once(
    lines: tuple[list[str], list[str], list[str]], ends: list[bool]
) -> None:
    base, ours, theirs = lines
    texts = ["\n".join(side) + "\n" * end for side, end in zip(lines, ends, strict=True)]
    found = merged(*texts)
    both = text_of(found.resolved({c.number: "both" for c in found.conflicts})).split("\n")
    for side in (ours, theirs):
        for line in side:
            if line not in base:
                assert both.count(line) == 1, (line, both)
    for line in base:
        if line in ours and line in theirs:
            assert both.count(line) >= 1
        elif line not in ours and line not in theirs:
            assert line not in both


def test_a_last_line_without_an_end_does_not_run_into_the_next() -> None:
    assert text_of(merged("a\nb\n", "a\nb", "a\nb\nc\n").resolved()) == "a\nb\nc"
    found = merged("a\nb\nc\n", "a\nx\nc\n", "a\ny\nc\n")
    assert text_of(found.resolved({1: Own("mine")})) == "a\nmine\nc\n"


def test_lines_of_a_block_are_decided_one_by_one() -> None:
    found = merged("one\ntwo\nthree\n", "ONE A\nTWO A\nthree\n", "one\nTWO B\nthree\n")
    (conflict,) = found.conflicts
    assert (conflict.ours, conflict.theirs) == ("TWO A\n", "TWO B\n")
    assert text_of(found.resolved({1: "theirs"})) == "ONE A\nTWO B\nthree\n"


def test_a_line_goes_to_the_message_that_it_was_added_to() -> None:
    question = Message("user", "Which city is the capital of {{ country }}?\n")
    shots = (Message("user", "Example: how high is K2?"), Message("assistant", "8,611 m."))
    ours = Message("user", question.content + "Answer in JSON.\n")
    theirs = Message("user", question.content.replace("Which city", "What town"))
    made = merge(
        Content(messages=(question,)),
        Content(messages=(ours,)),
        Content(messages=(*shots, theirs)),
    ).resolved()
    assert made.messages == (
        *shots,
        Message("user", "What town is the capital of {{ country }}?\nAnswer in JSON.\n"),
    )


@given(TEXTS, TEXTS, TEXTS)
def test_which_side_is_whose_decides_nothing_but_the_conflicts(
    base: str, ours: str, theirs: str
) -> None:
    here, there = merged(base, ours, theirs), merged(base, theirs, ours)
    assert len(here.conflicts) == len(there.conflicts)
    mine = here.resolved({c.number: "ours" for c in here.conflicts})
    assert mine == there.resolved({c.number: "theirs" for c in there.conflicts})


def test_long_texts_merge_in_good_time() -> None:
    base = "".join(f"line {n % 50}\n" for n in range(5_000))
    ours, theirs = f"first\n{base}", f"{base}last\n"
    assert text_of(merged(base, ours, theirs).resolved()) == f"first\n{base}last\n"
