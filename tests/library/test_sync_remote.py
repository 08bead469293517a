"""A repository somewhere else: two libraries meet in it, others push to it, it may be away."""

from __future__ import annotations

import base64
import gc
import os
import shutil
import threading
from collections.abc import Callable, Generator, Iterable
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, make_server

import pytest
from tests.library.test_sync import LATE, Place, git, told

from burnish.errors import BurnishError, NotFound, NotPermitted, Unavailable, UsageError
from burnish.library.sync.remote import Remote

pytestmark = pytest.mark.skipif(not shutil.which("git"), reason="drives an ordinary git client")


@pytest.fixture
def bare(tmp_path: Path) -> Path:
    path = tmp_path / "team.git"
    path.mkdir()
    git(path, "init", "-q", "--bare", "-b", "main")
    return path


@pytest.fixture
def clone(bare: Path, tmp_path: Path) -> Path:
    """That of somebody who uses git alone."""
    git(tmp_path, "clone", "-q", str(bare), "clone")
    return tmp_path / "clone"


def pushed(clone: Path, path: str, text: str, message: str) -> None:
    file = clone / path
    file.parent.mkdir(exist_ok=True)
    file.write_text(text)
    git(clone, "add", "-A")
    git(clone, "commit", "-qm", message)
    git(clone, "push", "-q", "origin", "HEAD:main")


@pytest.mark.spec("VER-07")
async def test_a_bare_repository_that_a_git_client_edits(
    tmp_path: Path, bare: Path, clone: Path
) -> None:
    async with Place.open(tmp_path) as a:
        await a.library.create("mail/late", LATE, author="ann", message="First")
        report = await a.sync(str(bare))
        assert told(report) == [("mail/late", "exported")]
        git(clone, "pull", "-q", "origin", "main")
        before = (clone / "mail" / "late.md").read_text()
        pushed(clone, "mail/late.md", before.replace("kind", "brief"), "Brief")
        report = await a.sync(str(bare))
        assert told(report) == [("mail/late", "imported")]
        assert (await a.texts("mail/late"))[-1] == (
            "Cy <cy@example.com>",
            "Brief",
            LATE.replace("kind", "brief"),
        )
        assert (await a.sync(str(bare))).prompts == ()
        assert git(bare, "log", "--format=%an|%s") == "Cy|Brief\nann|First"
        git(bare, "fsck", "--strict")


async def test_two_libraries_meet_in_one_repository(tmp_path: Path, bare: Path) -> None:
    async with Place.open(tmp_path, "ann") as a, Place.open(tmp_path, "bob") as b:
        await a.library.create("mail/late", LATE)
        await b.library.create("news/digest", "Summarise {{ article }}.")
        for place in (a, b, a):
            await place.sync(str(bare))
        await a.library.update("mail/late", LATE.replace("kind", "brief"), message="Brief")
        await b.library.update("mail/late", LATE.replace("Tell", "Write to"), message="Write")
        for place in (a, b, a):
            report = await place.sync(str(bare))
            assert report.conflicts == 0
        for place in (a, b):
            assert (await place.sync(str(bare))).prompts == ()
            assert await place.text("mail/late") == LATE.replace("kind", "brief").replace(
                "Tell", "Write to"
            )
            assert await place.text("news/digest") == "Summarise {{ article }}."
            who = {(author, message) for author, message, _ in await place.texts("mail/late")}
            assert who >= {("ann", "Brief"), ("bob", "Write")}
        await b.library.delete("news/digest")
        await b.sync(str(bare))
        assert told(await a.sync(str(bare))) == [("news/digest", "deleted")]


async def test_a_conflict_between_two_libraries_is_decided_once(tmp_path: Path, bare: Path) -> None:
    async with Place.open(tmp_path, "ann") as a, Place.open(tmp_path, "bob") as b:
        await a.library.create("note", LATE)
        await a.sync(str(bare))
        await b.sync(str(bare))
        await a.library.update("note", LATE.replace("kind", "brief"))
        await b.library.update("note", LATE.replace("kind", "exact"))
        await a.sync(str(bare))
        assert (await b.sync(str(bare))).conflicts == 1
        assert (await b.sync(str(bare), take="ours")).conflicts == 0
        assert told(await a.sync(str(bare))) == [("note", "imported")]
        for place in (a, b):
            assert await place.text("note") == LATE.replace("kind", "exact")
            assert (await place.sync(str(bare))).prompts == ()


