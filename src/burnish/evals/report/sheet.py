"""One table of a report."""

from __future__ import annotations

import msgspec


class Sheet(msgspec.Struct, frozen=True, kw_only=True):
    """`remark` tells how to read it. A matrix has the same names down and across; `narrow` is
    what to show of it where it is too wide."""

    title: str
    headings: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    remark: str = ""
    is_matrix: bool = False
    narrow: Sheet | None = None
