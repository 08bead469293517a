"""promptfoo's assertions as scorers, where they mean the same."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any, cast

import msgspec

from burnish.errors import UsageError
from burnish.storage.example import ScorerSpec

_TEMPLATE = re.compile(r"\{\{(?!\s*[A-Za-z_]\w*\s*\}\})|\{%")
_CODE = "it runs code that came with a file; write the check as a function with @burnish.scorer"
_REFUSED = {
    "javascript": _CODE,
    "python": _CODE,
    "ruby": _CODE,
    "webhook": "it sends answers to an address; write the check as a function with @burnish.scorer",
    "select-best": "it compares the answers of several prompts; use pairwise with a reference",
    "human": "a person decides it; rate answers with feedback",
}
_SAME = (
    "contains",
    "contains-all",
    "contains-any",
    "icontains",
    "icontains-all",
    "icontains-any",
    "starts-with",
    "regex",
    "is-json",
    "contains-json",
    "rouge-n",
    "bleu",
    "similar",
    "is-refusal",
    "llm-rubric",
    "factuality",
    "model-graded-closedqa",
    "model-graded-factuality",
)
_LISTS = ("contains-all", "contains-any", "icontains-all", "icontains-any")
_READ = {"type", "value", "threshold", "weight", "metric"}

Fields = dict[str, Any]


def from_promptfoo(assertion: Mapping[str, Any]) -> ScorerSpec:
    """The scorer that means what the assertion means.

    Raises UsageError, saying why, for one that runs code, has no counterpart, or has parts that
    ours cannot keep.
    """
    given = assertion.get("type")
    if not isinstance(given, str) or not given:
        raise UsageError("an assertion has no type", hint="give it one, such as contains")
    inverted = given.startswith("not-")
    kind = given.removeprefix("not-")
    if kind in _REFUSED:
        raise UsageError(f"the assertion {given} is not taken over", hint=_REFUSED[kind])
    make = _OWN.get(kind) or (_as_it_is if kind in _SAME else None)
    if make is None:
        raise UsageError(
            f"the assertion {given} has no counterpart",
            hint="see burnish scorers for what there is",
        )
    _refuse_the_rest(assertion, given)
    fields = make({**assertion, "type": kind})
    if isinstance(fields.get("value"), str | list) and "{{" in str(fields["value"]):
        fields["parameters"] = {**fields.get("parameters", {}), "fill": True}
    name = fields.pop("name", kind)
    return ScorerSpec(
        name=f"not-{name}" if inverted else name,
        weight=_number(assertion.get("weight", 1), "weight"),
        metric=str(assertion.get("metric") or ""),
        **fields,
    )


def is_promptfoo(kind: str) -> bool:
    """Whether promptfoo has an assertion of that name that is known here, usable or not."""
    kind = kind.removeprefix("not-")
    return kind in _REFUSED or kind in _OWN or kind in _SAME


def _refuse_the_rest(assertion: Mapping[str, Any], given: str) -> None:
    others = [
        key for key, value in assertion.items() if key not in _READ and value not in (None, {}, [])
    ]
    if others:
        raise UsageError(
            f"the assertion {given} has {', '.join(map(repr, others))}, which is not taken over",
            hint="leave it out, or write the scorer in Burnish's own form",
        )
    texts = msgspec.json.encode(assertion.get("value"), enc_hook=str).decode("utf-8", "replace")
    if _TEMPLATE.search(texts):
        raise UsageError(
            f"the value of the assertion {given} is a template with logic",
            hint="use plain {{ names }} of variables",
        )
    if isinstance(assertion.get("value"), str) and assertion["value"].startswith("file://"):
        raise UsageError(
            f"the value of the assertion {given} is in another file", hint="put the text here"
        )


def _as_it_is(given: Fields) -> Fields:
    value = given.get("value")
    if given["type"] in _LISTS and isinstance(value, str):
        value = [each.strip() for each in value.split(",")]
    fields: Fields = {"value": value}
    if given.get("threshold") is not None:
        fields["threshold"] = _number(given["threshold"], "threshold")
    if given["type"] == "similar" and given.get("threshold") is None:
        fields["threshold"] = 0.75
    return fields


def _equals(given: Fields) -> Fields:
    """Space counts there, and `"5"` equals the number 5 written as text."""
    return {"name": "exact", "value": given.get("value"), "parameters": {"strip": False}}


def _levenshtein(given: Fields) -> Fields:
    """Its threshold is a number of edits, 5 unless it says otherwise."""
    most = int(_number(given.get("threshold", 5), "threshold"))
    return {"value": given.get("value"), "parameters": {"max_distance": most}}


def _at_most(given: Fields) -> Fields:
    """Cost in dollars and latency in milliseconds; the threshold is the most that passes."""
    return {"value": _number(given.get("threshold"), "threshold")}


def _word_count(given: Fields) -> Fields:
    value = given.get("value")
    if isinstance(value, Mapping):
        bounds = cast("Mapping[str, Any]", value)
        parameters = {
            key: int(_number(bounds[key], key)) for key in ("min", "max") if key in bounds
        }
    else:
        count = int(_number(value, "value"))
        parameters = {"min": count, "max": count}
    return {"name": "length", "parameters": {"unit": "words", **parameters}}


def _number(value: Any, what: str) -> float:
    try:
        return float(value)
    except (TypeError, ValueError):
        raise UsageError(f"the {what} of an assertion is no number", hint="correct it") from None


_OWN: dict[str, Callable[[Fields], Fields]] = {
    "equals": _equals,
    "levenshtein": _levenshtein,
    "cost": _at_most,
    "latency": _at_most,
    "word-count": _word_count,
}
