"""What prompts are told of experiments: who asks with a unit may get a version of its own."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Protocol

from burnish.storage.store import Fetched

if TYPE_CHECKING:
    from burnish.library.fallback import Fallback

Attributes = Mapping[str, str | int | float | bool]
"""What is known of a unit, such as its country."""


class Units(Protocol):
    def at_once(
        self, reference: str, label: str | None, unit: str, attributes: Attributes | None, /
    ) -> Fetched | None:
        """What `get` would answer, where all that it takes is in memory and fresh. Safe on any
        thread."""
        ...

    async def get(
        self,
        reference: str,
        label: str | None,
        fallback: Fallback | None,
        unit: str,
        attributes: Attributes | None,
    ) -> Fetched:
        """The version that the unit is assigned to, else what the reference means."""
        ...
