"""import."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

from cyclopts import Parameter

from burnish.cli.common import (
    NONE,
    Common,
    on_terminal,
    out,
    out_json,
    platform,
    styled,
    table,
    visible,
    warn,
)

if TYPE_CHECKING:
    from rich.text import Text

    from burnish.library.template_files import ImportedFile, ImportReport

_STYLES = {"new": "green", "revised": "green", "edited": "green", "bad": "bold red"}
_COUNTED = (
    ("new", "new"),
    ("revised", "new revision"),
    ("edited", "edited"),
    ("unchanged", "unchanged"),
    ("skipped", "skipped"),
    ("bad", "bad"),
)


def import_(
    path: Annotated[Path, Parameter(help="A folder of template files (YAML), or one file.")],
    /,
    *,
    dry_run: Annotated[
        bool, Parameter(negative="", help="Say what would happen; change nothing.")
    ] = False,
    conflict: Annotated[
        Literal["skip", "new-revision", "overwrite"],
        Parameter(
            help="What happens to a prompt that exists and differs. skip: it stays. new-revision:"
            " the file becomes its next revision. overwrite: as well, and tags, description and"
            " category that the file leaves out are taken away."
        ),
    ] = "new-revision",
    common: Common = NONE,
) -> int:
    """Bring prompt files into the library; exit code 1 when a file is bad.

    A file agent/task_v2.yaml becomes version 2 of the prompt agent/task, with the label v2.
    The same files again change nothing.
    """
    with platform(common) as p:
        report = p.import_(path, dry_run=dry_run, conflict=conflict)
    if common.json:
        out_json(report)
    elif on_terminal():
        table(("file", "", "prompt"), map(_row, report.files), wide="file")
        out(_summary(report))
    else:
        out("\n".join("\t".join((each.outcome, each.file, _made(each))) for each in report.files))
        out(_summary(report))
    for each in report.files:
        for note in each.notes:
            warn(f"{each.file}: {note}")
    for each in report.files:
        if each.outcome == "bad":
            _complain(each)
    return 1 if report.bad else 0


def _row(each: ImportedFile) -> tuple[str | Text, ...]:
    return each.file, styled(each.outcome, _STYLES.get(each.outcome, "dim")), _made(each)


def _made(each: ImportedFile) -> str:
    """The exact version; in a dry run, and for what stays as it is, the name by its label."""
    pointer = each.label if each.revision is None else str(each.revision)
    return f"{each.name}@{pointer}" if each.name and pointer else each.name


def _complain(each: ImportedFile) -> None:
    sys.stderr.write(f"burnish: {visible(f'{_place(each)} {each.problem}')}\n")


def _place(each: ImportedFile) -> str:
    return f"{each.file}:{each.line}" if each.line else each.file


def _summary(report: ImportReport) -> str:
    counts = [(getattr(report, name), text) for name, text in _COUNTED]
    shown = ", ".join(f"{count} {text}" for count, text in counts if count) or "nothing"
    return f"would be: {shown}" if report.dry_run else shown
