"""Takes what looks like a key out of a text that somebody may read."""

from __future__ import annotations

import re

HIDDEN = "[secret]"
# Keys by their makers' beginnings, also with stars where a provider hid the middle; words after
# "bearer"; values of fields that are named like keys.
_SECRET = re.compile(
    r"(?<![A-Za-z0-9])(?:bk|bo|br|sk|pk|rk|gsk|xai|hf|gh[opsu]|glpat)[-_][-_*A-Za-z0-9]{8,}"
    r"|AKIA[A-Z0-9]{12,}|AIza[-_*A-Za-z0-9]{12,}|(?i:bearer\s+)[\w.~+/=*-]{8,}"
    r"|(?i:(?:api[_-]?key|token|password|secret)[\"']?\s*[=:]\s*[\"']?)[^\s\"',}]{6,}"
)


def without_secrets(text: str) -> str:
    return _SECRET.sub(HIDDEN, text)
