"""optimize --where: all prompts that are weak, one after another, now, in the background, or from
time to time."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import msgspec
from cyclopts import Parameter

from burnish.cli.common import (
    Common,
    check_not_empty,
    note,
    on_terminal,
    out,
    out_json,
    table,
    warn,
)
from burnish.cli.followed import followed
from burnish.cli.optimization_plan import Later
from burnish.cli.report_files import write_file
from burnish.errors import UsageError

if TYPE_CHECKING:
    import burnish
    from burnish.platform.weak import WeakPrompt
    from burnish.platform.where import WhereLeft, WhereOptimized, WhereReport

_LONGEST_NAME = 64


@Parameter(name="*")
@dataclass(frozen=True)
class Many:
    """Which prompts, and when."""

    where: Annotated[
        str | None,
        Parameter(
            help='Instead of a prompt: all for which this holds, such as "rating < 0.6" or '
            '"score < 0.8 and category = mail"; each on the dataset of its last evaluation.',
        ),
    ] = None
    again: Annotated[
        bool, Parameter(negative="", help="With --where: also those that were optimised already.")
    ] = False
    schedule: Annotated[
        str | None,
        Parameter(
            help="With --where: not now, but whenever this cron expression says so (UTC); "
            "see burnish schedule.",
        ),
    ] = None

    def check(self, prompt: str, later: Later, files: Sequence[Path]) -> None:
        """Before anything is looked up."""
        check_not_empty(where=self.where, schedule=self.schedule)
        if not self.where:
            if self.again or self.schedule:
                name = "again" if self.again else "schedule"
                raise UsageError(f"--{name} is for --where", hint="leave it out")
            return
        if prompt:
            raise UsageError("a prompt and --where are given", hint="leave one of them out")
        if later.resume:
            raise UsageError("--where begins, and --resume goes on", hint="leave one of them out")
        if self.schedule and (later.background or later.dry_run):
            raise UsageError(
                "--schedule begins nothing now", hint="leave out --background and --dry-run"
            )
        if self.schedule and files:
            raise UsageError(
                "a schedule writes no report",
                hint="later: burnish optimizations show ID --report FILE",
            )
        _check_folder(files)


def _check_folder(files: Sequence[Path]) -> None:
    if not files:
        return
    one = files[0]
    if len(files) > 1 or one.suffix.lower() in (".html", ".md", ".json") or one.is_file():
        raise UsageError(
            "--where writes a report for each prompt", hint="give one folder: --report reports"
        )


def optimize_where(
    p: burnish.Platform,
    many: Many,
    data: str | None,
    options: dict[str, Any],
    files: Sequence[Path],
    *,
    max_cost: float | None,
    common: Common,
) -> int:
    """Prompts that are left out are told; one that fails keeps none from its turn. The exit code
    is 1 where any failed or could not be measured."""
    tell = _teller(common)
    with followed(p, "the same command; what has ended is left out") as progress:
        report = p.optimize_where(
            many.where or "",
            data,
            max_cost_usd=max_cost,
            again=many.again,
            each=tell,
            progress=progress,
            files=True,
            **options,
        )
    for each in report.notes:
        warn(each)
    if common.json:
        out_json(report)
    elif on_terminal():
        _show_report(report)
    _write(p, report, files)
    return 0 if report.is_measured else 1


def _teller(common: Common) -> Callable[[WhereOptimized | WhereLeft], None]:
    """Tells a pipe what came of each prompt as it ends; a terminal, where a bar moves, later."""
    from burnish.platform.where import WhereLeft

    stdout, at_once = sys.stdout, not (common.json or on_terminal())

    def tell(found: WhereOptimized | WhereLeft) -> None:
        if isinstance(found, WhereLeft):
            if not on_terminal():
                warn(_why(found))
        elif at_once:
            stdout.write(f"{_line(found)}\n")
            stdout.flush()

    return tell


def _line(one: WhereOptimized) -> str:
    return f"{one.id}\t{one.prompt}\t{one.outcome}\t{one.best or '-'}\t{one.text}"


def _why(one: WhereLeft) -> str:
    known = one.optimization[:18] if on_terminal() else one.optimization
    more = f" (burnish optimizations show {known})" if known else ""
    return f"{one.prompt}: {'' if one.failed else 'left out: '}{one.why}{more}"


def _show_report(report: WhereReport) -> None:
    if not (report.optimized or report.left):
        note(f"No prompt has {report.where}.")
    for each in report.optimized:
        out(f"{each.prompt}: {each.text}")
        note(f"  burnish optimizations show {each.id[:18]}")
    for each in report.left:
        out(_why(each))
    if any(not each.failed and each.optimization for each in report.left):
        note("--again optimises also what was optimised already.")


def _write(p: burnish.Platform, report: WhereReport, files: Sequence[Path]) -> None:
    """A Markdown file for each prompt, where its name says: mail/late in FOLDER/mail/late.md."""
    if not files:
        return
    from burnish.library.sync.paths import Places
    from burnish.optimizers.report.files import report_file
    from burnish.optimizers.report.report import report_of

    places = Places(())
    for each in report.optimized:
        path = files[0] / places.free(each.prompt.rpartition("@")[0])
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise UsageError(
                f"{path.parent} cannot be made: {error.strerror}",
                hint="write it elsewhere with burnish optimizations show ID --report FILE",
            ) from None
        write_file(
            path,
            report_file(report_of(p.optimizations.show(each.id)), ".md"),
            "the result is kept; write it elsewhere with burnish optimizations show "
            f"{each.id} --report FILE",
        )


def show_weak(weak: Sequence[WeakPrompt], common: Common) -> None:
    """What --dry-run tells."""
    if common.json:
        out_json([msgspec.to_builtins(each) for each in weak])
    elif on_terminal() and weak:
        table(("prompt", "rating", "score", "examples"), [_row(each) for each in weak])
    elif weak:
        out("\n".join("\t".join(_row(each)) for each in weak))
    else:
        note("No prompt is weak.")


def _row(each: WeakPrompt) -> tuple[str, str, str, str]:
    score = "-" if each.score is None else f"{each.score:.2f}"
    rating = "-" if each.rating is None else f"{each.rating:.2f}"
    return (f"{each.name}@{each.revision}", rating, score, each.dataset or "-")


def leave(
    p: burnish.Platform, many: Many, data: str | None, given: Mapping[str, Any], common: Common
) -> None:
    """To workers: once, or whenever the schedule says so. `given` is in the words of the job."""
    wanted: dict[str, Any] = {**given}
    wanted |= {"data": data} if data else {}
    wanted |= {"again": True} if many.again else {}
    if many.schedule:
        from burnish.cli.schedule import tell

        name = name_of(many.where or "")
        wanted["where"] = many.where
        tell(
            p.schedules.add(name, "optimizations", many.schedule, input=wanted),
            as_json=common.json,
        )
        note(f"Times are kept while burnish worker runs; for cron: burnish schedule cron {name}")
        return
    job = p.submit_optimizations(many.where or "", **wanted)
    out_json({"job": job}) if common.json else out(job.id)
    note(f"burnish worker runs it; burnish jobs watch {job.id[:18]} shows how far it is")


def name_of(where: str) -> str:
    """A schedule's name: `score < 0.6` is optimize-score-0.6."""
    plain = re.sub(r"[^a-z0-9.]+", "-", f"optimize-{where.lower()}")
    return plain[:_LONGEST_NAME].strip("-.")
