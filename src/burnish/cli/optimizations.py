"""optimizations list, show, delete."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter

from burnish.cli.common import (
    NONE,
    Common,
    confirmed,
    console,
    counted,
    note,
    on_terminal,
    out,
    out_json,
    platform,
    styled,
    table,
)
from burnish.cli.job_words import when
from burnish.cli.money import cost_of
from burnish.cli.optimization_report import Files, check_reports, go_on_with, write_reports
from burnish.cli.runs import short_ids

if TYPE_CHECKING:
    from burnish.optimizers.report.report import OptimizationReport
    from burnish.optimizers.room import ListedCandidate, ListedOptimization, ShownOptimization

_STYLES = {
    "improved": "green",
    "kept": "",
    "stopped": "yellow",
    "not measured": "yellow",
    "running": "cyan",
}
Id = Annotated[str, Parameter(help="Its id, or the beginning of it.")]


def list_(
    *,
    prompt: Annotated[str, Parameter(help="Only of the prompt of this name.")] = "",
    data: Annotated[str, Parameter(help="Only over the dataset of this name.")] = "",
    limit: Annotated[int, Parameter(help="How many at most.")] = 20,
    common: Common = NONE,
) -> None:
    """List optimisations, newest first.

    In a pipe: id, time of creation, outcome (improved, kept, stopped, not measured) or state
    (queued, running, stopped), prompt, what came of it, algorithm, model, dataset,
    goal.
    """
    with platform(common) as p:
        found = p.optimizations.list(prompt=prompt, dataset=data, limit=limit)
    if common.json:
        out_json(found)
    elif on_terminal() and found:
        _list_terminal(found)
    elif found:
        out("\n".join("\t".join(_row(each)) for each in found))
    else:
        note("No optimisations.")


def _list_terminal(found: Sequence[ListedOptimization]) -> None:
    rows = [
        [
            styled(shown, "cyan"),
            when(each.created_at.astimezone(UTC)),
            styled(_state(each), _STYLES.get(_state(each), "")),
            each.algorithm if each.goal == "quality" else f"{each.algorithm} for {each.goal}",
            f"{_changed(each)} on {each.dataset} by {each.model}",
        ]
        for shown, each in zip(short_ids([each.id for each in found]), found, strict=True)
    ]
    table(("id", "when", "outcome", "algorithm", "about"), rows, wide="about")
    note(counted(len(rows), "optimisation"))


def _row(each: ListedOptimization) -> tuple[str, ...]:
    made = each.created_at.astimezone().strftime("%Y-%m-%d %H:%M")
    about = (each.prompt, each.best, each.algorithm, each.model, each.dataset, each.goal)
    return (each.id, made, _state(each), *about)


def _state(each: ListedOptimization) -> str:
    return each.outcome or each.state


def _changed(each: ListedOptimization) -> str:
    return f"{each.prompt} → {each.best}" if each.best else each.prompt


def show(optimization: Id, /, *, report: Files = None, common: Common = NONE) -> None:
    """Show an optimisation, its outcome, and how its candidates come from one another.

    Of one that has ended a terminal shows its report too; --report writes it to a file.

    Below each candidate stand those that were made of it: id, operator, how many of the examples
    that tell candidates apart it was measured on (n), its mean score over these, and what it was
    made for. Candidates are measured on
    different examples, so scores of few do not tell which is better. In a pipe: facts as `name:
    value`, an empty line, then a line for each candidate with id, parents, operator, n, mean, why.
    """
    import msgspec

    from burnish.optimizers.report.lineage import lineage
    from burnish.optimizers.report.report import report_of

    check_reports(report or [])
    with platform(common) as p:
        shown = p.optimizations.show(optimization)
    shown, found = msgspec.structs.replace(shown, candidates=lineage(shown)), report_of(shown)
    write_reports(found, report or [])
    if common.json:
        out_json(shown)
        return
    facts = [(name, value) for name, value in _facts(shown, found) if value]
    if on_terminal():
        _show_terminal(shown, found, facts)
        return
    out("\n".join(f"{name}: {' '.join(value.split())}" for name, value in facts))
    rows = ("\t".join(_fields(each)) for each in shown.candidates)
    out("\n".join(["", *rows]))


def _facts(shown: ShownOptimization, report: OptimizationReport) -> Iterator[tuple[str, str]]:
    one = shown.optimization
    yield "id", one.id
    yield "prompt", one.prompt
    yield "state", report.state
    yield "outcome", _outcome(one)
    yield "best", one.best
    yield "search ended", report.effort.ended
    yield "go on", go_on_with(report)
    yield "algorithm", f"{one.algorithm}, for {one.goal}"
    yield "dataset", one.dataset
    yield "model", one.model
    yield "writer", one.writer
    yield "scorers", ", ".join(report.scorers)
    yield "candidates", _tried(shown)
    yield "answers", _asked(report)
    yield "job", one.job_id
    yield "who", one.who
    yield "made", _time(one.created_at)
    yield "ended", _time(one.ended_at)


def _asked(report: OptimizationReport) -> str:
    """Of one that has not ended, what proposals took is not added up yet."""
    did = report.effort
    if not did.answers:
        return ""
    failed = f", {did.failed} failed" if did.failed else ""
    proposals = f" with {counted(did.proposals, 'proposal')}" if did.proposals else ""
    if report.writer and not report.is_summed:
        proposals = " without proposals"
    calls = f"{counted(did.calls, 'call')}{proposals}"
    return f"{did.answers}{failed}; {calls}, {cost_of(did.cost_usd, did.unpriced)}"


def _outcome(one: ListedOptimization) -> str:
    """Most texts begin with it."""
    if one.text.startswith(one.outcome):
        return one.text
    return ": ".join(part for part in (one.outcome, one.text) if part)


def _tried(shown: ShownOptimization) -> str:
    turned_down = f", {shown.rejected} turned down" if shown.rejected else ""
    return f"{len(shown.candidates)} ({shown.counts.candidates} measured){turned_down}"


def _time(at: datetime | None) -> str:
    return f"{at.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC" if at else ""


def _show_terminal(
    shown: ShownOptimization, report: OptimizationReport, facts: Iterable[tuple[str, str]]
) -> None:
    from rich.table import Table

    from burnish.optimizers.report.lineage import DEEPEST, line

    screen = console()
    grid = Table(show_header=False, box=None, padding=(0, 2, 0, 0))
    grid.add_column(style="dim")
    grid.add_column(overflow="fold")
    styles = {"outcome": _STYLES.get(shown.optimization.outcome, "")}
    for name, value in facts:
        grid.add_row(name, styled(value, styles.get(name, "")))
    screen.print(grid)
    if report.is_summed:
        from burnish.optimizers.report.terminal import terminal

        screen.print(terminal(report, width=screen.width, headed=False))
        screen.print(styled("\nCandidates, below those that they were made of", "bold"))
    else:
        screen.print()
    for each in report.lineage:
        text = "  " * min(each.depth, DEEPEST) + "  ".join(line(each))
        style = "green" if each.is_best else "" if each.answers else "dim"
        screen.print(styled(text, style), no_wrap=True, overflow="ellipsis")


def _fields(each: ListedCandidate) -> tuple[str, ...]:
    why = " ".join(each.why.split())
    return (each.id, ",".join(each.parents), each.operator, str(each.n), _mean(each), why)


def _mean(each: ListedCandidate) -> str:
    return "-" if each.score is None else f"{each.score:.2f}"


def delete(
    optimization: Id,
    /,
    *,
    yes: Annotated[bool, Parameter(negative="", help="Do not ask.")] = False,
    common: Common = NONE,
) -> int:
    """Delete an optimisation with its answers and candidates; versions and runs stay."""
    with platform(common) as p:
        shown = p.optimizations.show(optimization)
        found = shown.optimization
        tried = counted(len(shown.candidates), "candidate")
        why = f"optimisation {found.id} has {tried}, {counted(shown.counts.answers, 'answer')}"
        if not yes and not confirmed(f"Delete it? {why}", why, may_ask=common.input):
            note("Nothing was deleted.")
            return 1
        p.optimizations.delete(found.id)
    out_json({"deleted": found.id}) if common.json else note(f"deleted {found.id}")
    return 0
