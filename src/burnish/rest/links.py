"""Where the answer of one operation names what another takes: the links of the OpenAPI document.

They are read off the table. What a collection such as `/prompts` lists is what paths such as
`/prompts/{name}/versions` ask for. What adds to the collection, or gives such a thing beside its
own, says how it is called."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple, cast

from burnish.rest.operation import Operation

Schema = Mapping[str, Any]
_PLACE = re.compile(r"\{(\w+)\}")
# These places take a name, and others an id where there is one.
_NAMED = frozenset({"name", "reference", "prompt", "project", "of"})
_CALLED = ("id", "name", "email")
_REF = "#/components/schemas/"


class _Thing(NamedTuple):
    """Where in an answer a thing stands."""

    kind: str
    pointer: str


class Links:
    """Of all operations, with the schemas of their answers by their calls."""

    def __init__(
        self, operations: Sequence[Operation], answers: Mapping[str, Schema], components: Schema
    ) -> None:
        self._operations = operations
        self._answers = answers
        self._components = components
        self._kinds = dict(self._collections())

    def of(self, operation: Operation) -> dict[str, Any]:
        """By the operation that each leads to."""
        found: dict[str, Any] = {}
        things = list(self._things(operation))
        for path, kind in self._kinds.items():
            if self._tells(operation, path):
                of_kind = [each for each in things if each.kind == kind]
                # What is added may be told at more length than what is listed.
                made = things if operation.path == path else []
                found |= self._first(operation, path, of_kind or made)
        return found

    def _first(self, operation: Operation, path: str, things: list[_Thing]) -> dict[str, Any]:
        """Of the first of these that says what the paths take."""
        for thing in things:
            if found := self._into(operation, path, thing):
                return found
        return {}

    def _collections(self) -> Iterator[tuple[str, str]]:
        """The path of each, and what it lists."""
        for each in self._operations:
            items = self._fields(self._answers[each.call]).get("items", {})
            if each.method == "GET" and (kind := _kind(items.get("items"))):
                yield each.path, kind

    def _tells(self, operation: Operation, path: str) -> bool:
        """What lists the collection or adds to it, and what gives one of it beside its own."""
        if operation.path == path:
            return True
        is_beside = operation.path.split("/")[1] != path.split("/")[1]
        return is_beside and operation.method == "POST" and not _PLACE.search(path)

    def _things(self, operation: Operation) -> Iterator[_Thing]:
        schema = self._answers[operation.call]
        if kind := _kind(schema):
            yield _Thing(kind, "")
        for name, each in self._fields(schema).items():
            if kind := _kind(each):
                yield _Thing(kind, f"/{name}")
            elif kind := _kind(_of(each, "items")):
                yield _Thing(kind, f"/{name}/0")

    def _fields(self, schema: Schema) -> Schema:
        whole = self._components.get(_kind(schema), schema)
        return whole.get("properties", {})

    def _into(self, operation: Operation, path: str, thing: _Thing) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for each in self._operations:
            places = _PLACE.findall(each.path)
            inside = each.path.removeprefix(path + "/")
            if inside == each.path or len(places) != len(_PLACE.findall(path)) + 1:
                continue
            if each is operation or not inside.startswith("{"):
                continue
            if field := self._field(thing.kind, places[-1]):
                given = {name: f"$request.path.{name}" for name in places[:-1]}
                given[places[-1]] = f"$response.body#{thing.pointer}/{field}"
                found[each.name] = {"operationId": each.name, "parameters": given}
        return found

    def _field(self, kind: str, place: str) -> str:
        had = self._components[kind].get("properties", {})
        wanted = ("name",) if place in _NAMED else _CALLED
        return next((each for each in wanted if each in had), "")


def _kind(schema: Any) -> str:
    """The component that it is one of; empty where it is none."""
    return str(_of(schema, "$ref") or "").removeprefix(_REF)


def _of(schema: Any, name: str) -> Any:
    """Where a schema lets all through, it is True."""
    return cast("Schema", schema).get(name) if isinstance(schema, Mapping) else None
