"""The library and a folder in git: what one side does, the other has after a sync."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from burnish.library import Library
from burnish.library.cache import Cache
from burnish.library.sync import SyncReport, sync
from burnish.prompts.prompt import Message, Variable
from burnish.storage.ids import Ids
from burnish.storage.sqlite import open_sqlite
from burnish.storage.store import Store

pytestmark = pytest.mark.skipif(not shutil.which("git"), reason="drives an ordinary git client")
CY = {"GIT_AUTHOR_NAME": "Cy", "GIT_AUTHOR_EMAIL": "cy@example.com"}
COMMITTER = {"GIT_COMMITTER_NAME": "Cy", "GIT_COMMITTER_EMAIL": "cy@example.com"}
LATE = "Tell {{ name }} that the parcel is late.\nSay when it comes.\nBe kind.\n"


def git(folder: Path, *arguments: str, **env: str) -> str:
    """What an ordinary git client says."""
    done = subprocess.run(
        ["git", "-C", str(folder), *arguments],
        capture_output=True,
        text=True,
        check=False,
        env=os.environ | CY | COMMITTER | env,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


class Place:
    """A library of one's own, and the folder that it is synced with."""

    def __init__(self, home: Path, store: Store, who: str) -> None:
        self.home = home
        self.store = store
        self.who = who
        self.cache = Cache()
        self.library = Library(store, cache=self.cache, author=lambda: who)
        self.folder = home / "prompts"

    @classmethod
    @asynccontextmanager
    async def open(cls, path: Path, who: str = "ann") -> AsyncGenerator[Place]:
        home = path / who
        home.mkdir(exist_ok=True)
        store = await open_sqlite(home / "b.sqlite")
        try:
            yield cls(home, store, who)
        finally:
            await store.close()

    async def sync(self, target: str | Path = "", **options: Any) -> SyncReport:
        return await sync(
            self.store,
            target or self.folder,
            home=self.home,
            store_name=str(self.home),
            author=self.who,
            ids=Ids(),
            cache=self.cache,
            **options,
        )

    async def text(self, name: str) -> str:
        return (await self.library.get(name)).version.text

    async def texts(self, name: str) -> list[tuple[str, str, str]]:
        """Author, message and text of each version, oldest first."""
        entries = await self.library.history(name)
        return [(e.version.author, e.version.message, e.version.text) for e in entries][::-1]

    def edit(self, path: str, old: str, new: str) -> None:
        file = self.folder / path
        before = file.read_text(encoding="utf-8")
        assert old in before
        file.write_text(before.replace(old, new), encoding="utf-8")

    def commit(self, message: str, **env: str) -> None:
        git(self.folder, "add", "-A")
        git(self.folder, "commit", "-qm", message, **env)


def told(report: SyncReport) -> list[tuple[str, str]]:
    return [(each.name, each.outcome) for each in report.prompts]


@pytest.mark.spec("VER-07")
async def test_each_prompt_is_one_readable_file_and_a_git_edit_a_new_version(
    tmp_path: Path,
) -> None:
    async with Place.open(tmp_path) as a:
        await a.library.create("mail/late", LATE, tags=["parcel"], description="For the desk")
        report = await a.sync()
        assert told(report) == [("mail/late", "exported")]
        assert (a.folder / "mail" / "late.md").read_text() == (
            "---\ntags:\n  - parcel\ndescription: For the desk\nvariables:\n  name:\n"
            f"    type: string\n---\n\n{LATE}\n"
        )
        assert git(a.folder, "status", "--short") == ""
        a.edit("mail/late.md", "Be kind", "Be brief")
        when = {"GIT_AUTHOR_DATE": "2024-05-06T07:08:09+02:00"}
        a.commit("Shorter\n\nNobody reads long mails.", **when)
        report = await a.sync()
        assert told(report) == [("mail/late", "imported")]
        version = (await a.library.get("mail/late")).version
        assert (version.revision, version.text) == (2, LATE.replace("kind", "brief"))
        assert version.author == "Cy <cy@example.com>"
        assert version.message == "Shorter\n\nNobody reads long mails."
        assert version.created_at == datetime(2024, 5, 6, 5, 8, 9, tzinfo=UTC)
        again = await a.sync()
        assert (again.prompts, again.unchanged, again.commit) == ((), 1, report.commit)


