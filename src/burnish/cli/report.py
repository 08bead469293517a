"""report."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter

from burnish.cli.common import NONE, Common, console, on_terminal, out, out_json, platform
from burnish.cli.report_files import check_files, write_file
from burnish.cli.runs import moment
from burnish.errors import UsageError

if TYPE_CHECKING:
    from burnish.analytics.period.span import Every

Files = Annotated[
    list[Path] | None,
    Parameter(
        name=["--report", "--output"],
        help="Write the report there: .html, .md or .json; repeatable.",
    ),
]


def report(
    *,
    daily: Annotated[bool, Parameter(negative="", help="The last 24 hours.")] = False,
    weekly: Annotated[
        bool, Parameter(negative="", help="The last 7 days, as without any of these.")
    ] = False,
    monthly: Annotated[bool, Parameter(negative="", help="The last 30 days.")] = False,
    since: Annotated[str, Parameter(help="From then on: 7d, 12h, or a date; times are UTC.")] = "",
    until: Annotated[
        str, Parameter(show_default="now", help="Up to then, which is not included.")
    ] = "",
    report: Files = None,
    common: Common = NONE,
) -> None:
    """Tell what a day, a week or a month came to: usage, cost, trend, best and worst prompts, what
    got worse than in the period before, evaluations and experiments.

    In a pipe each line begins with what it is of; see the guide.
    """
    from burnish.analytics.period.files import ENDINGS, report_file

    check_files(report or [], ENDINGS)
    every = _every(daily=daily, weekly=weekly, monthly=monthly, since=since)
    with platform(common) as p:
        found = p.report(every, since=moment(since), until=moment(until))
    for path in report or []:
        write_file(path, report_file(found, path.suffix.lower()), "write it elsewhere")
    if common.json:
        out_json(found)
    elif on_terminal():
        from burnish.analytics.period.terminal import terminal

        screen = console()
        screen.print(terminal(found, width=screen.width))
    else:
        from burnish.analytics.period.plain import plain

        out(plain(found))


def _every(*, daily: bool, weekly: bool, monthly: bool, since: str) -> Every | None:
    lengths: dict[Every, bool] = {"daily": daily, "weekly": weekly, "monthly": monthly}
    named: list[Every] = [name for name, is_named in lengths.items() if is_named]
    if len(named) > 1:
        raise UsageError(f"--{named[0]} and --{named[1]} are given", hint="leave one of them out")
    if named and since:
        raise UsageError(
            f"--{named[0]} and --since are given",
            hint="--since names the beginning itself; leave one of them out",
        )
    return named[0] if named else None
