"""What an optimisation came to: shown, and written to files."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter

from burnish.cli.common import Common, console, note, on_terminal, out, out_json, warn
from burnish.cli.going_on import go_on
from burnish.cli.report_files import check_files, write_file

if TYPE_CHECKING:
    from burnish.optimizers.report.report import OptimizationReport
    from burnish.optimizers.room import ShownOptimization

Files = Annotated[
    list[Path] | None,
    Parameter(name="--report", help="Write the report there: .html, .md or .json; repeatable."),
]


def check_reports(files: list[Path]) -> None:
    from burnish.optimizers.report.files import ENDINGS

    check_files(files, ENDINGS)


def write_reports(report: OptimizationReport, files: list[Path]) -> None:
    from burnish.optimizers.report.files import report_file

    for path in files:
        write_file(
            path,
            report_file(report, path.suffix.lower()),
            "the result is kept; write it elsewhere with burnish optimizations show "
            f"{report.id} --report FILE",
        )


def finish(
    done: ShownOptimization, files: list[Path], common: Common, told: Sequence[str] = ()
) -> int:
    """Shows and writes the report; the exit code. Notes that are `told` stand above it."""
    from burnish.optimizers.report.report import report_of

    report = report_of(done)
    write_reports(report, files)
    if common.json:
        out_json(report)
    elif on_terminal():
        show_terminal(report, told)
    else:
        from burnish.optimizers.report.plain import plain

        out(plain(report))
        if again := go_on_with(report):
            warn(f"{report.outcome or report.state}; go on with {again}")
    return 0 if report.is_measured else 1


def show_terminal(report: OptimizationReport, told: Sequence[str] = ()) -> None:
    """Without the notes that are `told` already."""
    import msgspec

    from burnish.optimizers.report.terminal import terminal

    notes = tuple(each for each in report.notes if each not in told)
    report = msgspec.structs.replace(report, notes=notes)
    screen = console()
    screen.print(terminal(report, width=screen.width))
    _more(report)


def _more(report: OptimizationReport) -> None:
    """Commands that tell more."""
    note(f"\nburnish optimizations show {report.id[:18]}")
    if report.best:
        note(f"burnish prompts diff {report.prompt} {report.best}")
    if again := go_on_with(report):
        note(again)


def go_on_with(report: OptimizationReport) -> str:
    """The command that goes on with one that was stopped half way. One that its budget has ended
    goes on no further with the same one; to begin it again takes a larger one."""
    if report.state == "stopped":
        return go_on("optimization", report.id)
    if report.reason != "budget":
        return ""
    writer = f" --writer {report.writer}" if report.writer else ""
    return (
        f"burnish optimize {report.prompt} --data {report.dataset} --model {report.model}{writer} "
        "with its other options as they were, and a larger --budget or --max-cost"
    )
