"""Secrets that have to be read again: encrypted before they are stored."""

from __future__ import annotations

import base64
import binascii
import secrets

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from burnish.errors import StoreError
from burnish.security.keyring import Key, Keyring

_FORM = "v1"
_NONCE_BYTES, _KEY_BYTES = 12, 32


def seal(keyring: Keyring, text: str, purpose: str) -> str:
    """AES-256-GCM by the current key. What is sealed for one purpose, such as the id of its row,
    cannot be opened for another."""
    key, nonce = keyring.current(), secrets.token_bytes(_NONCE_BYTES)
    sealed = _cipher(key).encrypt(nonce, text.encode(), purpose.encode())
    return f"{_FORM}:{key.id}:{base64.urlsafe_b64encode(nonce + sealed).decode()}"


def unseal(keyring: Keyring, sealed: str, purpose: str) -> str:
    """Raises StoreError where it was changed, or its key is not there any more."""
    form, _, rest = sealed.partition(":")
    key_id, _, content = rest.partition(":")
    key = keyring.by_id(key_id) if form == _FORM else None
    if key is None:
        raise _lost(f"its key {key_id[:40]!r} is not there")
    try:
        held = base64.b64decode(content, altchars=b"-_", validate=True)
        nonce, inner = held[:_NONCE_BYTES], held[_NONCE_BYTES:]
        return _cipher(key).decrypt(nonce, inner, purpose.encode()).decode()
    except (binascii.Error, ValueError, InvalidTag):
        raise _lost("it was changed") from None


def _cipher(key: Key) -> AESGCM:
    """By a key of its own: what signs does not encrypt."""
    derived = HKDF(SHA256(), length=_KEY_BYTES, salt=None, info=b"burnish sealing")
    return AESGCM(derived.derive(key.secret))


def _lost(why: str) -> StoreError:
    return StoreError(
        f"a stored secret cannot be read: {why}",
        hint="bring the signing keys back that it was stored with, or give the secret anew",
    )
