"""Passwords: what one must be, its hash, and whether one is right."""

from __future__ import annotations

import asyncio
from functools import cache
from typing import TYPE_CHECKING

from burnish.errors import UsageError

if TYPE_CHECKING:
    from pwdlib import PasswordHash

LEAST, MOST = 12, 256
# Tried first by whoever guesses, beside repeated and neighbouring letters. Shorter ones cannot be.
_COMMON = frozenset(
    {
        "password1234",
        "password12345",
        "passwordpassword",
        "administrator",
        "changemechangeme",
        "correcthorsebatterystaple",
        "letmeinletmein",
        "iloveyouiloveyou",
        "welcomewelcome",
        "qwertyuiop123",
        "qwerty123456",
        "1qaz2wsx3edc",
    }
)
_ROWS = ("abcdefghijklmnopqrstuvwxyz", "01234567890123456789", "qwertyuiopasdfghjklzxcvbnm")
_FEWEST_LETTERS = 5


def check_password(password: str, email: str) -> None:
    """Raises UsageError with the rule that is not kept, and nothing of the password."""
    if not LEAST <= len(password) <= MOST:
        raise UsageError(
            f"a password of {len(password)} characters", hint=f"use {LEAST} to {MOST} of them"
        )
    plain = password.casefold()
    if any(len(part) > 3 and part in plain for part in (email, email.partition("@")[0])):
        raise UsageError("the password holds the e-mail address", hint="use another one")
    in_a_row = any(plain in row or plain[::-1] in row for row in _ROWS)
    if plain in _COMMON or len(set(plain)) < _FEWEST_LETTERS or in_a_row:
        raise UsageError(
            "this password is among those that are tried first", hint="use several words"
        )


async def hash_of(password: str) -> str:
    """Argon2id; some tenths of a second on a thread."""
    return await asyncio.to_thread(_hasher().hash, password)


async def is_right(password: str, expected: str) -> bool:
    """Takes as long where there is nothing to compare with: an empty `expected`."""
    right = await asyncio.to_thread(_verified, password[:MOST], expected or _nobodys())
    return right and bool(expected)


def _verified(password: str, expected: str) -> bool:
    return _hasher().verify(password, expected)


@cache
def _hasher() -> PasswordHash:
    from pwdlib import PasswordHash

    return PasswordHash.recommended()


@cache
def _nobodys() -> str:
    return _hasher().hash("nobody has this password")
