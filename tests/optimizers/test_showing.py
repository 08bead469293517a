"""Where no wording helps, every way to search finds that examples do."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest

import burnish
from burnish.models.fake import Fake
from burnish.models.model import ModelReply, ModelRequest

ROWS = [
    {"id": f"{n}", "inputs": {"text": f"item {n}"}, "expected": f"<{n % 7}>"} for n in range(120)
]
TEXT = "Sort the item.\n\n{{ text }}"
_ASKED: dict[str, Any] = {"model": "fake:a", "writer": "offline", "dataset": "items", "seed": 1}


def imitating(request: ModelRequest) -> ModelReply:
    """Knows the answer, and its form where it was shown one."""
    text = "\n".join(each.content for each in request.messages)
    number = int(re.findall(r"item (\d+)", text)[-1]) % 7
    shown = re.search(r"<\d>", text)
    return ModelReply(text=f"<{number}>" if shown else f"It is {number}.")


class Imitating:
    def models(self) -> list[Fake]:
        return [Fake(imitating)]


@pytest.fixture
def p() -> Iterator[burnish.Platform]:
    with burnish.open(plugins=[Imitating()]) as opened:
        opened.prompts.create("sort/item", TEXT)
        yield opened


@pytest.mark.parametrize("algorithm", ["genetic", "bandit", "fewshot", "auto"])
def test_examples_are_shown_where_they_help(algorithm: str, p: burnish.Platform) -> None:
    done = p.optimize("sort/item", ROWS, algorithm=algorithm, budget=200, **_ASKED)
    one = done.optimization
    assert one.outcome == "improved", one.text
    best = next(each for each in done.candidates if each.id == one.report["leader"])
    assert re.search(r"<\d>", best.text)
    assert "{{ text }}" in best.text


@pytest.mark.parametrize("algorithm", ["genetic", "bandit"])
def test_examples_too_long_to_be_shown_are_not(algorithm: str, p: burnish.Platform) -> None:
    long = [{**row, "expected": "x" * 2_000} for row in ROWS]
    done = p.optimize("sort/item", long, algorithm=algorithm, budget=100, **_ASKED)
    assert len(done.candidates) > 1
    assert "demonstrate" not in {each.operator for each in done.candidates}


def test_auto_tries_examples_first_where_there_is_room_for_little(p: burnish.Platform) -> None:
    for seed in range(4):
        asked: dict[str, Any] = {**_ASKED, "seed": seed, "budget": 70}
        done = p.optimize("sort/item@1", ROWS[:48], algorithm="auto", **asked)
        made = [each.operator for each in done.candidates if each.operator != "original"]
        assert made[0] == "demonstrate"
