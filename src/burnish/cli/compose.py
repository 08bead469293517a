"""analyze, enhance, generate."""

from __future__ import annotations

from contextlib import nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from cyclopts import Parameter

from burnish.cli.common import (
    NONE,
    Common,
    asks_model,
    on_terminal,
    out,
    out_json,
    platform,
    read_file,
    text_of,
    waiting,
)
from burnish.errors import UsageError

if TYPE_CHECKING:
    import burnish

Techniques = Annotated[
    list[str] | None,
    Parameter(name=["--technique", "-t"], help="Use this technique; may be given several times."),
]
Target = Annotated[str, Parameter(help="Model or family to write for: claude, gpt, gemini, open…")]
Model = Annotated[
    str, Parameter(help="Model that writes: provider:model, offline, or auto; see burnish models.")
]
MaxCost = Annotated[
    float | None, Parameter(name="--max-cost", help="Stop before the cost could pass this, USD.")
]
Context = Annotated[Path | None, Parameter(help="A file that stands beside the text.")]


Explain = Annotated[bool, Parameter(negative="", help="Say why these techniques.")]
Count = Annotated[
    int | None, Parameter(help="How many variants (1 to 100); a model writes 3 if not told.")
]
History = Annotated[
    bool, Parameter(negative="--no-history", help="Show the model similar good prompts.")
]
Strategy = Annotated[str, Parameter(help="How variants go on: cascade, best or all.")]


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
    explain: Explain = False,
    save: Annotated[str, Parameter(help="Store the first result under this name.")] = "",
    target: Target = "",
    model: Model = "",
    max_cost: MaxCost = None,
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
            model=model,
            max_cost_usd=max_cost,
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
    count: Count = None,
    technique: Techniques = None,
    target: Target = "",
    model: Model = "",
    strategy: Strategy = "",
    selector: Annotated[str, Parameter(help="Model that picks the best variant.")] = "",
    max_cost: MaxCost = None,
    history: History = True,
    fresh: Annotated[bool, Parameter(negative="", help="Ask anew, not from the cache.")] = False,
    stream: Annotated[bool, Parameter(negative="", help="Print the text as it comes.")] = False,
    show_phases: Annotated[bool, Parameter(negative="", help="Print every phase.")] = False,
    explain: Explain = False,
    common: Common = NONE,
) -> None:
    """Make a finished prompt from a rough idea and store it."""
    from burnish.cli import show

    options: dict[str, Any] = {
        "name": name,
        "category": category,
        "context": read_file(context) if context else "",
        "persona": persona,
        "phases": [part for part in phases.split(",") if part.strip()],
        "techniques": technique or (),
        "target": target,
        "model": model,
        "max_cost_usd": max_cost,
        "history": history,
        "fresh": fresh,
    }
    text = text_of(idea, "idea")
    with platform(common) as p:
        if stream:
            _refuse_with_stream(count, strategy, selector)
            _stream(p, text, options, show_phases=show_phases, as_json=common.json)
            return
        with waiting("writing") if asks_model(p, model) else nullcontext():
            made = p.generate(text, count=count, strategy=strategy, selector=selector, **options)
    show.generation(
        made, as_json=common.json, explain=explain, phases=show_phases, only_best=count is None
    )


def _refuse_with_stream(count: int | None, strategy: str, selector: str) -> None:
    if count not in (None, 1) or strategy or selector:
        raise UsageError(
            "--stream prints one prompt as it is written",
            hint="leave --count, --strategy and --selector out, or leave --stream out",
        )


def _stream(
    p: burnish.Platform,
    idea: str,
    options: dict[str, Any],
    *,
    show_phases: bool,
    as_json: bool,
) -> None:
    """The final phase's text as it comes; with `show_phases` that of every phase; with `--json`
    one event a line."""
    from burnish.cli import show

    for event in p.generate_stream(idea, **options):
        if as_json:
            show.event_json(event)
        elif event.kind != "done":
            show.event(event, all_phases=show_phases)
        elif event.generation is not None:
            show.streamed(event.generation)
