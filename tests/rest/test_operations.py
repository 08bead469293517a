"""The table that routes, document and client are made of."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from pathlib import Path
from typing import IO, Any, get_args, get_origin

import pytest
from starlette.routing import Match

import burnish
from burnish import shapes
from burnish.platform import AsyncPlatform
from burnish.rest.app import build
from burnish.rest.openapi import document
from burnish.rest.operation import Operation
from burnish.rest.operations import OPERATIONS
from burnish.rest.signature import from_afar, method_of, signature_of

IDS = [f"{each.method} {each.path}" for each in OPERATIONS]


def parts(shape: Any) -> set[Any]:
    """Every type that a type is made of."""
    return {get_origin(shape) or shape}.union(*(parts(each) for each in get_args(shape)))


def test_each_operation_stands_once_and_is_a_method_of_the_platform() -> None:
    assert len(set(IDS)) == len(IDS)
    assert len({each.call for each in OPERATIONS}) == len(OPERATIONS)
    assert all(callable(method_of(each.call, AsyncPlatform)) for each in OPERATIONS)


@pytest.mark.parametrize("operation", OPERATIONS, ids=IDS)
def test_nothing_that_is_sent_names_a_file_or_a_function(operation: Operation) -> None:
    """A text that the method itself would take for a path is none of an operation's parameters,
    unless it is declared what it means there."""
    takes = signature_of(operation, AsyncPlatform)
    hints = inspect.get_annotations(takes.method)
    for name in takes.given.__struct_fields__:
        shape = takes.given.__annotations__[name]
        assert not parts(shape) & {Path, IO, bytes, Callable}, name
        if "Path" in str(hints.get(name, "")):
            assert name in operation.shapes or str not in parts(shape), name


@pytest.mark.parametrize("operation", OPERATIONS, ids=IDS)
def test_each_example_is_one_that_the_operation_takes(operation: Operation) -> None:
    takes = signature_of(operation, AsyncPlatform)
    shapes.convert(operation.example, takes.given, strict=not operation.in_query)


def test_a_text_beside_a_path_is_no_text_from_afar() -> None:
    assert from_afar(str | Path) is None
    assert from_afar(str | Path | list[dict[str, Any]]) == list[dict[str, Any]]
    assert from_afar(Callable[[int], None] | None) is None
    assert from_afar(str | None) == str | None


@pytest.mark.spec("API-11")
def test_the_document_describes_every_operation_and_its_errors() -> None:
    told = document()
    assert told["openapi"] == "3.1.0"
    for operation in OPERATIONS:
        found = told["paths"][operation.path][operation.method.lower()]
        assert found["summary"], operation.call
        assert set(found["responses"]) == {str(operation.status), "default"}
        if not operation.in_query:
            content = found["requestBody"]["content"]["application/json"]
            assert content["example"] == operation.example
        assert {each["name"] for each in found["parameters"] if each["in"] == "path"} == set(
            signature_of(operation, AsyncPlatform).in_path
        )
    names = [each["operationId"] for path in told["paths"].values() for each in path.values()]
    assert len(set(names)) == len(names)


def test_each_path_leads_to_its_own_operation(tmp_path: Path) -> None:
    """A name has slashes of its own: what would take more must not stand before what ends a path
    otherwise, as `/datasets/{reference}` before `/datasets/{name}/versions`."""
    app: Any = build(burnish.open_async(str(tmp_path)), max_bytes=1_000)
    while not hasattr(app, "routes"):
        app = app._app
    for operation in OPERATIONS:
        path = "/api/v1" + operation.path.replace("{", "").replace("}", "")
        scope = {"type": "http", "method": operation.method, "path": path}
        found = (each for each in app.routes if each.matches(scope)[0] == Match.FULL)
        assert next(found).name == operation.name, path
