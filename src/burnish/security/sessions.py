"""Signing in, staying signed in, and signing out."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta

import msgspec

from burnish.errors import NotAuthenticated, NotPermitted
from burnish.principal import Principal, acting, acting_as
from burnish.security.audit import AsyncAudit
from burnish.security.by_mail import ByMail
from burnish.security.passwords import is_right
from burnish.security.tokens import AccessTokens, Claims, hash_of_token, not_valid, opaque
from burnish.settings.account_groups import AccountsSettings
from burnish.storage.account import Session, User
from burnish.storage.audit import Someone
from burnish.storage.store import Store

_MARK = "br"
_LONGEST_LOCK = timedelta(hours=1)
# Doubled so often it is longer than that in any case.
_MOST_DOUBLED = 12
_WRONG = "the e-mail address or the password is wrong, or the account is locked for a while"
_LATER = "try again later, or ask an admin for another password"
_VERIFY = f"{_LATER}; a letter to the address has the token that verifies it"


class SignedIn(msgspec.Struct, frozen=True, kw_only=True):
    """The access token is sent with each request until it ends after `expires_in` seconds; the
    refresh token gets the next two, once."""

    access_token: str
    refresh_token: str
    token_type: str = "Bearer"  # noqa: S105 - how it is to be sent
    expires_in: int
    session: Session


class AsyncSessions:
    """`p.sessions`: login, refresh, logout, list, end."""

    def __init__(
        self,
        open_store: Callable[[], Awaitable[Store]],
        audit: AsyncAudit,
        tokens: AccessTokens,
        settings: AccountsSettings,
        *,
        by_mail: ByMail,
        new_id: Callable[[], str],
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._open_store = open_store
        self._audit = audit
        self._tokens = tokens
        self._settings = settings
        self._by_mail = by_mail
        self._new_id = new_id
        self._now = now

    async def login(self, email: str, password: str) -> SignedIn:
        """Raises NotAuthenticated, in the same words whether the address is unknown, the password
        wrong, the account locked after too many wrong ones, or, with `accounts.verify`, the
        address not verified. Who has the right password gets another letter then."""
        store, now = await self._open_store(), self._now()
        found = await store.users.by_email(email.strip().casefold())
        user, expected = found or (None, "")
        right = await is_right(password, expected)
        if user is None:
            raise self._refused()
        is_locked = user.locked_until is not None and user.locked_until > now
        if not right and not is_locked:
            await self._failed(store, user, now)
        if not right or is_locked or user.disabled_at is not None:
            raise self._refused()
        if self._waits(user):
            self._by_mail.verifying(user.email)
            raise self._refused()
        await store.users.succeeded(user.id, now)
        return await self._begun(store, user, now)

    async def begun(self, user: User) -> SignedIn:
        """For somebody who has shown elsewhere who they are. Raises NotAuthenticated where they are
        kept out."""
        store, now = await self._open_store(), self._now()
        if user.disabled_at is not None:
            raise self._refused()
        await store.users.succeeded(user.id, now)
        return await self._begun(store, user, now)

    async def refresh(self, refresh_token: str) -> SignedIn:
        """The next two tokens. A refresh token is good once: one that comes again ends its whole
        session, for somebody else has it too. Raises NotAuthenticated."""
        store, now = await self._open_store(), self._now()
        following = opaque(_MARK)
        how, session = await store.sessions.rotate(
            hash_of_token(refresh_token), hash_of_token(following), now
        )
        if session is None:
            raise not_valid()
        found = await store.sessions.found(session.id)
        if how == "reused" and found is not None:
            with acting_as(principal_of(found[1])):
                await self._audit.record("sessions.reused", about=someone(found[1]))
        if how != "rotated" or found is None or found[1].disabled_at is not None:
            raise not_valid()
        if self._waits(found[1]):
            raise not_valid()
        return self._signed_in(found[1], session, following, now)

    async def logout(self, refresh_token: str) -> None:
        """Ends the session, its access token with it. A token that is none is none: nothing
        happens."""
        store = await self._open_store()
        session = await store.sessions.by_refresh(hash_of_token(refresh_token))
        if session is not None:
            await store.sessions.end(session.id, "signed out", self._now())

    async def list(self) -> list[Session]:
        """One's own, the newest first."""
        return await (await self._open_store()).sessions.of(own_id())

    async def end(self, session: str) -> Session:
        """One of one's own. Raises NotPermitted for another's, as for one that there is not."""
        store = await self._open_store()
        if session not in {each.id for each in await store.sessions.of(own_id())}:
            raise NotPermitted("this is no session of yours", subject=session)
        found = await store.sessions.end(session, "ended by its owner", self._now())
        if found is None:
            raise NotPermitted("this is no session of yours", subject=session)
        return found

    async def verify(self, access_token: str) -> Principal:
        """Whoever is signed in with it, as they are now. Raises NotAuthenticated."""
        now = self._now()
        claims = self._tokens.read(access_token, now)
        found = await (await self._open_store()).sessions.found(claims.session_id)
        if found is None:
            raise not_valid()
        session, user = found
        is_open = session.ended_at is None and session.ends_at > now
        if not is_open or user.disabled_at is not None or user.id != claims.user_id:
            raise not_valid()
        return principal_of(user, session.id)

    def _waits(self, user: User) -> bool:
        return self._settings.verify and user.verified_at is None

    def _refused(self) -> NotAuthenticated:
        """Why it may be, in the same words for everybody: who is told that an address is not
        verified is told that it has an account."""
        if not self._settings.verify:
            return NotAuthenticated(_WRONG, hint=_LATER)
        return NotAuthenticated(f"{_WRONG}; or the address is not verified yet", hint=_VERIFY)

    async def _failed(self, store: Store, user: User, now: datetime) -> None:
        failures = await store.users.failed(user.id)
        over = failures - self._settings.tries
        if over < 0:
            return
        lock = timedelta(seconds=self._settings.lock_s) * 2 ** min(over, _MOST_DOUBLED)
        until = now + min(lock, _LONGEST_LOCK)
        await store.users.change(user.id, {"locked_until": until})
        with acting_as(principal_of(user)):
            await self._audit.record(
                "sessions.locked", about=someone(user), after={"failures": failures}
            )

    async def _begun(self, store: Store, user: User, now: datetime) -> SignedIn:
        session = Session(
            id=self._new_id(),
            user_id=user.id,
            created_at=now,
            ends_at=now + timedelta(days=self._settings.refresh_days),
        )
        token = opaque(_MARK)
        await store.sessions.begin(session, hash_of_token(token))
        with acting_as(principal_of(user)):
            await self._audit.record("sessions.login", about=someone(user))
        return self._signed_in(user, session, token, now)

    def _signed_in(self, user: User, session: Session, token: str, now: datetime) -> SignedIn:
        claims = Claims(user_id=user.id, session_id=session.id)
        return SignedIn(
            access_token=self._tokens.issue(claims, now),
            refresh_token=token,
            expires_in=int(self._tokens.lasts.total_seconds()),
            session=session,
        )


def principal_of(user: User, session: str = "") -> Principal:
    return Principal(
        kind="person",
        id=user.id,
        name=user.email,
        role=user.role,
        scopes=user.rights,
        tier=user.tier,
        session=session,
        learn=user.learn,
    )


def someone(user: User) -> Someone:
    return Someone(kind="person", id=user.id, name=user.email)


def own_id() -> str:
    """Raises NotPermitted where it is no person who asks."""
    if acting().kind != "person":
        raise NotPermitted("this is for people who are signed in", hint="sign in first")
    return acting().id
