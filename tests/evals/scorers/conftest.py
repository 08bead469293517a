"""Scorers as users get them: by name, through a registry."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator
from typing import Any

import pytest

from burnish.evals.registry import Scorers
from burnish.evals.scored import Answered
from burnish.plugins import Plugins
from burnish.storage.example import Example
from burnish.storage.result import Score

Scoring = Callable[..., Awaitable[Score]]


def answered(output: str, expected: Any = None, **fields: Any) -> Answered:
    inputs: dict[str, Any] = fields.pop("inputs", {})
    example = Example(id="1", inputs=inputs, expected=expected)
    return Answered(example=example, output=output, **fields)


@pytest.fixture
def scorers() -> Iterator[Scorers]:
    made = Scorers(Plugins(installed=False).collect("scorers"))
    yield made
    made.close()


@pytest.fixture
def score(scorers: Scorers) -> Scoring:
    """`await score("contains:late", "It is late.")`."""

    async def give(given: object, output: str, expected: Any = None, **fields: Any) -> Score:
        return await scorers.take(given).score(answered(output, expected, **fields))

    return give
