"""db migrate, backup, vacuum."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from burnish.cli.common import (
    NONE,
    Common,
    note,
    out,
    out_json,
    platform,
    waiting,
    without_user,
)


def migrate(*, common: Common = NONE) -> None:
    """Bring the tables of the database to the newest revision.

    Every command does so by itself; this one says what was done, before a new version is rolled
    out for example.
    """
    with platform(common) as p:
        done, where = p.db.migrate(), without_user(p.settings.database_url)
    if common.json:
        out_json(done)
    elif done.before == done.after:
        out(f"{where} is at revision {done.after}; nothing to do")
    else:
        came = f"from revision {done.before}" if done.before else "made new"
        out(f"{where}: {came}, now at revision {done.after}")


def backup(
    to: Annotated[
        Path | None,
        Parameter(help="A new file, or a folder; `backups` in the data folder when left out."),
    ] = None,
    /,
    *,
    keep: Annotated[
        int | None,
        Parameter(help="Delete all but the newest so many copies of this database there."),
    ] = None,
    common: Common = NONE,
) -> None:
    """Copy the database, consistent while others write.

    To go back to a copy, end what uses the database and put the copy in its place. Settings,
    techniques and personas are files of the data folder and are not in it.
    """
    with platform(common) as p, waiting("copying"):
        made = p.db.backup(to, keep=keep)
    if common.json:
        out_json(made)
        return
    out(made.path)
    note(f"{megabytes(made.size_bytes)}, revision {made.revision}")
    for path in made.dropped:
        note(f"deleted {path}")


def vacuum(*, common: Common = NONE) -> None:
    """Give the room of what was deleted back to the disk. Writers wait meanwhile."""
    with platform(common) as p, waiting("compacting"):
        done = p.db.vacuum()
    if common.json:
        out_json(done)
    else:
        out(f"{megabytes(done.before_bytes)} before, {megabytes(done.after_bytes)} now")


def megabytes(count: int) -> str:
    return f"{count / 1e6:,.1f} MB"
