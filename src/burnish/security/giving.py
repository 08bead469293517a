"""Nobody gives away more than they have."""

from __future__ import annotations

from collections.abc import Sequence

from burnish.errors import UsageError
from burnish.principal import RIGHTS, ROLES, Right, Role, acting


def check_giving(role: Role, rights: Sequence[Right]) -> None:
    """Raises UsageError for what is no role or no right, NotPermitted for a right that whoever
    acts does not have."""
    if role not in ROLES:
        raise UsageError(f"{role!r} is no role", hint=f"use one of {', '.join(ROLES)}")
    for right in rights:
        if right not in RIGHTS:
            raise UsageError(f"{right!r} is no right", hint=f"use some of {', '.join(RIGHTS)}")
    given = ROLES[role] | set(rights)
    for right in RIGHTS:
        if right in given:
            acting().check(right, "giving it away")
