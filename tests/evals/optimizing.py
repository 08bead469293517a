"""An optimisation by a model whose answers are known beforehand."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import burnish
from burnish.models.fake import Fake
from burnish.models.model import ModelRequest

IDEA = "classify support mails as bug or praise"
# A line that some compositions have and the usual one has not.
HELPS = "Begin with the answer itself"
ROWS = [
    {"id": f"r{n}", "inputs": {"mail": f"mail {n}"}, "expected": "bug" if n % 2 else "praise"}
    for n in range(24)
]


class Given:
    """A plug-in with one model."""

    def __init__(self, model: Fake) -> None:
        self._model = model

    def models(self) -> list[Fake]:
        return [self._model]


def label(request: ModelRequest) -> str:
    """Right, by the number of the mail."""
    text = request.messages[-1].content
    number = int(text.split("<mail>\nmail ")[1].split("\n")[0])
    return "bug" if number % 2 else "praise"


def helped(request: ModelRequest) -> str:
    """A model that talks about the answer unless it is told to begin with it."""
    found = label(request)
    return found if HELPS in request.messages[-1].content else f"The label is {found}."


def opened(answer: Callable[[ModelRequest], str] | Fake, **settings: Any) -> burnish.Platform:
    model = answer if isinstance(answer, Fake) else Fake(answer)
    return burnish.open(plugins=[Given(model)], **settings)


def optimised(p: burnish.Platform, rows: Sequence[Any] = ROWS, **more: Any) -> burnish.Generation:
    options: dict[str, Any] = {"data": rows, "models": "fake:a"} | more
    asked = burnish.Optimize(**options)
    return p.generate(IDEA, name="mail/kind", optimize=asked)


def split_rows(count: int, split: Callable[[int], int]) -> list[dict[str, Any]]:
    return [
        {
            "inputs": {"mail": f"mail {n}"},
            "expected": "bug" if n % 2 else "praise",
            "split": ("train", "test")[split(n)],
        }
        for n in range(count)
    ]
