"""Assertions of promptfoo as scorers; others are scorers by the names that they have."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any

from burnish.errors import UsageError
from burnish.evals.promptfoo import from_promptfoo, is_promptfoo
from burnish.prompts.formats.document import Fault
from burnish.prompts.formats.gather import mapping
from burnish.storage.example import ScorerSpec

UNSUPPORTED = "unsupported"
_OWN = ("type", "value", "threshold", "weight", "metric")


def scorers_of(checks: Iterable[Any]) -> tuple[ScorerSpec, ...]:
    """A scorer of the same name for each. Raises Fault for what is no assertion."""
    return tuple(_scorer(check) for check in checks)


def _scorer(given: Any) -> ScorerSpec:
    check = mapping(given)
    name = check.get("type")
    if not isinstance(name, str) or not name.strip():
        raise Fault("an assertion has no type")
    if is_promptfoo(name.strip()):
        try:
            return from_promptfoo({**check, "type": name.strip()})
        except UsageError as error:
            return unsupported(name.strip(), str(error))
    metric = check.get("metric")
    weight = _number(check, "weight")
    return ScorerSpec(
        name=name.strip(),
        value=check.get("value"),
        threshold=_number(check, "threshold"),
        weight=1.0 if weight is None else weight,
        metric=metric if isinstance(metric, str) else "",
        parameters={key: value for key, value in check.items() if key not in _OWN},
    )


def unsupported(name: str, why: str) -> ScorerSpec:
    """Stands where a scorer cannot: it tells so in every result, and counts for nothing."""
    return ScorerSpec(name=UNSUPPORTED, value=why, weight=0.0, metric=name)


def _number(check: dict[str, Any], key: str) -> float | None:
    value = check.get(key)
    if value is None:
        return None
    if not isinstance(value, int | float) or isinstance(value, bool) or not math.isfinite(value):
        raise Fault(f"the {key} of an assertion is no number")
    if key == "weight" and value < 0:
        raise Fault("the weight of an assertion is below 0")
    return float(value)
