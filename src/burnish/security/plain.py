"""What people type of themselves, in the form that is kept."""

from __future__ import annotations

import re

from burnish.errors import UsageError

_EMAIL = re.compile(r"[^@\s\x00-\x1f\x7f]{1,64}@[^@\s\x00-\x1f\x7f]{1,190}")
_NAME_CHARS = 100


def plain_email(email: str) -> str:
    """Raises UsageError."""
    plain = email.strip().casefold()
    if not _EMAIL.fullmatch(plain):
        raise UsageError(f"{email[:80]!r} is no e-mail address", hint="such as ann@example.com")
    return plain


def plain_name(name: str) -> str:
    """Raises UsageError."""
    plain = " ".join(name.split())
    if len(plain) > _NAME_CHARS or not plain.isprintable():
        raise UsageError("this is no name", hint=f"use up to {_NAME_CHARS} letters")
    return plain
