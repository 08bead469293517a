"""Which versions include which prompts."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, exists, insert, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from burnish.prompts.composition import includes_of
from burnish.prompts.prompt import PromptVersion
from burnish.storage.tables import branches, includes, labels, prompt_versions, prompts

_i, _v, _l, _b = includes.c, prompt_versions.c, labels.c, branches.c
_includer = prompts.alias("includer")
_p = _includer.c
_IN_USE = or_(
    _v.revision == _p.latest_revision,
    exists().where(_l.prompt_id == _p.id, _l.revision == _v.revision),
    exists().where(_b.prompt_id == _p.id, _b.revision == _v.revision),
)
_SOURCES = includes.join(prompt_versions, _v.id == _i.version_id).join(
    _includer, and_(_p.id == _v.prompt_id, _p.deleted_at.is_(None))
)
_ALL = (
    select(_v.id.label("version_id"), _p.name, _v.revision, _i.asked)
    .select_from(_SOURCES)
    .order_by(_p.name, _v.revision, _i.asked)
)


async def add_includes(connection: AsyncConnection, versions: Iterable[PromptVersion]) -> None:
    """Within the transaction that adds the versions, so that no way of saving leaves them out."""
    rows = [
        {"version_id": version.id, "asked": asked, "name": name}
        for version in versions
        for asked, name in {
            include.asked: include.reference.name for include in includes_of(version.messages)
        }.items()
    ]
    if rows:
        await connection.execute(insert(includes), rows)


def included(prompt_id: str) -> Select[Any, Any, Any, Any]:
    return _ALL.where(_v.prompt_id == prompt_id)


def including(name: str, limit: int) -> Select[Any, Any, Any, Any]:
    return _ALL.where(_i.name == name, _p.name != name, _IN_USE).limit(limit)


def includers(name: str) -> Select[Any]:
    """The names alone of the prompts that include it."""
    return select(_p.name).select_from(_SOURCES).where(_i.name == name, _p.name != name, _IN_USE)


def is_included(prompt: Any) -> ColumnElement[bool]:
    """Whether another prompt includes the one of those columns."""
    used = select(_i.name).select_from(_SOURCES)
    return used.where(_i.name == prompt.name, _p.id != prompt.id, _IN_USE).exists()
