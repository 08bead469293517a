"""How versions stand to one another, and who asked for what to be published."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

import msgspec

Relation = Literal["derived", "merged", "optimised", "reverted", "included"]
RequestState = Literal["open", "approved", "refused"]


class LabelRequest(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody's wish to move a label from where it was to `to_revision` (None to remove it), and
    what another person made of it. `name` is the prompt's name now; a new request has none."""

    id: str
    prompt_id: str
    name: str = ""
    label: str
    from_revision: int | None
    to_revision: int | None
    tag: bool = False
    asked_by: str
    asked_at: datetime
    why: str = ""
    state: RequestState = "open"
    decided_by: str = ""
    decided_at: datetime | None = None
    because: str = ""


class Related(msgspec.Struct, frozen=True, kw_only=True):
    """`to_version` came from `from_version`, in the way that `kind` tells."""

    from_version: str
    to_version: str
    kind: Relation
    at: datetime


class Place(msgspec.Struct, frozen=True, kw_only=True):
    """Where a version stands among the others of its prompt."""

    id: str
    revision: int
    parents: tuple[str, ...]
    branch: str


class Inclusion(msgspec.Struct, frozen=True, kw_only=True):
    """A version of the prompt `name`, and how it names what it includes."""

    version_id: str
    name: str
    revision: int
    asked: str
