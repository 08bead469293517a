from collections.abc import AsyncGenerator
from pathlib import Path

import pytest

from burnish.storage.sqlite import open_sqlite
from burnish.storage.store import Store


@pytest.fixture
async def store(tmp_path: Path) -> AsyncGenerator[Store]:
    opened = await open_sqlite(tmp_path / "b.sqlite")
    yield opened
    await opened.close()
