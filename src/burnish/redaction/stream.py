"""Values put back into a text that comes in pieces."""

from __future__ import annotations

import re
from collections.abc import Mapping

from burnish.redaction.kinds import KINDS
from burnish.redaction.redact import put_back

_OPEN = re.compile(r"\[[a-z]{0,5}(?: \d{0,9})?\Z")


class Restoring:
    """Holds back what may be the beginning of a placeholder until the rest of it has come."""

    def __init__(self, values: Mapping[str, str]) -> None:
        self._values = values
        self._held = ""

    def add(self, text: str) -> str:
        """What can be shown now."""
        if not self._values:
            return text
        text = self._held + text
        self._held = _beginning(text)
        return put_back(self._values, text[: len(text) - len(self._held)])

    def rest(self) -> str:
        """What was held back and is none; with it the text is at its end, or begins anew."""
        held, self._held = self._held, ""
        return held


def _beginning(text: str) -> str:
    """What a placeholder that goes on in the next piece begins with; empty where none does."""
    found = _OPEN.search(text, max(0, len(text) - _LONGEST))
    if found is None:
        return ""
    word, space, _ = found[0][1:].partition(" ")
    may_be = word in KINDS if space else any(kind.startswith(word) for kind in KINDS)
    return found[0] if may_be else ""


_LONGEST = 1 + max(map(len, KINDS)) + 1 + 9
