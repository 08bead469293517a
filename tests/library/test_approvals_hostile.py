"""One person who tries to pass for two, and names that mean two things."""

from __future__ import annotations

from collections.abc import Generator
from pathlib import Path

import pytest

import burnish
from burnish.errors import NotPermitted, UsageError


@pytest.fixture
def p(tmp_path: Path) -> Generator[burnish.Platform]:
    with burnish.open(str(tmp_path), library__protected_labels=("prod*",)) as opened:
        opened.prompts.create("note", "A")
        yield opened


@pytest.mark.parametrize(
    ("asked", "by"),
    [
        ("ann", "ANN "),
        ("ann", "a\u200bnn"),
        ("ren\u00e9", "rene\u0301"),
        ("ann", "\uff21\uff4e\uff4e"),
        ("Ann  Lee", "Ann\u00a0Lee"),
        ("Ann <ann@example.com>", "ann"),
        ("Ann <ann@example.com>", "Ann@Example.com"),
        ("ann@example.com", "A. Lee <ann@example.com>"),
    ],
)
def test_another_spelling_is_no_other_person(p: burnish.Platform, asked: str, by: str) -> None:
    request = p.prompts.ask_label("note", "production", 1, by=asked)
    with pytest.raises(NotPermitted, match="somebody else has to approve"):
        p.prompts.approve(request.id, by=by)
    assert [label.name for label in p.prompts.labels("note")] == ["latest"]
    p.prompts.approve(request.id, by="Bob <bob@example.com>")
    assert p.prompts.get("note@production").version.text == "A"


@pytest.mark.parametrize("by", ["  ", "\u200b", "<>"])
def test_who_cannot_be_seen_decides_nothing(p: burnish.Platform, by: str) -> None:
    with pytest.raises(UsageError, match="who asks"):
        p.prompts.ask_label("note", "production", 1, by=by)
    request = p.prompts.ask_label("note", "production", 1, by="ann")
    with pytest.raises(UsageError, match="an approval needs"):
        p.prompts.approve(request.id, by=by)
    with pytest.raises(UsageError, match="a refusal needs"):
        p.prompts.refuse(request.id, by=by)
    assert p.prompts.label_requests("note") == (request,)


def test_no_branch_is_called_like_the_label_that_always_moves(p: burnish.Platform) -> None:
    with pytest.raises(UsageError, match="always means a label"):
        p.prompts.branch("note", "latest")
