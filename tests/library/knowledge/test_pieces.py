"""How a document is cut."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

from burnish.library.knowledge.document_text import DocumentText, clean
from burnish.library.knowledge.pieces import MOST_TOKENS, pieces
from burnish.storage.knowledge import Chunk

from .conftest import HANDBOOK

PARTS = st.sampled_from(
    [
        *"ab .\n#`|-=é漢한_1{,", "\n\n", "```\n", "~~~\n", "| a | b |\n", "# h\n", "## h2\n", "title\n===\n",
        "word " * 40, "sentence here. ", "漢字の文。", "x" * 700, "a b " * 300, "1,2\n" * 80,
    ]
)  # fmt: skip


def cut(text: str, *, structured: bool = True) -> list[Chunk]:
    return pieces(DocumentText(text=text, kind="markdown", structured=structured))


@settings(max_examples=120, deadline=None)
@given(st.lists(PARTS, max_size=150).map("".join), st.booleans())
def test_every_sign_is_in_a_piece_in_order_and_no_piece_is_too_long(
    text: str, structured: bool
) -> None:
    made = cut(text, structured=structured)
    assert made == cut(text, structured=structured)
    assert all(0 < piece.tokens <= MOST_TOKENS for piece in made)
    lines = text.split("\n")
    for piece in made:
        assert piece.first_line
        assert piece.last_line
        assert piece.body in "\n".join(lines[piece.first_line - 1 : piece.last_line])
    joined = iter("".join(piece.body for piece in made))
    assert all(sign in joined for sign in text if not sign.isspace())
    starts = [piece.first_line or 0 for piece in made]
    assert starts == sorted(starts)


@settings(max_examples=60, deadline=None)
@given(st.text(max_size=200), st.integers(1, 30))
def test_any_text_is_cut(text: str, times: int) -> None:
    whole = clean(text) * times
    joined = iter("".join(piece.body for piece in cut(whole)))
    assert all(sign in joined for sign in whole if not sign.isspace())


def test_a_piece_knows_its_headings_and_lines() -> None:
    made = cut(HANDBOOK)
    assert [(p.heading, p.first_line, p.last_line) for p in made] == [
        ("Handbook > Refunds", 1, 6),
        ("Handbook > Late parcels", 8, 11),
        ("Handbook > Opening hours", 13, 15),
    ]
    assert made[2].body == "## Opening hours\n\nMonday to Friday, 9 to 17."
    underlined = cut("Top\n===\n\ntext\n\nInner\n---\nmore\n\n# Next #\nend")
    assert [p.heading for p in underlined] == ["Top", "Top > Inner", "Next"]


def test_fences_and_tables_that_fit_are_not_torn() -> None:
    code = "```python\n" + "value = compute(value)\n" * 30 + "```"
    table = "| part | price |\n| --- | --- |\n" + "| wheel | 12 EUR |\n" * 30
    prose = "Some words about it all. " * 30
    text = f"# Parts\n\n{prose}\n\n{code}\n\n{prose}\n\n{table}\n{prose}"
    made = cut(text)
    assert len(made) > 2
    assert any(code in piece.body for piece in made)
    assert any(table.strip() in piece.body for piece in made)
    assert not any("# Fake" in p.heading for p in cut("```\n# Fake\n```\n\n# Real\n\ntext"))
    assert [p.heading for p in cut("```\n# Fake\n```\n\n# Real\n\ntext")] == ["", "Real"]


def test_a_section_that_is_cut_goes_on_with_its_last_sentence() -> None:
    text = " ".join(f"Sentence number {n} tells something new." for n in range(200))
    made = cut(text)
    assert len(made) > 3
    for before, after in pairwise(made):
        shared = next(
            n for n in range(len(after.body), 0, -1) if before.body.endswith(after.body[:n])
        )
        assert shared > 20
        assert after.body.startswith("Sentence number")


def test_pages_are_kept_and_no_piece_is_of_two() -> None:
    first, second = "alpha one\nalpha two", "beta"
    made = pieces(DocumentText(text=f"{first}\n\n{second}", kind="pdf", pages=(0, len(first) + 2)))
    assert [(p.page, p.body, p.first_line) for p in made] == [(1, first, None), (2, "beta", None)]
