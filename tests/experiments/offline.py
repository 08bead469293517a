"""Experiments on a dataset, with a model whose answers are known."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import burnish
from burnish.models.fake import Fake
from burnish.models.model import ModelRequest

VARIANTS = ("a=say@1,model=fake:m", "b=say@2,model=fake:m")
THREE = (*VARIANTS, "c=say@3,model=fake:m")
Answer = Callable[[ModelRequest], str]


class Given:
    """A plug-in with one model."""

    def __init__(self, model: Fake) -> None:
        self._model = model

    def models(self) -> list[Fake]:
        return [self._model]


def said(request: ModelRequest) -> tuple[str, str]:
    """Which of the prompts it is, and for which number."""
    prompt, _, number = request.messages[-1].content.partition(" ")
    return prompt, number


def right(share: Mapping[str, float], seed: int = 1) -> Answer:
    """Says the number, as often as the share of the prompt says."""

    def answer(request: ModelRequest) -> str:
        prompt, number = said(request)
        is_right = random.Random(f"{seed} {prompt} {number}").random() < share[prompt]
        return number if is_right else "no"

    return answer


def rows(count: int, **more: Any) -> list[dict[str, Any]]:
    return [
        {"id": f"r{n}", "inputs": {"n": str(n)}, "expected": str(n), "split": "test", **more}
        for n in range(count)
    ]


@asynccontextmanager
async def trying(
    home: Path, answer: Answer | Fake, *, examples: int = 100, **settings: Any
) -> AsyncGenerator[burnish.AsyncPlatform]:
    """With three revisions of a prompt, and the dataset `rows`, where there are none yet."""
    model = answer if isinstance(answer, Fake) else Fake(answer)
    async with burnish.open_async(
        str(home), plugins=[Given(model)], models__max_retries=0, **settings
    ) as p:
        if not await p.datasets.list():
            for letter in "ABC":
                await p.prompts.create("say", f"{letter} {{{{ n }}}}")
            await p.datasets.add("rows", rows(examples))
        yield p


def asked(model: Fake) -> Counter[tuple[str, str]]:
    return Counter(map(said, model.requests))