async def test_versions_become_commits_in_order_of_time(tmp_path: Path) -> None:
    async with Place.open(tmp_path) as a:
        await a.library.create("one", "First.", author="Bob <bob@example.com>", message="Begin")
        await a.library.create("two", "Other.", author="ann")
        await a.library.update("one", "Second.", author="ann", message="Go on\n\nBecause.")
        report = await a.sync()
        assert report.commits == 3
        log = git(a.folder, "log", "--reverse", "--format=%an|%ae|%s|%b|%at;").split(";")
        lines = ["".join(line.split("\n")) for line in log[:-1]]
        assert [line.rsplit("|", 1)[0] for line in lines] == [
            "Bob|bob@example.com|Begin|",
            "ann||Add two|",
            "ann||Go on|Because.",
        ]
        made = (await a.library.get("one@2")).version.created_at
        assert lines[2].rsplit("|", 1)[1] == str(int(made.timestamp()))
        assert git(a.folder, "show", "HEAD~2:one.md").endswith("First.")


async def test_each_commit_is_a_version_and_a_merge_gives_the_merged_text(tmp_path: Path) -> None:
    async with Place.open(tmp_path) as a:
        await a.library.create("mail/late", LATE)
        await a.sync()
        git(a.folder, "switch", "-qc", "side")
        a.edit("mail/late.md", "Be kind", "Be brief")
        a.commit("Brief", GIT_AUTHOR_NAME="Di", GIT_COMMITTER_DATE="2024-01-01T00:00:01+00:00")
        git(a.folder, "switch", "-q", "main")
        a.edit("mail/late.md", "Tell", "Write to")
        a.commit("Write", GIT_COMMITTER_DATE="2024-01-01T00:00:02+00:00")
        git(a.folder, "merge", "-q", "side", "-m", "Both")
        report = await a.sync()
        assert report.versions == 3
        texts = await a.texts("mail/late")
        assert texts[-1] == (
            "Cy <cy@example.com>",
            "Both",
            LATE.replace("kind", "brief").replace("Tell", "Write to"),
        )
        assert {author for author, _, _ in texts[1:3]} == {
            "Cy <cy@example.com>",
            "Di <cy@example.com>",
        }
        assert (await a.sync()).prompts == ()


async def test_what_both_changed_is_merged_and_both_keep_who_did_what(tmp_path: Path) -> None:
    async with Place.open(tmp_path) as a:
        await a.library.create("mail/late", LATE)
        await a.sync()
        await a.library.update("mail/late", LATE.replace("kind", "brief"), message="Brief")
        a.edit("mail/late.md", "Tell", "Write to")
        a.commit("Write")
        a.edit("mail/late.md", "Say when", "Tell when")
        a.commit("Tell when")
        report = await a.sync()
        (each,) = report.prompts
        assert (each.outcome, each.versions, each.commits) == ("merged", 2, 1)
        merged = LATE.replace("kind", "brief").replace("Tell", "Write to").replace("Say", "Tell")
        assert await a.text("mail/late") == merged
        assert [message for _, message, _ in (await a.texts("mail/late"))[1:]] == [
            "Brief",
            "Write",
            "Tell when",
        ]
        assert merged in (a.folder / "mail" / "late.md").read_text()
        assert git(a.folder, "log", "-1", "--format=%an|%s") == "ann|Brief"
        assert git(a.folder, "status", "--short") == ""
        assert (await a.sync()).prompts == ()


