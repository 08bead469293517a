"""Answers come back while they are fresh, from memory and from the file, whatever befalls it."""

import os
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Generator
from contextlib import closing
from pathlib import Path

import pytest

import burnish
from burnish.storage.cache import ResponseCache

# A child finds the package under test wherever it runs.
ENVIRONMENT = os.environ | {"PYTHONPATH": str(Path(burnish.__file__).parents[1])}


class Clock:
    def __init__(self) -> None:
        self.now = 1_000_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "folder" / "cache.sqlite"


@pytest.fixture(params=["memory", "file"])
def cache(request: pytest.FixtureRequest, path: Path, clock: Clock) -> Generator[ResponseCache]:
    made = ResponseCache(path if request.param == "file" else None, clock=clock)
    yield made
    made.close()


@pytest.mark.spec("CAC-01")
def test_an_entry_lives_as_long_as_it_was_given(cache: ResponseCache, clock: Clock) -> None:
    assert cache.get("k") is None
    cache.put("k", b"one", 10)
    cache.put("never", b"x", 0)
    assert (cache.get("k"), cache.get("never")) == (b"one", None)
    clock.now += 9.5
    assert cache.get("k") == b"one"
    cache.put("k", b"two", 10)
    clock.now += 9.5
    assert cache.get("k") == b"two"
    clock.now += 1
    assert cache.get("k") is None
    cache.flush()
    assert cache.stats().entries == 0


@pytest.mark.spec("MET-07")
def test_statistics(cache: ResponseCache, clock: Clock) -> None:
    empty = cache.stats()
    assert (empty.entries, empty.hit_rate, empty.average_age_s, empty.utilization) == (
        0, None, None, 0.0,
    )  # fmt: skip
    cache.put("old", b"x" * 1000, 1000)
    clock.now += 60
    cache.put("new", b"y" * 3000, 1000)
    clock.now += 20
    for key in ("old", "old", "new", "none"):
        cache.get(key)
    found = cache.stats()
    assert (found.entries, found.hits, found.misses, found.hit_rate) == (2, 3, 1, 0.75)
    assert (found.average_age_s, found.oldest_age_s) == (50, 80)
    assert 4000 <= found.size_bytes <= 4500
    assert found.utilization == found.size_bytes / found.max_size_bytes
    assert (found.dropped, found.problem) == (0, "")
    # Asking twice counts nothing twice.
    assert cache.stats() == found


def test_clearing_forgets_everything_and_tells_how_much(cache: ResponseCache) -> None:
    for n in range(5):
        cache.put(f"k{n}", b"v", 60)
    cache.get("k1")
    assert cache.clear() == 5
    assert cache.get("k1") is None
    assert (cache.stats().entries, cache.stats().hits) == (0, 0)
    assert cache.clear() == 0


@pytest.mark.spec("CAC-03")
def test_entries_and_counts_survive_a_restart(path: Path, clock: Clock) -> None:
    first = ResponseCache(path, clock=clock)
    first.put("k", b"\x00\xff", 100)
    first.put("short", b"x", 5)
    first.get("k")
    first.get("none")
    first.close()
    clock.now += 10
    second = ResponseCache(path, clock=clock)
    assert second.get("k") == b"\x00\xff"
    assert second.get("short") is None
    found = second.stats()
    assert (found.entries, found.hits, found.misses, found.oldest_age_s) == (1, 2, 2, 10)
    second.close()
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("SELECT key FROM entries").fetchall() == [("k",)]


@pytest.mark.spec("CAC-01")
def test_memory_keeps_the_entries_used_last_and_the_file_the_others(
    path: Path, clock: Clock
) -> None:
    for place, others in ((None, None), (path, b"1")):
        cache = ResponseCache(place, memory_entries=2, clock=clock)
        cache.put("0", b"0", 60)
        cache.put("1", b"1", 60)
        cache.get("0")
        cache.put("2", b"2", 60)
        # Whether it waits to be written or has been.
        assert cache.get("1") == others
        cache.flush()
        assert cache.get("0") == b"0"
        cache.close()


