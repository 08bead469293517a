"""Keys from the environment, or from a file that is made when one is needed first."""

from __future__ import annotations

import base64
import binascii
import os
import secrets
import tempfile
from contextlib import suppress
from pathlib import Path

import msgspec

from burnish import shapes
from burnish.errors import NotPermitted, SettingsError, StoreError
from burnish.private import make_folder
from burnish.security.keyring import Key, Keyring
from burnish.settings.vendor import SIGNING_KEYS as VARIABLE

_BYTES = 32


class EnvironmentKeys:
    """`id:secret`, several of them with commas between, the current one first; a secret is 32 bytes
    in URL-safe base64. Raises SettingsError, which never shows one."""

    def __init__(self, text: str) -> None:
        self._keys = [_key(each.strip()) for each in text.split(",") if each.strip()]
        if not self._keys:
            raise _malformed("it is empty")

    def current(self) -> Key:
        return self._keys[0]

    def by_id(self, key_id: str) -> Key | None:
        return next((each for each in self._keys if each.id == key_id), None)

    def rotate(self) -> Key:
        raise NotPermitted(
            f"the keys are given by {VARIABLE}",
            hint="put a new one in front there, and start the server again",
        )


class _Stored(msgspec.Struct, frozen=True, kw_only=True):
    id: str
    secret: bytes


class FileKeys:
    """A file that only its owner may read. It is read anew where a key is not known, so that all
    processes follow a rotation. Raises StoreError where it cannot be read or written."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._keys: list[Key] = []

    def current(self) -> Key:
        if not self._keys:
            self._read()
        if not self._keys:
            self._begin()
        return self._keys[0]

    def by_id(self, key_id: str) -> Key | None:
        for again in (False, True):
            if again:
                self._read()
            for each in self._keys:
                if each.id == key_id:
                    return each
        return None

    def rotate(self) -> Key:
        self._read()
        key = _new_key()
        self._write([key, *self._keys], replace=True)
        return key

    def _begin(self) -> None:
        """Where another process is faster, its key is taken."""
        self._write([_new_key()], replace=False)
        self._read()

    def _read(self) -> None:
        try:
            text = self._path.read_bytes()
            stored = shapes.decode(text, list[_Stored])
        except FileNotFoundError:
            return
        except OSError as error:
            raise self._away(error.strerror or "") from None
        except msgspec.DecodeError:
            raise self._away("it holds no keys") from None
        self._keys = [Key(id=each.id, secret=each.secret) for each in stored]

    def _write(self, keys: list[Key], *, replace: bool) -> None:
        """Whole or not at all."""
        stored = [_Stored(id=each.id, secret=each.secret) for each in keys]
        try:
            make_folder(self._path.parent)
            # Made for its owner alone.
            handle, name = tempfile.mkstemp(dir=self._path.parent, prefix=".keys-")
            with os.fdopen(handle, "wb") as file:
                file.write(msgspec.json.encode(stored))
                file.flush()
                os.fsync(handle)
            if replace:
                Path(name).replace(self._path)
            else:
                with suppress(FileExistsError):
                    self._path.hardlink_to(name)
                Path(name).unlink()
        except OSError as error:
            raise self._away(error.strerror or "") from None
        self._keys = keys

    def _away(self, why: str) -> StoreError:
        return StoreError(
            f"the keys in {self._path} cannot be used: {why}",
            hint=f"mend or move the file, or set {VARIABLE}",
        )


def keyring_of(text: str, home: Path) -> Keyring:
    """Of what the environment gives, else of the data folder."""
    return EnvironmentKeys(text) if text else FileKeys(home / "signing-keys.json")


def _key(given: str) -> Key:
    key_id, colon, text = given.partition(":")
    if not colon or not key_id.isidentifier():
        raise _malformed("a key has no id before a colon")
    try:
        secret = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        raise _malformed(f"the key {key_id!r} is no base64") from None
    if len(secret) != _BYTES:
        raise _malformed(f"the key {key_id!r} has {len(secret)} bytes, and not {_BYTES}")
    return Key(id=key_id, secret=secret)


def _new_key() -> Key:
    return Key(id=f"k{secrets.token_hex(4)}", secret=secrets.token_bytes(_BYTES))


def _malformed(why: str) -> SettingsError:
    return SettingsError(
        f"{VARIABLE} holds no keys: {why}",
        hint="give id:secret, such as k1: and what `openssl rand -base64 32 | tr +/ -_` prints",
        subject=VARIABLE,
    )
