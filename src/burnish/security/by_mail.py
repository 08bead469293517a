"""What people are told by letters: that an address is to be verified, how to choose another
password, and that somebody wanted to register with theirs."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta

from burnish.errors import NotPermitted, UsageError
from burnish.security.letters import for_reset, for_taken, for_test, for_verifying
from burnish.security.mail import Letter, Mail, mailable
from burnish.security.outbox import Outbox
from burnish.security.tokens import hash_of_token, opaque
from burnish.storage.account import OneTime, Purpose, User
from burnish.storage.store import Store

_MARK = "bo"
_VERIFY, _RESET = timedelta(days=2), timedelta(hours=2)
# So many letters go to one address, whoever asks for them.
_MOST, _PERIOD = 5, timedelta(hours=1)


class ByMail:
    """Without a `mail` nothing is sent, and only who asks for a letter is told so. What stands in
    a letter was written here: nobody can make it say anything to others."""

    def __init__(
        self,
        open_store: Callable[[], Awaitable[Store]],
        mail: Mail | None,
        outbox: Outbox,
        *,
        link: str,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._open_store = open_store
        self._mail = mail
        self._outbox = outbox
        self._link = link
        self._now = now

    @property
    def is_on(self) -> bool:
        return self._mail is not None

    def check(self, email: str) -> None:
        """Raises UsageError for an address that no letter can be sent to."""
        if self.is_on:
            mailable(email)

    def check_on(self) -> None:
        """Raises NotPermitted where no letters are sent."""
        if not self.is_on:
            raise NotPermitted("this server sends no mail", hint="ask an admin of it")

    async def test(self, address: str) -> None:
        if self._mail is None:
            raise UsageError("no mail is set up", hint="set mail.host and mail.sender")
        mailable(address)
        await self._mail.send(for_test(address))

    def verifying(self, email: str) -> None:
        """Where the address has an account that is not verified."""
        self._begin(lambda: self._verifying(email))

    def forgotten(self, email: str) -> None:
        self._begin(lambda: self._resetting(email, for_reset))

    def taken(self, email: str) -> None:
        self._begin(lambda: self._resetting(email, for_taken))

    def _begin(self, write: Callable[[], Awaitable[None]]) -> None:
        if self.is_on:
            self._outbox.begin(write)

    async def _verifying(self, email: str) -> None:
        user = await self._user(email)
        if user is not None and user.verified_at is None:
            await self._sent(user, "verify", _VERIFY, for_verifying)

    async def _resetting(self, email: str, write: Callable[[str, str, str], Letter]) -> None:
        user = await self._user(email)
        if user is not None:
            await self._sent(user, "reset", _RESET, write)

    async def _user(self, email: str) -> User | None:
        found = await (await self._open_store()).users.by_email(email)
        return found[0] if found and found[0].disabled_at is None else None

    async def _sent(
        self,
        user: User,
        purpose: Purpose,
        lasts: timedelta,
        write: Callable[[str, str, str], Letter],
    ) -> None:
        now, token = self._now(), opaque(_MARK)
        once = OneTime(
            purpose=purpose,
            email=user.email,
            role=user.role,
            created_by=user.email,
            created_at=now,
            ends_at=now + lasts,
        )
        users = (await self._open_store()).users
        if not await users.allow_some(hash_of_token(token), once, _MOST, now - _PERIOD):
            return
        if self._mail is not None:
            await self._mail.send(write(user.email, token, self._link))
