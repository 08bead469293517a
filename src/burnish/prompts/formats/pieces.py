"""Template text built from what another tool's template says: literal text, and code."""

from __future__ import annotations

import re
import unicodedata

import msgspec

from burnish.prompts.prompt import Variable
from burnish.prompts.variables import NAME

_RISKY = re.compile(r"\{[{%#]")
_END_RAW = re.compile(r"(\{%[-+]?\s{0,20}endraw\s{0,20}[-+]?%\})")
# Words that mean something else inside a tag.
_RESERVED = frozenset(
    [
        "true",
        "false",
        "none",
        "and",
        "or",
        "not",
        "in",
        "is",
        "if",
        "else",
        "elif",
        "endif",
        "for",
        "endfor",
        "recursive",
        "set",
        "with",
        "block",
        "macro",
        "loop",
        "self",
        "range",
        "dict",
        "namespace",
        "debug",
    ]
)


class Translated(msgspec.Struct, frozen=True, kw_only=True):
    """`variables` are those of which the text itself tells something, such as that it loops."""

    text: str
    variables: tuple[Variable, ...] = ()
    notes: tuple[str, ...] = ()


class Pieces:
    """Literal texts and code in turn. `names` are the variables in the order of their use."""

    def __init__(self) -> None:
        self._parts: list[str] = []
        self._literal: list[str] = []
        self.names: dict[str, None] = {}

    def literal(self, text: str) -> None:
        self._literal.append(text)

    def code(self, text: str) -> None:
        self._flush()
        self._parts.append(text)

    def variable(self, name: str) -> None:
        self.names.setdefault(name)
        self.code(f"{{{{ {name} }}}}")

    def text(self) -> str:
        self._flush()
        return "".join(self._parts)

    def _flush(self) -> None:
        if text := "".join(self._literal):
            self._parts.append(literal(text))
        self._literal.clear()


def literal(text: str) -> str:
    """As template text that renders to itself, also in front of a variable."""
    if not _RISKY.search(text) and not text.endswith("{"):
        return text
    # The one text that cannot stand inside a raw block is the end of a raw block.
    pieces = _END_RAW.split(text)
    return "".join(
        "{{ " + msgspec.json.encode(piece).decode() + " }}" if index % 2 else _raw(piece)
        for index, piece in enumerate(pieces)
        if piece
    )


def as_variable(name: str) -> str:
    """A name that a template can use, the same where it can be."""
    if NAME.match(name) and name not in _RESERVED and name.lower() not in ("true", "false", "none"):
        return name
    plain = unicodedata.normalize("NFKD", name.strip())
    letters = "".join(c for c in plain if not unicodedata.combining(c))
    spelt = "".join(
        c if c.isascii() and c.isalnum() else f"u{ord(c):x}" if c.isalnum() else "_"
        for c in letters[:80]
    )
    found = re.sub("__+", "_", spelt).strip("_") or "value"
    if found[0].isdigit():
        found = f"v{found}"
    return f"{found}_" if found.lower() in _RESERVED else found


def renamed(given: str, name: str) -> str:
    return f"the variable {given.strip()!r} is called {name} here"


def _raw(text: str) -> str:
    return "{% raw %}" + text + "{% endraw %}"
