"""Packs: made of one library, installed into another, brought up to date, taken away again."""

from __future__ import annotations

import asyncio
import hashlib
import sqlite3
import zipfile
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from tests.library.packing import CLOSE, MARKDOWN, REPLY, folder, maker, pack, zipped

import burnish
from burnish.errors import Conflict, NotFound, UsageError
from burnish.library.packs import PackReport


def outcomes(report: PackReport) -> dict[str, str]:
    return {each.name: each.outcome for each in report.prompts}


@pytest.fixture
def made(tmp_path: Path) -> Path:
    with maker(tmp_path) as ann:
        ann.packs.build("support-basics", tmp_path / "s.zip", prefix="support/", version="1.0")
    return tmp_path / "s.zip"


def remade(tmp_path: Path, version: str, **changes: str) -> Path:
    """A later version of the pack, with those texts changed."""
    target = tmp_path / "s.zip"
    with maker(tmp_path) as ann:
        for name, text in changes.items():
            ann.prompts.update(f"support/{name}", text)
        ann.packs.build("support-basics", target, prefix="support/", version=version, replace=True)
    return target


def test_what_one_library_packs_another_has_afterwards(
    p: burnish.Platform, made: Path, tmp_path: Path
) -> None:
    report = p.packs.install(made)
    assert outcomes(report) == {"support/close": "new", "support/reply": "new"}
    reply = p.prompts.get("support/reply")
    with maker(tmp_path) as ann:
        theirs = ann.prompts.get("support/reply")
        close = ann.prompts.get("support/close").version
    assert reply.version.content_hash == theirs.version.content_hash
    assert p.prompts.get("support/close").version.messages == close.messages
    assert (reply.prompt.tags, reply.prompt.description) == (("mail",), "An answer to a customer")
    assert reply.version.metadata["pack"] == {
        "name": "support-basics",
        "version": "1.0",
        "checksum": report.checksum,
    }
    assert reply.version.message == "Install the pack support-basics, version 1.0"
    assert reply.version.author == p.settings.author_name


def test_a_pack_tells_nothing_of_its_makers_library(tmp_path: Path) -> None:
    with maker(tmp_path) as ann:
        ann.prompts.update("support/reply", f"{REPLY}\nSign it.", author="secret ann")
        ann.prompts.set_label("support/reply", "production", 1)
        ann.packs.build("support-basics", tmp_path / "out", prefix="support/")
    text = (tmp_path / "out" / "prompts" / "support" / "reply.md").read_text()
    assert "Sign it." in text
    assert not any(word in text for word in ("ann", "production", "author", "created_at"))


def test_a_pack_stands_alone_whatever_its_prompts_include(
    p: burnish.Platform, tmp_path: Path
) -> None:
    with maker(tmp_path) as ann:
        ann.prompts.create("shared/tone", "Be brief to {{ who }}.")
        ann.prompts.create("mail/late", 'It is late. {% include "shared/tone@1" %}')
        ann.packs.build("mail", tmp_path / "m.zip", prefix="mail/")
    p.packs.install(tmp_path / "m.zip")
    assert "Be brief to Bo." in p.prompts.render("mail/late", {"who": "Bo"}).messages[0].content


def test_the_same_prompts_give_the_same_bytes(tmp_path: Path) -> None:
    with maker(tmp_path) as ann:
        first = ann.packs.build("s", tmp_path / "1.zip", prompts=["support/reply", "news/digest"])
        again = ann.packs.build("s", tmp_path / "2.zip", prompts=["news/digest", "support/reply"])
        ann.packs.build("s", tmp_path / "3", prompts=["news/digest", "support/reply"])
    assert (tmp_path / "1.zip").read_bytes() == (tmp_path / "2.zip").read_bytes()
    with zipfile.ZipFile(tmp_path / "1.zip") as archive:
        for name in archive.namelist():
            assert archive.read(name) == (tmp_path / "3" / name).read_bytes()
    assert first.checksum == again.checksum


