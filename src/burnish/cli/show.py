"""How results look: tables and colour for a terminal, plain text for a pipe."""

from __future__ import annotations

import re
import sys
from typing import TYPE_CHECKING

from burnish.cli.common import console, note, on_terminal, out, out_json, styled, visible, warn
from burnish.cli.money import cost_of
from burnish.prompts.prompt import Message, Variable
from burnish.prompts.render import as_text

if TYPE_CHECKING:
    from burnish.generation.event import GenerationEvent
    from burnish.generation.result import Candidate, Generation
    from burnish.intents import Classification

_WORTH_SAYING = 0.005
_NAME = re.compile(r"\{\{\s*\w+\s*\}\}")


def classification_lines(found: Classification) -> str:
    return "\n".join(f"{name}: {value}" for name, value in _facts(found))


def classification(found: Classification) -> None:
    from rich.table import Table

    table = Table(show_header=False, box=None, padding=(0, 2, 0, 0))
    table.add_column(style="dim")
    table.add_column()
    for name, value in _facts(found):
        table.add_row(name, styled(value, "bold" if name == "intent" else ""))
    console().print(table)


def _facts(found: Classification) -> list[tuple[str, str]]:
    also = ", ".join(
        f"{each.intent} {each.confidence:.2f}"
        for each in found.alternatives
        if each.confidence >= _WORTH_SAYING
    )
    rows = (
        ("intent", f"{found.intent} {found.confidence:.2f}"),
        ("also", also),
        ("asks", " then ".join(found.asks) if len(found.asks) > 1 else ""),
        ("sub_intents", ", ".join(found.sub_intents)),
        ("complexity", f"{found.complexity.level} of 5 ({found.complexity.name})"),
        ("because", ", ".join(found.complexity.because)),
        ("domain", found.domain),
        ("task", found.task_type),
        ("language", found.language),
        ("tokens", f"about {found.estimated_tokens}"),
        ("techniques", ", ".join(found.suggested_techniques) or "none needed"),
        ("method", found.method),
    )
    return [row for row in rows if row[1]]


def generation(
    made: Generation,
    *,
    as_json: bool,
    explain: bool = False,
    phases: bool = False,
    only_best: bool = False,
) -> None:
    """`only_best` leaves the other candidates to `--json`: nobody asked for several."""
    if not as_json and only_best:
        import msgspec

        made = msgspec.structs.replace(made, candidates=made.candidates[:1])
    if as_json:
        out_json(made)
    elif on_terminal():
        _generation_terminal(made, explain=explain, phases=phases)
    else:
        _generation_plain(made, explain=explain, phases=phases)


def _generation_plain(made: Generation, *, explain: bool, phases: bool) -> None:
    for number, candidate in enumerate(made.candidates, start=1):
        if len(made.candidates) > 1:
            out(f"{'' if number == 1 else chr(10)}=== {_title(number, candidate)}")
        if phases:
            out(_phases(candidate))
        else:
            out(candidate.text)
    if explain:
        out(f"\n{made.explanation}")
        if made.choice is not None:
            out(f"\nChosen by {made.choice.by}: {made.choice.reason}")
            out(scores(made))
    for warning in made.warnings:
        warn(warning)
    if made.reference:
        note(f"stored as {made.reference}")


def _title(number: int, candidate: Candidate) -> str:
    names = ", ".join(each.technique for each in candidate.techniques)
    return f"{number}: {names or 'no technique'}"


def _phases(candidate: Candidate) -> str:
    parts: list[str] = []
    for phase in candidate.phases:
        temperature = "none" if phase.temperature is None else f"{phase.temperature:g}"
        head = (
            f"--- {phase.phase}: model {phase.model}, temperature {temperature}, "
            f"{phase.tokens} tokens, id {phase.id}, parent {phase.parent_id or 'none'}"
        )
        if phase.kept:
            head += f"\n    the text before was kept: {phase.kept}"
        if phase.stopped:
            head += f"\n    stopped: {phase.stopped}"
        parts.append(f"{head}\n{phase.text}")
    return "\n\n".join(parts)


def _generation_terminal(made: Generation, *, explain: bool, phases: bool) -> None:
    from rich.rule import Rule

    screen = console()
    for number, candidate in enumerate(made.candidates, start=1):
        title = made.reference if number == 1 and made.reference else made.archetype
        if len(made.candidates) > 1:
            title = _title(number, candidate)
            if number == 1 and made.reference:
                title = f"{made.reference} is {title}"
        screen.print(Rule(styled(title, "bold"), style="dim", align="left"))
        if phases:
            screen.print(styled(_phases(candidate)))
        else:
            messages(candidate.messages)
    best = made.best
    variables(best.variables)
    _techniques(best)
    _remarks(made, explain=explain)
    screen.print(styled("\nGood practice", "bold"))
    for practice in made.best_practices:
        screen.print(styled(f"  • {practice}"))
    screen.print(styled("\nTry next", "bold"))
    screen.print(styled(f"  {made.example_usage}", "cyan"), soft_wrap=True)


