"""import, export."""

from __future__ import annotations

import sys
from contextlib import nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

from cyclopts import Parameter

from burnish.cli.common import (
    NONE,
    STDIN,
    Common,
    counted,
    note,
    on_terminal,
    out,
    out_json,
    platform,
    styled,
    table,
    totals,
    visible,
    warn,
)
from burnish.errors import UsageError

if TYPE_CHECKING:
    from rich.text import Text

    from burnish.library.files.take_out import Exported
    from burnish.library.template_files import ImportedFile, ImportReport

FileFormat = Annotated[
    str,
    Parameter(
        show_default="found out",
        help="burnish, burnish-yaml, markdown, csv, prompty, promptfoo, langfuse, langchain,"
        " openai, mlflow or named.",
    ),
]
_STYLES = {"new": "green", "revised": "green", "edited": "green", "bad": "bold red"}
# With other endings a file that says nothing of its format would surprise.
_EXPECTED = (".json", ".yaml", ".yml", ".md", ".markdown", ".csv", ".prompty", ".zip")
_COUNTED = (
    ("new", "new"),
    ("revised", "new revision"),
    ("edited", "edited"),
    ("unchanged", "unchanged"),
    ("skipped", "skipped"),
    ("bad", "bad"),
)


def import_(
    source: Annotated[
        Path, Parameter(help="A file, a folder of files, or a zip; - reads a file's content.")
    ],
    /,
    *,
    format: FileFormat = "",  # noqa: A002 - the option is --format
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

    Reads files of Burnish, Prompty, promptfoo, Langfuse, LangChain, OpenAI, MLflow and CrewAI,
    rules and commands of programming assistants, and YAML templates: agent/task_v2.yaml becomes
    version 2 of the prompt agent/task, with the label v2. The same files again change nothing.
    """
    from burnish.cli.piped import piped_file

    whence = piped_file(format) if str(source) == STDIN else nullcontext(source)
    with whence as path, platform(common) as p:
        report = p.import_(path, format=format, dry_run=dry_run, conflict=conflict)
    if common.json:
        out_json(report)
    elif on_terminal():
        table(("file", "", "prompt"), map(_row, report.files), wide="file")
        out(_summary(report))
    else:
        out("\n".join("\t".join((each.outcome, each.file, _made(each))) for each in report.files))
        out(_summary(report))
    for remark in dict.fromkeys(
        f"{each.file}: {told}" for each in report.files for told in each.notes
    ):
        warn(remark)
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
    shown = totals((getattr(report, name), text) for name, text in _COUNTED) or "nothing"
    return f"would be: {shown}" if report.dry_run else shown


def export(
    target: Annotated[
        Path | None, Parameter(help="A folder, a file or a .zip; - or none prints the file.")
    ] = None,
    /,
    *,
    format: Annotated[  # noqa: A002 - the option is --format
        str,
        Parameter(
            show_default="by the file's ending, else burnish",
            help="burnish (JSON), burnish-yaml, markdown, csv, prompty, promptfoo, …",
        ),
    ] = "",
    prompt: Annotated[list[str] | None, Parameter(help="Only this prompt; repeatable.")] = None,
    category: Annotated[str | None, Parameter(help="Only this category.")] = None,
    tag: Annotated[list[str] | None, Parameter(help="Only with this tag; repeatable.")] = None,
    prefix: Annotated[str, Parameter(help="Only names that begin so.")] = "",
    latest: Annotated[
        bool, Parameter(negative="", help="The newest version of each, without its history.")
    ] = False,
    force: Annotated[bool, Parameter(negative="", help="Replace files that exist.")] = False,
    common: Common = NONE,
) -> None:
    """Write prompts to files, with their whole history where the format can hold it."""
    if str(target) == STDIN:
        target = None
    with platform(common) as p:
        made = p.export_(
            target,
            names=prompt or (),
            category=category,
            tags=tag or (),
            prefix=prefix,
            format=format,
            latest=latest,
            replace=force,
        )
    if target is None and not common.json:
        _print_alone(made)
    elif common.json:
        out_json(made)
    else:
        out(f"{counted(made.prompts, 'prompt')} in {counted(len(made.files), 'file')}: {target}")
    if target is not None and not format and target.suffix not in _EXPECTED and target.is_file():
        warn(f"{target.name} holds {made.format} (JSON); --format chooses another")
    if made.prompts and not common.json:
        for loss in made.loses:
            note(f"{made.format} does not hold: {loss}")


def _print_alone(made: Exported) -> None:
    if len(made.files) > 1:
        raise UsageError(
            f"{made.format} makes {len(made.files)} files of these prompts",
            hint="give a folder or a .zip to write them to",
        )
    if made.files:
        sys.stdout.write(next(iter(made.files.values())))
    else:
        note("There is no such prompt.")
