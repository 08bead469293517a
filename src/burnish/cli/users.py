"""users list, show, create, invite, change, reset, verify, mail-test, remove, data, erase."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from getpass import getpass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter

from burnish.cli.common import (
    NONE,
    Common,
    confirmed,
    note,
    on_terminal,
    out,
    out_json,
    platform,
    table,
)
from burnish.errors import UsageError
from burnish.principal import Right, Role

if TYPE_CHECKING:
    from burnish.storage.account import User

Who = Annotated[str, Parameter(help="The e-mail address, or the id.")]
Rights = Annotated[
    list[Right] | None,
    Parameter(negative="", help="A right beside the role's, such as publish; repeatable."),
]


def list_(*, common: Common = NONE) -> None:
    """List people, in the order of their addresses.

    In a pipe: id, e-mail address, name, role, rights, state, last seen.
    """
    with platform(common) as p:
        users = p.users.list()
    if common.json:
        out_json(users)
    elif not users:
        note("No users.")
    elif on_terminal():
        headings = ("e-mail", "name", "role", "rights", "state", "last seen (UTC)")
        table(headings, (tuple(_columns(each))[1:] for each in users), wide="e-mail")
    else:
        out("\n".join("\t".join(_columns(each)) for each in users))


def show(user: Who, *, common: Common = NONE) -> None:
    """Show one of them."""
    with platform(common) as p:
        found = p.users.get(user)
    _told(found, common)


def create(
    email: Annotated[str, Parameter(help="The e-mail address to sign in with.")],
    *,
    name: Annotated[str, Parameter(help="What they are called.")] = "",
    role: Annotated[
        Role, Parameter(help="A viewer reads and runs, an editor writes, too, an admin does all.")
    ] = "viewer",
    right: Rights = None,
    common: Common = NONE,
) -> None:
    """Make an account. The password is asked for, or read from standard input."""
    password = _password("Password: ", common)
    with platform(common) as p:
        user = p.users.create(email, password, name=name, role=role, rights=right or ())
    _told(user, common)
    note("They can sign in to a server that runs with --auth accounts.")


def invite(
    email: Annotated[str, Parameter(help="Whoever may register.")],
    *,
    role: Annotated[Role, Parameter(help="What they will be.")] = "viewer",
    common: Common = NONE,
) -> None:
    """Print a token with which somebody can register within a week."""
    with platform(common) as p:
        allowed = p.users.invite(email, role=role)
    out_json(allowed) if common.json else out(allowed.token)


def change(
    user: Who,
    *,
    name: Annotated[str | None, Parameter(help="Another name.")] = None,
    role: Annotated[Role | None, Parameter(help="Another role.")] = None,
    right: Rights = None,
    tier: Annotated[str | None, Parameter(help="Another tier.")] = None,
    disabled: Annotated[
        bool | None,
        Parameter(negative="--enabled", help="Whether they are kept out; signs them out at once."),
    ] = None,
    common: Common = NONE,
) -> None:
    """Change what is given."""
    if (name, role, right, tier, disabled) == (None,) * 5:
        raise UsageError("nothing is to be changed", hint="give --role, --disabled or another one")
    with platform(common) as p:
        found = p.users.change(
            user, name=name, role=role, rights=right, tier=tier, disabled=disabled
        )
    _told(found, common)


def reset(user: Who, *, common: Common = NONE) -> None:
    """Print a token with which they can choose another password within two hours."""
    with platform(common) as p:
        allowed = p.users.reset_token(user)
    out_json(allowed) if common.json else out(allowed.token)


def verify(user: Who, *, common: Common = NONE) -> None:
    """Say that the e-mail address is theirs, where no letter could."""
    with platform(common) as p:
        found = p.users.set_verified(user)
    _told(found, common)


def mail_test(
    address: Annotated[str, Parameter(help="Where the letter goes.")], *, common: Common = NONE
) -> None:
    """Send one letter as others are sent, and say what goes wrong."""
    with platform(common) as p:
        p.users.mail_test(address)
    sent = {"sent": address}
    out_json(sent) if common.json else out(f"sent to {address}")


def remove(
    user: Who,
    *,
    yes: Annotated[bool, Parameter(negative="", help="Without a question.")] = False,
    common: Common = NONE,
) -> None:
    """Take an account away, with its sessions. What they did stays in histories."""
    with platform(common) as p:
        found = p.users.get(user)
        question = f"Remove {found.email}?"
        if not yes and not confirmed(question, "this cannot be undone", may_ask=common.input):
            note("Nothing was removed.")
            return
        gone = p.users.remove(found.id)
    out_json(gone) if common.json else note(f"{gone.email} is removed.")


def data(
    user: Who,
    target: Annotated[
        Path | None, Parameter(show_default="standard output", help="A new file.")
    ] = None,
    *,
    common: Common = NONE,
) -> None:
    """Write all that is kept of a person as JSON: the account, sessions, what they changed, said
    and ran."""
    import msgspec

    with platform(common) as p:
        found = msgspec.json.format(msgspec.json.encode(p.users.data(user)), indent=2)
    if target is None:
        out(found.decode())
        return
    try:
        with target.open("xb") as file:
            file.write(found)
    except OSError as error:
        what = f"{target} cannot be written: {error.strerror}"
        raise UsageError(what, hint="name a new file in a folder that is there") from None


def erase(
    user: Who,
    *,
    yes: Annotated[bool, Parameter(negative="", help="Without a question.")] = False,
    common: Common = NONE,
) -> None:
    """Take a person out of everything: account, sessions, runs, comments, and the name wherever it
    stands. What they made stays, without a name."""
    with platform(common) as p:
        found = p.users.get(user)
        question = f"Erase {found.email} from everything?"
        if not yes and not confirmed(question, "this cannot be undone", may_ask=common.input):
            note("Nothing was erased.")
            return
        gone = p.users.erase(found.id)
    out_json(gone) if common.json else note(f"Erased, in {gone.places} places.")


def _password(prompt: str, common: Common) -> str:
    """Never an argument: those stand in the list of processes, and in the shell's history."""
    if not sys.stdin.isatty():
        return sys.stdin.readline().rstrip("\r\n")
    if not common.input:
        raise UsageError("a password is wanted", hint="give it on standard input")
    first = getpass(prompt)
    if getpass("Once more: ") != first:
        raise UsageError("the two passwords are not the same", hint="try again")
    return first


def _told(user: User, common: Common) -> None:
    if common.json:
        out_json(user)
        return
    out("\t".join(_columns(user)))


def _columns(user: User) -> Iterator[str]:
    yield user.id
    yield user.email
    yield user.name or "-"
    yield user.role
    yield ", ".join(user.rights) or "-"
    yield _state(user)
    yield f"{user.seen_at.astimezone(UTC):%Y-%m-%d %H:%M}" if user.seen_at else "never"


def _state(user: User) -> str:
    if user.disabled_at is not None:
        return "disabled"
    is_locked = user.locked_until is not None and user.locked_until > datetime.now(UTC)
    if is_locked:
        return "locked"
    return "active" if user.verified_at is not None else "not verified"
