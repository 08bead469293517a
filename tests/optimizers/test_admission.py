from __future__ import annotations

import pytest

from burnish.optimizers.admission import Rules
from burnish.optimizers.candidate import Candidate
from burnish.optimizers.demonstrations import Demonstration, shown
from burnish.optimizers.shingles import Shingles
from burnish.prompts.prompt import Message
from burnish.storage.example import Example

ORIGINAL = (
    Message(
        "system",
        "You sort mail for {{ team }}.\n\n{# keep #}Never reply.{# /keep #}\n\n{% if x %}Be kind.{% endif %}",
    ),
    Message(
        "user",
        "See https://example.org/a for 3 labels:\n\n```\nA|B\n```\n\nMail: {{ text | trim }}",
    ),
)


def rejected(system: str = "", user: str = "", rules: Rules | None = None) -> str:
    messages = (
        Message("system", system or ORIGINAL[0].content),
        Message("user", user or ORIGINAL[1].content),
    )
    return (rules or Rules(original=ORIGINAL)).rejects(Candidate(messages=messages))


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        (" for {{ team }}", "", "loses the variable 'team'"),
        ("Never reply.", "Never answer.", "changes a part that is kept"),
        ("{# /keep #}", "", "changes a part that is kept"),
        (
            "Be kind.{% endif %}",
            "{% endif %}{% if x %}Be kind.{% endif %}",
            "changes the template's logic",
        ),
        ("{% if x %}Be kind.{% endif %}", "Be kind.", "changes the template's logic"),
        ("You", "{{ who }}", "adds the variable 'who'"),
        ("You", "{{ team | upper }}", "adds the variable 'team | upper'"),
        ("You", "{# hidden #}You", "adds a comment of the template"),
        ("You", "{% for a in b %}", "cannot be rendered: "),
        ("You", "{{ ", "cannot be rendered: "),
        ("You", "{# examples #}", "changes a part that is kept"),
        ("\n\n{# keep", "{# keep", "has fewer line breaks: 4 before, 2 after"),
    ],
)
def test_a_system_message_keeps_its_parts(old: str, new: str, says: str) -> None:
    assert rejected(system=ORIGINAL[0].content.replace(old, new)).startswith(says)


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("{{ text | trim }}", "{{ text }}", "loses the variable 'text | trim'"),
        (
            "{{ text | trim }}",
            "{% raw %}{{ text | trim }}{% endraw %}",
            "loses the variable 'text | trim'",
        ),
        (
            "https://example.org/a",
            "https://example.org/b",
            "loses the address 'https://example.org/a'",
        ),
        ("3 labels", "three labels", "loses the number '3'"),
        ("A|B", "A|C", "loses the code"),
    ],
)
def test_a_user_message_keeps_its_parts(old: str, new: str, says: str) -> None:
    assert rejected(user=ORIGINAL[1].content.replace(old, new)).startswith(says)


@pytest.mark.parametrize(
    ("new", "says"),
    [
        ("Sort it. <mail>{{ text }}", "loses </mail>, one half of a pair of marks"),
        ("Sort it. {{ text }}</mail>", "loses <mail>, one half of a pair of marks"),
        # Naming one once more loses nothing, and none is no half.
        ("Sort what is in <mail>. <mail>{{ text }}</mail>", ""),
        ("Sort this: {{ text }}", ""),
        ('Sort it. <mail kind="new">{{ text }}</mail>', ""),
        ("Sort it. <br/><mail>{{ text }}</mail>", ""),
    ],
)
def test_marks_around_an_input_come_as_a_pair(new: str, says: str) -> None:
    rules = Rules(original=(Message("user", "Sort it.<br>\n<mail>{{ text }}</mail>"),))
    new = new.replace(". ", ".\n", 1).replace(": ", ":\n", 1)
    assert rules.rejects(Candidate(messages=(Message("user", new),))) == says


def test_other_words_are_admitted() -> None:
    system = ORIGINAL[0].content.replace("You sort mail", "Sort the mail that came")
    assert rejected(system=system, user=f"Think first.\n\n{ORIGINAL[1].content}") == ""


