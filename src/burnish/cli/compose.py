"""analyze, enhance, generate."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from burnish.cli.common import (
    NONE,
    Common,
    on_terminal,
    out,
    out_json,
    platform,
    read_file,
    text_of,
)

Techniques = Annotated[
    list[str] | None,
    Parameter(name=["--technique", "-t"], help="Use this technique; may be given several times."),
]
Target = Annotated[str, Parameter(help="Model or family to write for: claude, gpt, gemini, open…")]
Context = Annotated[Path | None, Parameter(help="A file that stands beside the text.")]


def analyze(
    text: Annotated[str | None, Parameter(help="The text; - reads standard input.")] = None,
    /,
    *,
    context: Context = None,
    budget_ms: Annotated[float | None, Parameter(help="Time the classifier may take.")] = None,
    common: Common = NONE,
) -> None:
    """Tell what a text asks for, offline."""
    from burnish.cli import show

    beside = read_file(context) if context else ""
    with platform(common) as p:
        found = p.analyze(text_of(text, "text"), context=beside, budget_ms=budget_ms)
    if common.json:
        out_json(found)
    elif on_terminal():
        show.classification(found)
    else:
        out(show.classification_lines(found))


def enhance(
    text: Annotated[str | None, Parameter(help="The text; - reads standard input.")] = None,
    /,
    *,
    technique: Techniques = None,
    variations: Annotated[int, Parameter(help="How many different technique sets.")] = 1,
    explain: Annotated[bool, Parameter(negative="", help="Say why these techniques.")] = False,
    save: Annotated[str, Parameter(help="Store the first result under this name.")] = "",
    target: Target = "",
    context: Context = None,
    common: Common = NONE,
) -> None:
    """Keep a text word for word and add what it lacks."""
    from burnish.cli import show

    with platform(common) as p:
        made = p.enhance(
            text_of(text, "text"),
            techniques=technique or (),
            variations=variations,
            context=read_file(context) if context else "",
            target=target,
            save=save,
        )
    show.generation(made, as_json=common.json, explain=explain)


def generate(
    idea: Annotated[str | None, Parameter(help="The idea; - reads standard input.")] = None,
    /,
    *,
    name: Annotated[str, Parameter(help="Name to store it under.")] = "",
    category: Annotated[str, Parameter(help="Category of the stored prompt.")] = "",
    context: Context = None,
    persona: Annotated[str, Parameter(help="Voice; see burnish personas.")] = "",
    phases: Annotated[str, Parameter(help="Phases to run: explore,draft,refine.")] = "",
    count: Annotated[int, Parameter(help="How many different prompts (1 to 100).")] = 1,
    technique: Techniques = None,
    target: Target = "",
    show_phases: Annotated[bool, Parameter(negative="", help="Print every phase.")] = False,
    explain: Annotated[bool, Parameter(negative="", help="Say why these techniques.")] = False,
    common: Common = NONE,
) -> None:
    """Make a finished prompt from a rough idea and store it."""
    from burnish.cli import show

    with platform(common) as p:
        made = p.generate(
            text_of(idea, "idea"),
            name=name,
            category=category,
            context=read_file(context) if context else "",
            persona=persona,
            phases=[part for part in phases.split(",") if part.strip()],
            count=count,
            techniques=technique or (),
            target=target,
        )
    show.generation(made, as_json=common.json, explain=explain, phases=show_phases)
