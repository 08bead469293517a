from __future__ import annotations

from random import Random

from hypothesis import given
from hypothesis import strategies as st

from burnish.optimizers.blocks import blocks, input_start, join, with_rule
from burnish.optimizers.lines import edits, merged, moved, without
from burnish.prompts.prompt import Message


def prompt(text: str) -> tuple[Message, ...]:
    return (Message("user", text),)


BASE = "Sort the mail.\n\n- Be brief.\n- Do not guess.\n\nMail: {{ text }}"


def test_edits_are_blocks_that_came_went_or_changed() -> None:
    now = "Sort the mail.\n\n- Be very brief.\n- Do not guess.\n- Use lower case.\n\nTake care.\n\nMail: {{ text }}"
    found = [(e.kind, e.before, e.after) for e in edits(prompt(BASE), prompt(now))]
    assert found == [
        ("changed", "- Be brief.", "- Be very brief."),
        ("added", "", "- Use lower case."),
        ("added", "", "Take care."),
    ]
    assert edits(prompt(BASE), prompt(BASE)) == ()


def test_each_edit_can_be_taken_back_alone() -> None:
    now = prompt(
        "Sort the mail.\n\n- Be very brief.\n- Do not guess.\n- Use lower case.\n\nMail: {{ text }}\n\nTake care."
    )
    assert without(prompt(BASE), now, 0)[0].content == now[0].content.replace("very ", "")
    assert without(prompt(BASE), now, 1)[0].content == now[0].content.replace(
        "\n- Use lower case.", ""
    )
    assert without(prompt(BASE), now, 2)[0].content == now[0].content.replace("\n\nTake care.", "")


def test_all_edits_taken_back_give_the_original() -> None:
    now = prompt(
        "First read.\n\nSort it.\n\n- Do not guess.\n- New.\n\nMail: {{ text }}\n\nThen stop."
    )
    while edits(prompt(BASE), now):
        now = without(prompt(BASE), now, 0)
    assert now == prompt(BASE)


def test_merging_takes_the_edits_of_both() -> None:
    ours = BASE.replace("Be brief", "Be very brief")
    theirs = BASE.replace("Mail:", "Think first.\n\nMail:")
    united = merged(prompt(BASE), prompt(ours), prompt(theirs))
    assert united == prompt(ours.replace("Mail:", "Think first.\n\nMail:"))


def test_bullets_of_both_sides_at_one_place_stand_one_after_the_other() -> None:
    ours = BASE.replace("guess.", "guess.\n- Use lower case.")
    theirs = BASE.replace("guess.", "guess.\n- Name no one.")
    united = merged(prompt(BASE), prompt(ours), prompt(theirs))
    assert united == prompt(BASE.replace("guess.", "guess.\n- Use lower case.\n- Name no one."))


def test_paragraphs_of_both_sides_at_one_place_stay_apart() -> None:
    united = merged(
        prompt("Sort it."), prompt("Sort it.\n\nBe kind."), prompt("Sort it.\n\nBe fast.")
    )
    assert united == prompt("Sort it.\n\nBe kind.\n\nBe fast.")


def test_a_line_with_a_variable_that_both_changed_comes_once() -> None:
    united = merged(
        prompt("Sort {{ text }} now."),
        prompt("Sort {{ text }} well."),
        prompt("Order {{ text }} at once."),
    )
    assert united is None or united[0].content.count("{{ text }}") == 1


def test_a_line_that_both_said_otherwise_comes_once() -> None:
    united = merged(
        prompt("Sort the mail by aim.\n\n- Be brief."),
        prompt("- Be brief.\n\nSort the mail by its aim."),
        prompt("Sort all the mail by aim.\n\n- Be brief.\n- Name no one."),
    )
    assert united is not None
    assert united[0].content.count("mail by") == 1
    assert united[0].content.count("- Be brief.") == 1
    assert "- Name no one." in united[0].content


