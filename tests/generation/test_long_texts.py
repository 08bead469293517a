"""Texts that are long and strange end in a prompt or a clear refusal, and soon: a reader that
takes time with the square of the length would run into the suite's time limit here."""

from __future__ import annotations

import contextlib

import pytest

import burnish

SIZE = 100_000
PIECES = (
    " ", "\n", "\r\n", "  \n", "{{", "{%", "{#", "}", "```", "```a\n", "````a\n```\n", '"', "«", "“a",
    "a, ", "1 ", "12 ", "1.5 ", "請", "- x\n", "http://", "{{ x", '{{ "', "(", "AError ", "for my ",
    "classify as a or ", "labels: a, ", "translate this ", "this: ", "x:\n", "on it ", "mysql ", "i ",
    "40 words each ", "about us ", "can you ", "A.", "„",
)  # fmt: skip


@pytest.mark.spec("GEN-22")
@pytest.mark.parametrize("piece", PIECES)
@pytest.mark.parametrize(
    "ends",
    [
        ("", ""),
        ("summarise this for my boss: ", " in 5 bullets"),
        ("classify these tickets as ", " or b"),
        ("TypeError", " in my app"),
    ],
)
def test_any_hundred_kilobytes(p: burnish.Platform, piece: str, ends: tuple[str, str]) -> None:
    text = f"{ends[0]}{piece * (SIZE // len(piece))}{ends[1]}"
    calls = (
        lambda: p.analyze(text),
        lambda: p.enhance(text),
        lambda: p.generate(text, store=False),
        lambda: p.prompts.create("long", text),
    )
    for call in calls:
        with contextlib.suppress(burnish.BurnishError):
            call()


@pytest.mark.spec("GEN-22")
def test_many_different_numbers_are_kept(p: burnish.Platform) -> None:
    numbers = " ".join(f"{n}.5" for n in range(10_000, 25_000))
    assert numbers in p.enhance(f"Add these up: {numbers}").best.text
