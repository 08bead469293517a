"""Another branch, a repository made anew, protected prompts, odd commits: what loses work elsewhere."""

from __future__ import annotations

import shutil
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import pytest
from tests.library.test_sync import LATE, Place, git, told

from burnish.errors import Conflict, StoreError, UsageError
from burnish.library.sync.stock import Stock

pytestmark = pytest.mark.skipif(not shutil.which("git"), reason="drives an ordinary git client")


async def names(a: Place) -> list[str]:
    return [prompt.name for prompt in (await a.library.list(sort="name")).items]


async def synced(a: Place, target: str = "") -> None:
    for name in ("one", "two"):
        await a.library.create(name, LATE)
    await a.sync(target)


def forget(error: Conflict) -> None:
    """Does what the error says for beginning anew."""
    Path(error.hint.rpartition("delete ")[2]).unlink()


def made_bare(path: Path) -> str:
    path.mkdir()
    git(path, "init", "-q", "--bare", "-b", "main")
    return str(path)


async def test_another_branch_without_the_prompts_does_not_empty_the_library(
    tmp_path: Path,
) -> None:
    async with Place.open(tmp_path) as a:
        await synced(a)
        git(a.folder, "switch", "-q", "--orphan", "pages")
        (a.folder / "index.html").write_text("<p>")
        a.commit("Pages")
        for dry_run in (True, False):
            with pytest.raises(Conflict, match=r"none of the 2 prompts .* 'pages'"):
                await a.sync(dry_run=dry_run)
        assert await names(a) == ["one", "two"]
        git(a.folder, "switch", "-q", "main")
        assert (await a.sync()).unchanged == 2


async def test_a_history_put_in_the_place_of_ours_does_not_empty_the_library(
    tmp_path: Path,
) -> None:
    bare = made_bare(tmp_path / "team.git")
    async with Place.open(tmp_path) as a:
        await synced(a, bare)
        other = tmp_path / "other"
        other.mkdir()
        git(other, "init", "-q", "-b", "main")
        (other / "x.txt").write_text("x")
        git(other, "add", "-A")
        git(other, "commit", "-qm", "Unrelated")
        git(other, "push", "-q", "--force", bare, "main")
        with pytest.raises(Conflict, match="does not come from that sync") as caught:
            await a.sync(bare)
        assert await names(a) == ["one", "two"]
        forget(caught.value)
        assert told(await a.sync(bare)) == [("one", "exported"), ("two", "exported")]


async def test_a_repository_that_was_made_anew_is_filled_again(tmp_path: Path) -> None:
    bare = made_bare(tmp_path / "team.git")
    async with Place.open(tmp_path) as a:
        await synced(a, bare)
        shutil.rmtree(bare)
        made_bare(tmp_path / "team.git")
        assert told(await a.sync(bare)) == [("one", "exported"), ("two", "exported")]
        assert await names(a) == ["one", "two"]


async def test_a_commit_that_deletes_every_prompt_does(tmp_path: Path) -> None:
    async with Place.open(tmp_path) as a:
        await synced(a)
        git(a.folder, "rm", "-q", "one.md", "two.md")
        git(a.folder, "commit", "-qm", "Clear")
        assert told(await a.sync()) == [("one", "deleted"), ("two", "deleted")]


@pytest.mark.parametrize("dry_run", [False, True])
async def test_a_protected_prompt_is_neither_deleted_nor_renamed_by_its_file(
    tmp_path: Path,
    *,
    dry_run: bool,
) -> None:
    async with Place.open(tmp_path) as a:
        await synced(a)
        for name in ("one", "two"):
            await a.library.set_label(name, "production", 1)
        git(a.folder, "rm", "-q", "one.md")
        git(a.folder, "mv", "two.md", "zwei.md")
        git(a.folder, "commit", "-qm", "Clear")
        report = await a.sync(dry_run=dry_run, protected=("prod*",))
        assert [(each.outcome, "protected" in each.problem) for each in report.prompts] == [
            ("bad", True),
            ("bad", True),
        ]
        assert await names(a) == ["one", "two"]
        for name in ("one", "two"):
            await a.library.remove_label(name, "production")
        done = await a.sync(dry_run=dry_run, protected=("prod*",))
        assert told(done) == [("one", "deleted"), ("zwei", "imported")]