@pytest.mark.spec("CAC-01")
def test_the_file_drops_what_was_used_longest_ago(path: Path, clock: Clock) -> None:
    cache = ResponseCache(path, memory_entries=1, max_bytes=50_000, clock=clock)
    for n in range(40):
        clock.now += 1
        cache.put(f"k{n}", b"v" * 2000, 600)
        # Used over and over, so it stays.
        assert cache.get("k0") is not None
        cache.flush()
    found = cache.stats()
    assert found.size_bytes <= 50_000
    assert 18 <= found.entries <= 24
    assert cache.get("k0") is not None
    assert cache.get("k1") is None
    assert cache.get("k39") is not None
    cache.put("huge", b"x" * 60_000, 600)
    assert cache.get("huge") is None
    cache.close()


def test_memory_alone_is_bounded_by_bytes_too(clock: Clock) -> None:
    cache = ResponseCache(None, max_bytes=10_000, clock=clock)
    for n in range(20):
        cache.put(f"k{n}", b"v" * 2000, 60)
    found = cache.stats()
    assert found.size_bytes <= found.max_size_bytes == 10_000
    assert cache.get("k19") is not None
    cache.close()


def test_an_entry_of_another_process_is_found(path: Path, clock: Clock) -> None:
    one, two = ResponseCache(path, clock=clock), ResponseCache(path, clock=clock)
    one.put("k", b"old", 10)
    one.flush()
    assert two.get("k") == b"old"
    clock.now += 11
    two.put("k", b"new", 10)
    two.flush()
    # The memory of this one holds it expired; the file has a newer one.
    assert one.get("k") == b"new"
    assert one.stats().hits == 2
    one.close()
    two.close()


_CHILD = """
import sys, time
from pathlib import Path
from burnish.storage.cache import ResponseCache
cache = ResponseCache(Path(sys.argv[1]))
sys.stdin.read(1)
for n in range(200):
    cache.put(f"{sys.argv[2]}/{n}", sys.argv[2].encode() * 100, 600)
    cache.get(f"{sys.argv[2]}/{n}")
cache.close()
print(cache.problem)
"""


