"""The port to what tells which prompts were changed, by whatever process."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, Protocol

import msgspec

Kind = Literal["label", "prompt", "archive", "gone"]


class Changed(msgspec.Struct, frozen=True, kw_only=True):
    """What happened to a prompt: one `label` moved; the `prompt` got a version, or is described
    anew; versions of it went to the `archive` or came back; nothing of that name is there any
    more (`gone`: deleted or renamed)."""

    name: str
    kind: Kind
    label: str | None = None


class Listener(Protocol):
    """Called on any thread, and never to wait there."""

    @property
    def listens(self) -> bool:
        """Whether there is anything that a change could concern."""
        ...

    def hear(self, changes: Sequence[Changed] | None) -> None:
        """None: anything may have changed."""
        ...

    def lose(self) -> None:
        """From now on nothing is told."""
        ...


class Changes(Protocol):
    @property
    def is_told(self) -> bool:
        """Whether whoever follows hears of every change, within a second."""
        ...

    async def follow(self, listener: Listener) -> bool:
        """Tells the listener of every change after this call, as long as it listens, until `lose`.
        Answers False where that is not possible now."""
        ...

    def wake(self) -> None:
        """Says that the listener listens again. Safe on any thread."""
        ...

    def stamp(self) -> int | None:
        """Another number after each change of anything in the store, whoever made it, within
        microseconds. None where that cannot be told."""
        ...

    async def close(self) -> None: ...
