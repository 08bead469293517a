"""optimize --where: all prompts that are weak, one after another, now, in the background, or from
time to time."""

from __future__ import annotations

import json
import os
import re
import shlex
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from cyclopts import Parameter

from burnish.cli.common import (
    Common,
    check_not_empty,
    note,
    on_terminal,
    out,
    out_json,
    warn,
)
from burnish.cli.followed import followed
from burnish.cli.money import cost_of
from burnish.cli.optimization_plan import Later
from burnish.cli.optimize_where_plan import tell_cost, tell_none, why
from burnish.cli.report_files import write_file
from burnish.errors import Conflict, UsageError

if TYPE_CHECKING:
    import burnish
    from burnish.platform.where import WhereLeft, WhereOptimized, WherePlan, WhereReport

_LONGEST_NAME = 64
_FENCE_BYTES, _MOST_FILES = 16, 10_000


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
    """Before anything is paid for."""
    if not files:
        return
    one = files[0]
    if len(files) > 1 or one.suffix.lower() in (".html", ".md", ".json"):
        raise UsageError(
            "--where writes a report for each prompt", hint="give one folder: --report reports"
        )
    there = next(path for path in (one, *one.absolute().parents) if path.exists())
    if not there.is_dir():
        raise UsageError(f"{there} is a file", hint="give a folder: --report reports")
    if not os.access(there, os.W_OK | os.X_OK):
        raise UsageError(f"nothing can be written in {there}", hint="give another folder")
    if prompt := _prompt_in(one):
        raise UsageError(
            f"{prompt} is a prompt, and reports take the same names",
            hint="give a folder of their own: --report reports",
        )


def _prompt_in(folder: Path) -> Path | None:
    """A prompt's file, as burnish sync and export write them."""
    from burnish.library.sync.file_form import has_front_matter

    for path in sorted(_markdown(folder)):
        try:
            with path.open("rb") as file:
                if has_front_matter(file.read(_FENCE_BYTES)):
                    return path
        except OSError as error:
            raise UsageError(
                f"{path} cannot be read: {error.strerror}",
                hint="give a folder of their own: --report reports",
            ) from None
    return None


def _markdown(folder: Path) -> Iterator[Path]:
    """Raises UsageError where there is more than can be looked at before a search begins."""
    left, seen = [folder] if folder.is_dir() else [], 0
    while left:
        # Read as far as the bound alone: a folder may hold a million files.
        with _entries(left.pop()) as entries:
            for each in entries:
                seen += 1
                if seen > _MOST_FILES:
                    raise UsageError(
                        f"{folder} holds more than {_MOST_FILES:,} files",
                        hint="give a folder of their own: --report reports",
                    )
                if each.is_dir(follow_symlinks=False):
                    left += [] if each.name.startswith(".") else [Path(each.path)]
                elif each.name.endswith(".md") and each.is_file():
                    yield Path(each.path)


def _entries(folder: Path) -> AbstractContextManager[Iterator[os.DirEntry[str]]]:
    try:
        return os.scandir(folder)
    except OSError as error:
        raise UsageError(
            f"{folder} cannot be read: {error.strerror}",
            hint="give a folder of their own: --report reports",
        ) from None


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
    again = "the same command, without --again," if many.again else "the same command;"
    with followed(p, f"{again} what has ended is left out") as progress:
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
    elif not (report.optimized or report.left):
        tell_none(report.where)
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
                warn(why(found))
        elif at_once:
            stdout.write(f"{_line(found)}\n")
            stdout.flush()

    return tell


def _line(one: WhereOptimized) -> str:
    return f"{one.id}\t{one.prompt}\t{one.outcome}\t{one.best or '-'}\t{one.text}"


def _show_report(report: WhereReport) -> None:
    for each in report.optimized:
        out(f"{each.prompt}: {each.text}")
        cost = cost_of(each.cost_usd, each.unpriced)
        out(f"  {cost}; burnish optimizations show {each.id[:18]}")
    for each in report.left:
        out(why(each))
    if any(each.optimization for each in report.left):
        note("--again optimises also what is left out.")


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


def leave(
    p: burnish.Platform,
    many: Many,
    data: str | None,
    given: Mapping[str, Any],
    common: Common,
    *,
    plan: Callable[[], WherePlan],
) -> None:
    """To workers: once, or whenever the schedule says so. `given` is in the words of the job, and
    `plan` tells what it would do now."""
    wanted: dict[str, Any] = {**given}
    wanted |= {"data": data} if data else {}
    wanted |= {"again": True} if many.again else {}
    if many.schedule:
        now = plan()  # what it refuses is not stored
        _schedule(p, {**wanted, "where": many.where}, many.schedule, common)
        tell_cost(now)
        return
    job = p.submit_optimizations(many.where or "", **wanted)
    out_json({"job": job}) if common.json else out(job.id)
    note(f"burnish worker runs it; burnish jobs watch {job.id[:18]} shows how far it is")


def name_of(where: str) -> str:
    """A schedule's name: `score < 0.6` is optimize-score-0.6."""
    plain = re.sub(r"[^a-z0-9.]+", "-", f"optimize-{where.lower()}")
    return plain[:_LONGEST_NAME].strip("-.")


def _schedule(p: burnish.Platform, given: dict[str, Any], cron: str, common: Common) -> None:
    from burnish.cli.schedule import tell

    name = name_of(given["where"])
    try:
        made = p.schedules.add(name, "optimizations", cron, input=given)
    except Conflict as error:
        pairs = " ".join(f"--set {shlex.quote(_pair(*each))}" for each in given.items())
        raise Conflict(
            error.what,
            hint=f"burnish schedule remove {name} takes it away; for one beside it: "
            f"burnish schedule add NAME optimizations {shlex.quote(cron)} {pairs}",
            subject=name,
        ) from None
    tell(made, as_json=common.json)
    note(f"Times are kept while burnish worker runs; for cron: burnish schedule cron {name}")


def _pair(name: str, value: Any) -> str:
    """As --set takes it: text as it is, unless it would be read as something else."""
    if not isinstance(value, str):
        return f"{name}={json.dumps(value)}"
    try:
        json.loads(value)
    except ValueError:
        return f"{name}={value}"
    return f"{name}={json.dumps(value)}"
