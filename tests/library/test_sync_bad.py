"""Folders and repositories that hold what they should not."""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path

import pytest
from tests.library.test_sync import LATE, Place, git, told

from burnish.errors import Conflict, MissingExtra, NotFound, StoreError, UsageError

pytestmark = pytest.mark.skipif(not shutil.which("git"), reason="drives an ordinary git client")


async def test_unrelated_files_are_left_alone(tmp_path: Path) -> None:
    async with Place.open(tmp_path) as a:
        a.folder.mkdir()
        git(a.folder, "init", "-q")
        others = {
            "README.md": "# A project\n",
            "docs/guide.md": "Text --- and more.\n",
            "src/app.py": "print()\n",
            ".github/prompt.md": "---\nname: x\n---\nHidden.\n",
            "image.md.png": "---\n",
        }
        for path, text in others.items():
            (a.folder / path).parent.mkdir(exist_ok=True)
            (a.folder / path).write_text(text)
        a.commit("Project")
        await a.library.create("mail/late", LATE)
        report = await a.sync()
        assert told(report) == [("mail/late", "exported")]
        assert report.ignored == ("README.md", "docs/guide.md")
        assert {path: (a.folder / path).read_text() for path in others} == others
        changed = git(a.folder, "show", "--name-only", "--format=", "HEAD")
        assert changed == "mail/late.md"


@pytest.mark.parametrize(
    ("text", "line", "says"),
    [
        ("---\ntags: [a\n---\nText\n", 3, "front matter"),
        ("---\nvariables:\n  x:\n    type: colour\n---\nText\n", 0, "colour"),
        ("---\n---\nText {{ x\n", 3, ""),
        ("---\n---\n", 0, "no text"),
        ("---\nnever closed\n", 1, "closed"),
        ("---\n---\nText \x00\n", 3, "NUL"),
    ],
)
async def test_a_file_that_cannot_be_read_is_named_and_stops_nothing(
    tmp_path: Path, text: str, line: int, says: str
) -> None:
    async with Place.open(tmp_path) as a:
        await a.library.create("known", LATE)
        await a.sync()
        (a.folder / "known.md").write_text(text)
        (a.folder / "fresh.md").write_text(text)
        (a.folder / "good.md").write_text("---\n---\nGood.\n")
        a.commit("Mixed")
        for _ in range(2):
            report = await a.sync()
            bad = [each for each in report.prompts if each.outcome == "bad"]
            assert [each.name for each in bad] == ["fresh", "known"]
            assert all(says in each.problem for each in bad)
            assert not line or {each.line for each in bad} == {line}
            assert await a.text("known") == LATE
        assert await a.text("good") == "Good."
        (a.folder / "known.md").write_text(f"---\n---\n{LATE.replace('kind', 'brief')}")
        a.commit("Mended")
        report = await a.sync()
        assert ("known", "imported") in told(report)
        assert await a.text("known") == LATE.replace("kind", "brief").removesuffix("\n")


async def test_other_bytes_than_text(tmp_path: Path) -> None:
    async with Place.open(tmp_path) as a:
        a.folder.mkdir()
        git(a.folder, "init", "-q")
        (a.folder / "latin.md").write_bytes(b"---\n---\nsch\xf6n\n")
        (a.folder / "huge.md").write_bytes(b"---\n---\n" + b"x" * 50_000_000)
        (a.folder / os.fsdecode(b"f\xfcr.md")).write_bytes(b"---\n---\nx\n")
        a.commit("Bytes")
        report = await a.sync()
        assert [(each.name, each.problem) for each in report.prompts] == [
            ("huge", "has more than 1 MiB"),
            ("latin", "is not UTF-8 text"),
        ]
        assert len(report.notes) == 1


async def test_links_are_never_followed(tmp_path: Path) -> None:
    async with Place.open(tmp_path) as a:
        await a.library.create("mail/late", LATE)
        await a.library.create("note", LATE)
        await a.sync()
        outside = tmp_path / "outside"
        outside.mkdir()
        (outside / "late.md").write_text("---\n---\nSecret.\n")
        (a.folder / "note.md").unlink()
        (a.folder / "note.md").symlink_to(outside / "late.md")
        (a.folder / "link.md").symlink_to(outside / "late.md")
        shutil.rmtree(a.folder / "mail")
        (a.folder / "mail").symlink_to(outside)
        await a.library.update("mail/late", LATE.replace("kind", "brief"))
        report = await a.sync()
        assert told(report) == [("mail/late", "bad"), ("note", "bad")]
        assert (outside / "late.md").read_text() == "---\n---\nSecret.\n"
        assert await a.text("note") == LATE
        git(a.folder, "rm", "-q", "--cached", "mail/late.md")
        a.commit("Links")
        report = await a.sync()
        assert all("link" in each.problem for each in report.prompts if each.name != "mail/late")
        assert (outside / "late.md").read_text() == "---\n---\nSecret.\n"
        assert not any("Secret" in text for _, _, text in await a.texts("note"))


