"""What Acme adds to Burnish. `pip install .` in this folder makes it known to every command."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path

import burnish


@burnish.scorer
def names_parcel(output: str, expected: str) -> bool:
    """The answer names the parcel that was asked about."""
    return expected.lower() in output.lower()


@burnish.scorer(name="acme-tone", threshold=0.6)
def tone(output: str, banned: str = "unfortunately,sadly") -> float:
    """How few of the words stand in the answer that Acme does not write."""
    words = [word for word in banned.split(",") if word]
    found = sum(word in output.lower() for word in words)
    return 1 - found / max(1, len(words))


def scorers() -> Iterable[object]:
    return [names_parcel, tone]


def personas() -> Iterable[burnish.Persona]:
    yield burnish.Persona(
        name="acme",
        purpose="Letters of Acme; friendly, short and exact",
        system="You write for Acme.",
    )


def call_observers() -> list[Callable[[burnish.CallEvent], None]]:
    """Each call of a model becomes a line of calls.tsv, where the working folder has one."""
    path = Path("calls.tsv").absolute()

    def tell(event: burnish.CallEvent) -> None:
        if event.kind == "end" and path.exists():
            with path.open("a", encoding="utf-8") as file:
                file.write(f"{event.model}\t{event.latency_ms:.0f}\t{event.error}\n")

    return [tell]
