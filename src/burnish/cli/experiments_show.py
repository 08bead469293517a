"""What an experiment has come to, for people, pipes and files."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from cyclopts import Parameter

from burnish.cli.common import NONE, Common, console, note, on_terminal, out, out_json, platform
from burnish.cli.report_files import check_files, write_file

if TYPE_CHECKING:
    from burnish.experiments.findings import Findings
    from burnish.experiments.report.report import Report

Files = Annotated[
    list[Path] | None,
    Parameter(
        name=["--report", "--output"],
        help="Write the report there: .html, .md or .json; repeatable.",
    ),
]


def show(
    name: Annotated[str, Parameter(help="Its name, or the beginning of its id.")],
    /,
    *,
    log: Annotated[bool, Parameter(negative="", help="With who moved it when, and why.")] = False,
    report: Files = None,
    common: Common = NONE,
) -> None:
    """Show what an experiment has come to so far: verdict, figures, and how it went over time."""
    check_reports(report or [])
    with platform(common) as p:
        found = p.experiments.report(name)
        series, moves = p.experiments.series(found), p.experiments.log(name)
    from burnish.experiments.report.files import Shown
    from burnish.experiments.report.report import report_of

    shown = report_of(found, series, moves)
    data = Shown(findings=found, series=series, log=tuple(moves))
    write_reports(report or [], shown, data)
    if common.json:
        out_json(data)
    elif on_terminal():
        show_report(shown, log=log)
        _next(found)
    else:
        from burnish.experiments.report.plain import plain

        out(plain(shown, log=log))


def _next(found: Findings) -> None:
    now = found.experiment
    if now.state == "draft":
        note(f"\nBegin it: burnish experiments start {now.name}")
    elif found.winner not in ("", now.plan.control) and now.promoted is None:
        note(f"\nTake it: burnish experiments promote {now.name}")


def check_reports(files: Sequence[Path]) -> None:
    from burnish.experiments.report.files import ENDINGS

    check_files(files, ENDINGS)


def write_reports(files: Sequence[Path], report: Report, data: Any) -> None:
    """`data` is what a file of JSON holds."""
    from burnish.experiments.report.files import report_file

    for path in files:
        content = report_file(report, data, path.suffix.lower())
        write_file(path, content, "write it elsewhere")


def show_report(report: Report, *, log: bool = False) -> None:
    from burnish.experiments.report.terminal import terminal

    screen = console()
    screen.print(terminal(report, width=screen.width, log=log))
