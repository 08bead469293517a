"""Variants and metrics as people write them on one line."""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping, Sequence
from typing import Any, Final, cast

import msgspec

from burnish.errors import UsageError
from burnish.shapes import convert, refusal
from burnish.storage.experiment import MetricSpec, Variant

BUILT_IN: Final = {
    "cost_usd": MetricSpec(name="cost_usd", kind="mean", lower_is_better=True, absent="out"),
    "latency_ms": MetricSpec(name="latency_ms", kind="mean", lower_is_better=True, absent="out"),
    "thumb": MetricSpec(name="thumb", kind="rate", absent="out"),
    "score": MetricSpec(name="score", kind="mean", absent="out"),
}
"""Metrics whose names say what they are. The first two are recorded with each answer."""

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,39}")
_METRIC_NAME = re.compile(r"[a-z][a-z0-9_.-]{0,39}", re.IGNORECASE)
_KINDS = ("rate", "mean", "ratio")
_MOST_CONFIG = 20
_LONGEST_WAIT_H = 24 * 366


def variant(given: object, place: int) -> Variant:
    """From `short=mail/late@3, model=openai:gpt-5-mini, temperature=0.2, weight=2`, a mapping of
    its fields, or a Variant; one without a name gets a letter by its `place`. Raises UsageError."""
    if isinstance(given, Variant):
        found = given
    elif isinstance(given, Mapping):
        found = _converted(cast("Mapping[str, Any]", given), Variant, "variant")
    elif isinstance(given, str):
        found = _variant(given, place)
    else:
        raise UsageError(f"{given!r} is no variant", hint="write NAME=PROMPT@REVISION")
    if not _NAME.fullmatch(found.name):
        raise UsageError(
            f"{found.name!r} cannot name a variant",
            hint="use up to 40 letters, digits, '.', '_' or '-'",
            subject=found.name,
        )
    if len(found.config) > _MOST_CONFIG:
        raise UsageError(f"variant {found.name!r} sets too much", hint=f"{_MOST_CONFIG} at most")
    return found


def _variant(text: str, place: int) -> Variant:
    head, *rest = (part.strip() for part in text.split(","))
    name, sign, prompt = head.partition("=")
    if not sign:
        name, prompt = _letter(place), head
    fields: dict[str, Any] = {"name": name.strip(), "prompt": prompt.strip()}
    config: dict[str, Any] = {}
    for part in rest:
        key, sign, value = (each.strip() for each in part.partition("="))
        if not sign or not key:
            raise UsageError(
                f"{part!r} sets nothing", hint="such as model=openai:gpt-5-mini or weight=2"
            )
        if key == "model":
            fields["model"] = value
        elif key == "weight":
            fields["weight"] = _number(value, key)
        else:
            config[key] = _plain(value)
    return Variant(**fields, config=config)


def _letter(place: int) -> str:
    return chr(ord("A") + place) if place < 26 else f"V{place + 1}"


def metric(given: object) -> MetricSpec:
    """From `solved`, `tokens, kind=mean, lower, margin=50, cap=0.99, absent=zero`, a mapping of its
    fields, or a MetricSpec. A name that stands alone is a rate, unless it is one of `BUILT_IN`.
    Raises UsageError."""
    if isinstance(given, MetricSpec):
        found = given
    elif isinstance(given, Mapping):
        own = cast("Mapping[str, Any]", given)
        fields = {**_usual(str(own.get("name", ""))), **own}
        found = _converted(_unless_said(fields), MetricSpec, "metric")
    elif isinstance(given, str):
        found = _metric(given)
    else:
        raise UsageError(f"{given!r} is no metric", hint="name it, such as solved")
    return _checked(found)


def _metric(text: str) -> MetricSpec:
    name, *rest = (part.strip() for part in text.split(","))
    fields = _usual(name)
    for part in rest:
        key, sign, value = (each.strip() for each in part.partition("="))
        if not sign and key in {"lower", "higher"}:
            fields["lower_is_better"] = key == "lower"
        elif not sign and key in _KINDS:
            fields["kind"] = key
        elif sign and key in {"margin", "cap", "wait_h"}:
            fields[key] = _number(value, key)
        elif sign and key in {"kind", "absent"}:
            fields[key] = value
        else:
            raise UsageError(
                f"{part!r} says nothing of a metric",
                hint="use kind=rate|mean|ratio, lower, margin=, cap=, wait_h= or absent=zero|out",
            )
    return _converted(_unless_said(fields), MetricSpec, "metric")


def _unless_said(fields: dict[str, Any]) -> dict[str, Any]:
    """A rate of which nothing was recorded did not happen; a mean is not known to be 0."""
    return {"absent": "out", **fields} if fields.get("kind") == "mean" else fields


def _usual(name: str) -> dict[str, Any]:
    usual = BUILT_IN.get(name)
    return {"name": name} if usual is None else msgspec.structs.asdict(usual)


def _checked(found: MetricSpec) -> MetricSpec:
    if not _METRIC_NAME.fullmatch(found.name):
        raise UsageError(
            f"{found.name!r} cannot name a metric",
            hint="use up to 40 letters, digits, '.', '_' or '-', a letter first",
            subject=found.name,
        )
    if not 0 <= found.margin < float("inf"):
        raise UsageError(f"a margin of {found.margin:g}", hint="give a number from 0 on")
    if not 0 <= found.wait_h <= _LONGEST_WAIT_H:
        raise UsageError(
            f"outcomes that take {found.wait_h:g} hours",
            hint=f"give hours, up to {_LONGEST_WAIT_H}",
        )
    if not 0.5 <= found.cap <= 1:
        raise UsageError(f"a cap at the quantile {found.cap:g}", hint="give 0.5 to 1, such as 0.99")
    return found


def _converted(fields: Mapping[Any, Any], shape: type[Any], what: str) -> Any:
    known: Sequence[str] = shape.__struct_fields__
    for name in fields:
        if name not in known:
            near = difflib.get_close_matches(str(name), known, n=1, cutoff=0.85)
            hint = f"did you mean {near[0]!r}?" if near else f"it has {', '.join(known)}"
            raise UsageError(f"a {what} has no {name!r}", hint=hint)
    try:
        return convert(dict(fields), shape)
    except msgspec.ValidationError as error:
        wrong, hint = refusal(error, shape)
        raise UsageError(f"this is no {what}: {wrong}", hint=hint) from error


def _number(text: str, what: str) -> float:
    try:
        return float(text)
    except ValueError:
        raise UsageError(f"{text!r} is no {what}", hint="give a number") from None


def _plain(text: str) -> Any:
    """JSON where it is some, else the text."""
    try:
        return msgspec.json.decode(text)
    except msgspec.DecodeError:
        return text
