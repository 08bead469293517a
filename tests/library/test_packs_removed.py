"""Packs taken away while others rest on what they brought."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

import pytest
from tests.library.packing import folder, pack

import burnish
from burnish.storage.packs import Pack, PackPrompt
from burnish.storage.sql.packs import SqlPacks


def installed(p: burnish.Platform, tmp_path: Path, **texts: str) -> None:
    files = {f"{n}.md": f"---\nname: s/{n}\n---\n\n{text}\n" for n, text in texts.items()}
    p.packs.install(folder(tmp_path / "pack", pack({**files})))


def test_what_your_own_prompt_includes_stays(p: burnish.Platform, tmp_path: Path) -> None:
    installed(p, tmp_path, tone="Be kind.", rules="Be brief.")
    p.prompts.create("mail/late", 'It is late. {% include "s/tone@1" %}')
    planned = p.packs.uninstall("support-basics", dry_run=True)
    report = p.packs.uninstall("support-basics")
    assert (report.removed, planned.removed) == (("s/rules",), ("s/rules",))
    assert [(each.name, each.why) for each in report.kept] == [
        ("s/tone", "it is included by mail/late")
    ]
    assert p.prompts.render("mail/late", {}).messages[0].content == "It is late. Be kind."


def test_prompts_of_one_pack_do_not_hold_each_other(p: burnish.Platform, tmp_path: Path) -> None:
    installed(p, tmp_path, tone="Be kind.", reply='Answer. {% include "s/tone@1" %}')
    assert p.packs.uninstall("support-basics", dry_run=True).kept == ()
    assert p.packs.uninstall("support-basics").removed == ("s/reply", "s/tone")


def test_what_a_kept_prompt_includes_stays_with_it(p: burnish.Platform, tmp_path: Path) -> None:
    middle = 'Be plain. {% include "s/inner@1" %}'
    installed(p, tmp_path, inner="Be kind.", middle=middle, outer='{% include "s/middle@1" %}')
    p.prompts.set_label("s/outer", "production", 1)
    report = p.packs.uninstall("support-basics")
    assert {each.name: each.why for each in report.kept} == {
        "s/inner": "it is included by s/middle",
        "s/middle": "it is included by s/outer",
        "s/outer": "it carries a label: production",
    }
    assert p.prompts.render("s/outer", {}).messages[0].content == "Be plain. Be kind."


def test_what_is_made_ones_own_at_the_last_moment_stays_and_is_told(
    p: burnish.Platform, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Between the look and the deletion."""
    installed(p, tmp_path, tone="Be kind.", rules="Be brief.", gone="Go.", free="Say it.")
    remove = SqlPacks.remove

    async def late(
        self: SqlPacks, pack: Pack, untouched: Sequence[PackPrompt], at: datetime
    ) -> list[PackPrompt]:
        with burnish.open() as other:
            other.prompts.set_label("s/tone", "production", 1)
            other.prompts.update("s/rules", "Be very brief.")
            other.prompts.delete("s/gone")
        return await remove(self, pack, untouched, at)

    monkeypatch.setattr(SqlPacks, "remove", late)
    report = p.packs.uninstall("support-basics")
    assert (report.removed, report.gone) == (("s/free",), ("s/gone",))
    assert {each.name: each.why for each in report.kept} == {
        "s/rules": "you changed it (revision 2, the pack's is 1)",
        "s/tone": "it carries a label: production",
    }
    assert p.packs.list() == ()


def test_the_text_is_not_kept_for_times_without_the_store(
    p: burnish.Platform, tmp_path: Path
) -> None:
    installed(p, tmp_path, tone="Be kind to everybody.")
    p.prompts.get("s/tone")
    p.close()
    kept = tmp_path / "home" / "last-known"
    assert any("kind to everybody" in path.read_text() for path in kept.glob("*.json"))
    with burnish.open() as again:
        again.packs.uninstall("support-basics")
    assert not any("kind to everybody" in path.read_text() for path in kept.glob("*.json"))
