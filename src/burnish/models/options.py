"""What an adapter is told about its provider, and the key that nothing prints."""

from __future__ import annotations

import hmac
from collections.abc import Mapping
from typing import Any, NoReturn

import msgspec

from burnish.masking import HIDDEN, without_secrets
from burnish.models.model import Timeouts


class Secret:
    """A text that only `reveal()` shows: it is not printed, logged, pickled or encoded."""

    __slots__ = ("__value",)

    def __init__(self, value: str) -> None:
        self.__value = value

    def reveal(self) -> str:
        return self.__value

    def __bool__(self) -> bool:
        return bool(self.__value)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Secret):
            return NotImplemented
        return hmac.compare_digest(self.__value.encode(), other.reveal().encode())

    def __hash__(self) -> int:
        return hash(self.__value)

    def __repr__(self) -> str:
        return f"Secret({HIDDEN if self.__value else ''})"

    def __str__(self) -> str:
        return HIDDEN if self.__value else ""

    def __format__(self, spec: str) -> str:
        return format(str(self), spec)

    def __copy__(self) -> Secret:
        return self

    def __deepcopy__(self, memo: dict[int, Any]) -> Secret:
        return self

    def __reduce_ex__(self, protocol: object) -> NoReturn:
        raise TypeError("a secret is not pickled")

    def __getstate__(self) -> NoReturn:
        raise TypeError("a secret is not pickled")


class ProviderOptions(msgspec.Struct, frozen=True, kw_only=True):
    """`base_url` is the address as the server documents it, `headers` go along with every request,
    `connections` bounds those open at once. `key_variable` is named in errors."""

    provider: str
    base_url: str
    key: Secret = Secret("")
    timeouts: Timeouts = Timeouts()
    connections: int = 50
    headers: Mapping[str, str] = {}
    key_variable: str = ""
    local: bool = False


def masked(text: str, key: Secret) -> str:
    """`text` without the key and without anything that looks like one."""
    secret = key.reveal()
    # A shorter "key" is the placeholder of a local server and may stand anywhere in plain text.
    if len(secret) >= 4:
        text = text.replace(secret, HIDDEN)
    return without_secrets(text)