async def test_a_library_that_is_new_gets_the_whole_history(
    tmp_path: Path, bare: Path, clone: Path
) -> None:
    for word in ("kind", "brief", "exact"):
        text = LATE.replace("kind", word)
        pushed(clone, "a/note.md", f"---\n---\n{text}", f"Be {word}")
    async with Place.open(tmp_path) as a:
        report = await a.sync(str(bare))
        assert (told(report), report.versions) == ([("a/note", "imported")], 3)
        assert [message for _, message, _ in await a.texts("a/note")] == [
            "Be kind",
            "Be brief",
            "Be exact",
        ]


async def test_what_is_the_same_is_found_out_when_the_notes_are_lost(
    tmp_path: Path, bare: Path, clone: Path
) -> None:
    async with Place.open(tmp_path) as a:
        await a.library.create("note", LATE)
        await a.sync(str(bare))
        await a.library.update("note", LATE.replace("Tell", "Write to"))
        git(clone, "pull", "-q", "origin", "main")
        before = (clone / "note.md").read_text()
        pushed(clone, "note.md", before.replace("kind", "brief"), "Brief")
        shutil.rmtree(a.home / "sync")
        assert told(await a.sync(str(bare))) == [("note", "merged")]
        assert await a.text("note") == LATE.replace("Tell", "Write to").replace("kind", "brief")
        shutil.rmtree(a.home / "sync")
        assert (await a.sync(str(bare))).prompts == ()


async def test_two_prompts_of_one_name_with_nothing_in_common_are_a_conflict(
    tmp_path: Path, bare: Path
) -> None:
    async with Place.open(tmp_path, "ann") as a, Place.open(tmp_path, "bob") as b:
        await a.library.create("note", "One thing.")
        await b.library.create("note", "Quite another.")
        await a.sync(str(bare))
        (each,) = (await b.sync(str(bare))).prompts
        assert [(c.ours, c.theirs) for c in each.conflicts] == [("Quite another.", "One thing.")]
        await b.sync(str(bare), take="theirs")
        assert await b.text("note") == "One thing."
        assert len(await b.texts("note")) == 2
        assert (await b.sync(str(bare))).prompts == ()


