"""Packs whose prompts include others: their own, and nobody else's."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.library.packing import folder, maker, pack

import burnish
from burnish.errors import UsageError


def made(tmp_path: Path, version: str = '"1.0"', **texts: str) -> Path:
    files = {f"{n}.md": f"---\nname: s/{n}\n---\n\n{text}\n" for n, text in texts.items()}
    return folder(tmp_path / "pack", pack({**files}, version=version))


def test_the_prompts_of_a_pack_include_one_another(p: burnish.Platform, tmp_path: Path) -> None:
    source = made(
        tmp_path, reply='Answer. {% include "s/tone@latest" %}', tone='{% include "s/word@1" %}',
        word="Be kind.",
    )  # fmt: skip
    assert p.packs.preview(source).refused == ()
    assert p.packs.install(source).count("new") == 3
    assert p.prompts.render("s/reply", {}).messages[0].content == "Answer. Be kind."
    later = made(tmp_path, '"1.1"', reply='Reply. {% include "s/tone@latest" %}', tone="Be brief.")
    assert p.packs.update("support-basics", source=later).count("revised") == 2
    assert p.prompts.render("s/reply", {}).messages[0].content == "Reply. Be brief."


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ('{% include "mine/secret@1" %}', "s/reply includes 'mine/secret@1', a prompt of yours"),
        ('{% include "mine/secret@latest" %}', "a prompt of yours that is not in the pack"),
        ('{% include "s/nowhere@1" %}', "'s/nowhere@1', which is not in the pack"),
        ('{% include "s/tone@2" %}', "is revision 1 and has no label"),
        ('{% include "s/tone@production" %}', "is revision 1 and has no label"),
        ('{% include "s/tone@1#system" %}', "no system message"),
        ('{% include "s/reply@1" %}', "circle"),
    ],
)
def test_what_a_pack_does_not_bring_is_not_included(
    p: burnish.Platform, tmp_path: Path, text: str, says: str
) -> None:
    p.prompts.create("mine/secret", "The door opens with 4711.")
    source = made(tmp_path, reply=text, tone="Be kind.")
    (reason,) = p.packs.preview(source).refused
    assert says in reason
    for dry_run in (True, False):
        with pytest.raises(UsageError, match=says) as raised:
            p.packs.install(source, dry_run=dry_run)
        assert "nothing was installed" in raised.value.hint
    assert [each.name for each in p.prompts.list().items] == ["mine/secret"]
    assert p.packs.list() == ()


@pytest.mark.parametrize(
    ("asked", "conflict", "fits"),
    [
        ("s/tone@1", "skip", False),
        ("s/tone@latest", "skip", False),
        ("s/tone@1", "new-revision", False),
        ("s/tone@production", "new-revision", False),
        ("s/tone@2", "new-revision", True),
        ("s/tone@latest", "new-revision", True),
    ],
)
def test_your_own_text_under_a_name_of_the_packs_is_not_taken_in(
    p: burnish.Platform, tmp_path: Path, asked: str, conflict: str, fits: bool
) -> None:
    p.prompts.create("s/tone", "The door opens with 4711.")
    p.prompts.set_label("s/tone", "production", 1)
    source = made(tmp_path, reply=f'Say: {{% include "{asked}" %}}', tone="Be kind.")
    how = "new-revision" if conflict == "new-revision" else "skip"
    if fits:
        p.packs.install(source, conflict=how)
        assert p.prompts.render("s/reply", {}).messages[0].content == "Say: Be kind."
    else:
        with pytest.raises(UsageError, match="a text of your own"):
            p.packs.install(source, conflict=how)
        assert p.prompts.list().total == 1


def test_an_update_may_include_what_you_changed_of_the_pack(
    p: burnish.Platform, tmp_path: Path
) -> None:
    p.packs.install(made(tmp_path, tone="Be kind."))
    p.prompts.update("s/tone", "Be very kind.")
    later = made(tmp_path, '"1.1"', tone="Be brief.", reply='{% include "s/tone@latest" %}')
    assert p.packs.update("support-basics", source=later).count("skipped") == 1
    assert p.prompts.render("s/reply", {}).messages[0].content == "Be very kind."


def test_a_prefix_would_change_what_is_included(p: burnish.Platform, tmp_path: Path) -> None:
    source = made(tmp_path, reply='{% include "s/tone@1" %}', tone="Be kind.")
    with pytest.raises(UsageError, match="install it without one"):
        p.packs.install(source, prefix="team")
    assert p.packs.install(source).count("new") == 2


def test_what_a_pack_takes_along_is_told_to_its_maker(tmp_path: Path) -> None:
    with maker(tmp_path) as ann:
        ann.prompts.create("private/word", "The word is plum.")
        ann.prompts.create("shared/tone", 'Be brief. {% include "private/word@1" %}')
        ann.prompts.set_label("shared/tone", "production", 1)
        ann.prompts.create("mail/late", 'It is late. {% include "shared/tone@production" %}')
        built = ann.packs.build("mail", tmp_path / "m", prefix="mail/")
        (note,) = built.notes
        told = "shared/tone@1 (as shared/tone@production), private/word@1"
        assert note == f"mail/late has texts in it that it includes: {told}"
        assert "plum" in (tmp_path / "m" / "prompts" / "mail" / "late.md").read_text()
        assert ann.packs.build("news", tmp_path / "n", prefix="news/").notes == ()
