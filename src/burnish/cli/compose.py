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
    note,
    on_terminal,
    out,
    out_json,
    platform,
    read_file,
    text_of,
    waiting,
)
from burnish.cli.going_on import resumable
from burnish.cli.optimized import NOT_ASKED, Optimizing, optimized, planned, told
from burnish.errors import UsageError

if TYPE_CHECKING:
    import burnish
    from burnish.cli.optimized import Done
    from burnish.generation.result import Generation

Techniques = Annotated[
    list[str] | None,
    Parameter(name=["--technique", "-t"], help="Use this technique; may be given several times."),
]
Target = Annotated[
    str,
    Parameter(
        show_default="setting generation.target",
        help="Model or family to write for: claude, gpt, gemini, open…",
    ),
]
Model = Annotated[
    str,
    Parameter(
        show_default="setting generation.model",
        help="Model that writes: provider:model, offline, or auto; see burnish models.",
    ),
]
Refiner = Annotated[
    str, Parameter(show_default="offline", help="Model that refines; see burnish models.")
]
MaxCost = Annotated[
    float | None,
    Parameter(
        name="--max-cost",
        show_default="setting models.max_cost_usd",
        help="Stop before the cost could pass this, USD.",
    ),
]
MaxTokens = Annotated[
    int | None, Parameter(help="Longest answer of each phase, tokens; bounds the worst cost too.")
]
Context = Annotated[
    list[str] | None,
    Parameter(
        help="A file that stands beside the text; knowledge, or knowledge:TAG, takes what your"
        " documents have on it. May be given twice."
    ),
]
Beside = Annotated[Path | None, Parameter(help="A file that stands beside the text.")]
_KNOWLEDGE = "knowledge"

Explain = Annotated[bool, Parameter(negative="", help="Say why these techniques.")]
Count = Annotated[
    int | None,
    Parameter(
        show_default="1; by a model, setting generation.variants",
        help="How many variants (1 to 100).",
    ),
]
History = Annotated[
    bool, Parameter(negative="--no-history", help="Show the model similar good prompts.")
]
Stream = Annotated[
    bool, Parameter(negative="", help="Print the text as it comes; into a pipe, phase by phase.")
]
Phases = Annotated[
    str,
    Parameter(
        show_default="setting generation.phases",
        help="Phases to run: explore,draft,refine; refine up to 5 times.",
    ),
]
Persona = Annotated[
    str,
    Parameter(show_default="setting generation.persona", help="Voice; see burnish personas."),
]
Selector = Annotated[
    str,
    Parameter(
        show_default="setting generation.selector", help="Model that picks the best variant."
    ),
]
Strategy = Annotated[
    str,
    Parameter(
        show_default="setting generation.strategy", help="How variants go on: cascade, best or all."
    ),
]


def analyze(
    text: Annotated[str | None, Parameter(help="The text; - reads standard input.")] = None,
    /,
    *,
    context: Beside = None,
    budget_ms: Annotated[float | None, Parameter(help="Time the classifier may take.")] = None,
    common: Common = NONE,
) -> None:
    """Tell what a text asks for, offline."""
    from burnish.cli import show

    beside = _file_beside(context)
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
    model: Refiner = "",
    max_cost: MaxCost = None,
    max_tokens: MaxTokens = None,
    context: Context = None,
    optimizing: Optimizing = NOT_ASKED,
    common: Common = NONE,
) -> int:
    """Keep a text word for word and add what it lacks.

    With --optimize the first result is stored, named after the text without --save; exit code 1
    where nothing could be measured.
    """
    asked = optimizing.asked()
    options: dict[str, Any] = {
        "techniques": technique or (),
        "variations": variations,
        **_context(context),
        "target": target,
        "model": model,
        "save": save,
        **_bounds(max_cost, max_tokens),
    }
    given = text_of(text, "text")
    with resumable("optimization") as begun, platform(common) as p:
        if optimizing.dry_run and asked is not None:
            return planned(p, given, options, asked, common, enhance=True)
        done = optimized(p, given, options, asked, begun, enhance=True) if asked else None
        made = done.made if done else p.enhance(given, **options)
    count = variations if variations > 1 else None
    return _shown(made, done, common, explain=explain, count=count)


