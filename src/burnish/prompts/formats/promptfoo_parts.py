"""Parts of a test of promptfoo: what is named elsewhere in the file, and what is not used here."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from burnish.prompts.formats.gather import is_list, items, mapping

_READ = ("vars", "assert", "description", "prompts", "providers", "metadata", "options")
_WHY = {
    "threshold": "; an answer passes where each of its assertions does",
    "provider": "; each model is asked every test that is for it",
}
_MOST_STEPS = 20


def resolved(check: Any, fields: Mapping[str, Any]) -> dict[str, Any]:
    """An assertion; what stands in the place that its `$ref` names, where it is one (`#/a/b`)."""
    given = mapping(check)
    path = given.get("$ref")
    if not isinstance(path, str) or not path.startswith("#/"):
        return given
    found: Any = fields
    for step in path[2:].split("/")[:_MOST_STEPS]:
        found = mapping(found).get(step)
    if not mapping(found):
        return {"type": f"$ref {path[:80]}"}
    return {**mapping(found), **{key: value for key, value in given.items() if key != "$ref"}}


def expands(test: Mapping[str, Any]) -> bool:
    """Whether a list among the values stands for a test with each of its items."""
    return not mapping(test.get("options")).get("disableVarExpansion")


def unused_of_test(test: Mapping[str, Any], where: str) -> Iterator[str]:
    """Notes on what has no counterpart here."""
    for key, value in test.items():
        if key not in _READ and value not in (None, "", {}, []):
            yield f"{key} of {where} is not used{_WHY.get(key, '')}"
    for key, value in mapping(test.get("options")).items():
        if key != "disableVarExpansion" and value not in (None, "", {}, [], False):
            yield f"options.{key} of {where} is not used; answers are scored as they come"


def templates_in(values: Mapping[str, Any]) -> Iterator[str]:
    """promptfoo fills values into values; here a value is never filled in again."""
    for name, value in values.items():
        texts = items(value) if is_list(value) else [value]
        if any(isinstance(each, str) and ("{{" in each or "{%" in each) for each in texts):
            yield f"the value of {name} holds a template, which stays as it is"
