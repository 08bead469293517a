"""An OpenID Connect provider, as it is asked: what it is, its keys, and whom a code means."""

from __future__ import annotations

import asyncio
import time
from typing import Any
from urllib.parse import urlencode, urlsplit

import aiohttp
import msgspec
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from burnish import shapes
from burnish.addresses import is_this_machine
from burnish.errors import NotAuthenticated, SettingsError, Unavailable
from burnish.settings.oidc_groups import OidcSettings

# Signed with a key that only the provider has: never with one that we know, and never not at all.
_ALGORITHMS = ("RS256", "PS256", "ES256", "EdDSA")
_TIMEOUT_S, _MOST_BYTES = 10.0, 1_000_000
_KNOWN_S, _KEYS_AT_MOST_EVERY_S = 3_600.0, 10.0
_LEEWAY_S = 60


class Described(msgspec.Struct, frozen=True, kw_only=True):
    """What a provider says of itself (OpenID Connect Discovery 1.0)."""

    issuer: str
    authorization_endpoint: str
    token_endpoint: str
    jwks_uri: str


class Identity(msgspec.Struct, frozen=True, kw_only=True):
    subject: str
    email: str
    name: str = ""


class _Tokens(msgspec.Struct, frozen=True, kw_only=True):
    id_token: str


class _Keys(msgspec.Struct, frozen=True, kw_only=True):
    keys: list[dict[str, Any]]


class _Claims(msgspec.Struct, frozen=True, kw_only=True):
    """Of an id token, as far as they are needed. Some providers write whether an address is
    verified as a text."""

    sub: str
    nonce: str = ""
    azp: str = ""
    email: str = ""
    email_verified: bool | str = False
    name: str = ""


class Provider:
    """Raises SettingsError for settings that cannot work."""

    def __init__(self, settings: OidcSettings, secret: str) -> None:
        for name in ("client_id", "redirect"):
            if not getattr(settings, name):
                raise SettingsError(
                    f"oidc.issuer is set, and oidc.{name} is not",
                    hint=f"set oidc.{name}",
                    subject=f"oidc.{name}",
                )
        _check_safe(settings.issuer)
        self._settings = settings
        self._secret = secret
        self._described: tuple[float, Described] | None = None
        self._keys: KeySet | None = None
        self._keys_at = float("-inf")
        self._asking = asyncio.Lock()

    @property
    def issuer(self) -> str:
        return self._settings.issuer

    async def address(self, *, state: str, nonce: str, challenge: str) -> str:
        """Where somebody signs in. Raises Unavailable where the provider is away."""
        asked = {
            "response_type": "code",
            "client_id": self._settings.client_id,
            "redirect_uri": self._settings.redirect,
            "scope": "openid email profile",
            "state": state,
            "nonce": nonce,
            "code_challenge": challenge,
            "code_challenge_method": "S256",
        }
        page = (await self._about()).authorization_endpoint
        return f"{page}{'&' if '?' in page else '?'}{urlencode(asked)}"

    async def identity(self, code: str, *, verifier: str, nonce: str) -> Identity:
        """Whom the code means. Raises NotAuthenticated, and Unavailable where the provider is
        away."""
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": self._settings.redirect,
            "client_id": self._settings.client_id,
            "code_verifier": verifier,
        }
        if self._secret:
            form["client_secret"] = self._secret
        body = await _asked((await self._about()).token_endpoint, form)
        try:
            token = shapes.decode(body, _Tokens).id_token
        except msgspec.DecodeError:
            raise refused() from None
        return await self._meant(token, nonce)

    async def _meant(self, token: str, nonce: str) -> Identity:
        claims = await self._claims(token)
        about = shapes.convert(claims, _Claims)
        several = isinstance(claims.get("aud"), list) and len(claims["aud"]) > 1
        is_ours = about.azp == self._settings.client_id if several or about.azp else True
        is_known = about.email_verified in (True, "true")
        if about.nonce != nonce or not is_ours or not is_known or not 0 < len(about.sub) <= 255:
            raise refused()
        return Identity(subject=about.sub, email=about.email, name=about.name)

    async def _claims(self, token: str) -> dict[str, Any]:
        """Of a token that is right. A key that is not known may be a new one."""
        if len(token) > _MOST_BYTES // 10:
            raise refused()
        for fresh in (False, True):
            try:
                return self._checked(token, await self._known_keys(fresh=fresh))
            except (JoseError, ValueError, KeyError, TypeError, RecursionError):
                if fresh:
                    raise refused() from None
        raise refused()

    def _checked(self, token: str, keys: KeySet) -> dict[str, Any]:
        claims = jwt.decode(token, keys, algorithms=list(_ALGORITHMS)).claims
        rules = jwt.JWTClaimsRegistry(
            leeway=_LEEWAY_S,
            iss={"essential": True, "value": self._settings.issuer},
            aud={"essential": True, "value": self._settings.client_id},
            sub={"essential": True},
            iat={"essential": True},
            exp={"essential": True},
            nonce={"essential": True},
        )
        rules.validate(claims)
        return claims

    async def _about(self) -> Described:
        async with self._asking:
            kept = self._described
            if kept is not None and kept[0] > time.monotonic():
                return kept[1]
            issuer = self._settings.issuer
            body = await _asked(f"{issuer.rstrip('/')}/.well-known/openid-configuration")
            try:
                found = shapes.decode(body, Described)
            except msgspec.DecodeError:
                raise _unlike(issuer) from None
            if found.issuer != issuer:
                raise _unlike(issuer)
            for address in (found.authorization_endpoint, found.token_endpoint, found.jwks_uri):
                _check_safe(address)
            self._described = (time.monotonic() + _KNOWN_S, found)
            return found

    async def _known_keys(self, *, fresh: bool) -> KeySet:
        about = await self._about()
        async with self._asking:
            age_s = time.monotonic() - self._keys_at
            is_old = age_s > _KNOWN_S or (fresh and age_s > _KEYS_AT_MOST_EVERY_S)
            if self._keys is None or is_old:
                body = await _asked(about.jwks_uri)
                try:
                    found = shapes.decode(body, _Keys)
                    self._keys = KeySet.import_key_set({"keys": _usable(found.keys)})
                except (msgspec.DecodeError, JoseError, ValueError, KeyError):
                    raise _unlike(self._settings.issuer) from None
                self._keys_at = time.monotonic()
            return self._keys


