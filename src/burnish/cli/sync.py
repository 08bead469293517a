"""sync."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Annotated, Any

from cyclopts import Parameter

from burnish.cli.common import (
    NONE,
    Common,
    note,
    on_terminal,
    out,
    out_json,
    platform,
    styled,
    table,
    visible,
    waiting,
    warn,
)
from burnish.errors import UsageError

if TYPE_CHECKING:
    from rich.text import Text

    from burnish.library.sync import SyncedPrompt, SyncReport
    from burnish.prompts.merge import MergeConflict

_STYLES = {"conflict": "bold red", "bad": "bold red", "deleted": "yellow", "removed": "yellow"}
_SIDES = (("base", "base"), ("ours", "library"), ("theirs", "git"))


def sync(
    target: Annotated[
        str,
        Parameter(
            help="A folder, or the address or path of a bare repository (https://…, ssh://…,"
            " user@host:path)."
        ),
    ],
    /,
    *,
    prefix: Annotated[
        str, Parameter(help="Only prompts whose names begin so, such as travel/.")
    ] = "",
    category: Annotated[str | None, Parameter(help="Only prompts of this category.")] = None,
    ours: Annotated[
        bool, Parameter(negative="", help="Where both sides changed the same, the library holds.")
    ] = False,
    theirs: Annotated[
        bool, Parameter(negative="", help="Where both sides changed the same, git holds.")
    ] = False,
    dry_run: Annotated[
        bool, Parameter(negative="", help="Say what would happen; change nothing.")
    ] = False,
    common: Common = NONE,
) -> int:
    """Bring the library and a git repository together, both ways; exit code 4 for conflicts.

    Each prompt is one Markdown file. Commits become versions with their author, date and message,
    and versions become commits.
    """
    if target == "-":
        raise UsageError(
            "- is no repository", hint="name a folder or an address; a folder called so is ./-"
        )
    if ours and theirs:
        raise UsageError("--ours and --theirs are given", hint="leave one of them out")
    with platform(common) as p, waiting("syncing"):
        report = p.sync(
            target,
            prefix=prefix,
            category=category,
            take="ours" if ours else "theirs" if theirs else "",
            dry_run=dry_run,
        )
    if common.json:
        out_json(report)
    else:
        _print(report)
    _complain(report)
    return 4 if report.conflicts else 1 if report.bad else 0


def _print(report: SyncReport) -> None:
    if on_terminal() and report.prompts:
        table(("prompt", "", "what", "file"), map(_row, report.prompts), wide="prompt")
    elif report.prompts:
        rows = ((each.outcome, each.name, _did(each), each.file) for each in report.prompts)
        out("\n".join("\t".join(row) for row in rows))
    out(_summary(report))


def _row(each: SyncedPrompt) -> tuple[str | Text, ...]:
    return (
        each.name,
        styled(each.outcome, _STYLES.get(each.outcome, "green")),
        _did(each),
        each.file,
    )


def _did(each: SyncedPrompt) -> str:
    parts = [
        f"was {each.was}" if each.was else "",
        _count(each.versions, "version"),
        _count(each.commits, "commit"),
        _count(len(each.conflicts), "conflict"),
    ]
    return ", ".join(part for part in parts if part)


def _summary(report: SyncReport) -> str:
    parts = [
        _count(report.versions, "new version"),
        _count(report.commits, "new commit"),
        f"{report.unchanged} unchanged" if report.unchanged else "",
        _count(report.conflicts, "prompt in conflict", "prompts in conflict"),
        f"{report.bad} bad" if report.bad else "",
    ]
    told = ", ".join(part for part in parts if part) or "nothing to do"
    return f"would be: {told}" if report.dry_run else told


def _count(number: int, one: str, many: str = "") -> str:
    return f"{number} {one if number == 1 else many or f'{one}s'}" if number else ""


def _complain(report: SyncReport) -> None:
    for text in report.notes:
        warn(text)
    if report.ignored:
        shown = ", ".join(report.ignored[:5]) + (", …" if len(report.ignored) > 5 else "")
        note(f"Without front matter, so taken for no prompts: {shown}")
    for each in report.prompts:
        if each.outcome == "bad":
            place = f"{each.file}:{each.line}" if each.line else each.file
            _say(f"burnish: {place} {each.problem}")
        for conflict in each.conflicts:
            _tell(each, conflict)
    if report.conflicts:
        _say("burnish: conflicts are left; sync with --ours or --theirs, or edit one side")


def _tell(each: SyncedPrompt, conflict: MergeConflict) -> None:
    _say(f"conflict in {each.name}: {conflict.where}")
    for side, title in _SIDES:
        text = _shown(getattr(conflict, side))
        for line in text.splitlines() or ["(nothing)"]:
            _say(f"  {title + ':':9}{line}")


def _shown(value: Any) -> str:
    import msgspec

    if value is None or isinstance(value, str):
        return value or ""
    return msgspec.json.encode(value).decode()


def _say(text: str) -> None:
    sys.stderr.write(f"{visible(text)}\n")
