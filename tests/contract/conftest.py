"""The stores that must all keep the same contract. A store joins by adding its factory."""

from collections.abc import AsyncGenerator, Awaitable, Callable
from pathlib import Path

import pytest

from burnish.storage.sqlite import open_sqlite
from burnish.storage.store import Store

Factory = Callable[[Path], Awaitable[Store]]


async def sqlite(folder: Path) -> Store:
    return await open_sqlite(folder / "store.sqlite")


FACTORIES: dict[str, Factory] = {"sqlite": sqlite}


@pytest.fixture(params=FACTORIES)
async def store(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncGenerator[Store]:
    opened = await FACTORIES[request.param](tmp_path)
    yield opened
    await opened.close()