async def test_a_tree_that_leads_out_of_the_folder(tmp_path: Path) -> None:
    from dulwich.objects import Blob, Commit, Tree
    from dulwich.refs import Ref
    from dulwich.repo import Repo

    async with Place.open(tmp_path) as a:
        a.folder.mkdir()
        with Repo.init(str(a.folder), default_branch=b"master") as repo:
            blob = Blob.from_string(b"---\n---\nOut.\n")
            inner, root = Tree(), Tree()
            inner.add(b"evil.md", 0o100644, blob.id)
            for name in (b"..", b".git", b"a\\b"):
                root.add(name, 0o040000, inner.id)
            root.add(b"good.md", 0o100644, blob.id)
            commit = Commit()
            commit.tree, commit.message = root.id, b"Evil"
            commit.author = commit.committer = b"Eve <eve@example.com>"
            commit.author_time = commit.commit_time = 1_700_000_000
            commit.author_timezone = commit.commit_timezone = 0
            for each in (blob, inner, root, commit):
                repo.object_store.add_object(each)
            repo.refs[Ref(b"refs/heads/master")] = commit.id
        (a.folder / "good.md").write_bytes(b"---\n---\nOut.\n")
        report = await a.sync()
        assert told(report) == [("good", "imported")]
        assert len(report.notes) == 3
        assert "evil.md" not in [name for *_, names in os.walk(tmp_path) for name in names]


async def test_names_that_differ_in_case_alone(tmp_path: Path) -> None:
    async with Place.open(tmp_path, "ann") as a, Place.open(tmp_path, "bob") as b:
        for name in ("mail/late", "mail/Late", "what?: <100%>"):
            await a.library.create(name, f"This is {name}.")
        await a.sync()
        names = git(a.folder, "-c", "core.quotePath=false", "ls-files").splitlines()
        assert len({name.casefold() for name in names}) == 3
        await b.sync(a.folder)
        for name in ("mail/late", "mail/Late", "what?: <100%>"):
            assert await b.text(name) == f"This is {name}."
        assert (await b.sync(a.folder)).prompts == ()


async def test_two_files_that_say_one_name(tmp_path: Path) -> None:
    async with Place.open(tmp_path) as a:
        await a.library.create("note", LATE)
        await a.sync()
        (a.folder / "copy.md").write_text("---\nname: note\n---\nCopy.\n")
        (each,) = (await a.sync()).prompts
        assert (each.file, each.outcome) == ("copy.md", "bad")
        assert await a.text("note") == LATE


async def test_a_path_that_names_no_prompt(tmp_path: Path) -> None:
    async with Place.open(tmp_path) as a:
        a.folder.mkdir()
        (a.folder / "a@b.md").write_text("---\n---\nText.\n")
        (a.folder / "x|y.md").write_text("---\nname: x/y\n---\nText.\n")
        report = await a.sync()
        assert told(report) == [("a@b", "bad"), ("x/y", "imported")]
        assert (
            "name:" in report.prompts[0].problem or "names no prompt" in report.prompts[0].problem
        )


async def test_a_folder_where_a_file_would_be(tmp_path: Path) -> None:
    async with Place.open(tmp_path) as a:
        a.folder.mkdir()
        git(a.folder, "init", "-q")
        (a.folder / "mail").write_text("a file")
        (a.folder / "note.md").mkdir()
        (a.folder / "note.md" / "x").write_text("a folder")
        a.commit("In the way")
        await a.library.create("mail/late", LATE)
        await a.library.create("note", LATE)
        assert (await a.sync()).commits == 2
        assert (a.folder / "mail").read_text() == "a file"
        assert git(a.folder, "status", "--short") == ""
        assert (await a.sync()).unchanged == 2


async def test_what_git_does_not_know_is_not_written_over(tmp_path: Path) -> None:
    async with Place.open(tmp_path) as a:
        await a.library.create("one", LATE)
        await a.sync()
        head = git(a.folder, "rev-parse", "HEAD")
        outside = tmp_path / "outside"
        outside.mkdir()
        await a.library.create("mail/late", LATE)
        place = Path(a.folder) / "mail"
        for kind in ("link", "file", "folder"):
            if kind == "link":
                place.symlink_to(outside)
            elif kind == "file":
                place.write_text("a file")
            else:
                (place / "late.md").mkdir(parents=True)
            with pytest.raises(Conflict, match="move it away"):
                await a.sync()
            assert git(a.folder, "rev-parse", "HEAD") == head
            outside.rmdir()  # as it is empty still
            outside.mkdir()
            git(a.folder, "clean", "-fdq")
            shutil.rmtree(place, ignore_errors=True)
        assert told(await a.sync()) == [("mail/late", "exported")]