def test_the_checksum_is_what_anybody_can_work_out(tmp_path: Path) -> None:
    with maker(tmp_path) as ann:
        built = ann.packs.build("s", tmp_path / "s", all=True)
    lines = sorted(
        f"{hashlib.sha256((tmp_path / 's' / name).read_bytes()).hexdigest()}  {name}\n"
        for name in built.files
    )
    assert built.checksum == hashlib.sha256("".join(lines).encode()).hexdigest()


def test_what_is_packed_has_to_be_said(tmp_path: Path) -> None:
    with maker(tmp_path) as ann:
        for given, says in (
            ({}, "is not said; use --all, --prompts PREFIX, --prompt NAME"),
            ({"all": True, "homepage": "javascript:alert(1)"}, "no http or https address"),
            ({"all": True, "title": "two\nlines"}, "line break"),
        ):
            options: dict[str, Any] = given
            with pytest.raises(UsageError, match=says):
                ann.packs.build("s", tmp_path / "s.zip", **options)
        with pytest.raises(UsageError, match="no name of a pack"):
            ann.packs.build("../s", tmp_path / "s.zip", all=True)
        with pytest.raises(NotFound):
            ann.packs.build("s", tmp_path / "s.zip", tags=["nothing"])
        with pytest.raises(NotFound):
            ann.packs.build("s", tmp_path / "s.zip", prompts=["support/replay"])
        assert not (tmp_path / "s.zip").exists()
        ann.packs.build("s", tmp_path / "s.zip", tags=["mail"])
        with pytest.raises(UsageError, match="exists already"):
            ann.packs.build("s", tmp_path / "s.zip", all=True)


def test_prompts_that_are_named_and_those_that_are_chosen_go_together(tmp_path: Path) -> None:
    with maker(tmp_path) as ann:
        named = ["news/digest", "support/reply"]
        ann.packs.build("s", tmp_path / "s", prompts=named, prefix="support/")
        files = (tmp_path / "s" / "prompts").rglob("*.md")
        assert sorted(path.stem for path in files) == ["close", "digest", "reply"]
        assert ann.packs.build("a", tmp_path / "a", prompts=named, all=True).prompts == 3


def test_a_key_in_a_prompt_is_told_before_it_is_shared(tmp_path: Path) -> None:
    with maker(tmp_path) as ann:
        ann.prompts.create("support/key", "Ask with the key sk-abcdefghijklmnop123456.")
        built = ann.packs.build("s", tmp_path / "s.zip", prefix="support/")
    assert built.notes == ("support/key looks as if it held a key or a password",)


def test_a_preview_shows_all_there_is_and_writes_nothing(p: burnish.Platform, made: Path) -> None:
    p.prompts.create("support/close", "My own closing.")
    found = p.packs.preview(made)
    assert (found.name, found.version, found.installed) == ("support-basics", "1.0", "")
    assert [(each.plan.name, each.plan.outcome) for each in found.prompts] == [
        ("support/close", "skipped"),
        ("support/reply", "new"),
    ]
    assert found.prompts[0].plan.why == "your prompt of that name differs"
    assert [v.name for v in found.prompts[1].variables] == ["name", "topic"]
    assert found.prompts[0].messages[1].content == CLOSE
    assert found.signature.state == "unsigned"
    assert p.prompts.list().total == 1
    assert p.packs.list() == ()
    assert p.packs.install(made, dry_run=True).checksum == found.checksum
    assert p.packs.list() == ()


def test_twice_is_once(p: burnish.Platform, made: Path) -> None:
    p.packs.install(made)
    before = (p.prompts.history("support/reply"), p.packs.show("support-basics"))
    report = p.packs.install(made)
    assert set(outcomes(report).values()) == {"unchanged"}
    assert (p.prompts.history("support/reply"), p.packs.show("support-basics")) == before