def test_a_variable_may_be_read_again_and_nothing_of_it_changed() -> None:
    assert rejected(user=f"{ORIGINAL[1].content}\n\nAgain: {{{{ text|trim }}}}") == ""


def test_messages_stay_as_many_with_the_same_roles() -> None:
    rules = Rules(original=ORIGINAL)
    assert rules.rejects(Candidate(messages=ORIGINAL[:1])) == "has other messages: system"
    assert rules.rejects(Candidate(messages=ORIGINAL[::-1])) == "has other messages: user, system"


def test_an_empty_message_and_a_copy_of_the_parent_are_turned_down() -> None:
    plain = (Message("user", "Tell a joke."),)
    parent = Candidate(messages=plain)
    rules = Rules(original=plain)
    assert rules.rejects(Candidate(messages=(Message("user", " "),))) == "is empty"
    assert (
        rules.rejects(Candidate(messages=plain, parents=(parent.id,)))
        == "is the same as its parent"
    )


def test_a_candidate_that_grew_too_long_is_turned_down_and_short_originals_may_grow() -> None:
    short, long = (Message("user", "Tell a joke."),), (Message("user", "Tell a joke. " * 100),)
    told = Candidate(messages=(Message("user", "Tell a joke. " * 45),))
    assert Rules(original=short).rejects(told) == ""
    more = Candidate(messages=(Message("user", "Tell a joke. " * 230),))
    assert Rules(original=long).rejects(more) == "is 2.3 times as long as the original"
    assert Rules(original=long, longest=2.5).rejects(more) == ""


INPUT = "My parcel with the green lamp was left at the wrong door on Friday evening."
EXPECTED = "We are sorry that the courier chose the wrong door."
EXAMPLES = [Example(id="1", inputs={"text": INPUT, "more": [{"note": 1}]}, expected=EXPECTED)]


@pytest.mark.parametrize(
    ("added", "copied"),
    [
        (
            "Such as: the green lamp was left AT the wrong door!",
            "the green lamp was left AT the wrong door",
        ),
        ("Say that the courier chose the wrong door", "that the courier chose the wrong door"),
        ("The green lamp was left at the door on Friday.", ""),
        ("We are sorry that you waited.", ""),
    ],
)
def test_runs_of_words_of_examples_are_copies(added: str, copied: str) -> None:
    original = (Message("user", "Answer: {{ text }}"),)
    rules = Rules(original=original, forbidden=Shingles(EXAMPLES))
    found = rules.rejects(Candidate(messages=(Message("user", f"{added}\n{original[0].content}"),)))
    assert found == (f'copies an example: "{copied}"' if copied else "")


def test_what_the_original_says_itself_is_no_copy_nor_is_what_is_shown() -> None:
    original = (Message("user", f"Beware of mails like: {INPUT}\n\n{{{{ text }}}}"),)
    rules = Rules(original=original, forbidden=Shingles(EXAMPLES))
    again = (Message("user", f"Be careful.\n{original[0].content}"),)
    assert rules.rejects(Candidate(messages=again)) == ""
    demonstrated = shown(again, [Demonstration({"text": INPUT}, EXPECTED)])
    assert rules.rejects(Candidate(messages=demonstrated)) == ""


def test_short_expected_answers_are_labels_that_a_prompt_may_name() -> None:
    forbidden = Shingles(
        [Example(id="1", inputs={"t": "x"}, expected="refund because of late delivery")]
    )
    assert forbidden.copied("Labels: refund because of late delivery") == ""


def test_scripts_without_spaces_are_compared_by_sixteen_characters() -> None:
    text = "我的包裹在星期五晚上被放在了错误的门口真的很糟糕"
    forbidden = Shingles([Example(id="1", inputs={"t": text})])
    assert forbidden.copied(f"比如{text[:16]}") == text[:16]
    assert forbidden.copied(f"比如{text[:15]}") == ""


def test_many_examples_take_bounded_memory_and_long_copies_are_still_found() -> None:
    examples = [
        Example(id=str(n), inputs={"t": " ".join(f"w{n}x{k}" for k in range(100))})
        for n in range(200)
    ]
    forbidden = Shingles(examples, most=4_000)
    found = [n for n in range(200) if forbidden.copied(examples[n].inputs["t"])]
    assert len(found) == 200
