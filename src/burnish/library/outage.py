"""Whether the store can be asked."""

from __future__ import annotations

import time
from collections.abc import Callable

_FIRST_S = 0.5
_LONGEST_S = 30.0


class Outage:
    """Begins with a read that fails and ends with one that does not. `warn` is told once of each.

    While it lasts, the store `rests` after each failure, twice as long as before, up to half a
    minute.
    """

    def __init__(
        self, warn: Callable[[str, str], None], clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._warn = warn
        self._clock = clock
        self._failures = 0
        self._until = 0.0

    @property
    def is_on(self) -> bool:
        return self._failures > 0

    @property
    def rests(self) -> bool:
        return self.is_on and self._clock() < self._until

    def fail(self, reason: str) -> None:
        if not self.is_on:
            self._warn("the store is away", f"{reason}; prompts are served as they were last known")
        self._until = self._clock() + min(_LONGEST_S, _FIRST_S * 2**self._failures)
        self._failures = min(self._failures + 1, 10)

    def end(self) -> None:
        self._failures = 0