async def test_a_conflict_stays_until_it_is_decided_and_stops_nothing_else(
    tmp_path: Path,
) -> None:
    async with Place.open(tmp_path) as a:
        await a.library.create("mail/late", LATE)
        await a.library.create("other", "Something else.")
        await a.sync()
        await a.library.update("mail/late", LATE.replace("kind", "brief"))
        await a.library.update("other", "Something new.")
        a.edit("mail/late.md", "Be kind", "Be exact")
        a.commit("Exact")
        head = git(a.folder, "rev-parse", "HEAD")
        for _ in range(2):
            report = await a.sync()
            conflict = next(each for each in report.prompts if each.outcome == "conflict")
            assert report.conflicts == 1
            (found,) = conflict.conflicts
            assert (found.base, found.ours, found.theirs) == (
                "Be kind.\n",
                "Be brief.\n",
                "Be exact.\n",
            )
            assert await a.text("mail/late") == LATE.replace("kind", "brief")
            assert "Be exact." in (a.folder / "mail" / "late.md").read_text()
        assert git(a.folder, "show", "HEAD:other.md").endswith("Something new.")
        assert git(a.folder, "log", "--format=%s", f"{head}..") == "Change other"
        report = await a.sync(take="ours")
        assert told(report) == [("mail/late", "exported")]
        assert "Be brief." in (a.folder / "mail" / "late.md").read_text()
        assert (await a.sync()).prompts == ()


async def test_a_conflict_is_over_when_one_side_says_what_the_other_does(tmp_path: Path) -> None:
    async with Place.open(tmp_path) as a:
        await a.library.create("note", LATE)
        await a.sync()
        await a.library.update("note", LATE.replace("kind", "brief"))
        a.edit("note.md", "Be kind", "Be exact")
        a.edit("note.md", "Tell", "Write to")
        a.commit("Exact")
        assert (await a.sync()).conflicts == 1
        await a.library.update("note", LATE.replace("kind", "exact"))
        report = await a.sync()
        assert (report.conflicts, report.bad) == (0, 0)
        assert await a.text("note") == LATE.replace("kind", "exact").replace("Tell", "Write to")
        theirs = await a.sync()
        assert theirs.prompts == ()


async def test_git_holds_where_it_is_told_so(tmp_path: Path) -> None:
    async with Place.open(tmp_path) as a:
        await a.library.create("note", LATE)
        await a.sync()
        await a.library.update("note", LATE.replace("kind", "brief").replace("Tell", "Write to"))
        a.edit("note.md", "Be kind", "Be exact")
        report = await a.sync(take="theirs")
        assert told(report) == [("note", "merged")]
        assert await a.text("note") == LATE.replace("kind", "exact").replace("Tell", "Write to")


async def test_a_file_that_goes_is_a_prompt_deleted_and_the_other_way_round(
    tmp_path: Path,
) -> None:
    async with Place.open(tmp_path) as a:
        for name in ("a/one", "a/two", "three"):
            await a.library.create(name, f"This is {name}.")
        await a.sync()
        git(a.folder, "rm", "-q", "a/one.md")
        a.commit("No more")
        await a.library.delete("a/two")
        report = await a.sync()
        assert told(report) == [("a/one", "deleted"), ("a/two", "removed")]
        assert [each.name for each in (await a.library.list()).items] == ["three"]
        assert not (a.folder / "a").exists()
        assert git(a.folder, "log", "-1", "--format=%an|%s") == "ann|Delete a/two"
        await a.library.restore("a/one")
        assert told(await a.sync()) == [("a/one", "exported")]
        assert (await a.sync()).prompts == ()


async def test_deleted_here_and_changed_there_is_a_conflict(tmp_path: Path) -> None:
    async with Place.open(tmp_path) as a:
        await a.library.create("here", LATE)
        await a.library.create("there", LATE)
        await a.sync()
        await a.library.delete("here")
        a.edit("here.md", "kind", "brief")
        await a.library.update("there", LATE.replace("kind", "brief"))
        git(a.folder, "rm", "-q", "there.md")
        a.commit("Change")
        report = await a.sync()
        assert told(report) == [("here", "conflict"), ("there", "conflict")]
        report = await a.sync(take="theirs", prefix="here")
        assert told(report) == [("here", "imported")]
        assert await a.text("here") == LATE.replace("kind", "brief")
        assert len(await a.texts("here")) == 2
        report = await a.sync(take="ours")
        assert told(report) == [("there", "exported")]
        assert "Be brief" in (a.folder / "there.md").read_text()
        assert (await a.sync()).prompts == ()


