"""Who made a pack: an Ed25519 signature over the bytes of its manifest, which in turn holds the
SHA-256 of every other file.

`pack.sig` holds the public key and the signature as base64, so that a key nobody knows yet can be
told by its fingerprint. A signature that does not fit is never passed over.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import os
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import msgspec

from burnish.errors import MissingExtra, NotPermitted, UsageError
from burnish.library.packs.manifest import SIGNATURE
from burnish.library.packs.trust import TrustedKeys
from burnish.shapes import decode

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

State = Literal["unsigned", "unchecked", "unknown", "trusted"]
_FORMAT = 1
_MAX_KEY_BYTES = 8192


class Signature(msgspec.Struct, frozen=True, kw_only=True):
    """`unchecked` is one that could not be checked for want of the extra `sign`, `unknown` one that
    fits, by a key that is not trusted. `key` is the fingerprint, `by` the trusted name."""

    state: State
    key: str = ""
    by: str = ""

    def __str__(self) -> str:
        if self.state == "unchecked":
            return "signed, not checked; to check it: pip install 'burnish[sign]'"
        if self.state == "unknown":
            return f"signed by an unknown key, {self.key}"
        return f"signed by {self.by} (trusted), {self.key}" if self.by else "not signed"


class _File(msgspec.Struct, frozen=True, kw_only=True):
    burnish_signature: int
    key: str
    signature: str


class KeyFiles(msgspec.Struct, frozen=True, kw_only=True):
    private: str
    public: str
    key: str


def signature_of(
    pack: str, manifest: bytes, signed: bytes | None, trusted: TrustedKeys
) -> Signature:
    """Raises NotPermitted for a signature that does not fit, or that cannot be read."""
    if signed is None:
        return Signature(state="unsigned")
    try:
        file = decode(signed, _File)
        key = base64.b64decode(file.key, validate=True)
        signature = base64.b64decode(file.signature, validate=True)
    except (msgspec.DecodeError, binascii.Error, ValueError):
        raise _bad(pack, f"{SIGNATURE} cannot be read") from None
    if file.burnish_signature != _FORMAT or len(key) != 32 or len(signature) != 64:
        raise _bad(pack, f"{SIGNATURE} is of a kind that is not known")
    try:
        from cryptography.exceptions import InvalidSignature
        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
    except ImportError:
        return Signature(state="unchecked")
    try:
        Ed25519PublicKey.from_public_bytes(key).verify(signature, manifest)
    except (InvalidSignature, ValueError):
        raise _bad(pack, "it does not fit the manifest") from None
    names = {_raw(pem, name): name for name, pem in trusted.pems().items()}
    by = names.get(key, "")
    return Signature(state="trusted" if by else "unknown", key=fingerprint(key), by=by)


def sign(manifest: bytes, key_file: Path) -> tuple[bytes, str]:
    """What `pack.sig` holds, and the fingerprint of the key. Raises UsageError for a file that
    holds no Ed25519 key, MissingExtra."""
    private = _private(key_file.expanduser())
    public = private.public_key().public_bytes_raw()
    file = _File(
        burnish_signature=_FORMAT,
        key=base64.b64encode(public).decode(),
        signature=base64.b64encode(private.sign(manifest)).decode(),
    )
    return msgspec.json.format(msgspec.json.encode(file)) + b"\n", fingerprint(public)


def fingerprint(key: bytes) -> str:
    return f"SHA256:{base64.b64encode(hashlib.sha256(key).digest()).decode().rstrip('=')}"


def make_key(path: Path) -> KeyFiles:
    """A new private key, for its owner alone to read, and the public one beside it as `.pub`.

    Raises UsageError where one of the files exists, MissingExtra.
    """
    _need_cryptography()
    from cryptography.hazmat.primitives import serialization as form
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    private = Ed25519PrivateKey.generate()
    path = path.expanduser()
    public = path.with_name(f"{path.name}.pub")
    secret = private.private_bytes(form.Encoding.PEM, form.PrivateFormat.PKCS8, form.NoEncryption())
    shown = private.public_key().public_bytes(
        form.Encoding.PEM, form.PublicFormat.SubjectPublicKeyInfo
    )
    if public.exists():
        raise _no_place(public, "exists already")
    for file, content, mode in ((path, secret, 0o600), (public, shown, 0o644)):
        _create(file, content, mode)
    key = fingerprint(private.public_key().public_bytes_raw())
    return KeyFiles(private=str(path), public=str(public), key=key)


def _create(path: Path, content: bytes, mode: int) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        opened = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
        with os.fdopen(opened, "wb") as file:
            file.write(content)
    except FileExistsError:
        raise _no_place(path, "exists already") from None
    except OSError as error:
        raise _no_place(path, f"cannot be written: {error.strerror}") from None


def _no_place(path: Path, why: str) -> UsageError:
    return UsageError(f"{path} {why}", hint="choose another place", subject=str(path))


def _private(path: Path) -> Ed25519PrivateKey:
    _need_cryptography()
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    try:
        with path.open("rb") as file:
            found = load_pem_private_key(file.read(_MAX_KEY_BYTES), password=None)
    except OSError as error:
        raise UsageError(
            f"{path} cannot be read: {error.strerror}", hint="check the path", subject=str(path)
        ) from None
    except (ValueError, TypeError, UnsupportedAlgorithm):
        raise _no_key(path) from None
    if not isinstance(found, Ed25519PrivateKey):
        raise _no_key(path)
    return found


def _raw(pem: bytes, name: str) -> bytes:
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
    from cryptography.hazmat.primitives.serialization import load_pem_public_key

    try:
        found = load_pem_public_key(pem)
    except (ValueError, UnsupportedAlgorithm):
        found = None
    if not isinstance(found, Ed25519PublicKey):
        raise UsageError(
            f"trusted_keys/{name}.pub is no Ed25519 public key",
            hint="put the file there that burnish packs keygen made, or take this one away",
            subject=name,
        )
    return found.public_bytes_raw()


def _need_cryptography() -> None:
    import importlib

    try:
        importlib.import_module("cryptography")
    except ImportError:
        raise MissingExtra("cryptography", "sign") from None


def _no_key(path: Path) -> UsageError:
    return UsageError(
        f"{path} holds no Ed25519 private key without a password",
        hint="make one: burnish packs keygen FILE",
        subject=str(path),
    )


def _bad(pack: str, why: str) -> NotPermitted:
    return NotPermitted(
        f"the signature of the pack {pack!r} is bad: {why}",
        hint="do not use it; it was changed after it was signed, or is not from who it says",
        subject=pack,
    )
