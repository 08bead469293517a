"""`burnish` alone on a terminal: from an idea to a stored, rendered prompt, by number keys."""

from __future__ import annotations

import select
import sys
from collections.abc import Callable, Sequence
from contextlib import nullcontext
from functools import partial
from typing import TYPE_CHECKING, Any

from burnish.cli import show
from burnish.cli.common import NONE, asks_model, console, platform, styled, waiting
from burnish.cli.money import cost_of
from burnish.errors import BurnishError, UsageError
from burnish.generation.persona import get_persona
from burnish.generation.target import parse_target

if TYPE_CHECKING:
    import burnish
    from burnish.generation.result import Generation
    from burnish.prompts.prompt import Message

_EXAMPLE = "summarise support tickets for my boss"
# Lines of a paste come at once; nobody types the next one as fast.
_PASTE_S = 0.05
_MENU = (
    ("1", "show another variation"),
    ("2", "write it for another model family"),
    ("3", "give it another voice (persona)"),
    ("4", "name and save it"),
    ("5", "fill in the variables and see the result"),
    ("6", "begin with a new idea"),
    ("7", "let a language model write it"),
    ("q", "leave"),
)


def session() -> int:
    """Ends cleanly on q, Ctrl-D and Ctrl-C."""
    screen = console()
    screen.print("Burnish turns a rough idea into a finished prompt.", style="bold")
    screen.print(f"For example: {_EXAMPLE}. Ctrl-D leaves.", style="dim")
    screen.print("Ready prompts: burnish starter list.\n", style="dim")
    try:
        with platform(NONE) as p:
            while _one_idea(p):
                screen.print()
    except (EOFError, KeyboardInterrupt):
        screen.print("\nBye.")
    return 0


def _one_idea(p: burnish.Platform) -> bool:
    idea = _ask_all("What should the prompt do?")
    if not idea.strip():
        return True
    options: dict[str, Any] = {"target": "", "persona": "", "model": "offline"}
    seen: list[tuple[Message, ...]] = []
    made = _compose(p, idea, options, seen)
    while made is not None:
        choice = _menu()
        if choice == "q":
            return False
        if choice == "6":
            return True
        if choice in ("4", "5"):
            _finish(p, made, choice)
            continue
        asked = options | _wished(p, choice)
        before = [*seen, made.messages] if choice == "1" else []
        again = _compose(p, idea, asked, before)
        if again is not None:
            made, options, seen = again, asked, before
    return True


def _wished(p: burnish.Platform, choice: str) -> dict[str, Any]:
    usual = p.settings.generation
    if choice == "2":
        _aside("claude, gpt, gemini, open, or a model's name")
        return {"target": _known(f"Model or family [{usual.target}]", parse_target)}
    if choice == "3":
        _aside(", ".join(p.personas))
        return {"persona": _known(f"Persona [{usual.persona}]", partial(get_persona, p.personas))}
    if choice == "7":
        return {"model": _model(p)}
    return {}


def _model(p: burnish.Platform) -> str:
    """Asks for a model; those that are set up are named, and Enter takes the first of them that
    has a key."""
    set_up = [
        f"{each.provider}:{each.default_model or 'MODEL'}"
        for each in p.models.providers()
        if each.configured and each.provider != "fake"
        if each.default_model or each.provider in p.settings.models.providers
    ]
    _aside(f"Set up: {', '.join(set_up) or 'no provider with a key'}")
    _aside("Or ollama:NAME, local:smollm2-135m, provider:model; offline asks none")
    found = _known(
        f"Model [{p.automatic_model}]",
        lambda name: name in ("offline", "auto") or p.check_model(name),
    )
    return found or "auto"


def _aside(text: str) -> None:
    console().print(styled(text, "dim"))


def _known(question: str, find: Callable[[str], object]) -> str:
    """Asks until `find` knows the answer; empty for Enter, which means what is in brackets."""
    while given := _ask(question).strip():
        try:
            find(given)
        except BurnishError as error:
            console().print(styled(str(error), "yellow"))
            continue
        return given
    return ""


