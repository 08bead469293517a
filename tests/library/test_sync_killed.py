"""A sync that is killed at any point: running it again finishes, and nothing is lost."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from tests.library.test_sync import LATE, Place, git

import burnish

pytestmark = [
    pytest.mark.skipif(not shutil.which("git"), reason="drives an ordinary git client"),
    pytest.mark.skipif(sys.platform == "win32", reason="kills as Unix does"),
]
# A process that syncs, and dies when it calls a function for the n-th time.
CHILD = """
import asyncio, importlib, os, signal, sys
from pathlib import Path
from burnish.library.sync import sync
from burnish.storage.ids import Ids
from burnish.storage.sqlite import open_sqlite

home, target, where, count, after = sys.argv[1:]
module, _, path = where.partition(":")
owner = importlib.import_module(module)
*owners, name = path.split(".")
for each in owners:
    owner = getattr(owner, each)
real, left = getattr(owner, name), [int(count)]

def die(*arguments, **options):
    left[0] -= 1
    if left[0] == 0 and after == "before":
        os.kill(os.getpid(), signal.SIGKILL)
    result = real(*arguments, **options)
    if left[0] == 0 and after == "after":
        os.kill(os.getpid(), signal.SIGKILL)
    return result

setattr(owner, name, die)

async def main():
    store = await open_sqlite(Path(home) / "b.sqlite")
    await sync(store, target, home=Path(home), store_name=home, author="ann", ids=Ids())
    await store.close()

asyncio.run(main())
"""
SYNC = "burnish.library.sync"
POINTS = [
    (f"{SYNC}.repository:Repository.commit", 1, "after"),
    (f"{SYNC}.repository:Repository.commit", 3, "before"),
    (f"{SYNC}.repository:Repository.move", 1, "before"),
    (f"{SYNC}.repository:Repository.move", 1, "after"),
    (f"{SYNC}.repository:Repository.move", 2, "after"),
    (f"{SYNC}.stock:Stock.save", 2, "before"),
    (f"{SYNC}.stock:Stock.save", 3, "before"),
    (f"{SYNC}.work_tree:write_whole", 3, "after"),
    (f"{SYNC}.work_tree:write_whole", 4, "after"),
    (f"{SYNC}.sync:save_state", 1, "before"),
    (f"{SYNC}.sync:save_state", 1, "after"),
]


def killed(home: Path, target: Path, point: tuple[str, int, str]) -> None:
    source = str(Path(burnish.__file__).parents[1])
    where, count, after = point
    done = subprocess.run(
        [sys.executable, "-c", CHILD, str(home), str(target), where, str(count), after],
        capture_output=True,
        text=True,
        check=False,
        env=os.environ | {"PYTHONPATH": source},
    )
    assert done.returncode in (-signal.SIGKILL, 0), done.stderr


async def diverged(a: Place) -> None:
    """Both sides have several changes of the one prompt, one of another, and some of none."""
    for name in ("mail/late", "one", "two"):
        await a.library.create(name, LATE)
    await a.sync()
    await a.library.update("mail/late", LATE.replace("kind", "brief"), message="Brief")
    await a.library.update("mail/late", LATE.replace("kind", "exact"), message="Exact")
    await a.library.update("one", LATE.replace("kind", "brief"), message="One")
    a.edit("mail/late.md", "Tell", "Write to")
    a.edit("two.md", "Tell", "Write to")
    a.commit("Write")
    a.edit("mail/late.md", "Write to", "Call")
    a.commit("Call")
    a.edit("two.md", "Say when", "Tell when")  # and not committed


@pytest.mark.parametrize("point", POINTS, ids=lambda p: "-".join(map(str, p)).partition(":")[2])
async def test_killed_and_run_again(tmp_path: Path, point: tuple[str, int, str]) -> None:
    async with Place.open(tmp_path) as a:
        await diverged(a)
    killed(a.home, a.folder, point)
    async with Place.open(tmp_path) as a:
        report = await a.sync()
        assert (report.conflicts, report.bad) == (0, 0)
        assert (await a.sync()).prompts == ()
        wanted = {
            "mail/late": LATE.replace("kind", "exact").replace("Tell", "Call"),
            "one": LATE.replace("kind", "brief"),
            "two": LATE.replace("Tell", "Write to").replace("Say when", "Tell when"),
        }
        for name, text in wanted.items():
            assert await a.text(name) == text
            assert (a.folder / f"{name}.md").read_text().endswith(f"\n\n{text}\n")
        assert git(a.folder, "status", "--short") == ""
        git(a.folder, "fsck", "--strict")
        said = {message for _, message, _ in await a.texts("mail/late")}
        assert said >= {"Brief", "Exact", "Write", "Call"}
        commits = git(a.folder, "log", "--format=%s").splitlines()
        assert set(commits) >= {"Exact", "One", "Write", "Call"}


@pytest.mark.parametrize("point", POINTS[:4], ids=lambda p: "-".join(map(str, p)).partition(":")[2])
async def test_killed_on_the_way_to_a_repository_elsewhere(
    tmp_path: Path, point: tuple[str, int, str]
) -> None:
    bare = tmp_path / "team.git"
    bare.mkdir()
    git(bare, "init", "-q", "--bare", "-b", "main")
    async with Place.open(tmp_path, "bob") as b:
        await b.library.create("theirs", LATE)
        await b.sync(str(bare))
    async with Place.open(tmp_path) as a:
        for name in ("one", "two"):
            await a.library.create(name, LATE)
    killed(a.home, bare, point)
    async with Place.open(tmp_path) as a:
        await a.sync(str(bare))
        assert (await a.sync(str(bare))).unchanged == 3
        names = git(bare, "ls-tree", "--name-only", "main").splitlines()
        assert names == ["one.md", "theirs.md", "two.md"]
        assert len(git(bare, "log", "--format=%s").splitlines()) == 3
