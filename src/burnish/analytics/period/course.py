"""How a figure went, as a line of blocks: the tallest is the most."""

from __future__ import annotations

from collections.abc import Sequence

_BLOCKS = "▁▂▃▄▅▆▇█"
_NOTHING = "·"


def course(values: Sequence[float | None]) -> str:
    """A sign for each; empty where there is one value alone, or nothing at all."""
    most = max((each or 0.0 for each in values), default=0.0)
    if len(values) < 2 or most <= 0:
        return ""
    return "".join(
        _BLOCKS[min(int(each / most * len(_BLOCKS)), len(_BLOCKS) - 1)] if each else _NOTHING
        for each in values
    )
