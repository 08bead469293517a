from __future__ import annotations

import re
from random import Random

import pytest

from burnish.optimizers.candidate import Candidate
from burnish.optimizers.demonstrations import Demonstration, shown, without
from burnish.optimizers.operators.offline import OPERATORS
from burnish.optimizers.operators.operator import Context
from burnish.optimizers.operators.wording import FILLERS, PHRASES, rewritten
from burnish.prompts.prompt import Message
from burnish.techniques import built_in_techniques

CATALOG = {technique.name: technique for technique in built_in_techniques()}


def prompt(text: str) -> tuple[Message, ...]:
    return (Message("user", text),)


def run(
    operator: str,
    original: str,
    *texts: str,
    techniques: tuple[str, ...] = (),
    carried: tuple[str, ...] = (),
    seed: int = 1,
) -> Candidate | None:
    context = Context(
        original=prompt(original), techniques=tuple(CATALOG[name] for name in techniques)
    )
    parents = [
        Candidate(messages=prompt(text), techniques=carried) for text in texts or (original,)
    ]
    return OPERATORS[operator](context, parents, Random(seed))


def text_of(candidate: Candidate | None) -> str:
    assert candidate is not None
    return candidate.messages[0].content


TASK = "Sort the mail.\n\nMail: {{ text }}"


def test_a_technique_is_added_before_the_inputs() -> None:
    child = run("add", TASK, techniques=("answer_stub",))
    assert text_of(child) == (
        "Sort the mail.\n\n- The first words of the answer are the result itself.\n\nMail: {{ text }}"
    )
    assert child is not None
    assert child.techniques == ("answer_stub",)
    assert child.parents == (Candidate(messages=prompt(TASK)).id,)
    assert (child.operator, child.why) == ("add", f"adds {CATALOG['answer_stub'].title}")


def test_a_technique_gets_a_heading_where_the_prompt_has_headings_and_takes_it_along() -> None:
    original = "## Task\n\nSort the mail.\n\n## Mail\n\n{{ text }}"
    child = run("add", original, techniques=("chain_of_draft",))
    assert "## Steps\n\n1. Work in a draft" in text_of(child)
    back = run(
        "take",
        original,
        text_of(child),
        techniques=("chain_of_draft",),
        carried=("chain_of_draft",),
    )
    assert text_of(back) == original
    assert back is not None
    assert back.techniques == ()


def steps_added(original: str) -> str:
    """What two techniques with numbered steps make of it, one after the other."""
    first = text_of(run("add", original, techniques=("chain_of_draft",)))
    both = ("chain_of_draft", "generated_knowledge")
    return text_of(run("add", original, first, techniques=both, carried=both[:1]))


def test_steps_of_a_second_technique_go_on_the_list_of_the_first() -> None:
    for original in ("Sort the mail.", "## Task\n\nSort the mail.\n\n## Mail\n\n{{ text }}"):
        found = steps_added(original)
        numbers = [int(each) for each in re.findall(r"(?m)^(\d+)\. ", found)]
        assert numbers == list(range(1, len(numbers) + 1))
        assert len(numbers) >= 3
        assert "\n\n" not in found[found.index("1. ") : found.index(f"{numbers[-1]}. ")]
        assert found.count("## Steps") == original.count("## Task")


def test_what_is_added_to_a_section_stands_in_it_and_the_rest_stays_behind() -> None:
    original = "## Steps\n\n1. Read the mail.\n\n## Rules\n\n- Be brief.\n\n## Mail\n\n{{ text }}"
    found = text_of(run("add", original, techniques=("chain_of_draft",)))
    assert found.startswith("## Steps\n\n1. Read the mail.\n2. Work in a draft")
    assert found.endswith("\n\n## Rules\n\n- Be brief.\n\n## Mail\n\n{{ text }}")


def test_a_section_with_a_longer_name_takes_no_steps() -> None:
    original = (
        "## Steps\n\n1. Read the mail.\n\n## Steps for returns\n\n1. Ask why.\n\n"
        "## Mail\n\n{{ text }}"
    )
    found = steps_added(original)
    assert found.startswith("## Steps\n\n1. Read the mail.\n2. ")
    assert found.endswith("\n\n## Steps for returns\n\n1. Ask why.\n\n## Mail\n\n{{ text }}")


def test_a_list_of_the_users_that_is_about_something_else_is_not_gone_on_with() -> None:
    original = "Choose one:\n\n1. bug\n2. praise"
    found = text_of(run("add", original, techniques=("chain_of_draft",)))
    assert found.startswith(f"{original}\n\n1. Work in a draft")


def test_nothing_is_added_twice_or_beside_what_it_conflicts_with() -> None:
    child = run("add", TASK, techniques=("answer_stub",))
    assert (
        run("add", TASK, text_of(child), techniques=("answer_stub",), carried=("answer_stub",))
        is None
    )
    clash = next(t for t in CATALOG.values() if t.conflicts_with)
    other = clash.conflicts_with[0]
    both = (clash.name, other)
    assert run("add", TASK, techniques=both, carried=(other,)) is None
    assert run("add", TASK, techniques=both, carried=(clash.name,)) is None


def test_a_role_is_added_only_where_there_is_none() -> None:
    assert run("add", f"You are a clerk. {TASK}", techniques=("role_persona",)) is None
    child = run("add", TASK, techniques=("role_persona",))
    assert text_of(child).endswith(f"\n\n{TASK}")


