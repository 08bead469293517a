"""Front matter: YAML between two lines of dashes, above a text."""

from __future__ import annotations

import re
from typing import Any, cast

import msgspec

from burnish.prompts.formats.document import Fault
from burnish.prompts.formats.yaml_text import Place, read_yaml

_FENCE = re.compile(r"---[ \t]*\r?\n")
_CLOSE = re.compile(r"^(?:---|\.\.\.)[ \t]*\r?(?:\n|\Z)", re.MULTILINE)


class FrontMatter(msgspec.Struct, frozen=True, kw_only=True):
    """`fields` are None where the file has no front matter. `body_line` is the line on which the
    body begins."""

    fields: dict[str, Any] | None
    lines: dict[Place, int]
    body: str
    body_line: int

    def line(self, *place: str | int) -> int:
        while place and place not in self.lines:
            place = place[:-1]
        return self.lines.get(place, 0)


def split_front_matter(text: str, *, below_blank: bool = False) -> FrontMatter:
    """With `below_blank` empty lines may stand above it. Raises Fault with the line."""
    if "\r\n" in text and text.count("\n") == text.count("\r\n"):
        text = text.replace("\r\n", "\n")
    start = _FENCE.match(text, len(text) - len(text.lstrip()) if below_blank else 0)
    if not start:
        return FrontMatter(fields=None, lines={}, body=text, body_line=1)
    close = _CLOSE.search(text, start.end())
    if not close:
        raise Fault("its front matter is never closed with ---", 1)
    try:
        # The lines count from the file's first one.
        above = "\n" * text.count("\n", 0, start.end())
        document = read_yaml(above + text[start.end() : close.start()])
    except Fault as fault:
        raise Fault(f"its front matter {fault.what}", fault.line) from None
    value = document.value
    if value is not None and not isinstance(value, dict):
        raise Fault("its front matter holds no keys such as `name: …`", 2)
    return FrontMatter(
        fields=cast("dict[str, Any]", value) if value else {},
        lines=document.lines,
        body=text[close.end() :],
        body_line=text.count("\n", 0, close.end()) + 1,
    )
