"""The port to who people are elsewhere."""

from __future__ import annotations

from datetime import datetime
from typing import Protocol

import msgspec


class SignIn(msgspec.Struct, frozen=True, kw_only=True):
    """One that is under way at an identity provider: what has to come back with it."""

    nonce: str
    verifier: str
    ends_at: datetime


class Identities(Protocol):
    async def begin(self, state_hash: str, sign_in: SignIn, now: datetime) -> None:
        """Those that have ended are forgotten."""
        ...

    async def take(self, state_hash: str, now: datetime) -> SignIn | None:
        """Once. None where there is none, or it has ended."""
        ...

    async def user(self, issuer: str, subject: str) -> str | None:
        """The id of whoever it is here."""
        ...

    async def link(self, issuer: str, subject: str, user_id: str, at: datetime) -> None:
        """Raises Conflict where it is somebody already."""
        ...