@pytest.mark.spec("CAC-03")
def test_several_processes_share_a_new_file(path: Path) -> None:
    started = [
        subprocess.Popen(
            [sys.executable, "-W", "error", "-c", _CHILD, str(path), str(n)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env=ENVIRONMENT,
        )
        for n in range(4)
    ]
    for process in started:
        assert process.stdin is not None
        process.stdin.write("x")
        process.stdin.flush()
    assert [process.communicate(timeout=60) for process in started] == [("\n", "")] * 4
    cache = ResponseCache(path)
    assert cache.stats().entries == cache.stats().hits == 800
    assert cache.get("3/199") == b"3" * 100
    cache.close()


def test_a_damaged_file_is_put_aside_and_a_new_one_begun(path: Path, clock: Clock) -> None:
    path.parent.mkdir()
    path.write_bytes(b"This is a text, and longer than the header of a database. " * 20)
    cache = ResponseCache(path, clock=clock)
    assert cache.get("k") is None
    cache.put("k", b"v", 60)
    assert cache.get("k") == b"v"
    cache.flush()
    (aside,) = path.parent.glob("cache.sqlite.broken-*")
    assert aside.read_bytes().startswith(b"This is a text")
    assert str(aside) in cache.problem
    cache.close()
    again = ResponseCache(path, clock=clock)
    assert (again.get("k"), again.problem) == (b"v", "")
    again.close()


def test_damage_found_while_working_harms_no_call_and_no_new_file(path: Path, clock: Clock) -> None:
    caches = [ResponseCache(path, memory_entries=1, clock=clock) for _ in range(2)]
    for n in range(50):
        caches[0].put(f"k{n}", b"v" * 3000, 600)
        caches[0].flush()
    assert caches[1].get("k1") is not None
    for cache in caches:
        cache.stats()
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    content = path.read_bytes()
    # In place, as a disk does it.
    with path.open("r+b") as file:
        file.seek(4096)
        file.write(b"\xff" * (len(content) - 4096))
    for n in range(50):
        for cache in caches:
            assert cache.get(f"k{n}") in (None, b"v" * 3000)
            cache.put(f"new{n}", b"w", 600)
            cache.flush()
    assert len(list(path.parent.glob("cache.sqlite.broken-*"))) == 1
    assert [cache.get("new49") for cache in caches] == [b"w", b"w"]
    for cache in caches:
        cache.close()
    after = ResponseCache(path, clock=clock)
    assert after.get("new49") == b"w"
    after.close()


def test_a_locked_file_never_fails_a_call_and_loses_nothing(path: Path, clock: Clock) -> None:
    cache = ResponseCache(path, clock=clock)
    cache.put("before", b"v", 600)
    cache.flush()
    cache.close()
    cache = ResponseCache(path, clock=clock)
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("PRAGMA locking_mode=EXCLUSIVE")
        other.execute("BEGIN EXCLUSIVE")
        other.execute("UPDATE totals SET hits = 0")
        assert cache.get("before") is None
        assert "locked" in cache.problem
        cache.put("k", b"v", 600)
        assert cache.get("k") == b"v"
        cache.flush()
        found = cache.stats()
        assert (found.entries, found.hits) == (1, 1)
        other.execute("COMMIT")
    clock.now += 10
    cache.flush()
    assert cache.problem == ""
    assert cache.get("before") == b"v"
    assert cache.stats().entries == 2
    cache.close()


def test_a_place_that_cannot_be_written_leaves_the_memory(tmp_path: Path, clock: Clock) -> None:
    (tmp_path / "file").write_text("x")
    cache = ResponseCache(tmp_path / "file" / "cache.sqlite", clock=clock)
    cache.put("k", b"v", 60)
    cache.flush()
    assert cache.get("k") == b"v"
    assert "cannot be used" in cache.problem
    assert cache.clear() == 1
    cache.close()


def test_a_file_of_a_newer_burnish_is_left_alone(path: Path, clock: Clock) -> None:
    path.parent.mkdir()
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA user_version=9")
    before = path.read_bytes()
    cache = ResponseCache(path, clock=clock)
    cache.put("k", b"v", 60)
    cache.flush()
    assert cache.get("k") == b"v"
    assert "newer" in cache.problem
    cache.close()
    assert path.read_bytes() == before


def test_entries_that_come_faster_than_the_disk_takes_them_are_counted(
    path: Path, clock: Clock
) -> None:
    path.parent.mkdir()
    cache = ResponseCache(path, memory_entries=10, clock=clock)
    cache.put("k", b"v", 60)
    cache.flush()
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        for n in range(3000):
            cache.put(f"k{n}", b"v", 60)
        assert cache.get("k2999") == b"v"
        other.execute("COMMIT")
    found = cache.stats()
    assert found.dropped > 0
    assert found.entries + found.dropped >= 3000
    cache.close()


def test_threads_may_share_it(path: Path) -> None:
    cache = ResponseCache(path, memory_entries=20)
    faults: list[object] = []

    def work(who: int) -> None:
        for n in range(300):
            cache.put(f"{who}/{n}", f"{who}/{n}".encode(), 60)
            keys = (f"{who}/{n}", f"{(who + 1) % 4}/{n // 2}")
            faults.extend(key for key in keys if cache.get(key) not in (key.encode(), None))

    threads = [threading.Thread(target=work, args=(who,)) for who in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    found = cache.stats()
    assert (faults, found.entries + found.dropped) == ([], 1200)
    assert found.hits + found.misses == 2400
    cache.close()


def test_after_the_end_it_is_empty_and_quiet(path: Path) -> None:
    cache = ResponseCache(path)
    cache.put("k", b"v", 60)
    cache.close()
    cache.put("l", b"v", 60)
    assert cache.get("l") is None
    cache.close()