async def test_a_repository_in_the_middle_of_something(tmp_path: Path) -> None:
    async with Place.open(tmp_path) as a:
        await a.library.create("note", LATE)
        await a.sync()
        git(a.folder, "checkout", "-q", "--detach")
        with pytest.raises(Conflict, match="no branch"):
            await a.sync()
        git(a.folder, "switch", "-qc", "side")
        a.edit("note.md", "kind", "brief")
        a.commit("Brief")
        git(a.folder, "switch", "-q", "main")
        a.edit("note.md", "kind", "exact")
        a.commit("Exact")
        with pytest.raises(AssertionError):
            git(a.folder, "merge", "-q", "side")
        with pytest.raises(Conflict, match="in the middle"):
            await a.sync()
        git(a.folder, "merge", "--abort")
        assert told(await a.sync()) == [("note", "imported")]


async def test_git_at_work_and_a_lock_that_was_left(tmp_path: Path) -> None:
    async with Place.open(tmp_path) as a:
        await a.library.create("note", LATE)
        await a.sync()
        for lock, word in (("index.lock", "brief"), ("refs/heads/main.lock", "exact")):
            await a.library.update("note", LATE.replace("kind", word))
            (a.folder / ".git" / lock).write_text("")
            with pytest.raises(Conflict, match=r"delete .*lock"):
                await a.sync()
            (a.folder / ".git" / lock).unlink()
            await a.sync()
            assert git(a.folder, "status", "--short") == ""
            assert f"Be {word}" in (a.folder / "note.md").read_text()
        assert (await a.sync()).prompts == ()


async def test_a_damaged_repository_says_so(tmp_path: Path) -> None:
    async with Place.open(tmp_path) as a:
        await a.library.create("note", LATE)
        await a.sync()
        tree = git(a.folder, "rev-parse", "HEAD^{tree}")
        (a.folder / ".git" / "objects" / tree[:2] / tree[2:]).unlink()
        with pytest.raises(StoreError, match="damaged"):
            await a.sync()
        assert await a.text("note") == LATE


async def test_an_empty_folder_does_not_empty_the_library(tmp_path: Path) -> None:
    async with Place.open(tmp_path) as a:
        for name in ("one", "two"):
            await a.library.create(name, LATE)
        await a.sync()
        for name in ("one", "two"):
            (a.folder / f"{name}.md").unlink()
        with pytest.raises(Conflict, match="none of the 2 prompts"):
            await a.sync()
        assert (await a.library.list()).total == 2
        git(a.folder, "checkout", "-q", ".")
        assert (await a.sync()).unchanged == 2


async def test_submodules_and_ignored_files_are_not_ours(tmp_path: Path) -> None:
    async with Place.open(tmp_path) as a:
        other = tmp_path / "other"
        other.mkdir()
        git(other, "init", "-q")
        (other / "theirs.md").write_text("---\n---\nTheirs.\n")
        git(other, "add", "-A")
        git(other, "commit", "-qm", "Theirs")
        await a.library.create("note", LATE)
        await a.sync()
        git(a.folder, "-c", "protocol.file.allow=always", "submodule", "add", "-q", str(other))
        (a.folder / ".gitignore").write_text("drafts/\n")
        (a.folder / "drafts").mkdir()
        (a.folder / "drafts" / "x.md").write_text("---\n---\nDraft.\n")
        a.commit("More")
        report = await a.sync()
        assert (report.prompts, report.unchanged) == ((), 1)


async def test_targets_that_are_none(tmp_path: Path) -> None:
    async with Place.open(tmp_path) as a:
        (tmp_path / "file").write_text("x")
        with pytest.raises(UsageError, match="is a file"):
            await a.sync(tmp_path / "file")
        await a.sync()
        with pytest.raises(UsageError, match="git's own"):
            await a.sync(a.folder / ".git")
        with pytest.raises(NotFound, match="no repository"):
            await a.sync(tmp_path / "typo.git")


async def test_without_dulwich_it_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "dulwich", None)
    async with Place.open(tmp_path) as a:
        with pytest.raises(MissingExtra, match=r"burnish\[git\]"):
            await a.sync()
