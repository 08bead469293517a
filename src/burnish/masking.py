"""Takes what looks like a key out of a text that somebody may read."""

from __future__ import annotations

import re

HIDDEN = "[secret]"
# Keys by their makers' beginnings, also with stars where a provider hid the middle.
_KEYS = (
    r"(?<![A-Za-z0-9])(?:bk|bo|br|sk|pk|rk|gsk|xai|hf|gh[opsu]|glpat|whsec)[-_][-_*A-Za-z0-9]{8,}"
    r"|AKIA[A-Z0-9]{12,}|AIza[-_*A-Za-z0-9]{12,}"
)
# Beside them words after "bearer", and values of fields that are named like keys.
_SECRET = re.compile(
    rf"{_KEYS}|(?i:bearer\s+)[\w.~+/=*-]{{8,}}"
    r"|(?i:(?:api[_-]?key|token|password|secret)[\"']?\s*[=:]\s*[\"']?)[^\s\"',}]{6,}"
)
_WHOLE_KEY = re.compile(rf"{_KEYS}|-----BEGIN [A-Z ]{{0,40}}PRIVATE KEY-----")
_PRIVATE = "-----BEGIN"
_FEWEST = 20


def keys_in(text: str) -> list[str]:
    """The beginnings of what looks like keys and private keys, enough to find them by."""
    found = dict.fromkeys(each[0] for each in _WHOLE_KEY.finditer(text))
    return [f"{each[:6]}…" for each in found if _is_whole(each)]


def _is_whole(key: str) -> bool:
    """Where nobody hid anything: as long as keys are, and with digits, so that no name is taken
    for one."""
    if key.startswith(_PRIVATE):
        return True
    return len(key) >= _FEWEST and "*" not in key and any(each.isdigit() for each in key)


def without_secrets(text: str) -> str:
    return _SECRET.sub(HIDDEN, text)
