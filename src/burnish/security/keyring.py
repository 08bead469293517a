"""Keys that the server signs and encrypts with."""

from __future__ import annotations

from typing import Protocol

import msgspec


class Key(msgspec.Struct, frozen=True, kw_only=True):
    """`secret` has 32 bytes; `id` stands beside what was made with it."""

    id: str
    secret: bytes = b""

    def __repr__(self) -> str:
        return f"Key(id={self.id!r})"


class Keyring(Protocol):
    """Where keys come from: the environment, a file, or a key management service."""

    def current(self) -> Key:
        """What is signed and encrypted with now."""
        ...

    def by_id(self, key_id: str) -> Key | None:
        """The current one or an older one, for what was made with it."""
        ...

    def rotate(self) -> Key:
        """A new current one; the older ones stay readable. Raises NotPermitted where keys are
        given from outside."""
        ...
