"""Whoever asks for something to be done, and what they may do."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Literal

import msgspec

from burnish.errors import NotPermitted

# read: look at everything of a project. run: ask models, which costs money. write: change prompts,
# datasets, experiments. publish: move protected labels, and decide who else may. admin: people,
# keys, the audit log and the project itself.
Right = Literal["read", "run", "write", "publish", "admin"]
Role = Literal["viewer", "editor", "admin"]

RIGHTS: tuple[Right, ...] = ("read", "run", "write", "publish", "admin")
ROLES: dict[Role, frozenset[Right]] = {
    "viewer": frozenset({"read", "run"}),
    "editor": frozenset({"read", "run", "write"}),
    "admin": frozenset(RIGHTS),
}


class Principal(msgspec.Struct, frozen=True, kw_only=True):
    """`name` is what stands beside what is done: a person's e-mail address, a service's name. A
    `key` is one that a person or a service made; its `scopes` bound what its owner's role allows.
    A person's or a service's own `scopes` add to the role."""

    kind: Literal["local", "nobody", "person", "service", "key"]
    id: str = ""
    name: str = ""
    role: Role = "viewer"
    scopes: tuple[Right, ...] = ()
    owner_scopes: tuple[Right, ...] = ()
    tier: str = ""
    key_id: str = ""
    session: str = ""
    learn: bool = True
    project: str = ""

    @property
    def owner(self) -> str:
        """What keeps this one's things apart from those of others."""
        return self.key_id or self.id

    @property
    def rights(self) -> frozenset[Right]:
        if self.kind == "nobody":
            return frozenset()
        if self.kind == "key":
            return (ROLES[self.role] | set(self.owner_scopes)) & set(self.scopes)
        return ROLES[self.role] | set(self.scopes)

    def may(self, right: Right) -> bool:
        return right in self.rights

    def check(self, right: Right, what: str = "this") -> None:
        """Raises NotPermitted."""
        if not self.may(right):
            raise NotPermitted(
                f"{what} needs the right {right!r}",
                hint="ask an admin of the project for it",
                subject=right,
            )


# Of a server at this machine without accounts, and of the command line: whoever can write the
# database's file may do everything anyway.
LOCAL = Principal(kind="local", role="admin")
# Who signs in, or registers: nothing else can be done by them.
NOBODY = Principal(kind="nobody")


class Origin(msgspec.Struct, frozen=True, kw_only=True):
    """Where it was asked for: the id of the request and the address that it came from. Both are
    empty without a server."""

    request_id: str = ""
    address: str = ""


# Asked for on this machine, without a server.
HERE = Origin()

_origin: ContextVar[Origin] = ContextVar("origin", default=HERE)
_acting: ContextVar[Principal] = ContextVar("acting", default=LOCAL)


def acting() -> Principal:
    """Whoever the work at hand is done for."""
    return _acting.get()


def origin() -> Origin:
    return _origin.get()


@contextmanager
def asked_from(place: Origin) -> Generator[None]:
    token = _origin.set(place)
    try:
        yield
    finally:
        _origin.reset(token)


@contextmanager
def acting_as(principal: Principal) -> Generator[None]:
    token = _acting.set(principal)
    try:
        yield
    finally:
        _acting.reset(token)
