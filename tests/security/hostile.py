"""Every place of every operation at which a text can be given, and texts that mean ill."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from typing import Any, NamedTuple, cast
from urllib.parse import quote, urlencode

from burnish.rest.openapi import document

# Each is refused, or comes back letter by letter.
TEXTS = {
    "sql": "x'); DROP TABLE prompts; --\" OR '1'='1' UNION SELECT * FROM keys /* % _ \\",
    "template": "{{ 7*7 }} {% for i in range(9) %}boom{% endfor %} ${7*7} <%= 7*7 %> #{7*7}",
    "markup": "<script>alert(1)</script><img src=x onerror=alert(1)>]]>&lt;",
    "format": "%s %n %d {0} {0.__class__} %(x)s",
    "header": "x\r\nset-cookie: a=b\r\n\r\n<p>",
    "path": "../../../../etc/passwd",
    "encoded path": "..%2f..%2fetc%2fpasswd",
    "direction": "a\u202eb\u2066c\u200bd\ufeffe\u2028f",
    "emoji": "👩‍👩‍👧‍👦 é e\u0301 𝕏 ﷽",
    "zero": "a\x00b",
    "half": "a\ud800b",
    "number": "9" * 5_000,
    "nothing": "",
    "blank": " \t\n",
    "json": '{"$ref": "#", "__proto__": {"a": 1}}',
    "dash": "--help",
    "fts": 'NEAR("a" "b", -1) * ^ : AND OR NOT "',
}
LONG = "a" * 100_000
# What there is already, so that the rest of a request is looked at.
_KNOWN = {"prompts": "mail/kind", "datasets": "mails", "knowledge": "notes", "experiments": "kinds"}


class Place(NamedTuple):
    """One text of a request: where it stands, and the request without it."""

    method: str
    path: str
    operation: str
    kind: str
    at: tuple[str | int, ...]
    base: Any
    needed: dict[str, str]

    def filled(self, text: Any) -> tuple[str, str, bytes | None]:
        """The method, the address and the body."""
        base, path, query = copy.deepcopy(self.base), self.path, dict(self.needed)
        names = [part.split("}")[0] for part in path.split("{")[1:]]
        for name in names:
            value = (
                text
                if (self.kind, self.at) == ("path", (name,))
                else _KNOWN.get(path.split("/")[1], "none")
            )
            path = path.replace(f"{{{name}}}", _quoted(value))
        if self.kind == "query":
            query[str(self.at[0])] = text
        elif self.kind == "body":
            base = _put(base, self.at, text)
        asked = f"{path}?{urlencode(query, errors='surrogatepass')}" if query else path
        has_body = self.method not in {"GET", "DELETE"}
        return self.method, f"/api/v1{asked}", json.dumps(base).encode() if has_body else None


def _quoted(text: str) -> str:
    return quote(text.encode("utf-8", "surrogatepass"), safe="")


def places() -> Iterator[Place]:
    whole = document()
    shapes = whole["components"]["schemas"]
    for path, methods in whole["paths"].items():
        for method, told in methods.items():
            yield from _of(path, method.upper(), told, shapes)


def _of(path: str, method: str, told: dict[str, Any], shapes: Any) -> Iterator[Place]:
    needed = {
        each["name"]: _least(each.get("schema", {}), shapes)
        for each in told["parameters"]
        if each["in"] == "query" and each["required"]
    }
    for each in told["parameters"]:
        if each["in"] in {"path", "query"}:
            yield Place(method, path, told["operationId"], each["in"], (each["name"],), {}, needed)
    if "requestBody" in told:
        content = told["requestBody"]["content"]["application/json"]
        for at in _texts(content["schema"], shapes, ()):
            base = content["example"]
            yield Place(method, path, told["operationId"], "body", at, base, {})


def _texts(shape: Any, shapes: Any, at: tuple[str | int, ...]) -> Iterator[tuple[str | int, ...]]:
    """Where texts stand in a value of this shape."""
    if len(at) > 4:
        return
    for each in _kinds(shape, shapes):
        if each.get("type") == "object":
            for name, inner in each.get("properties", {}).items():
                yield from _texts(inner, shapes, (*at, name))
            if isinstance(each.get("additionalProperties"), dict):
                yield from _texts(each["additionalProperties"], shapes, (*at, "any"))
        elif each.get("type") == "array":
            yield from _texts(each.get("items", {}), shapes, (*at, 0))
        else:
            yield at
            return


def _kinds(shape: Any, shapes: Any) -> list[Any]:
    if "$ref" in shape:
        return _kinds(shapes[shape["$ref"].rpartition("/")[2]], shapes)
    if "anyOf" in shape:
        return [found for each in shape["anyOf"] for found in _kinds(each, shapes)]
    return [] if shape.get("type") == "null" else [shape]


def _least(shape: Any, shapes: Any) -> str:
    kinds = [each.get("type") for each in _kinds(shape, shapes)]
    return "1" if kinds and kinds[0] in {"integer", "number"} else "a"


def _put(base: Any, at: tuple[str | int, ...], text: Any) -> Any:
    if not at:
        return text
    first, *rest = at
    if first == 0:
        several = cast("list[Any]", base) if isinstance(base, list) else []
        inner = several[0] if several else None
        return [_put(inner, tuple(rest), text)]
    fields: dict[str, Any] = {**base} if isinstance(base, dict) else {}
    fields[str(first)] = _put(fields.get(str(first)), tuple(rest), text)
    return fields