async def test_commits_that_look_alike_are_each_brought_in_after_an_interruption(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    when = {"GIT_AUTHOR_DATE": "2024-05-06T07:08:09Z"}
    saved: list[str] = []
    real = Stock.save

    async def once(self: Stock, *given: Any, **options: Any) -> Any:
        if saved:
            raise StoreError("the disk is full", hint="make room")
        saved.append(options["message"])
        return await real(self, *given, **options)

    async with Place.open(tmp_path) as a:
        await a.library.create("one", LATE)
        await a.sync()
        await a.library.update("one", LATE.replace("kind", "brief"))
        a.edit("one.md", "Tell", "Write to")
        a.commit("Edit", **when)
        a.edit("one.md", "Say when", "Tell when")
        a.commit("Edit", **when)
        with monkeypatch.context() as patched:
            patched.setattr(Stock, "save", once)
            with pytest.raises(StoreError):
                await a.sync()
        await a.sync()
        wanted = "Write to {{ name }} that the parcel is late.\nTell when it comes.\nBe brief.\n"
        assert await a.text("one") == wanted
        assert wanted in (a.folder / "one.md").read_text()


def committed(folder: Path, author: bytes, encoding: bytes, message: bytes) -> None:
    """What no git client would write."""
    git(folder, "add", "-A")
    tree, head = git(folder, "write-tree"), git(folder, "rev-parse", "HEAD")
    raw = b"tree %s\nparent %s\nauthor %s 1700000000 +0000\ncommitter C <c@example.com> 1700000000"
    raw += b" +0000\nencoding %s\n\n%s\n"
    raw %= (tree.encode(), head.encode(), author, encoding, message)
    command = ["git", "-C", str(folder), "hash-object", "-t", "commit", "-w", "--stdin"]
    done = subprocess.run([*command, "--literally"], input=raw, capture_output=True, check=True)
    git(folder, "update-ref", "refs/heads/main", done.stdout.decode().strip())


@pytest.mark.parametrize(
    ("author", "encoding", "message", "told_author", "told_message"),
    [
        (b"A\0\x1b[1mB <a@\x07b>", b"UTF-8", b"One\0two", "A [1mB <a@ b>", "Onetwo"),
        (b"Ann <a@b>", b"unicode_escape", b"\\ud800 two", "Ann <a@b>", "? two"),
        (b"Ann <a@b>", b"utf-7", b"+2AA- two", "Ann <a@b>", "? two"),
    ],
)
async def test_authors_and_messages_that_nobody_could_keep(
    tmp_path: Path,
    author: bytes,
    encoding: bytes,
    message: bytes,
    *,
    told_author: str,
    told_message: str,
) -> None:
    async with Place.open(tmp_path) as a:
        await synced(a)
        a.edit("one.md", "Tell", "Write to")
        committed(a.folder, author, encoding, message)
        assert told(await a.sync()) == [("one", "imported")]
        version = (await a.library.get("one")).version
        assert (version.author, version.message) == (told_author, told_message)


async def test_a_branch_whose_name_is_no_text(tmp_path: Path) -> None:
    async with Place.open(tmp_path) as a:
        await synced(a)
        (a.folder / ".git" / "HEAD").write_bytes(b"ref: refs/heads/b\xff\n")
        with pytest.raises(UsageError, match="no UTF-8"):
            await a.sync()


@pytest.mark.skipif(sys.platform == "win32", reason="Windows keeps no such bit")
async def test_the_permissions_of_a_file_stay(tmp_path: Path) -> None:
    async with Place.open(tmp_path) as a:
        await synced(a)
        (a.folder / "one.md").chmod(0o755)
        a.commit("Executable")
        await a.sync()
        await a.library.update("one", "New.")
        assert (await a.sync()).commits == 1
        assert git(a.folder, "status", "--short") == ""


POINTER = "version https://git-lfs.github.com/spec/v1\noid sha256:4d7a2146\nsize 123\n"


async def test_a_pointer_to_large_files_elsewhere_is_taken_for_no_text(tmp_path: Path) -> None:
    async with Place.open(tmp_path) as a:
        await synced(a)
        text = (a.folder / "one.md").read_text()
        (a.folder / "one.md").write_text(POINTER)
        a.commit("Track with LFS")
        for there in (POINTER, text):
            (a.folder / "one.md").write_text(there)
            report = await a.sync()
            assert [(each.name, each.outcome) for each in report.prompts] == [("one", "bad")]
            assert "Git LFS" in report.prompts[0].problem
            assert git(a.folder, "show", "HEAD:one.md") == POINTER.strip()
        assert await a.text("one") == LATE


async def test_a_push_waits_for_another_that_is_at_work(tmp_path: Path) -> None:
    bare = made_bare(tmp_path / "team.git")
    async with Place.open(tmp_path) as a:
        await synced(a, bare)
        await a.library.update("one", "New.")
        lock = tmp_path / "team.git" / "refs" / "heads" / "main.lock"
        lock.touch()
        with pytest.raises(Conflict, match=r"main\.lock is there"):
            await a.sync(bare)
        released = threading.Timer(0.3, lock.unlink)
        released.start()
        assert told(await a.sync(bare)) == [("one", "exported")]
        released.join()


@pytest.mark.parametrize("made", ["split", "sparse", "torn"])
async def test_an_index_that_cannot_be_read_says_what_to_do(tmp_path: Path, made: str) -> None:
    async with Place.open(tmp_path) as a:
        await synced(a)
        await a.library.update("one", "New.")
        if made == "split":
            git(a.folder, "update-index", "--split-index")
        elif made == "sparse":
            git(a.folder, "sparse-checkout", "init", "--cone", "--sparse-index")
        else:
            (a.folder / ".git" / "index").write_bytes(b"DIRCjunk")
        with pytest.raises(Conflict, match=r"index of .* cannot be read") as caught:
            await a.sync()
        if made == "torn":
            (a.folder / ".git" / "index").unlink()
            git(a.folder, "reset", "-q")
        else:
            command = {"split": "update-index --no-split-index"}.get(
                made, "sparse-checkout init --no-sparse-index"
            )
            assert f"git {command}" in caught.value.hint
            git(a.folder, *command.split())
        assert told(await a.sync()) == [("one", "exported")]


async def test_a_repository_of_another_kind_is_refused(tmp_path: Path) -> None:
    async with Place.open(tmp_path) as a:
        await a.library.create("one", LATE)
        a.folder.mkdir()
        git(a.folder, "init", "-q", "--object-format=sha256")
        with pytest.raises(UsageError, match="SHA-256"):
            await a.sync()


async def test_a_reference_to_what_is_no_object(tmp_path: Path) -> None:
    async with Place.open(tmp_path) as a:
        await synced(a)
        for notes in (a.folder / ".git" / "burnish").glob("*.json"):
            notes.write_text('{"schema": 1, "head": "zz"}')
        assert (await a.sync()).prompts == ()
        (a.folder / ".git" / "refs" / "heads" / "main").write_text("zz\n")
        with pytest.raises(Conflict, match="names no object"):
            await a.sync()
        assert await a.text("one") == LATE
