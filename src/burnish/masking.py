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
# Where nobody hid anything: as long as keys are, and with digits, so that no name is taken for one.
_WHOLE_KEY = re.compile(rf"(?=[^\s]*\d)(?:{_KEYS})|-----BEGIN [A-Z ]*PRIVATE KEY-----")
_FEWEST = 20


def keys_in(text: str) -> list[str]:
    """The beginnings of what looks like keys and private keys, enough to find them by."""
    found = (each[0] for each in _WHOLE_KEY.finditer(text))
    long = (each for each in found if len(each) >= _FEWEST and "*" not in each)
    return [f"{each[:6]}…" for each in dict.fromkeys(long)]


def without_secrets(text: str) -> str:
    return _SECRET.sub(HIDDEN, text)
