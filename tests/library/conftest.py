from collections.abc import AsyncGenerator, Callable
from pathlib import Path

import pytest

from burnish.library import Library
from burnish.library.cache import Cache
from burnish.storage.sql import SqlStore
from burnish.storage.sqlite import open_sqlite
from burnish.storage.store import Store


class Clock:
    """Stands still until it is set forward."""

    def __init__(self) -> None:
        self.seconds = 1000.0

    def __call__(self) -> float:
        return self.seconds


@pytest.fixture
async def store(tmp_path: Path) -> AsyncGenerator[SqlStore]:
    opened = await open_sqlite(tmp_path / "b.sqlite")
    yield opened
    await opened.close()


@pytest.fixture
def cache() -> Cache:
    return Cache()


@pytest.fixture
def library(store: Store, cache: Cache) -> Library:
    return Library(store, cache=cache)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def another(store: SqlStore, clock: Clock) -> Callable[[], Library]:
    """A library as another process would have it: the same store, a memory of its own. This store
    does not tell of changes."""
    silent = SqlStore(store.database, store.upkeep)
    return lambda: Library(silent, cache=Cache(clock=clock))
