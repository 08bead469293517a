"""The port through which letters leave."""

from __future__ import annotations

from email.errors import MessageError
from email.headerregistry import Address
from typing import Protocol

import msgspec

from burnish.errors import UsageError

_LONGEST = 254


class Letter(msgspec.Struct, frozen=True, kw_only=True):
    to: str
    subject: str
    text: str


class Mail(Protocol):
    async def send(self, letter: Letter) -> None:
        """Comes back when somebody has taken it. Raises Unavailable where nobody does, and
        UsageError for an address that no letter can be sent to."""
        ...


def mailable(email: str) -> Address:
    """Raises UsageError for what is not one plain address: nothing in it can end a header, or name
    a second receiver."""
    try:
        address = Address(addr_spec=email)
    except (ValueError, IndexError, MessageError):
        address = Address()
    is_plain = address.addr_spec == email and len(email) <= _LONGEST and email.isprintable()
    if not is_plain or not address.username or not address.domain:
        raise UsageError(
            f"no letter can be sent to {email[:80]!r}", hint="use one such as ann@example.com"
        )
    return address
