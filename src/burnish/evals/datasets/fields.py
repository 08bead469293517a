"""What the fields of a row mean.

A row is one of four: an example as `burnish datasets export` writes it, with `inputs`; a test of
promptfoo, with `vars`; a chat, with `messages`, whose last answer is what is expected; or plain
fields, where one of `ANSWERS` is what is expected, `OWN` fields are about the example, and each
other field is a variable of its own name.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any, Final, NamedTuple

import msgspec

from burnish.evals.datasets.checks import scorers_of
from burnish.evals.datasets.splits import named_split, split_of
from burnish.prompts.formats.chat import is_chat, read_part
from burnish.prompts.formats.document import Fault
from burnish.prompts.formats.gather import is_list, is_mapping, items, mapping, shaped, words
from burnish.prompts.formats.pieces import as_variable
from burnish.prompts.formats.promptfoo_csv import check_of
from burnish.prompts.formats.promptfoo_tests import whole_answer
from burnish.prompts.variables import is_plain
from burnish.storage.example import Example, ScorerSpec, Split

ANSWERS: Final = ("expected", "target", "answer", "output", "ideal", "completion")
OWN: Final = ("id", "split", "tags", "metadata", "scorers", "assert", "description", "synthetic")
_METADATA = ("metadata.", "__metadata:")
_MAX_ID = 255
_ENCODER = msgspec.json.Encoder(order="deterministic")

Row = Mapping[str, Any]


class Read(NamedTuple):
    """An example. `key` is the hash of what it asks and expects; `named` tells whether its id was
    given rather than made of that."""

    example: Example
    key: str
    named: bool


def example_of(row: Row, renames: Mapping[str, str] | None = None) -> Read:
    """`renames` gives fields of the row other names. Raises Fault."""
    fields = _renamed(row, renames or {})
    metadata = _metadata(fields)
    inputs, expected = _inputs(fields, metadata)
    checks = [*items(fields.pop("assert", None)), *_shorthand(fields)]
    scorers = (*_scorers(fields.pop("scorers", None)), *scorers_of(checks))
    if expected is None:
        expected = whole_answer([mapping(check) for check in checks])
    tags = _tags(fields.pop("tags", None))
    _check_values(
        inputs,
        expected,
        metadata,
        list(tags),
        *([each.name, each.metric, each.value, each.parameters] for each in scorers),
    )
    key = key_of(inputs, expected, scorers)
    given = _id(fields.pop("id", None))
    example_id = given or key[:20]
    example = Example(
        id=example_id,
        inputs=inputs,
        expected=expected,
        tags=tags,
        metadata=metadata,
        scorers=scorers,
        split=_split(fields.pop("split", None), example_id),
        synthetic=fields.pop("synthetic", None) in (True, "true", "True"),
    )
    return Read(example, key, bool(given))


def key_of(inputs: dict[str, Any], expected: Any, scorers: tuple[ScorerSpec, ...]) -> str:
    return hashlib.sha256(_ENCODER.encode((inputs, expected, scorers))).hexdigest()


def _renamed(row: Row, renames: Mapping[str, str]) -> dict[str, Any]:
    fields = dict(row)
    for source in renames.values():
        if source not in row:
            there = ", ".join(list(row)[:10])
            raise Fault(f"has no field {source!r}; it has {there}")
        fields.pop(source, None)
    return fields | {name: row[source] for name, source in renames.items()}


def _metadata(fields: dict[str, Any]) -> dict[str, Any]:
    given = fields.pop("metadata", None)
    if given is not None and not is_mapping(given):
        raise Fault("metadata has no keys")
    metadata = dict(mapping(given))
    for name in [name for name in fields if name.startswith(_METADATA)]:
        value = fields.pop(name)
        if value not in ("", None):
            metadata[name.removeprefix(_METADATA[0]).removeprefix(_METADATA[1])] = value
    told = fields.pop("description", None) or fields.pop("__description", None)
    if told:
        metadata.setdefault("description", str(told))
    return metadata


def _inputs(fields: dict[str, Any], metadata: dict[str, Any]) -> tuple[dict[str, Any], Any]:
    """The values of variables, and what is expected."""
    expected = _expected(fields)
    named = next((name for name in ("inputs", "vars") if is_mapping(fields.get(name))), "")
    if named:
        inputs = mapping(fields.pop(named))
    elif is_chat(fields.get("messages")):
        inputs, answer = _chat(fields.pop("messages"))
        expected = answer if expected is None else expected
    elif is_chat(fields.get("input")):
        inputs, answer = _chat(fields.pop("input"))
        expected = answer if expected is None else expected
    else:
        inputs = {n: fields.pop(n) for n in list(fields) if n not in OWN and n[:2] != "__"}
    metadata |= {
        name: fields.pop(name) for name in list(fields) if name not in OWN and name[:2] != "__"
    }
    values = {as_variable(name): value for name, value in inputs.items()}
    if len(values) < len(inputs):
        raise Fault("two of its fields would be the same variable")
    if not values:
        raise Fault("has no inputs, only fields about them")
    return values, expected


def _expected(fields: dict[str, Any]) -> Any:
    name = next((name for name in ANSWERS if name in fields), None)
    if name is None:
        return None
    value = fields.pop(name)
    return None if value == "" else value


def _chat(messages: Any) -> tuple[dict[str, Any], str | None]:
    """All messages before the last answer, with the last question for itself, and that answer."""
    notes: dict[str, None] = {}
    parts = [read_part(each, notes) for each in items(messages)]
    answer = parts.pop().content if parts and parts[-1].role == "assistant" else None
    asked = next((each.content for each in reversed(parts) if each.role == "user"), None)
    if asked is None:
        raise Fault("a chat has no message of the user")
    told = [{"role": each.role, "content": each.content} for each in parts]
    return {"messages": told, "input": asked}, answer


def _shorthand(fields: dict[str, Any]) -> list[dict[str, Any]]:
    """Columns of a promptfoo table."""
    metric, threshold = fields.pop("__metric", ""), fields.pop("__threshold", "")
    checks: list[dict[str, Any]] = []
    for name in [name for name in fields if name.startswith("__expected")]:
        cell = fields.pop(name)
        if isinstance(cell, str) and cell.strip():
            checks.append(check_of(cell.strip()))
    if metric:
        checks = [{**check, "metric": str(metric)} for check in checks]
    if threshold:
        try:
            checks = [{"threshold": float(threshold), **check} for check in checks]
        except (TypeError, ValueError):
            raise Fault("__threshold is no number") from None
    return checks


def _scorers(given: Any) -> tuple[ScorerSpec, ...]:
    if isinstance(given, str) and given.strip():
        try:
            given = msgspec.json.decode(given)
        except msgspec.DecodeError:
            raise Fault("scorers is no JSON") from None
    return shaped(given, tuple[ScorerSpec, ...]) if given else ()


def _id(given: Any) -> str:
    if given is None or given == "":
        return ""
    if not isinstance(given, str | int) or isinstance(given, bool):
        raise Fault("its id is neither text nor a whole number")
    text = str(given).strip()
    if len(text) > _MAX_ID or not text.isprintable():
        raise Fault(f"its id has more than {_MAX_ID} characters, or some that nobody sees")
    return text


def _split(given: Any, example_id: str) -> Split:
    if given is None or given == "":
        return split_of(example_id)
    found = named_split(given) if isinstance(given, str) else None
    if found is None:
        raise Fault(
            f"{str(given)[:40]!r} is no split; there are train, dev (validation, val) and test"
        )
    return found


def _tags(given: Any) -> tuple[str, ...]:
    if given is not None and not isinstance(given, str) and not is_list(given):
        raise Fault("tags are neither a list nor text with commas")
    return tuple(dict.fromkeys(tag.strip() for tag in words(given) if tag.strip()))


def _check_values(*values: Any) -> None:
    for value in values:
        if not is_plain(value):
            raise Fault("holds something other than plain JSON, or is nested too deeply")
        if _has_nul(value):
            raise Fault("holds NUL, which is no character of a text")


def _has_nul(value: Any) -> bool:
    if isinstance(value, str):
        return "\0" in value
    if is_mapping(value):
        return any("\0" in key or _has_nul(each) for key, each in mapping(value).items())
    return any(_has_nul(each) for each in items(value))
