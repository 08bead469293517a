"""Signing in with an identity provider: authorization code with PKCE (OpenID Connect Core 1.0, RFC
7636, RFC 9700)."""

from __future__ import annotations

import base64
import hashlib
import secrets
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta

import msgspec

from burnish.errors import NotPermitted
from burnish.principal import acting_as
from burnish.security.audit import AsyncAudit
from burnish.security.plain import plain_email
from burnish.security.provider import Identity, Provider, refused
from burnish.security.sessions import AsyncSessions, SignedIn, principal_of, someone
from burnish.security.tokens import hash_of_token, opaque
from burnish.settings.oidc_groups import OidcSettings
from burnish.storage.account import User
from burnish.storage.identity import SignIn
from burnish.storage.store import Store

_LASTS = timedelta(minutes=10)
_MARK = "bs"
_NAME_CHARS = 100


class BegunSignIn(msgspec.Struct, frozen=True, kw_only=True):
    """`url` is where to go. Whoever comes back from there brings `state`: a page keeps it, and
    sends on only what comes with the same, so that nobody can be signed in as another."""

    url: str
    state: str


class AsyncOidc:
    """`p.oidc`: begin, finish. Without a provider there is nothing to begin."""

    def __init__(
        self,
        open_store: Callable[[], Awaitable[Store]],
        audit: AsyncAudit,
        sessions: AsyncSessions,
        provider: Provider | None,
        settings: OidcSettings,
        *,
        new_id: Callable[[], str],
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._open_store = open_store
        self._audit = audit
        self._sessions = sessions
        self._provider = provider
        self._settings = settings
        self._new_id = new_id
        self._now = now

    async def begin(self) -> BegunSignIn:
        """Raises NotPermitted where there is no provider, Unavailable where it is away."""
        provider, now = self._asked(), self._now()
        state, nonce, verifier = opaque(_MARK), secrets.token_urlsafe(24), secrets.token_urlsafe(48)
        digest = hashlib.sha256(verifier.encode()).digest()
        challenge = base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
        url = await provider.address(state=state, nonce=nonce, challenge=challenge)
        sign_in = SignIn(nonce=nonce, verifier=verifier, ends_at=now + _LASTS)
        await (await self._open_store()).identities.begin(hash_of_token(state), sign_in, now)
        return BegunSignIn(url=url, state=state)

    async def finish(self, code: str, state: str) -> SignedIn:
        """With the code and the state that somebody came back with; both are good once. Raises
        NotAuthenticated where it is not clear who it is, or whoever it is has no account."""
        provider, store = self._asked(), await self._open_store()
        sign_in = await store.identities.take(hash_of_token(state), self._now())
        if sign_in is None:
            raise refused()
        identity = await provider.identity(code, verifier=sign_in.verifier, nonce=sign_in.nonce)
        return await self._sessions.begun(await self._user(store, provider.issuer, identity))

    def _asked(self) -> Provider:
        if self._provider is None:
            raise NotPermitted(
                "this server knows no identity provider", hint="sign in with a password"
            )
        return self._provider

    async def _user(self, store: Store, issuer: str, identity: Identity) -> User:
        user_id = await store.identities.user(issuer, identity.subject)
        found = user_id and await store.users.by_id(user_id)
        if found:
            return found
        user = await self._of_email(store, identity)
        await store.identities.link(issuer, identity.subject, user.id, self._now())
        with acting_as(principal_of(user)):
            await self._audit.record("oidc.link", about=someone(user))
        return user

    async def _of_email(self, store: Store, identity: Identity) -> User:
        """Both sides have to know that the address is theirs."""
        email = plain_email(identity.email)
        found = await store.users.by_email(email)
        if found is not None:
            if found[0].verified_at is None:
                raise refused()
            return found[0]
        if not self._settings.register:
            raise refused()
        return await self._registered(store, email, identity)

    async def _registered(self, store: Store, email: str, identity: Identity) -> User:
        now = self._now()
        name = " ".join(identity.name.split())[:_NAME_CHARS]
        user = User(
            id=self._new_id(),
            email=email,
            name=name if name.isprintable() else "",
            role=self._settings.role,
            created_at=now,
            created_by=email,
            verified_at=now,
        )
        # Without a password: there is none that would be right.
        await store.users.add(user, "")
        with acting_as(principal_of(user)):
            await self._audit.record(
                "users.register", about=someone(user), after={"role": user.role}
            )
        return user
