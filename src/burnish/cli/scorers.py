"""scorers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter

from burnish.cli.common import NONE, Common, on_terminal, out, out_json, platform, styled, table

if TYPE_CHECKING:
    from collections.abc import Iterator

    from burnish.evals.registry import ScorerInfo, ScorerParameter

_WHERE = {
    "value": "its value; it needs one",
    "expected": "its value, or what the example expects",
    "optional": "its value, which may be left out",
}


def scorers(
    name: Annotated[str | None, Parameter(help="Show this one in full.")] = None,
    /,
    *,
    common: Common = NONE,
) -> None:
    """List scorers with what they measure, or show one with its parameters and an example."""
    with platform(common) as p:
        if name is not None:
            found = p.scorers.describe(name)
            out_json(found) if common.json else out("\n".join(_in_full(found)))
            return
        listed = p.scorers.list()
    if common.json:
        out_json(listed)
    elif on_terminal():
        rows = ((styled(each.name, "cyan"), each.takes, each.summary) for each in listed)
        table(("name", "compares with", "what passes"), rows, wide="what passes")
    else:
        out("\n".join(f"{each.name}\t{each.takes}\t{each.summary}" for each in listed))


def _in_full(scorer: ScorerInfo) -> Iterator[str]:
    import msgspec

    yield scorer.name
    yield scorer.summary
    if scorer.needs in _WHERE:
        yield f"compares with: {scorer.takes} ({_WHERE[scorer.needs]})"
    yield f"passes from: {scorer.threshold:g}"
    if scorer.aliases:
        yield f"also called: {', '.join(scorer.aliases)}"
    if scorer.inverts:
        yield f"turned around: not-{scorer.name}"
    if scorer.asks_model:
        yield "asks a model: yes"
    yield "parameters:"
    yield from map(_parameter, scorer.parameters)
    own = {
        key: value
        for key, value in msgspec.to_builtins(scorer.example).items()
        if value not in (None, "", {}) and (key, value) != ("weight", 1.0)
    }
    yield "example:"
    yield f"  {msgspec.json.encode(own).decode()}"


def _parameter(parameter: ScorerParameter) -> str:
    default = "required" if parameter.required else _shown(parameter.default)
    kind = f"{parameter.type}, {default}" if default else parameter.type
    return f"  {parameter.name} ({kind}): {parameter.description}"


def _shown(default: object) -> str:
    if default in (None, "", []) or isinstance(default, list):
        return ""
    shown = str(default).lower() if isinstance(default, bool) else str(default)
    return shown if len(shown) <= 20 else "see --json"