async def test_somebody_pushes_while_a_sync_is_at_work(
    tmp_path: Path, bare: Path, clone: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with Place.open(tmp_path) as a:
        await a.library.create("note", LATE)
        await a.sync(str(bare))
        git(clone, "pull", "-q", "origin", "main")
        await a.library.update("note", LATE.replace("Tell", "Write to"))
        publish, times = Remote.publish, [2]

        def late(self: Remote, *arguments: Any) -> bool:
            if times[0]:
                times[0] -= 1
                pushed(clone, f"other{times[0]}.md", "---\n---\nOther.\n", "Other")
            return publish(self, *arguments)

        monkeypatch.setattr(Remote, "publish", late)
        report = await a.sync(str(bare))
        assert told(report) == [
            ("note", "exported"),
            ("other0", "imported"),
            ("other1", "imported"),
        ]
        assert git(bare, "log", "--format=%s").splitlines()[0] == "Change note"
        git(clone, "pull", "-q", "origin", "main")
        assert (await a.sync(str(bare))).prompts == ()


async def test_history_that_others_rewrote_loses_nothing(
    tmp_path: Path, bare: Path, clone: Path
) -> None:
    async with Place.open(tmp_path) as a:
        await a.library.create("note", LATE)
        await a.library.create("other", "Something else.")
        await a.sync(str(bare))
        git(clone, "pull", "-q", "origin", "main")
        before = (clone / "note.md").read_text()
        (clone / "note.md").write_text(before.replace("kind", "brief"))
        git(clone, "add", "-A")
        git(clone, "commit", "-q", "--amend", "-m", "Amended")
        git(clone, "push", "-q", "--force", "origin", "HEAD:main")
        await a.library.update("other", "Something new.")
        report = await a.sync(str(bare))
        assert told(report) == [("note", "imported"), ("other", "exported")]
        assert git(bare, "log", "--format=%s").splitlines()[:2] == ["Change other", "Amended"]
        assert (await a.sync(str(bare))).prompts == ()


@pytest.mark.parametrize(
    ("target", "kind"),
    [
        ("http://127.0.0.1:9/team.git", Unavailable),
        ("ext::sh -c true", UsageError),
        ("ftp://127.0.0.1/x", UsageError),
        ("nowhere.git", NotFound),
        ("file:///nowhere.git", NotFound),
        ("", UsageError),
    ],
)
async def test_what_cannot_be_reached_says_so(
    tmp_path: Path, target: str, kind: type[BurnishError]
) -> None:
    async with Place.open(tmp_path) as a:
        await a.library.create("note", LATE)
        with pytest.raises(kind) as raised:
            await a.sync(target or "  ")
        assert raised.value.hint


Application = Callable[[dict[str, Any], Any], Iterable[bytes]]


class _Quiet(WSGIRequestHandler):
    def log_message(self, format: str, *args: Any) -> None: ...  # noqa: A002


@contextmanager
def served(bare: Path, password: str = "") -> Generator[str]:
    """The repository over HTTP; with a password, only for ann."""
    from dulwich.repo import Repo
    from dulwich.server import DictBackend
    from dulwich.web import make_wsgi_chain

    repo = Repo(str(bare))
    inner: Application = make_wsgi_chain(DictBackend({"/": repo}))
    wanted = "Basic " + base64.b64encode(f"ann:{password}".encode()).decode()

    def guarded(environ: dict[str, Any], start: Any) -> Iterable[bytes]:
        if password and environ.get("HTTP_AUTHORIZATION") != wanted:
            start("401 Unauthorized", [("WWW-Authenticate", 'Basic realm="team"')])
            return [b""]
        return inner(environ, start)

    with make_server("127.0.0.1", 0, guarded, handler_class=_Quiet) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        try:
            yield f"127.0.0.1:{server.server_port}/"
        finally:
            server.shutdown()
            thread.join()
            repo.close()


async def test_over_http(tmp_path: Path, bare: Path, clone: Path) -> None:
    async with Place.open(tmp_path) as a:
        await a.library.create("note", LATE)
        with served(bare) as address:
            assert told(await a.sync(f"http://{address}")) == [("note", "exported")]
            git(clone, "pull", "-q", "origin", "main")
            before = (clone / "note.md").read_text()
            pushed(clone, "note.md", before.replace("kind", "brief"), "Brief")
            assert told(await a.sync(f"http://{address}")) == [("note", "imported")]
            assert (await a.sync(f"http://{address}")).prompts == ()


async def test_a_password_opens_the_door_and_is_kept_nowhere(tmp_path: Path, bare: Path) -> None:
    async with Place.open(tmp_path) as a:
        await a.library.create("note", LATE)
        with served(bare, "hunter2hunter2") as address:
            with pytest.raises(NotPermitted) as raised:
                await a.sync(f"http://ann:wrongwrong@{address}")
            assert "wrongwrong" not in str(raised.value)
            report = await a.sync(f"http://ann:hunter2hunter2@{address}")
            assert told(report) == [("note", "exported")]
            assert report.target == f"http://{address}"
        with pytest.raises(Unavailable) as away:
            await a.sync(f"http://ann:hunter2hunter2@{address}")
        assert "hunter2" not in str(away.value)
        kept = [path.read_bytes() for path in a.home.rglob("*") if path.is_file()]
        assert not any(b"hunter2" in content for content in kept)


async def test_an_ssh_that_is_refused_is_hung_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tools = tmp_path / "tools"
    tools.mkdir()
    ssh = tools / "ssh"
    ssh.write_text("#!/bin/sh\necho 'Permission denied (publickey).' >&2\nexit 255\n")
    ssh.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tools}{os.pathsep}{os.environ['PATH']}")
    async with Place.open(tmp_path) as a:
        await a.library.create("note", LATE)
        # A connection that is left open is a warning, which fails the test.
        with pytest.raises(Unavailable, match="Permission denied"):
            await a.sync("ssh://git@localhost/team.git")
        gc.collect()
