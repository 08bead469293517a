"""What providers ask of a JSON schema that they enforce."""

from __future__ import annotations

from typing import Any, cast


def is_strict(schema: object) -> bool:
    """Whether every object in the schema lists all its properties as required and takes no
    others, which is what providers ask of a schema that they enforce."""
    if isinstance(schema, list):
        return all(is_strict(part) for part in cast("list[object]", schema))
    if not isinstance(schema, dict):
        return True
    node = cast("dict[str, Any]", schema)
    if node.get("type") == "object" or "properties" in node:
        properties: dict[str, Any] = node.get("properties") or {}
        if node.get("additionalProperties") is not False:
            return False
        if set(node.get("required") or ()) != set(properties):
            return False
    return all(is_strict(part) for part in node.values())
