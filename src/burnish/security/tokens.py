"""Access tokens: signed, short-lived, and told apart by nothing but being right or not."""

from __future__ import annotations

import hashlib
import secrets
from datetime import datetime, timedelta

import msgspec
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import OctKey
from joserfc.jws import extract_compact

from burnish.errors import NotAuthenticated
from burnish.security.keyring import Key, Keyring

_ALGORITHM = "HS256"
_WHO = "burnish"
# Ours have some four hundred.
_MOST_CHARS = 2_000


class Claims(msgspec.Struct, frozen=True, kw_only=True):
    user_id: str
    session_id: str


class AccessTokens:
    def __init__(self, keyring: Keyring, lasts: timedelta) -> None:
        self._keyring = keyring
        self.lasts = lasts

    def issue(self, of: Claims, now: datetime) -> str:
        key = self._keyring.current()
        claims: dict[str, str | int] = {
            "iss": _WHO,
            "aud": _WHO,
            "sub": of.user_id,
            "sid": of.session_id,
            "jti": secrets.token_urlsafe(9),
            "iat": int(now.timestamp()),
            "exp": int((now + self.lasts).timestamp()),
        }
        return jwt.encode({"alg": _ALGORITHM, "kid": key.id}, claims, _octets(key))

    def read(self, token: str, now: datetime) -> Claims:
        """Raises NotAuthenticated, in the same words whatever is wrong with it."""
        try:
            return self._read(token, now)
        except (JoseError, ValueError, KeyError, TypeError, RecursionError):
            raise not_valid() from None

    def _read(self, token: str, now: datetime) -> Claims:
        if len(token) > _MOST_CHARS:
            raise ValueError
        named = extract_compact(token.encode("ascii")).headers()["kid"]
        key = self._keyring.by_id(named) if isinstance(named, str) else None
        if key is None:
            raise ValueError
        # The algorithm is ours, whatever the token says.
        found = jwt.decode(token, _octets(key), algorithms=[_ALGORITHM]).claims
        rules = jwt.JWTClaimsRegistry(
            now=int(now.timestamp()),
            iss={"essential": True, "value": _WHO},
            aud={"essential": True, "value": _WHO},
            sub={"essential": True},
            sid={"essential": True},
            iat={"essential": True},
            exp={"essential": True},
        )
        rules.validate(found)
        return Claims(user_id=_text(found["sub"]), session_id=_text(found["sid"]))


def opaque(mark: str) -> str:
    """A token that means nothing by itself: 256 random bits. The mark tells what it is for to
    whoever finds one where it should not be."""
    return f"{mark}_{secrets.token_urlsafe(32)}"


def hash_of_token(token: str) -> str:
    """256 random bits need no slow hash."""
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).hexdigest()


def not_valid() -> NotAuthenticated:
    return NotAuthenticated("this token is not valid", hint="refresh it, or sign in again")


def _octets(key: Key) -> OctKey:
    return OctKey.import_key(key.secret)


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError
    if "\0" in value or not value.isascii():
        raise ValueError
    return value
