"""Where a client keeps what it read last, and what its server has not heard."""

from __future__ import annotations

import hashlib
import logging
from pathlib import Path

import msgspec

from burnish.settings import usual_home

_LOGGER = logging.getLogger("burnish")


class Kept(msgspec.Struct, frozen=True, kw_only=True):
    """None keeps nothing on disk."""

    ttl_s: float
    last_known: Path | None = None
    outbox: Path | None = None


def kept_at(folder: str | Path | None, url: str, key: str, ttl_s: float) -> Kept:
    """Each key has files of its own: what one may read is not for another, and what one says is
    never said under another's name. They are named without telling the key."""
    if folder is None:
        return Kept(ttl_s=ttl_s)
    of = hashlib.sha256(f"{url.rstrip('/')}\n{key}".encode()).hexdigest()[:16]
    place = (Path(folder) if folder else usual_home() / "clients") / of
    return Kept(ttl_s=ttl_s, last_known=place / "last-known.json", outbox=place / "outbox.sqlite")


def warn(event: str, reason: str) -> None:
    """What nobody waits for, so that no error tells it."""
    _LOGGER.warning("burnish: %s: %s", event, reason)