def test_a_checksum_that_differs_installs_nothing(p: burnish.Platform, made: Path) -> None:
    right = p.packs.preview(made).checksum
    with pytest.raises(Conflict, match=right):
        p.packs.install(made, sha256="0" * 64)
    with pytest.raises(UsageError, match="no SHA-256"):
        p.packs.install(made, sha256="abc")
    assert p.prompts.list().total == 0
    assert p.packs.install(made, sha256=f"SHA256:{right.upper()}").count("new") == 2


def test_your_own_prompt_of_that_name_is_yours(p: burnish.Platform, made: Path) -> None:
    p.prompts.create("support/reply", "Mine.", tags=["own"], description="own")
    assert outcomes(p.packs.install(made))["support/reply"] == "skipped"
    assert p.prompts.get("support/reply").version.text == "Mine."
    on_top = p.packs.install(made, conflict="new-revision")
    assert outcomes(on_top) == {"support/close": "unchanged", "support/reply": "revised"}
    held = p.prompts.get("support/reply")
    assert (held.version.text, held.version.revision, held.prompt.tags) == (REPLY, 2, ("own",))
    over = p.packs.install(made, conflict="overwrite")
    assert outcomes(over)["support/reply"] == "edited"
    held = p.prompts.get("support/reply")
    assert (held.prompt.tags, held.prompt.description) == (("mail",), "An answer to a customer")
    assert p.prompts.get("support/reply@1").version.text == "Mine."


def test_all_or_none(p: burnish.Platform, tmp_path: Path) -> None:
    """The first prompt is good, the second is one that the library refuses."""
    bad = "---\nname: b\nconfig:\n  temperature: hot\n---\n\nSay {{ it }}.\n"
    source = zipped(tmp_path / "s.zip", pack({"prompts/a.md": MARKDOWN, "prompts/b.md": bad}))
    with pytest.raises(UsageError, match=r"prompts/b\.md:\d+ .*temperature"):
        p.packs.install(source)
    assert p.prompts.list().total == 0
    assert p.packs.list() == ()


def test_a_folder_of_its_own(p: burnish.Platform, made: Path) -> None:
    with pytest.raises(UsageError):
        p.packs.install(made, prefix="a\nb")
    p.packs.install(made, prefix="/team/")
    assert p.prompts.get("team/support/reply").version.text == REPLY
    assert set(outcomes(p.packs.install(made)).values()) == {"unchanged"}
    with pytest.raises(Conflict, match="in the folder team"):
        p.packs.install(made, prefix="other")


def test_an_update_leaves_what_you_changed(p: burnish.Platform, made: Path, tmp_path: Path) -> None:
    p.packs.install(made)
    p.prompts.update("support/close", "My own closing.")
    remade(tmp_path, "1.1", reply=f"{REPLY} Be brief.", close=f"{CLOSE} Thank you.")
    planned = p.packs.update("support-basics", dry_run=True)
    assert (planned.was, planned.version, planned.dry_run) == ("1.0", "1.1", True)
    assert p.packs.show("support-basics").pack.version == "1.0"
    report = p.packs.update("support-basics")
    assert outcomes(report) == {"support/close": "skipped", "support/reply": "revised"}
    assert {each.why for each in report.prompts} == {"you changed it", ""}
    assert p.prompts.get("support/reply").version.text == f"{REPLY} Be brief."
    assert p.prompts.get("support/reply").version.metadata["pack"]["version"] == "1.1"
    assert p.prompts.get("support/close").version.text == "My own closing."
    shown = p.packs.show("support-basics")
    assert (shown.pack.version, shown.intact) == ("1.1", False)
    assert outcomes(p.packs.update("support-basics", conflict="new-revision")) == {
        "support/close": "revised",
        "support/reply": "unchanged",
    }
    assert p.packs.verify("support-basics").intact


