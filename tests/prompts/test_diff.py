from datetime import UTC, datetime
from itertools import pairwise
from typing import Any

from hypothesis import example, given
from hypothesis import strategies as st

from burnish.prompts.diff import (
    Segment,
    as_lines,
    as_words,
    compare,
    compare_texts,
    messages_after,
    messages_before,
    sides,
)
from burnish.prompts.prompt import Message, PromptVersion, Variable

NOW = datetime(2026, 5, 4, tzinfo=UTC)
WORDS = [
    "the",
    "the ",
    "a",
    " ",
    "\n",
    "\n\n",
    "{{ x }}",
    "```",
    ".",
    ",",
    "é",
    "语",
    "言",
    "\t",
    "x1",
]
TEXTS = st.one_of(st.text(), st.lists(st.sampled_from(WORDS), max_size=60).map("".join))
MESSAGES = st.lists(
    st.builds(Message, st.sampled_from(["system", "user", "assistant"]), TEXTS), max_size=5
).map(tuple)


def version(*messages: Message, **fields: Any) -> PromptVersion:
    base: dict[str, Any] = {
        "id": "v",
        "prompt_id": "p",
        "revision": 1,
        "messages": messages,
        "content_hash": "h",
        "created_at": NOW,
    }
    return PromptVersion(**base | fields)


@given(before=TEXTS, after=TEXTS)
@example(before="\r\n\x0b\x0c\x1c\x85\u2028", after="\r\x0b\x0c\x1d\x85\u2029")
def test_the_sides_of_a_difference_are_the_two_texts(before: str, after: str) -> None:
    segments = compare_texts(before, after)
    assert sides(segments) == (before, after)
    assert all(segment.text for segment in segments)
    kinds = [segment.kind for segment in segments]
    assert all(one != next_ for one, next_ in pairwise(kinds))
    assert (before == after) == all(kind == "equal" for kind in kinds)


@given(before=MESSAGES, after=MESSAGES)
def test_the_messages_of_both_sides_come_back(
    before: tuple[Message, ...], after: tuple[Message, ...]
) -> None:
    diff = compare(version(*before), version(*after))
    assert messages_before(diff) == before
    assert messages_after(diff) == after
    assert diff.changed == (before != after)


def test_changed_words_stand_out() -> None:
    segments = compare_texts(
        "You are a helpful assistant.\nAnswer in {{ language }}, briefly.",
        "You are a patient, helpful teacher.\nAnswer in {{ language }}, briefly.",
    )
    assert as_words(segments) == (
        "You are a {+patient, +}helpful [-assistant-]{+teacher+}.\n"
        "Answer in {{ language }}, briefly."
    )


def test_scripts_without_spaces_are_told_apart_by_character() -> None:
    assert as_words(compare_texts("写一首短诗", "写一首长诗")) == "写一首[-短-]{+长+}诗"


def test_lines_as_a_unified_difference() -> None:
    before = "\n".join(f"line {n}" for n in range(9))
    lines = as_lines(compare_texts(before, before.replace("line 4", "line four")), context=1)
    assert lines == ["@@ -4,3 +4,3 @@", " line 3", "-line 4", "+line four", " line 5"]
    assert as_lines(compare_texts(before, before)) == []


def test_messages_of_one_role_are_compared_and_others_come_and_go() -> None:
    before = version(Message("system", "Be brief."), Message("user", "Hi"))
    after = version(
        Message("system", "Be kind."), Message("assistant", "Hello"), Message("user", "Hi")
    )
    diff = compare(before, after)
    assert [(m.role_before, m.role_after, m.changed) for m in diff.messages] == [
        ("system", "system", True),
        (None, "assistant", True),
        ("user", "user", False),
    ]
    assert as_words(diff.messages[0].segments) == "Be [-brief-]{+kind+}."


def test_a_message_that_only_changes_its_role_has_changed() -> None:
    diff = compare(version(Message("user", "x")), version(Message("system", "x")))
    assert diff.changed


def test_variables_config_and_metadata_are_shown_apart() -> None:
    before = version(
        Message("user", "x"),
        variables=(Variable(name="a"), Variable(name="b"), Variable(name="c")),
        config={"model": "m", "parameters": {"t": 0.1, "n": 1}, "same": [1]},
        metadata={"old": None, "flag": 1},
    )
    after = version(
        Message("user", "x"),
        revision=2,
        variables=(Variable(name="d"), Variable(name="b", type="number"), Variable(name="a")),
        config={"model": "m", "parameters": {"t": 0.2, "top_p": 1}, "same": [1]},
        metadata={"flag": True},
    )
    diff = compare(before, after)
    assert (diff.before_revision, diff.after_revision) == (1, 2)
    assert not diff.messages[0].changed
    assert {v.name: v.change for v in diff.variables} == {
        "b": "changed",
        "c": "removed",
        "d": "added",
    }
    changed = {v.name: (v.before, v.after) for v in diff.variables}
    assert changed["b"] == (before.variables[1], after.variables[1])
    assert {c.path: (c.change, c.before, c.after) for c in diff.config} == {
        ("parameters", "t"): ("changed", 0.1, 0.2),
        ("parameters", "n"): ("removed", 1, None),
        ("parameters", "top_p"): ("added", None, 1),
    }
    assert {c.path: c.change for c in diff.metadata} == {("old",): "removed", ("flag",): "changed"}


def test_a_huge_text_with_a_small_change_still_shows_the_change() -> None:
    lines = [f"line {n} of many " + "word " * 20 for n in range(20_000)]
    before = "\n".join(lines)
    lines[9_000] = lines[9_000].replace("many", "few", 1)
    segments = compare_texts(before, "\n".join(lines))
    assert [s.text for s in segments if s.kind != "equal"] == ["many", "few"]


def test_huge_texts_that_differ_everywhere_are_told_apart_as_wholes() -> None:
    before = " ".join(f"{n} the the the" for n in range(30_000))
    after = " ".join(f"the {n} the" for n in range(30_000))
    assert compare_texts(before, after) == (Segment("delete", before), Segment("insert", after))
    many = "x\n" * 50_000
    assert sides(compare_texts(many, "y\n" + many + "z")) == (many, "y\n" + many + "z")
