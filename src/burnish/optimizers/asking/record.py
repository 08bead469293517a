"""What a prompt was seen to do."""

from __future__ import annotations

from typing import Any

import msgspec


class Record(msgspec.Struct, frozen=True, kw_only=True):
    """One answer. `score` is from 0 to 1, None where it could not be judged; `notes` is what the
    scorer said about it."""

    inputs: dict[str, Any]
    output: str
    expected: Any = None
    score: float | None = None
    notes: str = ""