def test_what_you_deleted_stays_deleted_in_an_update(
    p: burnish.Platform, made: Path, tmp_path: Path
) -> None:
    p.packs.install(made)
    p.prompts.delete("support/close")
    remade(tmp_path, "1.1", reply=f"{REPLY} Be brief.")
    report = p.packs.update("support-basics")
    assert [(each.name, each.why) for each in report.prompts if each.outcome == "skipped"] == [
        ("support/close", "you deleted it")
    ]
    assert p.prompts.list().total == 1
    assert [each.state for each in p.packs.show("support-basics").prompts] == ["deleted", "same"]
    assert outcomes(p.packs.install(made))["support/close"] == "new"


def test_what_the_pack_has_no_more_stays_and_goes_with_the_pack(
    p: burnish.Platform, made: Path, tmp_path: Path
) -> None:
    p.packs.install(made)
    with maker(tmp_path) as ann:
        ann.packs.build(
            "support-basics", made, prompts=["support/reply"], version="2", replace=True
        )
    report = p.packs.update("support-basics")
    assert report.left == ("support/close",)
    assert p.prompts.get("support/close").version.revision == 1
    assert [each.listed for each in p.packs.show("support-basics").prompts] == [False, True]
    assert p.packs.uninstall("support-basics").removed == ("support/close", "support/reply")


def test_an_update_is_of_the_same_pack(p: burnish.Platform, made: Path, tmp_path: Path) -> None:
    p.packs.install(made)
    other = zipped(tmp_path / "o.zip", pack(name="other"))
    with pytest.raises(Conflict, match="is the pack 'other'"):
        p.packs.update("support-basics", source=other)
    with pytest.raises(NotFound, match="did you mean 'support-basics'"):
        p.packs.update("support-basic")
    made.unlink()
    with pytest.raises(NotFound):
        p.packs.update("support-basics")


def test_verify_tells_what_is_not_as_the_pack_brought_it(p: burnish.Platform, made: Path) -> None:
    p.packs.install(made)
    assert p.packs.verify("support-basics").intact
    p.prompts.update("support/reply", "Mine.")
    p.prompts.delete("support/close")
    found = p.packs.verify("support-basics")
    assert [(each.name, each.state, each.latest) for each in found.prompts] == [
        ("support/close", "deleted", 1),
        ("support/reply", "changed", 2),
    ]
    assert not found.intact


def test_verify_reads_the_texts_and_not_what_was_noted_of_them(
    p: burnish.Platform, made: Path, tmp_path: Path
) -> None:
    p.packs.install(made)
    with closing(sqlite3.connect(tmp_path / "home" / "burnish.sqlite")) as database, database:
        changed = database.execute(
            "UPDATE prompt_versions SET messages = replace(messages, 'kindly', 'rudely')"
        )
        assert changed.rowcount
    states = {each.name: each.state for each in p.packs.verify("support-basics").prompts}
    assert states == {"support/close": "same", "support/reply": "changed"}


async def test_two_at_once_install_it_once(made: Path) -> None:
    async with burnish.open_async() as a, burnish.open_async() as b:
        await a.prompts.list()
        done = await asyncio.gather(
            a.packs.install(made), b.packs.install(made), return_exceptions=True
        )
        assert any(isinstance(each, PackReport) for each in done)
        assert all(isinstance(each, PackReport | Conflict) for each in done)
        assert (await a.packs.install(made)).count("unchanged") == 2
        assert len(await a.prompts.history("support/reply")) == 1
        assert (await b.packs.verify("support-basics")).intact