async def test_a_renamed_file_is_the_same_prompt_under_a_new_name(tmp_path: Path) -> None:
    async with Place.open(tmp_path) as a:
        await a.library.create("mail/late", LATE)
        await a.library.update("mail/late", LATE.replace("kind", "brief"))
        await a.sync()
        (a.folder / "post").mkdir()
        git(a.folder, "mv", "mail/late.md", "post/lost.md")
        a.commit("Move")
        report = await a.sync()
        assert [(each.name, each.was) for each in report.prompts] == [("post/lost", "mail/late")]
        assert len(await a.texts("post/lost")) == 2
        assert (await a.library.get("post/lost")).prompt.category == "post"
        assert [each.name for each in (await a.library.list()).items] == ["post/lost"]
        await a.library.delete("post/lost")
        await a.library.restore("post/lost", as_name="late")
        report = await a.sync()
        assert [(each.name, each.was) for each in report.prompts] == [("late", "post/lost")]
        assert git(a.folder, "ls-files") == "late.md"
        assert git(a.folder, "log", "-1", "--format=%s") == "Rename post/lost to late"
        assert (await a.sync()).prompts == ()


async def test_a_prompt_that_a_label_protects_is_neither_deleted_nor_renamed(
    tmp_path: Path,
) -> None:
    async with Place.open(tmp_path) as a:
        for name in ("free", "held", "moved"):
            await a.library.create(name, f"{name}: {LATE}")
        for name in ("held", "moved"):
            await a.library.set_label(name, "production", 1)
        await a.sync()
        git(a.folder, "rm", "-q", "free.md", "held.md")
        git(a.folder, "mv", "moved.md", "elsewhere.md")
        a.commit("Tidy")
        strict: dict[str, Any] = {"protected": ["prod*"]}
        for dry_run in (True, False):
            report = await a.sync(dry_run=dry_run, **strict)
            assert told(report) == [("elsewhere", "bad"), ("free", "deleted"), ("held", "bad")]
        renamed, _, held = report.prompts
        assert held.problem.startswith("is gone, but 'held' carries the protected label")
        assert renamed.problem.startswith("was renamed from moved, but")
        assert "have it removed first" in held.problem
        left = (await a.library.list(sort="name")).items
        assert [prompt.name for prompt in left] == ["held", "moved"]
        report = await a.sync(take="theirs", **strict)
        assert told(report) == [("elsewhere", "bad"), ("held", "bad")]
        for name in ("held", "moved"):
            await a.library.remove_label(name, "production")
        assert told(await a.sync(**strict)) == [("elsewhere", "imported"), ("held", "deleted")]


async def test_what_a_person_has_not_committed_is_committed_as_theirs(tmp_path: Path) -> None:
    async with Place.open(tmp_path) as a:
        await a.library.create("note", LATE)
        await a.sync()
        git(a.folder, "config", "user.name", "Eva")
        git(a.folder, "config", "user.email", "eva@example.com")
        a.edit("note.md", "kind", "brief")
        (a.folder / "new").mkdir()
        (a.folder / "new" / "one.md").write_text("---\n---\nWrite about {{ topic }}.\n")
        (a.folder / "TODO").write_text("not yet")
        git(a.folder, "add", "TODO")
        report = await a.sync()
        assert told(report) == [("new/one", "imported"), ("note", "imported")]
        assert git(a.folder, "log", "-1", "--format=%an|%ae|%s") == (
            "Eva|eva@example.com|Edit 2 prompts"
        )
        assert (await a.texts("note"))[-1][0] == "Eva <eva@example.com>"
        variables = (await a.library.get("new/one")).version.variables
        assert [variable.name for variable in variables] == ["topic"]
        assert git(a.folder, "status", "--short") == "A  TODO"


async def test_a_dry_run_tells_and_changes_nothing(tmp_path: Path) -> None:
    async with Place.open(tmp_path) as a:
        await a.library.create("note", LATE)
        report = await a.sync(dry_run=True)
        assert (report.dry_run, report.commits, a.folder.exists()) == (True, 1, False)
        await a.sync()
        a.edit("note.md", "kind", "brief")
        await a.library.create("other", "Something else.")
        head, before = git(a.folder, "rev-parse", "HEAD"), await a.texts("note")
        report = await a.sync(dry_run=True)
        assert told(report) == [("note", "imported"), ("other", "exported")]
        assert (git(a.folder, "rev-parse", "HEAD"), await a.texts("note")) == (head, before)
        assert git(a.folder, "status", "--short") == "M note.md"


