from __future__ import annotations

from collections.abc import Callable, Generator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any

import pytest

import burnish
from burnish.models.fake import Fake

Opened = Callable[..., AbstractContextManager[burnish.Platform]]


@pytest.fixture
def opened(tmp_path: Path) -> Opened:
    """A platform whose provider `fake` is the model given."""

    @contextmanager
    def open_with(model: Fake) -> Generator[burnish.Platform]:
        class Plugin:
            @staticmethod
            def models() -> list[Any]:
                return [model]

        with burnish.open(str(tmp_path / "home"), plugins=[Plugin]) as p:
            yield p

    return open_with
