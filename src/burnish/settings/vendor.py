"""What providers of models expect in the environment: keys and addresses, under their own names."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NoReturn

_ENDINGS = ("_API_KEY", "_BASE_URL")
SIGNING_KEYS = "BURNISH_SIGNING_KEYS"
SMTP_PASSWORD = "BURNISH_SMTP_PASSWORD"  # noqa: S105 - where it stands
OIDC_SECRET = "BURNISH_OIDC_SECRET"  # noqa: S105 - where it stands
# Ours, and no settings: nothing prints them.
SECRETS = (SIGNING_KEYS, SMTP_PASSWORD, OIDC_SECRET)
_NAMES = ("OLLAMA_HOST", *SECRETS)


class VendorEnvironment:
    """Keys stay in here: it shows none of them when it is printed, logged or encoded."""

    __slots__ = ("_values",)

    def __init__(self, environment: Mapping[str, str]) -> None:
        self._values = {
            name: value.strip()
            for name, value in environment.items()
            if (name.endswith(_ENDINGS) or name in _NAMES)
            and (name in SECRETS or not name.startswith("BURNISH_"))
            and value.strip()
        }

    def get(self, name: str) -> str:
        """The value, empty where there is none."""
        return self._values.get(name, "")

    def __contains__(self, name: str) -> bool:
        return name in self._values

    def __repr__(self) -> str:
        return f"VendorEnvironment({', '.join(sorted(self._values))})"

    def __reduce__(self) -> NoReturn:
        raise TypeError("keys are not written anywhere")