def test_lines_with_half_a_kept_part_come_from_one_side() -> None:
    base = "Sort it.\nNow {# keep #}read\nit{# /keep #} well."
    ours, theirs = base.replace("Now", "First"), base.replace("Now", "Before that,")
    assert merged(prompt(base), prompt(ours), prompt(theirs)) in (None, prompt(ours))


def test_a_numbered_list_that_came_is_one_edit() -> None:
    now = BASE.replace("Mail:", "1. Read it.\n2. Sort it.\n\nMail:")
    assert [edit.after for edit in edits(prompt(BASE), prompt(now))] == ["1. Read it.\n2. Sort it."]


def test_there_is_no_merge_without_something_new() -> None:
    ours = prompt(BASE.replace("brief", "short"))
    assert merged(prompt(BASE), ours, ours) is None
    assert merged(prompt(BASE), ours, prompt(BASE)) is None
    assert merged(prompt(BASE), ours, (*ours, Message("user", "x"))) is None


def test_only_bullets_and_sections_whose_order_says_nothing_change_places() -> None:
    found = {moved(prompt(BASE), Random(seed)) for seed in range(20)}
    assert found == {
        prompt(BASE.replace("- Be brief.\n- Do not guess.", "- Do not guess.\n- Be brief."))
    }
    sections = "# Style\n\nBe kind.\n\n# Length\n\nShort.\n\n# Input\n\n{{ text }}"
    found = {moved(prompt(sections), Random(seed)) for seed in range(20)}
    assert found == {prompt("# Length\n\nShort.\n\n# Style\n\nBe kind.\n\n# Input\n\n{{ text }}")}
    for fixed in (
        "1. Read.\n2. Write.",
        "- Read.\n- Then write.",
        "One.\n\nTwo.",
        "- {# keep #}a{# /keep #}\n- b",
    ):
        assert moved(prompt(fixed), Random(1)) is None


_PARTS = ["- a", "1. b", "\n", "\n\n", "# H", "```", "{# keep #}", "{# /keep #}", "{% if x %}", "{% endif %}", "{{ x }}", " ", "word.", '{"a": 1}', "| a |", "<t>", "\r\n"]  # fmt: skip


@given(st.lists(st.sampled_from(_PARTS), max_size=25).map("".join))
def test_blocks_are_the_text(text: str) -> None:
    if text.count("{# keep #}") or text.count("{# /keep #}"):
        text = text.replace("{# keep #}", "").replace("{# /keep #}", "")
    assert join(blocks(text)) == text


def test_code_data_and_logic_are_one_block() -> None:
    text = 'See:\n```\na\n\nb\n```\n{"a":\n\n 1}\n{% if x %}\n\ny\n{% endif %}\n{# keep #}\np\n\nq{# /keep #}'
    assert [block.text for block in blocks(text)] == [
        "See:",
        "```\na\n\nb\n```",
        '{"a":\n\n 1}',
        "{% if x %}\n\ny\n{% endif %}",
        "{# keep #}\np\n\nq{# /keep #}",
    ]


def test_the_section_of_the_inputs_begins_with_its_label() -> None:
    for tail in (
        "{{ text }}",
        "Mail: {{ text }}\nLabel:",
        "## Mail\n\n{{ text }}",
        "<mail>\n{{ text }}\n</mail>",
        'Mail:\n"""\n{{ text }}\n"""',
    ):
        text = f"Sort the mail.\n\n{tail}"
        assert text[input_start(text) or 0 :] == tail
    assert input_start("Sort {{ text }} by its subject.") is None
    assert input_start("Sort it.") is None


def test_a_rule_comes_at_the_end_of_the_instructions() -> None:
    assert with_rule(BASE, "- New.") == BASE.replace("guess.", "guess.\n- New.")
    assert with_rule("Sort it.", "Be kind.") == "Sort it.\n\nBe kind."
    assert with_rule("{{ text }}", "Be kind.") == "Be kind.\n\n{{ text }}"
