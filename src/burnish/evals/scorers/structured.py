"""JSON answers: is-json, contains-json, json-schema, json-field."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, cast

from burnish.errors import UsageError
from burnish.evals.scorers.json_text import embedded, parsed, same
from burnish.evals.scorers.kind import (
    Case,
    Grade,
    Options,
    Says,
    ScorerKind,
    about,
    shortened,
    yes_or_no,
)
from burnish.evals.scorers.tools import Tools
from burnish.storage.example import ScorerSpec

_MOST_CANDIDATES = 20
_STEP = re.compile(r"\[(\d+)\]|([^.\[\]]+)")


def is_json(case: Case[Options]) -> Grade:
    _, problem = parsed(case.output)
    if not problem and case.value is not None:
        problem = case.tools.bounded.validate(_schema(case.value), case.output)
    return yes_or_no(not problem, reason=problem)


def contains_json(case: Case[Options]) -> Grade:
    """Any part that is JSON (and fits the schema) will do."""
    problem = "no JSON object or list in the answer"
    for tried, (_, text) in enumerate(embedded(case.output)):
        if tried == _MOST_CANDIDATES:
            break
        if case.value is None:
            return yes_or_no(met=True)
        problem = case.tools.bounded.validate(_schema(case.value), text)
        if not problem:
            return yes_or_no(met=True)
    return yes_or_no(met=False, reason=problem)


def _schema(value: Any) -> Any:
    if isinstance(value, bool | Mapping):
        return cast("Any", value)
    if isinstance(value, str):
        schema, problem = parsed(value)
        if not problem and isinstance(schema, bool | dict):
            return cast("Any", schema)
    raise UsageError("the schema is no JSON object", hint="give a JSON schema, or its JSON text")


def _check_schema(value: Any, _: Any, tools: Tools) -> None:
    tools.bounded.validate(_schema(value), "null")


class Field(Options, frozen=True, kw_only=True):
    path: Says[str, about("Where the field is: order.items[0].price or /order/items/0/price.")]
    tolerance: Says[float, about("How far numbers may be apart.")] = 0.0


def json_field(case: Case[Field]) -> Grade:
    """One field of the answer's JSON is the value. An expected object is looked into by the same
    path."""
    steps = _steps(case.options.path)
    wanted = _wanted_field(case, steps)
    value, problem = _only_json(case.output)
    if problem:
        return yes_or_no(met=False, reason=problem)
    found, is_there = _at(value, steps)
    if not is_there:
        return yes_or_no(met=False, reason=f"there is no {case.options.path}")
    met = same(found, wanted, case.options.tolerance)
    return yes_or_no(met, reason="" if met else f"{case.options.path} is {shortened(repr(found))}")


def _wanted_field(case: Case[Field], steps: list[str]) -> Any:
    wanted = case.wanted
    if case.value is None and isinstance(wanted, str):
        inner, problem = parsed(wanted)
        wanted = wanted if problem else inner
    if case.value is None and isinstance(wanted, dict | list):
        inner, is_there = _at(cast("Any", wanted), steps)
        if not is_there:
            raise UsageError(
                f"what the example expects has no {case.options.path}",
                hint="correct the path or the example",
            )
        return inner
    return wanted


def _only_json(text: str) -> tuple[Any, str]:
    """The whole answer as JSON, else the first JSON in it."""
    value, problem = parsed(text)
    if problem:
        for inner, _ in embedded(text):
            return inner, ""
    return value, problem


def _steps(path: str) -> list[str]:
    """A JSON pointer (RFC 6901), or names with dots and indices in brackets."""
    if path.startswith("/"):
        return [each.replace("~1", "/").replace("~0", "~") for each in path[1:].split("/")]
    steps = [index or name for index, name in _STEP.findall(path.removeprefix("$").lstrip("."))]
    if not steps:
        raise UsageError("the path names no field", hint="write it like order.items[0].price")
    return steps


def _at(value: Any, steps: list[str]) -> tuple[Any, bool]:
    for step in steps:
        if isinstance(value, Mapping) and step in value:
            value = cast("Mapping[str, Any]", value)[step]
        elif isinstance(value, list) and step.isdecimal() and int(step) < len(cast("Any", value)):
            value = cast("list[Any]", value)[int(step)]
        else:
            return None, False
    return value, True


def _check_field(options: Field, _: Tools) -> None:
    _steps(options.path)


_ORDER = {
    "type": "object",
    "required": ["city"],
    "properties": {"city": {"type": "string"}},
}

KINDS = (
    ScorerKind(
        name="is-json",
        summary="The whole answer is JSON, and fits a schema where one is given.",
        grade=is_json,
        needs="optional",
        takes="JSON schema",
        waits=True,
        check=_check_schema,
        example=ScorerSpec(name="is-json"),
    ),
    ScorerKind(
        name="contains-json",
        summary="A JSON object or list stands somewhere in it, and fits a schema where given.",
        grade=contains_json,
        needs="optional",
        takes="JSON schema",
        waits=True,
        check=_check_schema,
        example=ScorerSpec(name="contains-json", value=_ORDER),
    ),
    ScorerKind(
        name="json-schema",
        summary="The answer is JSON that fits the schema (extra `schema`).",
        grade=is_json,
        needs="value",
        takes="JSON schema",
        waits=True,
        check=_check_schema,
        example=ScorerSpec(name="json-schema", value=_ORDER),
    ),
    ScorerKind(
        name="json-field",
        summary="One field of the answer's JSON is the expected value.",
        grade=json_field,
        options=Field,
        takes="any JSON",
        check_options=_check_field,
        example=ScorerSpec(name="json-field", value=3, parameters={"path": "order.items[0].count"}),
    ),
)