def test_uninstalling_takes_what_nobody_made_their_own(p: burnish.Platform, tmp_path: Path) -> None:
    names = ("changed", "labelled", "branched", "deleted", "untouched")
    files = {f"{n}.md": f"---\nname: s/{n}\n---\n\nSay {n}.\n" for n in (*names, "before")}
    p.prompts.create("s/before", "It was here.")
    p.packs.install(folder(tmp_path / "pack", pack({**files})), conflict="new-revision")
    p.prompts.update("s/changed", "Mine.")
    p.prompts.set_label("s/labelled", "staging", 1)
    p.prompts.branch("s/branched", "try")
    p.prompts.delete("s/deleted")
    planned = p.packs.uninstall("support-basics", dry_run=True)
    assert p.prompts.list().total == 5
    report = p.packs.uninstall("support-basics")
    assert (report.removed, report.gone) == (("s/untouched",), ("s/deleted",))
    assert (planned.removed, planned.kept) == (report.removed, report.kept)
    assert {each.name: each.why for each in report.kept} == {
        "s/before": "it was there before the pack",
        "s/branched": "it has a branch: try",
        "s/changed": "you changed it (revision 2, the pack's is 1)",
        "s/labelled": "it carries a label: staging",
    }
    assert p.packs.list() == ()
    with pytest.raises(NotFound):
        p.prompts.get("s/untouched")
    assert p.prompts.restore("s/untouched").name == "s/untouched"
    with pytest.raises(NotFound):
        p.packs.uninstall("support-basics")


def test_a_newer_version_may_be_installed_by_its_file_too(
    p: burnish.Platform, made: Path, tmp_path: Path
) -> None:
    p.packs.install(made)
    report = p.packs.install(remade(tmp_path, "1.1", reply=f"{REPLY} Be brief."))
    assert (report.was, outcomes(report)["support/reply"]) == ("1.0", "revised")
    assert report.notes == ()


def test_a_pack_of_that_name_from_elsewhere_is_told(
    p: burnish.Platform, made: Path, tmp_path: Path
) -> None:
    p.packs.install(made)
    other = folder(tmp_path / "other", pack(version='"2"'))
    told = f"the installed support-basics 1.0 came from {made}"
    assert p.packs.preview(other).notes == (told,)
    assert p.packs.install(other).notes == (told,)


def test_tests_variables_and_config_go_along(p: burnish.Platform, tmp_path: Path) -> None:
    text = (
        "---\nname: a\nconfig:\n  model: openai:gpt-5-mini\nexamples:\n  - inputs: {n: 3}\n"
        "    expected: three\nvariables:\n  n:\n    type: number\n    description: How many\n"
        "---\n\nSay {{ n }}.\n"
    )
    source = folder(tmp_path / "s", pack({"a.md": text, "README.md": "# Read me\n"}))
    found = p.packs.preview(source)
    assert (found.readme, found.prompts[0].model, found.prompts[0].tests) == (
        "# Read me\n",
        "openai:gpt-5-mini",
        1,
    )
    p.packs.install(source)
    p.packs.build("b", tmp_path / "b.zip", all=True)
    with burnish.open(str(tmp_path / "third")) as third:
        third.packs.install(tmp_path / "b.zip")
        version = third.prompts.get("a").version
    assert version.config == {"model": "openai:gpt-5-mini"}
    assert (version.variables[0].type, version.variables[0].description) == ("number", "How many")
    assert version.metadata["tests"][0]["expected"] == "three"


def test_labels_and_other_files_of_a_pack_are_left_out_and_told(
    p: burnish.Platform, tmp_path: Path
) -> None:
    text = MARKDOWN.replace("name:", "labels: [production]\nname:")
    source = zipped(tmp_path / "s.zip", pack({"a.md": text}) | {"b.md": MARKDOWN, "x.png": "x"})
    report = p.packs.install(source)
    assert report.notes == (
        "not in the manifest, so left alone: b.md",
        "support/reply: labels of a pack are left out, they are yours to set",
    )
    assert [label.name for label in p.prompts.labels("support/reply")] == ["latest"]


def test_ready_prompts_can_be_packed(p: burnish.Platform, tmp_path: Path) -> None:
    p.starter.install(category="code")
    built = p.packs.build("code", tmp_path / "code.zip", prefix="code/")
    with burnish.open(str(tmp_path / "other")) as other:
        report = other.packs.install(tmp_path / "code.zip")
        assert report.count("new") == built.prompts > 5
        for each in report.prompts:
            said = p.prompts.get(each.name).version.content_hash
            assert other.prompts.get(each.name).version.content_hash == said