def _compose(
    p: burnish.Platform, idea: str, options: dict[str, Any], seen: Sequence[tuple[Message, ...]]
) -> Generation | None:
    """The first variation that was not seen; None where that fails or there is none."""
    import msgspec

    screen = console()
    try:
        found = p.analyze(idea)
        with waiting("writing") if asks_model(p, options["model"]) else nullcontext():
            made = p.generate(idea, count=len(seen) + 1, store=False, **options)
    except BurnishError as error:
        screen.print(styled(str(error), "yellow"))
        return None
    # A model's variations come in the order of their scores, and may be alike.
    fresh = [each for each in made.candidates if each.messages not in seen]
    if not fresh:
        screen.print(styled("There is no further variation that differs.", "yellow"))
        return None
    kind = made.description.partition(":")[0].lower()
    intent = found.intent.replace("_", " ")
    level = f"complexity {found.complexity.level} of 5"
    screen.print(f"\nRead as {kind} ({intent} {found.confidence:.0%}), {level}.", style="dim")
    shown = msgspec.structs.replace(made, candidates=(fresh[0],))
    _show(shown)
    return shown


def _show(made: Generation) -> None:
    screen = console()
    show.messages(made.messages)
    show.variables(made.variables)
    for warning in made.warnings:
        screen.print(styled(f"Note: {warning}", "yellow"))
    if made.model != "offline":
        screen.print(styled(f"\nWritten by {made.model}, {cost_of(made.cost_usd)}.", "dim"))


def _finish(p: burnish.Platform, made: Generation, choice: str) -> None:
    screen = console()
    try:
        if choice == "4":
            _save(p, made)
        else:
            _render(made)
    except BurnishError as error:
        screen.print(styled(str(error), "yellow"))


def _save(p: burnish.Platform, made: Generation) -> None:
    """Asks again for a name that cannot be; without any, nothing is saved."""
    while name := _ask("Name (such as team/digest; Enter for none)").strip():
        try:
            reference = p.save(made, name).reference
        except UsageError as error:
            console().print(styled(str(error), "yellow"))
            continue
        console().print(styled(f"Saved as {reference}.", "bold"))
        return
    console().print("Not saved.", style="dim")


def _render(made: Generation) -> None:
    from burnish.prompts.render import Renderer
    from burnish.prompts.variables import parse

    values: dict[str, Any] = {}
    for variable in made.variables:
        default = "" if variable.default is None else f" [{variable.default}]"
        question = f"{variable.name} ({variable.type}){default}"
        given = _ask(question)
        while variable.required and not given.strip():
            console().print("This one has to be given; Ctrl-D leaves.", style="dim")
            given = _ask(question)
        if given:
            values[variable.name] = parse(variable, given)
    with Renderer() as renderer:
        show.messages(tuple(renderer.messages(made.messages, made.variables, values)))


def _menu() -> str:
    screen = console()
    screen.print()
    for key, what in _MENU:
        screen.print(styled(f"  {key}", "bold cyan"), styled(f" {what}"))
    known = {key for key, _ in _MENU}
    while (choice := _ask("Next").strip().lower()) not in known:
        screen.print("Type one of the keys above.", style="dim")
    return choice


def _ask_all(question: str) -> str:
    """Also the further lines of a text that was pasted: they must not answer the menu, nor reach
    the shell after the session."""
    lines = [_ask(question)]
    # Windows cannot wait for a console this way; there a paste stays line by line.
    while sys.platform != "win32" and select.select([sys.stdin], [], [], _PASTE_S)[0]:
        line = sys.stdin.readline()
        if not line:
            break
        lines.append(line.rstrip("\n"))
    return "\n".join(lines).strip()


def _ask(question: str) -> str:
    return console().input(styled(f"{question} > ", "bold"))
