"""How jobs are held, watched and tried again."""

from __future__ import annotations

import msgspec

from burnish.errors import (
    AllModelsFailed,
    BurnishError,
    CircuitOpen,
    ModelFailed,
    StoreError,
    Unavailable,
)

_FIRST_S, _LONGEST_S = 2.0, 300.0


class Rules(msgspec.Struct, frozen=True, kw_only=True):
    """A job is held for `lease_s` after its process was last heard of; that is written every
    `look_s`, when its process also sees that it was cancelled, or after `tell_s` where there is
    progress to write. After `retries` faults it fails. Work that is told to stop has `grace_s`."""

    lease_s: float = 30.0
    look_s: float = 1.0
    tell_s: float = 0.3
    retries: int = 5
    grace_s: float = 10.0
    first_delay_s: float = _FIRST_S

    def delay_s(self, failures: int, error: BurnishError) -> float:
        """Before the next attempt, after so many failures; twice as long each time, and at least
        as long as the provider asked for."""
        wished = error.retry_after_s if isinstance(error, ModelFailed) else None
        return min(_LONGEST_S, max(wished or 0.0, self.first_delay_s * 2.0 ** min(failures, 20)))


def may_pass(error: BaseException) -> bool:
    """Whether the same work may succeed later though nobody changes anything."""
    if isinstance(error, AllModelsFailed):
        return any(may_pass(cause) for cause in error.causes)
    if isinstance(error, ModelFailed):
        return error.retryable or isinstance(error, CircuitOpen)
    if isinstance(error, StoreError):
        return error.retryable
    return isinstance(error, Unavailable)
