"""starter list, show, install."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal

from cyclopts import Parameter

from burnish.cli.common import (
    NONE,
    Common,
    console,
    note,
    on_terminal,
    out,
    out_json,
    platform,
    styled,
    table,
    totals,
    warn,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from burnish.library.starter import InstallReport, StarterPrompt, StarterTest
    from burnish.prompts.prompt import Variable

_LONGEST_EXAMPLE = 60


def list_(
    *,
    category: Annotated[str | None, Parameter(help="Only this category.")] = None,
    intent: Annotated[str | None, Parameter(help="Only those for this intent.")] = None,
    common: Common = NONE,
) -> None:
    """List the ready prompts that come with Burnish."""
    with platform(common) as p:
        found = p.starter.list(category=category, intent=intent)
    if common.json:
        out_json(found)
    elif on_terminal():
        rows = ((styled(s.name, "cyan"), s.intent, s.description) for s in found)
        table(("name", "intent", "what it does"), rows, wide="what it does")
        note(f"{len(found)} in all; take one with: burnish starter install {found[0].name}")
    else:
        out("\n".join(f"{s.name}\t{s.intent}\t{s.description}" for s in found))


def show(
    name: Annotated[str, Parameter(help="Its name, such as code/review_diff.")],
    /,
    *,
    common: Common = NONE,
) -> None:
    """Show one with its variables, advice and tests; in a pipe, its text alone."""
    with platform(common) as p:
        found = p.starter.show(name)
    if common.json:
        out_json(found)
    elif on_terminal():
        _show_terminal(found)
    else:
        out(found.text)


def install(
    *names: Annotated[str, Parameter(help="Names, such as code/review_diff.")],
    category: Annotated[str | None, Parameter(help="All of this category.")] = None,
    all: Annotated[bool, Parameter(negative="", help="All there are.")] = False,  # noqa: A002
    prefix: Annotated[str, Parameter(help="Folder to put them in, such as team.")] = "",
    conflict: Annotated[
        Literal["skip", "new-revision"],
        Parameter(
            help="What happens to a prompt of that name that says something else. skip: it stays."
            " new-revision: the ready prompt becomes its next revision."
        ),
    ] = "skip",
    common: Common = NONE,
) -> None:
    """Store ready prompts in your library; doing it twice changes nothing."""
    with platform(common) as p:
        report = p.starter.install(
            names, category=category, all=all, prefix=prefix, conflict=conflict
        )
    if common.json:
        out_json(report)
        return
    rows = [(each.outcome, f"{each.name}@{each.revision}") for each in report.prompts]
    if on_terminal():
        table(("", "prompt"), rows, wide="prompt")
        note(_summary(report))
    else:
        out("\n".join("\t".join(row) for row in rows))
    if report.skipped:
        warn(
            f"{report.skipped} of your prompts say something else and were left as they are;"
            " --conflict new-revision puts the ready prompt on top"
        )


def _summary(report: InstallReport) -> str:
    return totals(
        (
            (report.new, "new"),
            (report.revised, "new revision"),
            (report.unchanged, "unchanged"),
            (report.skipped, "skipped"),
        )
    )


def _show_terminal(found: StarterPrompt) -> None:
    from rich.rule import Rule

    screen = console()
    title = f"{found.name} (version {found.version})"
    screen.print(Rule(styled(title, "bold"), style="dim", align="left"))
    screen.print(styled(found.description))
    facts = (found.intent, ", ".join(found.tags), "techniques: " + ", ".join(found.techniques))
    screen.print(styled(" · ".join(facts), "dim"))
    for message in found.messages:
        screen.print(styled(f"\n[{message.role}]", "bold"))
        screen.print(styled(message.content))
    screen.print()
    table(("variable", "type", "default", "what"), map(_row, found.variables), wide="what")
    _points("Advice", found.best_practices)
    for number, test in enumerate(found.tests, start=1):
        _points(f"Test {number}: the answer", tuple(_expected(test)))


def _row(variable: Variable) -> tuple[str, ...]:
    needed = "(required)" if variable.required else ""
    default = needed if variable.default is None else str(variable.default)
    short = default if len(default) <= _LONGEST_EXAMPLE else f"{default[:_LONGEST_EXAMPLE]}…"
    return variable.name, variable.type, short, variable.description


def _points(heading: str, lines: Sequence[str]) -> None:
    screen = console()
    screen.print(styled(f"\n{heading}", "bold"))
    for line in lines:
        screen.print(styled(f"- {line}"))


def _expected(test: StarterTest) -> Iterator[str]:
    yield from test.expect
    if test.contains:
        yield f"contains {', '.join(map(repr, test.contains))}"
    if test.lacks:
        yield f"does not contain {', '.join(map(repr, test.lacks))}"
    if test.json:
        yield f"is JSON with {', '.join(test.json)}"
    if test.max_words is not None:
        yield f"has at most {test.max_words} words"
