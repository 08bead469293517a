"""The types in a method's signature, also those that are imported for type checkers alone."""

from __future__ import annotations

import ast
import inspect
import sys
from collections.abc import Callable, Iterator
from functools import cache
from importlib import import_module
from typing import Any, get_type_hints

import msgspec


def hints_of(method: Callable[..., Any]) -> dict[str, Any]:
    """By the names of parameters, and `return`."""
    module = sys.modules[method.__module__]
    known = {**vars(module), **_for_checkers(module.__name__)}
    return get_type_hints(method, globalns=known)


def complete(shape: Any) -> Any:
    """The same type, of whose fields msgspec can find those types, too, that are imported for
    checkers alone: it looks for them in the module of the class."""
    for each in getattr(shape, "__mro__", ()):
        if issubclass(each, msgspec.Struct) and each is not msgspec.Struct:
            module = sys.modules[each.__module__]
            for name, found in _for_checkers(module.__name__).items():
                vars(module).setdefault(name, found)
    return shape


@cache
def _for_checkers(module: str) -> dict[str, Any]:
    tree = ast.parse(inspect.getsource(sys.modules[module]))
    blocks = (node for node in tree.body if isinstance(node, ast.If) and _asks(node.test))
    return {name: value for block in blocks for name, value in _imported(block)}


def _asks(test: ast.expr) -> bool:
    return isinstance(test, ast.Name) and test.id == "TYPE_CHECKING"


def _imported(block: ast.If) -> Iterator[tuple[str, Any]]:
    for line in block.body:
        if isinstance(line, ast.ImportFrom) and line.module:
            module = import_module(line.module)
            for each in line.names:
                yield each.asname or each.name, getattr(module, each.name)
