"""techniques and personas."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, cast

from cyclopts import Parameter

from burnish.cli.common import NONE, Common, on_terminal, out, out_json, platform, styled, table
from burnish.errors import UsageError
from burnish.intents.intent import INTENTS

if TYPE_CHECKING:
    from burnish.intents.intent import Intent
    from burnish.techniques import Catalog, Technique


def techniques(
    name: Annotated[str | None, Parameter(help="Show this one in full.")] = None,
    /,
    *,
    category: Annotated[str | None, Parameter(help="Only this category.")] = None,
    intent: Annotated[str | None, Parameter(help="Only those that suit this intent.")] = None,
    select: Annotated[str | None, Parameter(help="Choose for this text, with reasons.")] = None,
    count: Annotated[int | None, Parameter(help="How many to choose.")] = None,
    all: Annotated[bool, Parameter(negative="", help="Switched-off ones too.")] = False,  # noqa: A002
    common: Common = NONE,
) -> None:
    """List techniques with their evidence, show one, or choose for a text."""
    with platform(common) as p:
        if select is not None:
            from burnish.techniques import explain

            chosen = p.select_techniques(select, count=count)
            out_json(chosen) if common.json else out(explain(chosen))
        elif name is not None:
            found = p.catalog.get(name)
            out_json(found) if common.json else out(_in_full(found))
        else:
            listed = _listed(p.catalog, category, intent, all_of_them=all)
            out_json(listed) if common.json else _print(listed)


def _listed(
    catalog: Catalog, category: str | None, intent: str | None, *, all_of_them: bool
) -> tuple[Technique, ...]:
    from burnish.techniques import CATEGORIES

    for what, value, known in (("category", category, CATEGORIES), ("intent", intent, INTENTS)):
        if value is not None and value not in known:
            raise UsageError(f"no {what} is called {value!r}", hint=f"use {', '.join(known)}")
    active = None if all_of_them else True
    return catalog.list(category=category, intent=cast("Intent | None", intent), active=active)


def _print(listed: tuple[Technique, ...]) -> None:
    if not on_terminal():
        out("\n".join(f"{t.name}\t{t.category}\t{t.complexity}\t{t.summary}" for t in listed))
        return
    rows = ((styled(t.name, "cyan"), t.category, str(t.complexity), t.summary) for t in listed)
    table(("name", "category", "cx", "what it does"), rows, wide="what it does")


def _in_full(technique: Technique) -> str:
    lines = [
        f"{technique.title} ({technique.name}, version {technique.version})",
        technique.summary,
        f"category: {technique.category}",
        f"complexity: {technique.complexity} of 5; model calls: {technique.calls}",
        f"suits: {', '.join(technique.suits)}",
        f"avoid for: {', '.join(technique.avoid_for) or 'nothing'}",
        f"conflicts with: {', '.join(technique.conflicts_with) or 'nothing'}",
        f"known harm: {technique.harm}",
        "evidence (from the literature, not measured here):",
        *(f"  - {each.source}: {each.effect}" for each in technique.evidence),
        "adds:",
        *(f"  {line}" for line in technique.template.splitlines()),
    ]
    return "\n".join(lines)


def personas(
    name: Annotated[str | None, Parameter(help="Show this one in full.")] = None,
    /,
    *,
    common: Common = NONE,
) -> None:
    """List personas with their purpose, or show one."""
    with platform(common) as p:
        known = p.personas
    if name is not None:
        import msgspec
        import yaml

        from burnish.generation.persona import get_persona

        found = get_persona(known, name)
        plain = msgspec.to_builtins(found)
        out_json(found) if common.json else out(
            yaml.safe_dump(plain, sort_keys=False, allow_unicode=True)
        )
    elif common.json:
        out_json(list(known.values()))
    elif on_terminal():
        table(("name", "for"), ((p.name, p.purpose) for p in known.values()), wide="for")
    else:
        out("\n".join(f"{each.name}\t{each.purpose}" for each in known.values()))
