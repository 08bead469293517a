"""keys create, list, revoke."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Annotated

from cyclopts import Parameter

from burnish.cli.common import NONE, Common, note, on_terminal, out, out_json, platform, table
from burnish.principal import Right, Role
from burnish.storage.api_keys import ApiKey


def create(
    name: Annotated[str, Parameter(help="What stands beside what is done with it.")],
    *,
    role: Annotated[
        Role,
        Parameter(help="A viewer reads and runs, an editor writes, too, an admin does all."),
    ] = "viewer",
    right: Annotated[
        list[Right] | None,
        Parameter(negative="", help="A right beside the role's, such as publish; repeatable."),
    ] = None,
    days: Annotated[
        float | None, Parameter(show_default="never", help="After how many days it ends.")
    ] = None,
    common: Common = NONE,
) -> None:
    """Make a key for a program, and print it: nobody can read it later."""
    with platform(common) as p:
        made = p.keys.create(name, role=role, rights=right or (), days=days)
    if common.json:
        out_json(made)
        return
    out(made.key)
    note("Keep it: it is shown this once. A server that runs with --auth keys takes it as")
    note("authorization: Bearer KEY, and burnish.Client(url, KEY).")


def list_(*, common: Common = NONE) -> None:
    """List keys, the newest first.

    In a pipe: id, name, role, rights, state, last use, end.
    """
    with platform(common) as p:
        keys = p.keys.list()
    if common.json:
        out_json(keys)
    elif not keys:
        note("No keys.")
    elif on_terminal():
        headings = ("name", "role", "rights", "state", "last used (UTC)", "ends (UTC)")
        table(headings, (tuple(_columns(each))[1:] for each in keys), wide="name")
    else:
        out("\n".join("\t".join(_columns(each)) for each in keys))


def revoke(
    key: Annotated[str, Parameter(help="Its name or its id.")], *, common: Common = NONE
) -> None:
    """Refuse a key from now on."""
    with platform(common) as p:
        gone = p.keys.revoke(key)
    out_json(gone) if common.json else note(f"{gone.name} is refused from now on.")


def _columns(key: ApiKey) -> Iterator[str]:
    yield key.id
    yield key.name
    yield key.role
    yield ", ".join(key.rights) or "-"
    yield _state(key)
    yield _at(key.last_used_at, "never")
    yield _at(key.expires_at, "never")


def _state(key: ApiKey) -> str:
    if key.revoked_at is not None:
        return "revoked"
    is_over = key.expires_at is not None and key.expires_at <= datetime.now(UTC)
    return "ended" if is_over else "valid"


def _at(when: datetime | None, never: str) -> str:
    return f"{when.astimezone(UTC):%Y-%m-%d %H:%M}" if when else never
