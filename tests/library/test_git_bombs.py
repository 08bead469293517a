"""Repositories whose few objects stand for more than anybody could read."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest
from tests.library.packing import pack
from tests.library.test_sync import LATE, Place, git

import burnish
from burnish.errors import Unavailable, UsageError
from burnish.library.sync.repository import Repository

pytestmark = pytest.mark.skipif(not shutil.which("git"), reason="drives an ordinary git client")


def tree(repo: Path, entries: list[str]) -> str:
    done = subprocess.run(
        ["git", "-C", str(repo), "mktree"],
        input="".join(f"{entry}\n" for entry in entries),
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout.strip()


def bomb(repo: Path, file: str) -> str:
    """Twelve levels of sixteen names for one and the same tree: 16^12 files."""
    found = tree(repo, [f"100644 blob {file}\ta.md"])
    for _ in range(12):
        found = tree(repo, [f"040000 tree {found}\tf{n:02}" for n in range(16)])
    return found


def blob(repo: Path, content: str | bytes) -> str:
    text = content.encode() if isinstance(content, str) else content
    command = ["git", "-C", str(repo), "hash-object", "-w", "--stdin"]
    return subprocess.run(command, input=text, capture_output=True, check=True).stdout.decode()[:40]


def commit(repo: Path, entries: list[str]) -> None:
    head = subprocess.run(
        ["git", "-C", str(repo), "rev-parse", "-q", "--verify", "HEAD"],
        capture_output=True,
        text=True,
        check=False,
    ).stdout.strip()
    parents = ("-p", head) if head else ()
    made = git(repo, "commit-tree", tree(repo, entries), "-m", "Change", *parents)
    git(repo, "update-ref", "HEAD", made)


@pytest.fixture
def repo(tmp_path: Path) -> Path:
    path = tmp_path / "team.git"
    git(tmp_path, "init", "-q", "--bare", "-b", "main", str(path))
    return path


def packed(repo: Path) -> list[str]:
    files = pack({"reply.md": "---\nname: support/reply\n---\n\nAnswer kindly.\n"})
    return [f"100644 blob {blob(repo, content)}\t{name}" for name, content in files.items()]


def test_a_pack_beside_a_tree_that_never_ends(p: burnish.Platform, repo: Path) -> None:
    entries = packed(repo)
    commit(repo, entries)
    assert p.packs.preview(f"git+{repo}").version == "1.0"
    commit(repo, [*entries, f"040000 tree {bomb(repo, blob(repo, 'x'))}\tz"])
    for call in (p.packs.preview, p.packs.install):
        with pytest.raises(UsageError, match="too many folders") as raised:
            call(f"git+{repo}")
        assert raised.value.hint
    assert p.prompts.list().total == 0


def test_what_takes_too_long_to_read_is_left(repo: Path) -> None:
    commit(repo, packed(repo))
    with (
        burnish.open(packs__timeout_s=1e-9) as hasty,
        pytest.raises(Unavailable, match="takes too long"),
    ):
        hasty.packs.preview(f"git+{repo}")


@pytest.mark.parametrize("kept", ["loose", "packed", "as a delta"])
def test_a_local_file_is_measured_before_it_is_unpacked(
    repo: Path, monkeypatch: pytest.MonkeyPatch, kept: str
) -> None:
    big = "".join(f"{n} is a line of its own\n" for n in range(40_000))
    files = {"reply.md": f"---\nname: support/reply\n---\n\n{big}"}
    commit(repo, [f"100644 blob {blob(repo, c)}\t{n}" for n, c in pack({**files}).items()])
    if kept == "as a delta":
        files["reply.md"] += "One more.\n"
        commit(repo, [f"100644 blob {blob(repo, c)}\t{n}" for n, c in pack({**files}).items()])
    if kept != "loose":
        git(repo, "repack", "-adfq")
    unpacked: list[int] = []
    read = Repository.blob

    def noted(self: Repository, name: str) -> bytes:
        content = read(self, name)
        unpacked.append(len(content))
        return content

    monkeypatch.setattr(Repository, "blob", noted)
    with (
        burnish.open(packs__max_mb=0.25) as small,
        pytest.raises(UsageError, match=r"reply\.md is too large"),
    ):
        small.packs.preview(f"git+{repo}")
    assert max(unpacked) < 10_000


@pytest.mark.parametrize("still_there", [True, False])
async def test_a_sync_with_a_tree_that_never_ends(
    tmp_path: Path, repo: Path, still_there: bool
) -> None:
    """In the newest commit, or in one that its history has passed by."""
    text = "---\n---\nKind.\n"
    commit(repo, [f"100644 blob {blob(repo, text)}\tkind.md"])
    async with Place.open(tmp_path) as a:
        a.folder = repo
        await a.library.create("mail/late", LATE)
        await a.sync()
        kept = git(repo, "ls-tree", "HEAD").splitlines()
        commit(repo, [*kept, f"040000 tree {bomb(repo, blob(repo, 'Bomb'))}\tz"])
        if not still_there:
            commit(repo, kept)
        with pytest.raises(UsageError, match="too many folders"):
            await a.sync()
        assert await a.text("mail/late") == LATE
        assert await a.text("kind") == "Kind."
