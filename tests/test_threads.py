"""Many threads that begin at once."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import burnish

THREADS = 8
BEGIN_AT_ONCE = """
import sys, threading
from concurrent.futures import ThreadPoolExecutor
import burnish

# As often as Python can, so that threads meet in the middle of what they do.
sys.setswitchinterval(1e-6)
with burnish.open(sys.argv[1]) as p:
    start = threading.Barrier({threads})

    def work(number):
        start.wait()
        return p.generate(f"write a note about topic {{number}}").text

    with ThreadPoolExecutor({threads}) as pool:
        print(sum(1 for text in pool.map(work, range({threads})) if text))
"""


def test_a_process_whose_threads_all_begin_with_a_prompt_stays_alive(tmp_path: Path) -> None:
    code = BEGIN_AT_ONCE.format(threads=THREADS)
    own = {"PYTHONPATH": str(Path(burnish.__file__).parents[1])}
    for attempt in range(5):
        done = subprocess.run(
            [sys.executable, "-c", code, str(tmp_path / str(attempt))],
            capture_output=True,
            text=True,
            check=False,
            env=os.environ | own,
        )
        assert (done.returncode, done.stdout.strip()) == (0, str(THREADS)), done.stderr


def test_the_catalogue_is_read_once_for_all_threads(tmp_path: Path) -> None:
    asked: list[int] = []
    start = threading.Barrier(THREADS)

    class Plugin:
        @staticmethod
        def techniques() -> Iterable[Path]:
            asked.append(1)
            return []

    def analyze(number: int) -> burnish.Classification:
        start.wait()
        return p.analyze(f"write a note about topic {number}")

    with burnish.open(str(tmp_path), plugins=[Plugin]) as p, ThreadPoolExecutor(THREADS) as pool:
        assert len(list(pool.map(analyze, range(THREADS)))) == THREADS
    assert len(asked) == 1
