"""Whether two ways to write a person may mean the same one."""

from __future__ import annotations

import re
import unicodedata

_WITH_ADDRESS = re.compile(r"(.*?)<([^<>]*)>")
# Characters that nobody sees, so that they make no other name.
_UNSEEN = frozenset({"Cc", "Cf"})


def names_of(person: str) -> frozenset[str]:
    """The name and the address, in a form that is equal for what looks the same to most people.
    Empty for a text that names nobody."""
    plain = unicodedata.normalize("NFKC", person)
    plain = "".join(" " if c.isspace() else c for c in plain)
    plain = "".join(c for c in plain if unicodedata.category(c) not in _UNSEEN).casefold()
    found = _WITH_ADDRESS.fullmatch(plain.strip())
    parts = found.groups() if found else (plain,)
    return frozenset(" ".join(part.split()) for part in parts if part.strip())


def may_be_same(one: str, other: str) -> bool:
    """Whether they share a name or an address: `Ann <ann@example.com>` may be `ann`."""
    return not names_of(one).isdisjoint(names_of(other))