def _remarks(made: Generation, *, explain: bool) -> None:
    """What a person should know of how the prompt came about."""
    screen = console()
    if made.left_open:
        screen.print(styled("\nLeft open; say it in the idea for a better prompt", "bold"))
        for variable in made.left_open:
            example = as_text(variable.example)
            said = f"  • {variable.description}" + (f" (e.g. {example})" if example else "")
            screen.print(styled(said))
    if made.read:
        read = "; ".join(f"{kind} “{words}”" for kind, words in made.read)
        screen.print(styled(f"\nRead from the idea: {read}", "dim"))
    if made.sources:
        cited = "; ".join(source.cite for source in made.sources)
        screen.print(styled(f"\nSources: {cited}", "dim"))
    for warning in made.warnings:
        screen.print(styled(f"Note: {warning}", "yellow"))
    if made.model != "offline":
        screen.print(styled(f"\n{_by_model(made)}", "dim"))
    if explain:
        screen.print(styled(f"\n{made.explanation}"))
        if made.choice is not None:
            screen.print(styled(f"\nChosen by {made.choice.by}: {made.choice.reason}"))
            screen.print(styled(scores(made)))


def _by_model(made: Generation) -> str:
    used = f"; shown to it: {', '.join(made.examples_used)}" if made.examples_used else ""
    return f"Written by {made.model} ({made.strategy}), {cost_of(made.cost_usd)}{used}"


def scores(made: Generation) -> str:
    """Each candidate's score by feature. It orders them by their wording; it measures no result."""
    lines: list[str] = []
    for number, candidate in enumerate(made.candidates, start=1):
        if candidate.score is not None:
            shares = ", ".join(
                f"{each.name} {each.contribution:.3f}" for each in candidate.score.features
            )
            lines.append(f"  {number}: {candidate.score.total:.3f} = {shares}")
    return "\n".join(lines)


def event_json(event: GenerationEvent) -> None:
    import msgspec

    sys.stdout.write(msgspec.json.encode(event).decode() + "\n")
    sys.stdout.flush()


def event(event: GenerationEvent, *, all_phases: bool) -> None:
    """A piece of a streamed generation, as it comes."""
    if event.kind == "restart" and (event.final or all_phases):
        note_line = f"\n--- {event.phase} begins again: {event.text}\n"
        (sys.stdout if all_phases else sys.stderr).write(visible(note_line))
    elif event.kind == "phase" and all_phases:
        sys.stdout.write(f"\n--- {event.phase}: model {event.model}\n")
    elif event.kind == "text" and (event.final or all_phases):
        sys.stdout.write(visible(event.text) if on_terminal() else event.text)
    sys.stdout.flush()


def streamed(made: Generation) -> None:
    """What stands after a streamed text."""
    sys.stdout.write("\n")
    for warning in made.warnings:
        warn(warning)
    if made.reference:
        note(f"stored as {made.reference}")


def _techniques(candidate: Candidate) -> None:
    from rich.table import Table

    screen = console()
    if not candidate.techniques:
        why = candidate.none_needed or "the prompt does without"
        screen.print(styled(f"\nNo technique: {why}", "dim"))
        return
    table = Table(title="\nTechniques", title_justify="left", title_style="bold", box=None)
    table.add_column("name", no_wrap=True)
    table.add_column("why", style="dim")
    for each in candidate.techniques:
        table.add_row(styled(each.technique), styled(each.reasons[0] if each.reasons else ""))
    screen.print(table)


def messages(shown: tuple[Message, ...]) -> None:
    screen = console()
    for message in shown:
        if len(shown) > 1:
            screen.print(styled(f"[{message.role}]", "dim"))
        text = styled(message.content)
        text.highlight_regex(_NAME, "bold cyan")
        text.highlight_regex(r"(?m)^(?:#+ .*|</?\w+>|\*\*.*\*\*)$", "bold")
        screen.print(text)
        screen.print()


def variables(shown: tuple[Variable, ...]) -> None:
    if not shown:
        return
    from rich.table import Table

    table = Table(title="Variables", title_justify="left", title_style="bold", box=None)
    for name in ("name", "type", "value", "what"):
        table.add_column(name, no_wrap=name in ("name", "type"))
    for each in shown:
        value = styled(_short(as_text(each.default)))
        if each.required:
            value = styled("required", "yellow")
        elif not value:
            value = styled("empty", "dim")
        name, kind = styled(each.name, "cyan"), styled(each.type)
        table.add_row(name, kind, value, styled(each.description))
    console().print(table)


def _short(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= 40 else f"{line[:37]}…"
