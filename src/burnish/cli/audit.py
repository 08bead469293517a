"""audit list, verify, export."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from datetime import UTC
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, cast

import msgspec
from cyclopts import Parameter

from burnish.cli.common import (
    NONE,
    STDIN,
    Common,
    note,
    on_terminal,
    out,
    out_json,
    platform,
    table,
)
from burnish.cli.runs import moment
from burnish.errors import Conflict, UsageError

if TYPE_CHECKING:
    from burnish.storage.audit import AuditEntry

_BROKEN = 1


def list_(
    *,
    who: Annotated[str | None, Parameter(help="Only what this one did.")] = None,
    action: Annotated[
        str | None, Parameter(help="Only this action, or those that begin so: prompts.")
    ] = None,
    subject: Annotated[str | None, Parameter(help="Only what was done to this.")] = None,
    since: Annotated[str, Parameter(help="From then on: 7d, 12h or a date.")] = "",
    limit: Annotated[int, Parameter(help="How many to list.")] = 20,
    cursor: Annotated[str | None, Parameter(help="Where the last page ended.")] = None,
    common: Common = NONE,
) -> None:
    """List who changed what, the newest first.

    In a pipe: number, time, who, action, subject, before, after, address, request id.
    """
    with platform(common) as p:
        page = p.audit.list(
            who=who,
            action=action,
            subject=subject,
            since=moment(since),
            limit=limit,
            cursor=cursor,
        )
    if common.json:
        out_json(page)
    elif not page.items:
        note("None found.")
    elif on_terminal():
        headings = ("no.", "when (UTC)", "who", "action", "subject", "change")
        table(headings, (tuple(_columns(each)) for each in page.items), wide="change", wraps="who")
    else:
        out("\n".join("\t".join(_line(each)) for each in page.items))
    if page.next and not common.json:
        note(f"the next page: --cursor {page.next}")


def verify(
    *,
    head: Annotated[
        str,
        Parameter(help="What an earlier check told: finds out whether entries were taken off."),
    ] = "",
    common: Common = NONE,
) -> int:
    """Check the chain from its first entry. Exits with 1 where an entry was changed, taken out or
    put in; else prints how many entries there are and the head of the chain, to be kept elsewhere.
    """
    with platform(common) as p:
        check = p.audit.verify(head)
    if common.json:
        out_json(check)
    elif check.is_whole:
        out(f"{check.entries}\t{check.head or '-'}")
        note(f"Entries: {check.entries}, all as written. Keep the head elsewhere, for --head.")
    else:
        out(check.problem)
    return 0 if check.is_whole else _BROKEN


def export(
    target: Annotated[
        Path | None, Parameter(show_default="standard output", help="A new file; - is a pipe.")
    ] = None,
    *,
    common: Common = NONE,
) -> None:
    """Write the log as lines of JSON, the oldest entry first."""
    if common.json:
        raise UsageError("an export is JSON already", hint="leave --json out")
    with platform(common) as p:
        if target is None or str(target) == STDIN:
            count = p.audit.export(sys.stdout.buffer.write)
            sys.stdout.buffer.flush()
        else:
            try:
                with target.open("xb") as file:
                    count = p.audit.export(file.write)
            except FileExistsError:
                raise Conflict(f"{target} is there already", hint="name another file") from None
            except OSError as error:
                what = f"{target} cannot be written: {error.strerror}"
                raise UsageError(what, hint="name a file in a folder that is there") from None
    note(f"Entries written: {count}.")


def _columns(entry: AuditEntry) -> Iterator[str]:
    yield str(entry.number)
    yield f"{entry.at.astimezone(UTC):%Y-%m-%d %H:%M}"
    yield entry.name or entry.who
    yield entry.action
    yield entry.subject or "-"
    yield _change(entry)


def _line(entry: AuditEntry) -> Iterator[str]:
    yield str(entry.number)
    yield entry.at.astimezone(UTC).isoformat(timespec="milliseconds")
    yield from (entry.name or entry.who, entry.action, " ".join(entry.subject.split()))
    yield msgspec.json.encode(entry.before).decode()
    yield msgspec.json.encode(entry.after).decode()
    yield from (entry.address, entry.request_id)


def _change(entry: AuditEntry) -> str:
    """Ids are for programs."""
    parts = (entry.before, entry.after)
    told = [
        ", ".join(f"{name} {_value(value)}" for name, value in part.items() if name != "id")
        for part in parts
    ]
    return " → ".join(filter(None, told))


def _value(value: object) -> str:
    several = cast("list[object]", value) if isinstance(value, list) else [value]
    return " ".join(str(each) for each in several)
