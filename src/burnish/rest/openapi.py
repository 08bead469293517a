"""The OpenAPI 3.1 document, of the table of operations."""

from __future__ import annotations

import inspect
from typing import Any

import msgspec

from burnish._version import __version__
from burnish.generation.event import GenerationEvent
from burnish.platform import AsyncPlatform
from burnish.rest.answers import JSON, inside
from burnish.rest.events import EVENT_STREAM, EVENTS_PATH, STREAM
from burnish.rest.links import Links
from burnish.rest.once import HEADER
from burnish.rest.operation import Operation
from burnish.rest.operations import OPERATIONS
from burnish.rest.problems import MEDIA_TYPE
from burnish.rest.signature import Takes, signature_of
from burnish.storage.job import Job

_SCHEMAS = "#/components/schemas/{name}"
_FAILED = {
    "description": "What went wrong, and what to do",
    "content": {MEDIA_TYPE: {"schema": {"$ref": _SCHEMAS.format(name="Problem")}}},
}


class Fault(msgspec.Struct, frozen=True, kw_only=True):
    """A part of a request that is wrong; `pointer` says which (RFC 6901)."""

    pointer: str
    detail: str


class Problem(msgspec.Struct, frozen=True, kw_only=True):
    """What went wrong (RFC 9457), and in `hint` what to do."""

    type: str
    title: str
    status: int
    detail: str
    request_id: str
    hint: str = ""
    subject: str = ""
    errors: tuple[Fault, ...] = ()


def document_bytes() -> bytes:
    return msgspec.json.encode(document())


def document() -> dict[str, Any]:
    served = [*OPERATIONS, STREAM]
    takes = [signature_of(each, AsyncPlatform) for each in served]
    given = [each.given for each in takes]
    answers = [
        GenerationEvent if each is STREAM else shape.answer
        for each, shape in zip(served, takes, strict=True)
    ]
    shapes = [*given, *answers, Problem, Job]
    schemas, components = msgspec.json.schema_components(shapes, ref_template=_SCHEMAS)
    answered = {
        each.call: _whole(shape, schema)
        for each, shape, schema in zip(served, takes, schemas[len(given) :], strict=False)
    }
    links = Links(served, answered, components)
    paths: dict[str, dict[str, Any]] = {}
    for operation, shape in zip(served, takes, strict=True):
        told = _told(operation, shape, components)
        told["responses"] = _responses(operation, answered[operation.call], links)
        paths.setdefault(operation.path, {})[operation.method.lower()] = told
    paths[EVENTS_PATH] = {"get": _job_events()}
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Burnish",
            "version": __version__,
            "summary": "Prompts: made, kept, measured, made better.",
        },
        "servers": [{"url": "/api/v1"}],
        "paths": paths,
        "components": {"schemas": components},
    }


def _told(operation: Operation, takes: Takes, components: dict[str, Any]) -> dict[str, Any]:
    about = inspect.cleandoc(takes.method.__doc__ or "")
    told: dict[str, Any] = {
        "operationId": operation.name,
        "tags": [operation.group],
        "summary": about.partition(". ")[0].partition("\n")[0].rstrip("."),
        "description": about,
        "parameters": [_parameter(name, {"type": "string"}, "path") for name in takes.in_path],
    }
    schema = components.pop(takes.given.__name__)
    if operation.in_query:
        told["parameters"] += _in_query(operation, takes, schema)
    else:
        components[takes.given.__name__] = schema
        if not operation.has_secret and operation is not STREAM:
            told["parameters"].append(_idempotency_key())
        content = {"schema": {"$ref": _SCHEMAS.format(name=takes.given.__name__)}}
        content["example"] = operation.example
        required = bool(schema.get("required"))
        told["requestBody"] = {"required": required, "content": {JSON: content}}
    return told


def _idempotency_key() -> dict[str, Any]:
    shape = {"type": "string", "minLength": 1, "maxLength": 255, "pattern": "^[!-~]+$"}
    told = _parameter(HEADER, shape, "header", required=False)
    told["description"] = "A request with the same key, sent again within a day, is done once."
    return told


def _in_query(operation: Operation, takes: Takes, schema: dict[str, Any]) -> list[dict[str, Any]]:
    required = schema.get("required", ())
    found: list[dict[str, Any]] = []
    for name, each in schema["properties"].items():
        told = _parameter(name, each, "query", required=name in required)
        if name in takes.objects:
            told["content"] = {JSON: {"schema": told.pop("schema")}}
        if name in operation.example:
            told["example"] = operation.example[name]
        found.append(told)
    return found


def _parameter(
    name: str, schema: dict[str, Any], place: str, *, required: bool = True
) -> dict[str, Any]:
    return {"name": name, "in": place, "required": required, "schema": schema}


def _responses(operation: Operation, schema: dict[str, Any], links: Links) -> dict[str, Any]:
    done: dict[str, Any] = {"description": "Done"}
    if operation is STREAM:
        done["content"] = _stream_of(schema)
    elif operation.status != 204:
        done["content"] = {JSON: {"schema": schema}}
        if found := links.of(operation):
            done["links"] = found
    return {str(operation.status): done, "default": _FAILED}


def _whole(takes: Takes, schema: dict[str, Any]) -> dict[str, Any]:
    if not (name := inside(takes.answer)):
        return schema
    return {"type": "object", "properties": {name: schema}, "required": [name]}


def _stream_of(schema: dict[str, Any]) -> dict[str, Any]:
    """Each event, whose data is JSON; `itemSchema` is of OpenAPI 3.2, and older readers pass it
    over."""
    either = {"anyOf": [schema, {"$ref": _SCHEMAS.format(name="Problem")}]}
    data = {"type": "string", "contentMediaType": JSON, "contentSchema": either}
    event = {"type": "string"}
    one = {"type": "object", "properties": {"event": event, "data": data}, "required": ["data"]}
    return {EVENT_STREAM: {"itemSchema": one}}


def _job_events() -> dict[str, Any]:
    schema = {"type": "string"}
    return {
        "operationId": "jobs_events",
        "tags": ["jobs"],
        "summary": "The job whenever it has gone on, until it has ended",
        "parameters": [_parameter("job_id", schema, "path")],
        "responses": {
            "200": {
                "description": "Events",
                "content": _stream_of({"$ref": _SCHEMAS.format(name="Job")}),
            },
            "default": _FAILED,
        },
    }