def test_only_what_was_added_is_taken_away() -> None:
    own = "Sort the mail.\n\n- The first words of the answer are the result itself.\n\nMail: {{ text }}"
    assert run("take", own, own, techniques=("answer_stub",), carried=("answer_stub",)) is None


def test_one_technique_is_swapped_for_another() -> None:
    child = run("add", TASK, techniques=("answer_stub",))
    other = run(
        "swap",
        TASK,
        text_of(child),
        techniques=("answer_stub", "chain_of_draft"),
        carried=("answer_stub",),
    )
    assert other is not None
    assert other.techniques == ("chain_of_draft",)
    assert "first words of the answer" not in text_of(other)
    assert "Work in a draft" in text_of(other)


def test_merge_unites_the_changes_and_the_techniques_of_both() -> None:
    first = run("add", TASK, techniques=("answer_stub",))
    second = run("add", TASK, techniques=("chain_of_draft",))
    assert first is not None
    assert second is not None
    context = Context(original=prompt(TASK), techniques=tuple(CATALOG.values()))
    child = OPERATORS["merge"](context, [first, second], Random(1))
    assert child is not None
    assert set(child.techniques) == {"answer_stub", "chain_of_draft"}
    assert child.parents == (first.id, second.id)
    assert text_of(child).count("{{ text }}") == 1


def test_a_candidate_whose_technique_was_dropped_carries_it_no_more() -> None:
    child = run("add", TASK, techniques=("answer_stub",))
    less = run("drop", TASK, text_of(child), techniques=("answer_stub",), carried=("answer_stub",))
    assert text_of(less) == TASK
    assert less is not None
    assert less.techniques == ()
    assert less.why == "leaves out '- The first words of the answer are the result itself.'"


def test_a_moved_block_is_no_change_to_drop() -> None:
    original = "Do:\n\n- One.\n- Two.\n- Three."
    assert run("drop", original, "Do:\n\n- Two.\n- One.\n- Three.") is None


def test_reorder_lets_bullets_change_places() -> None:
    assert text_of(run("reorder", "Do:\n\n- One.\n- Two.")) == "Do:\n\n- Two.\n- One."


def test_phrase_says_an_instruction_in_other_words() -> None:
    assert text_of(run("phrase", "Sort it. Do not guess.")) == "Sort it. Never guess."
    assert run("phrase", "Sort it by hand.") is None


def test_shorten_takes_away_fillers_and_repeats() -> None:
    original = (
        "Please make sure to sort the mail. It is important to note that you sort all of it.\n\n"
        "Sort the mail by its aim. Sort the mail by its aim. Name the box."
    )
    child = {text_of(found) for seed in range(9) if (found := run("shorten", original, seed=seed))}
    assert "Sort the mail. You sort all of it.\n\nSort the mail by its aim. Name the box." in child
    assert run("shorten", "Sort it.") is None


def test_added_bullets_that_repeat_another_are_taken_away_and_the_users_own_stay() -> None:
    original = "Do:\n\n- Name the box of it.\n- Name the box of it."
    assert run("shorten", original) is None
    child = run("shorten", original, f"{original}\n- Name the box of it.")
    assert text_of(child) == original


@pytest.mark.parametrize(
    "text",
    [
        "Say so if you do not know it.",
        "It is always red.",
        "You must always answer.",
        "See whether your task is to sort.",
    ],
)
def test_words_that_are_no_instruction_stay(text: str) -> None:
    assert rewritten(text, PHRASES) == rewritten(text, FILLERS) == text


FIXED = (
    "`please sort`",
    '"please sort"',
    "```\nplease sort\n```",
    "https://example.org/please sort".replace(" ", "/"),
    "{# keep #}please sort{# /keep #}",
    '{"a": "please sort"}',
    "| please sort |",
    "{{ x | default('please sort') }}",
    "{% raw %}please sort{% endraw %}",
)


@pytest.mark.parametrize("fixed", FIXED)
def test_tables_of_wordings_leave_code_data_quotes_and_kept_parts_alone(fixed: str) -> None:
    text = f"Please sort it.\n{fixed}\n"
    assert rewritten(text, FILLERS) == f"Sort it.\n{fixed}\n"
    assert rewritten(text, PHRASES).endswith(f"\n{fixed}\n")


def test_examples_that_are_shown_stay_with_the_child() -> None:
    parent = Candidate(
        messages=shown(prompt(TASK), [Demonstration({"text": "Do not please"}, "x")]),
        demonstrations=("e1",),
    )
    context = Context(original=prompt(TASK), techniques=(CATALOG["answer_stub"],))
    child = OPERATORS["add"](context, [parent], Random(1))
    assert child is not None
    assert child.demonstrations == ("e1",)
    assert "Input: Do not please\nOutput: x" in text_of(child)
    assert without(child.messages) == run_messages("add")


def run_messages(operator: str) -> tuple[Message, ...]:
    child = run(operator, TASK, techniques=("answer_stub",))
    assert child is not None
    return child.messages


def test_too_few_parents_are_refused() -> None:
    with pytest.raises(ValueError, match="2 candidates"):
        run("merge", TASK, TASK)


def test_kept_messages_and_answers_of_assistants_are_never_reworded() -> None:
    messages = (
        Message("system", "{# keep #}Please sort.{# /keep #}"),
        Message("assistant", "Please do not."),
        Message("placeholder", "please"),
    )
    parent = Candidate(messages=messages)
    context = Context(original=messages, techniques=tuple(CATALOG.values()))
    for name in ("phrase", "shorten", "reorder", "take", "drop"):
        assert OPERATORS[name](context, [parent], Random(1)) is None