async def test_only_what_is_asked_for_is_synced(tmp_path: Path) -> None:
    async with Place.open(tmp_path) as a:
        for name in ("mail/late", "news/digest", "news/week"):
            await a.library.create(name, f"This is {name}.")
        assert told(await a.sync(prefix="mail/")) == [("mail/late", "exported")]
        assert told(await a.sync(category="news")) == [
            ("news/digest", "exported"),
            ("news/week", "exported"),
        ]
        a.edit("mail/late.md", "This", "That")
        a.edit("news/week.md", "This", "That")
        assert told(await a.sync(category="news")) == [("news/week", "imported")]
        assert told(await a.sync()) == [("mail/late", "imported")]
        assert (await a.sync()).unchanged == 3


async def test_all_that_a_version_says_comes_back_the_same(tmp_path: Path) -> None:
    messages = (
        Message("system", "Be exact.\n# user\nnot a head\n"),
        Message("placeholder", "history"),
        Message("user", '  {% if x %}{{ x }}{% endif %}\r\n```json\n{"a": 1}\n```\n\n'),
    )
    variables = (
        Variable(name="x", type="number", required=False, default=3, description='Ä: "q"'),
        Variable(name="history", type="list"),
    )
    async with Place.open(tmp_path, "ann") as a, Place.open(tmp_path, "bob") as b:
        saved = await a.library.create(
            "a/b", messages, variables=variables, config={"temperature": 0.5}, category="x y"
        )
        await a.sync(a.folder)
        await b.sync(a.folder)
        found = await b.library.get("a/b")
        assert found.version.content_hash == saved.version.content_hash
        assert found.prompt.category == "x y"


async def test_category_tags_and_description_go_both_ways(tmp_path: Path) -> None:
    async with Place.open(tmp_path) as a:
        await a.library.create("mail/late", LATE)
        await a.sync()
        await a.library.edit("mail/late", tags=["one", "two"])
        report = await a.sync()
        assert told(report) == [("mail/late", "exported")]
        assert "  - two\n" in (a.folder / "mail" / "late.md").read_text()
        a.edit("mail/late.md", "  - two\n", "  - two\ndescription: New\n")
        await a.library.edit("mail/late", tags=["one"])
        report = await a.sync()
        assert (report.conflicts, report.bad) == (0, 0)
        prompt = (await a.library.get("mail/late")).prompt
        assert (prompt.tags, prompt.description) == (("one",), "New")
        assert "two" not in (a.folder / "mail" / "late.md").read_text()
        assert (await a.sync()).prompts == ()
        await a.library.edit("mail/late", description="Ours")
        a.edit("mail/late.md", "description: New", "description: Theirs")
        (each,) = (await a.sync()).prompts
        assert [(c.where, c.ours, c.theirs) for c in each.conflicts] == [
            ("description", "Ours", "Theirs")
        ]


async def test_prompts_may_live_in_a_folder_of_another_project(tmp_path: Path) -> None:
    async with Place.open(tmp_path) as a:
        project = a.home / "project"
        project.mkdir()
        git(project, "init", "-q", "-b", "trunk")
        (project / "app.md").write_text("---\nname: no/prompt\n---\nA page.\n")
        git(project, "add", "-A")
        git(project, "commit", "-qm", "Project")
        a.folder = project / "lib" / "prompts"
        await a.library.create("mail/late", LATE)
        report = await a.sync()
        assert (report.branch, told(report)) == ("trunk", [("mail/late", "exported")])
        assert git(project, "ls-files").splitlines() == ["app.md", "lib/prompts/mail/late.md"]
        a.edit("mail/late.md", "kind", "brief")
        assert told(await a.sync()) == [("mail/late", "imported")]
        assert git(project, "status", "--short") == ""
