"""What a line of an experiment's log was decided on, in words."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final, cast

from burnish.evals.report.words import counted
from burnish.experiments.figures import figure, percent


def words(facts: Mapping[str, Any], counts: str = "unit") -> str:
    """`600 units of now, 593 of short; revision 2`. Texts and tables that were decided on are in
    JSON. `counts` is what is counted."""
    told = [_WORDS[name](facts, counts) for name in _WORDS if name in facts]
    told += [f"{name} {value}" for name, value in _others(facts)]
    return "; ".join(filter(None, told))


def _others(facts: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """Of facts that a later release may know, those that fit on a line."""
    for name, value in facts.items():
        if name not in _WORDS and name not in _KNOWN and isinstance(value, str | int | float):
            yield name, figure(value) if isinstance(value, float) else value


def _label(facts: Mapping[str, Any], _: str) -> str:
    return f"{facts['label']} is at revision {facts.get('stands_on')}"


def _calls(facts: Mapping[str, Any], _: str) -> str:
    cost = facts.get("cost_usd")
    price = "at an unknown price" if cost is None else f"for about ${figure(float(cost))}"
    return f"{counted(int(facts['calls']), 'call')} planned, {price}"


def _shares(facts: Mapping[str, Any], _: str) -> str:
    shares = cast("Mapping[str, float]", facts["shares"])
    return ", ".join(f"{name} {percent(float(share))}" for name, share in shares.items())


def _units(facts: Mapping[str, Any], counts: str) -> str:
    units = cast("Mapping[str, int]", facts["units"])
    parts = [f"{int(n):,} of {name}" for name, n in units.items()]
    return f"{counts}s: {', '.join(parts)}" if parts else ""


def _variant(facts: Mapping[str, Any], _: str) -> str:
    forced = ", forced" if facts.get("forced") else ""
    return f"{facts['variant']}, revision {facts.get('revision')}{forced}"


def _request(facts: Mapping[str, Any], _: str) -> str:
    return f"waits for another person: request {facts['request']}"


def _back(facts: Mapping[str, Any], _: str) -> str:
    before = facts.get("to")
    return f"from revision {facts['from']} " + (f"back to {before}" if before else "to none")


_WORDS: Final[Mapping[str, Callable[[Mapping[str, Any], str], str]]] = {
    "label": _label,
    "calls": _calls,
    "shares": _shares,
    "units": _units,
    "variant": _variant,
    "request": _request,
    "from": _back,
}
# Told together with one of the above, or too long for a line.
_KNOWN = frozenset({"stands_on", "cost_usd", "forced", "revision", "to", "verdict"})
