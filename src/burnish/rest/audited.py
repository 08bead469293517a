"""What is changed over HTTP stands in the audit log before it is answered."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Any

import msgspec

from burnish.platform import AsyncPlatform
from burnish.rest.operation import Operation
from burnish.security.audit import entries_written

_CHANGING = frozenset({"write", "publish", "admin"})
# Names of things and where they stand. Texts of prompts are kept where they are.
_NAMING = frozenset(
    {
        "id",
        "name",
        "reference",
        "revision",
        "latest_revision",
        "label",
        "branch",
        "from_revision",
        "to_revision",
        "state",
        "role",
        "category",
        "deleted_at",
    }
)
_DEEP = 2


async def audited(
    platform: AsyncPlatform,
    operation: Operation,
    given: dict[str, Any],
    do: Callable[[], Awaitable[Any]],
) -> Any:
    """What records itself, as keys do, is not recorded twice."""
    if operation.method == "GET" or operation.right not in _CHANGING:
        return await do()
    with entries_written() as written:
        done = await do()
    if not written:
        found = outline(done)
        before = {name: found.pop(name) for name in list(found) if name.startswith("from_")}
        await platform.audit.record(
            operation.call, _subject(operation, given, found), before=before, after=found
        )
    return done


def outline(value: Any, depth: int = 0) -> dict[str, Any]:
    """What of a result says which thing it is."""
    if not isinstance(value, msgspec.Struct) or depth > _DEEP:
        return {}
    found: dict[str, Any] = {}
    for name in value.__struct_fields__:
        part = getattr(value, name)
        if isinstance(part, msgspec.Struct):
            found |= {key: each for key, each in outline(part, depth + 1).items() if key != "id"}
        elif name in _NAMING and isinstance(part, str | int | datetime):
            found[name] = part
    return found


def _subject(operation: Operation, given: dict[str, Any], found: dict[str, Any]) -> str:
    """What the path names, else what came of it."""
    named = [str(value) for name, value in given.items() if f"{{{name}}}" in operation.path]
    if named:
        return " ".join(named)
    return str(found.get("name") or found.get("reference") or given.get("name") or "")
