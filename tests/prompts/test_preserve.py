"""Law 2: what survives is decided in one place, and by parts that people can name."""

import string

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from burnish.errors import StructureLost
from burnish.prompts import preserve
from burnish.prompts.fences import fences
from burnish.prompts.preserve import LossKind, lost

word = st.text(alphabet=string.ascii_lowercase, min_size=2, max_size=8)
prose = st.lists(word, min_size=1, max_size=8).map(" ".join)
non_latin = st.sampled_from(
    [
        "Объясни это",
        "请解释一下",
        "اشرح هذا النص",
        "説明してください",
        "설명해 주세요",
        "הסבר את זה",
        "इसे समझाओ",
    ]
)
fence_body = st.lists(
    st.sampled_from(["def f(x):", "    return {x: [1]}", "# {{ no }}", "", "{% raw %}"]),
    min_size=1,
    max_size=4,
).map("\n".join)
fence = st.tuples(st.sampled_from(["", "python", "json"]), fence_body).map(
    lambda made: f"```{made[0]}\n{made[1]}\n```"
)
json_block = st.sampled_from(
    ['{"name": null, "tags": ["a", "b"]}', '[{"id": 1}, {"id": 2}]', '{"a": {"b": {"c": "}"}}}']
)
table = st.sampled_from(["| a | b |\n|---|---|\n| 1 | 2 |", "| Name | Alter |\n|---|---|"])
url = st.sampled_from(["https://example.org/a?b=1&c=2", "http://x.org/päth#top"])
number = st.sampled_from(["3", "1,250.50", "12:30", "2026-11-21", "45%", "-7", "3.14"])
variable = word.map(lambda name: f"{{{{ {name} }}}}")
single = word.map(lambda name: f"{{{name}}}")
nested = st.sampled_from(["{ { x } }", "{{{ deep }}}", "a {b {c} d} e", "}} {{", "{#", "%}"])
part = st.one_of(prose, non_latin, fence, json_block, table, url, number, variable, single, nested)
breaks = st.sampled_from(["\n", "\n\n", "\r\n", " "])
prompts = st.lists(st.tuples(part, breaks), min_size=1, max_size=8).map(
    lambda pieces: "".join(piece + gap for piece, gap in pieces)
)

A_PROMPT = (
    "Sort {{ items }} by {key}:\n```py\nprint(1)\n```\n"
    '{"a": [1, 2]}\n| a | b |\n|---|---|\nSee https://x.org/y?q=1 and take 3 of 12.5'
)


@given(prompts)
def test_a_text_loses_nothing_to_itself_or_to_an_addition(text: str) -> None:
    assert lost(text, text) == ()
    assert preserve.added_around(text, f"before\n{text}\nafter")


@pytest.mark.parametrize(
    ("damaged", "kind"),
    [
        (A_PROMPT.replace("{{ items }}", "the items"), "variable"),
        (A_PROMPT.replace("{key}", "key"), "variable"),
        (A_PROMPT.replace("print(1)", "print(2)"), "code"),
        (A_PROMPT.replace("[1, 2]", "[1]"), "json"),
        (A_PROMPT.replace("| a | b |", "a, b"), "table"),
        (A_PROMPT.replace("?q=1", ""), "url"),
        (A_PROMPT.replace("12.5", "12"), "number"),
        (A_PROMPT.replace("take 3", "take some"), "number"),
        (" ".join(A_PROMPT.split()), "line breaks"),
    ],
)
def test_each_kind_of_loss_is_named(damaged: str, kind: LossKind) -> None:
    assert kind in {loss.kind for loss in lost(A_PROMPT, damaged)}


def test_rewording_and_reordering_lose_nothing() -> None:
    moved = "Please look at https://x.org/y?q=1.\n" + A_PROMPT.replace(
        "See https://x.org/y?q=1 and take 3 of 12.5", "Of 12.5, use 3."
    )
    assert lost(A_PROMPT, moved) == ()


def test_a_rewrite_that_loses_is_refused_with_what_it_lost() -> None:
    with pytest.raises(StructureLost, match="variable 'items'"):
        preserve.require_kept(A_PROMPT, A_PROMPT.replace("{{ items }}", "them"))
    preserve.require_kept(A_PROMPT, f"{A_PROMPT}\nAnd more.")


@given(st.text(alphabet=st.sampled_from('{}[]"\\|`%#\n a1'), max_size=400))
@settings(max_examples=300)
def test_any_heap_of_brackets_is_read(text: str) -> None:
    assert lost(text, text) == ()


@pytest.mark.parametrize(
    ("text", "blocks"),
    [
        ("a\n```py\nx = 1\n```\nb", ["```py\nx = 1\n```"]),
        ("```\na\n", []),
        ("````\n```\nx\n```\n````\n", ["````\n```\nx\n```\n````"]),
        ("~~~\nx\n```\n~~~~ \n```\ny\n```", ["~~~\nx\n```\n~~~~ ", "```\ny\n```"]),
        ("  ```\nx\n```\n  ```\n", ["  ```\nx\n```\n  ```"]),
        ("```\r\nx\r\n```\r\ny", ["```\r\nx\r\n```\r"]),
        ("```a\n```b\nx\n```\n", ["```a\n```b\nx\n```"]),
    ],
)
def test_fenced_blocks(text: str, blocks: list[str]) -> None:
    assert [text[start:end] for start, end in fences(text)] == blocks