def refused() -> NotAuthenticated:
    """The same words whatever is wrong."""
    return NotAuthenticated(
        "the identity provider did not say who you are", hint="begin signing in again"
    )


def _usable(keys: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Those that sign, and that are the provider's alone."""
    kinds = {"RSA", "EC", "OKP"}
    return [each for each in keys if each.get("kty") in kinds and each.get("use", "sig") == "sig"]


def _check_safe(address: str) -> None:
    """Raises SettingsError for one where others could read, or answer."""
    parts = urlsplit(address)
    host = parts.hostname or ""
    if parts.scheme != "https" and not (parts.scheme == "http" and is_this_machine(host)):
        raise SettingsError(
            f"the identity provider's address {address[:120]} is not https",
            hint="set oidc.issuer to its https address",
            subject="oidc.issuer",
        )


def _unlike(issuer: str) -> Unavailable:
    return Unavailable(
        f"{issuer} does not answer as an identity provider", hint="check oidc.issuer"
    )


async def _asked(address: str, form: dict[str, str] | None = None) -> bytes:
    """Raises NotAuthenticated where it refuses, Unavailable where it is away."""
    timeout = aiohttp.ClientTimeout(total=_TIMEOUT_S)
    method = "GET" if form is None else "POST"
    try:
        async with (
            aiohttp.ClientSession(timeout=timeout, cookie_jar=aiohttp.DummyCookieJar()) as session,
            session.request(method, address, data=form, allow_redirects=False) as reply,
        ):
            body = await _whole(reply)
            if form is not None and 400 <= reply.status < 500:
                raise refused()
            if reply.status != 200 or len(body) > _MOST_BYTES:
                raise Unavailable(
                    f"the identity provider answered with status {reply.status}",
                    hint="try again, or sign in with a password",
                )
            return body
    except (aiohttp.ClientError, TimeoutError, OSError) as error:
        raise Unavailable(
            f"the identity provider cannot be reached ({type(error).__name__})",
            hint="try again, or sign in with a password",
        ) from None


async def _whole(reply: aiohttp.ClientResponse) -> bytes:
    """However many pieces it comes in. Longer than is read at most, it ends beyond that."""
    body = bytearray()
    async for piece in reply.content.iter_any():
        body += piece
        if len(body) > _MOST_BYTES:
            break
    return bytes(body)
