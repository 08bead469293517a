"""Processes that add at once, and processes that are killed while they add."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path
from typing import IO

import pytest

import burnish

# A child finds the package under test wherever it runs.
ENVIRONMENT = os.environ | {"PYTHONPATH": str(Path(burnish.__file__).parents[1])}
ADDER = Path(__file__).with_name("adder.py")


def start(*arguments: object) -> subprocess.Popen[str]:
    command = [sys.executable, "-W", "error", str(ADDER), *map(str, arguments)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=ENVIRONMENT)


def stream(pipe: IO[str] | None) -> IO[str]:
    assert pipe is not None
    return pipe


def test_two_processes_that_add_at_once_lose_nothing(tmp_path: Path) -> None:
    with burnish.open(str(tmp_path)) as p:
        p.datasets.add("d", [{"id": "first", "x": "1"}])
    children = [start(tmp_path, who, 1500) for who in "ab"]
    made = [child.communicate(timeout=120)[0].split()[-1] for child in children]
    assert sorted(made) == ["d@2", "d@3"]
    with burnish.open(str(tmp_path)) as p:
        ids = {e.id for e in p.datasets.iter_examples("d")}
        assert ids == {"first", *(f"{who}-{n}" for who in "ab" for n in range(1500))}
        assert [v.size for v in p.datasets.versions("d")] == [3001, 1501, 1]


@pytest.mark.slow
def test_a_process_that_is_killed_leaves_the_whole_version_or_none(tmp_path: Path) -> None:
    with burnish.open(str(tmp_path)) as p:
        p.datasets.add("d", [{"id": "first", "x": "1"}])
    size, whole = 1, 0
    for number in range(5):
        child = start(tmp_path, f"p{number}", 3000)
        assert stream(child.stdout).readline() == "begun\n"
        # From the middle of reading to the middle of writing, and past the end.
        time.sleep(0.1 + 0.4 * number)
        child.kill()
        child.wait()
        stream(child.stdout).close()
        with burnish.open(str(tmp_path)) as p:
            found = [e.id for e in p.datasets.iter_examples("d")]
            assert len(found) == len(set(found)) == p.datasets.get("d").size
            assert len(found) in (size, size + 3000)
            whole += len(found) > size
            size = len(found)
    assert whole < 5
    with burnish.open(str(tmp_path)) as p:
        rows = ({"id": f"p0-{n}", "x": f"p0 {n} " + "y" * 200} for n in range(3000))
        p.datasets.add("d", rows)
        assert {e.id for e in p.datasets.iter_examples("d")} >= {f"p0-{n}" for n in range(3000)}


@pytest.mark.parametrize("ending", ["jsonl", "csv"])
def test_a_larger_file_takes_no_more_memory(tmp_path: Path, ending: str) -> None:
    """120 MB against 12 MB."""

    def most_mb(rows: int) -> int:
        path = tmp_path / f"{rows}.{ending}"
        with path.open("w", encoding="utf-8") as file:
            file.write("x,answer\n" if ending == "csv" else "")
            for n in range(rows):
                text = f"{n} " + "y" * 600_000
                file.write(f"{text},z\n" if ending == "csv" else f'{{"x": "{text}"}}\n')
        command = [
            sys.executable,
            str(ADDER.with_name("reader.py")),
            str(tmp_path / str(rows)),
            path,
        ]
        done = subprocess.run(command, check=True, capture_output=True, text=True, env=ENVIRONMENT)
        path.unlink()
        size, most = map(int, done.stdout.split())
        assert size == rows
        return most

    assert most_mb(200) < most_mb(20) + 40