def generate(
    idea: Annotated[str | None, Parameter(help="The idea; - reads standard input.")] = None,
    /,
    *,
    name: Annotated[str, Parameter(help="Name to store it under.")] = "",
    category: Annotated[str, Parameter(help="Category of the stored prompt.")] = "",
    context: Context = None,
    persona: Persona = "",
    phases: Phases = "",
    count: Count = None,
    technique: Techniques = None,
    target: Target = "",
    model: Model = "",
    strategy: Strategy = "",
    selector: Selector = "",
    max_cost: MaxCost = None,
    max_tokens: MaxTokens = None,
    history: History = True,
    fresh: Annotated[bool, Parameter(negative="", help="Ask anew, not from the cache.")] = False,
    stream: Stream = False,
    show_phases: Annotated[bool, Parameter(negative="", help="Print every phase.")] = False,
    explain: Explain = False,
    optimizing: Optimizing = NOT_ASKED,
    common: Common = NONE,
) -> int:
    """Make a finished prompt from a rough idea and store it.

    With --optimize, exit code 1 where nothing could be measured.
    """
    options: dict[str, Any] = {"name": name, "category": category, "persona": persona}
    options |= {"target": target, "model": model, "history": history, "fresh": fresh}
    options |= {
        "phases": [part for part in phases.split(",") if part.strip()],
        "techniques": technique or (),
    }
    options |= _context(context) | _bounds(max_cost, max_tokens)
    asked = optimizing.asked(stream=stream)
    text = text_of(idea, "idea")
    with resumable("optimization") as begun, platform(common) as p:
        if stream:
            _refuse_with_stream(count, strategy, selector)
            return _stream(p, text, options, show_phases=show_phases, as_json=common.json)
        options |= {"count": count, "strategy": strategy, "selector": selector}
        if optimizing.dry_run and asked is not None:
            return planned(p, text, options, asked, common)
        done = optimized(p, text, options, asked, begun) if asked else None
        made = done.made if done else _generated(p, text, options)
    return _shown(made, done, common, explain=explain, phases=show_phases, count=count)


def _generated(p: burnish.Platform, idea: str, options: dict[str, Any]) -> Generation:
    with waiting("writing") if asks_model(p, options["model"]) else nullcontext():
        return p.generate(idea, **options)


def _shown(
    made: Generation,
    done: Done | None,
    common: Common,
    *,
    explain: bool,
    phases: bool = False,
    count: int | None,
) -> int:
    """The exit code."""
    from burnish.cli import show

    best = count is None
    show.generation(made, as_json=common.json, explain=explain, phases=phases, only_best=best)
    return 0 if done is None else told(done, common)


def _file_beside(path: Path | None) -> str:
    if path is not None and path.parts == (_KNOWLEDGE,) and not path.exists():
        raise UsageError(
            "knowledge does not change what a text asks for",
            hint="leave --context out; generate and enhance take it",
        )
    return read_file(path) if path else ""


def _context(given: list[str] | None) -> dict[str, Any]:
    """What stands beside an idea: one file, and what the knowledge has on it."""
    found: dict[str, Any] = {}
    for each in given or ():
        word, colon, tag = each.partition(":")
        if word != _KNOWLEDGE:
            name, value = "context", read_file(Path(each))
        elif colon and not tag.strip():
            raise UsageError("knowledge: names no tag", hint="write knowledge:TAG, or knowledge")
        else:
            name, value = _KNOWLEDGE, tag.strip() or True
        if name in found:
            raise UsageError(
                f"--context names two {'tags' if name == _KNOWLEDGE else 'files'}",
                hint="give one file and one word of knowledge at most",
            )
        found[name] = value
    return found


def _bounds(max_cost: float | None, max_tokens: int | None) -> dict[str, Any]:
    given = {"max_cost_usd": max_cost, "max_tokens": max_tokens}
    return {name: value for name, value in given.items() if value is not None}


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
) -> int:
    """The final phase's text as it comes; with `show_phases` that of every phase; with `--json`
    one event a line; into a pipe, each phase's text when it stands. Gives the exit code."""
    from burnish.cli import show
    from burnish.cli.generate import Pipe

    events = p.generate_stream(idea, **options)
    if not as_json and not on_terminal():
        made = Pipe().write(events)
        if made is not None:
            show.streamed(made)
        return 0
    for event in events:
        if as_json:
            show.event_json(event)
        elif event.kind == "stopped":
            note(f"stopped: {event.text}")
        elif event.kind != "done":
            show.event(event, all_phases=show_phases)
        elif event.generation is not None:
            show.streamed(event.generation)
    return 0
