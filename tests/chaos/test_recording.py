"""A process is killed while it records runs."""

import asyncio
import os
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

import burnish
from burnish.storage.sqlite import open_sqlite
from burnish.storage.stats import StatFilter

# A child finds the package under test wherever it runs.
ENVIRONMENT = os.environ | {"PYTHONPATH": str(Path(burnish.__file__).parents[1])}
WORKER = Path(__file__).with_name("recording.py")


def _kill_after(path: Path, lines: int) -> list[list[str]]:
    """What the process had said when it was killed."""
    process = subprocess.Popen(
        [sys.executable, "-W", "error", str(WORKER), str(path)],
        stdout=subprocess.PIPE,
        text=True,
        env=ENVIRONMENT,
    )
    assert process.stdout is not None
    with process.stdout as output:
        said = [output.readline() for _ in range(lines)]
        process.kill()
        said += output.readlines()
    process.wait()
    return [line.split() for line in said if line.endswith("\n")]


@pytest.mark.spec("PER-11")
@pytest.mark.parametrize("lines", [7, 501, 1203])
async def test_a_kill_loses_the_newest_runs_at_most_and_none_that_was_flushed(
    tmp_path: Path, lines: int
) -> None:
    path = tmp_path / "b.sqlite"
    said = await asyncio.to_thread(_kill_after, path, lines)
    flushed = max((int(n) for what, n in said if what == "flushed"), default=0)
    store = await open_sqlite(path)
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        kept = [int(row[0]) for row in connection.execute("SELECT id FROM runs ORDER BY id")]
    # Without a gap, so what is lost is what came last; how long that is, benchmarks/runs.py tells.
    assert kept == list(range(1, len(kept) + 1))
    assert len(kept) >= flushed
    stats = await store.runs.stats("model", StatFilter())
    assert sum(stat.runs for stat in stats) == len(kept)
    await store.close()
