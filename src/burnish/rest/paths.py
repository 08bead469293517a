"""Names in paths: `mail/kind` has a slash of its own, and stands as it is or as `mail%2Fkind`.

An encoded slash never ends a part of the path, so that a prompt named `a/versions` can be asked for
as `a%2Fversions`, where `a/versions` means the versions of `a`."""

from __future__ import annotations

import re
from urllib.parse import quote, unquote

_SLASH = "\x1f"
_PLACE = re.compile(r"\{(\w+)\}")


def routed(raw: bytes) -> str:
    """The path that routes are looked up by."""
    text = re.sub(r"%2f", _SLASH, raw.decode("latin-1"), flags=re.IGNORECASE)
    return unquote(text, errors="replace")


def plain(part: str) -> str:
    """What stands at a place of a route."""
    return part.replace(_SLASH, "/")


def pattern(path: str) -> str:
    """The route of an operation's path: a name may have slashes."""
    return _PLACE.sub(r"{\1:path}", path)


def filled(path: str, values: dict[str, str]) -> str:
    """The path with values at its places, as a client sends it."""
    return _PLACE.sub(lambda found: quote(values[found[1]], safe=""), path)
