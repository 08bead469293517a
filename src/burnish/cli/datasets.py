"""datasets add, list, show, diff, export, delete, from-runs, generate."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

from cyclopts import Parameter

from burnish.cli.common import (
    NONE,
    STDIN,
    Common,
    confirmed,
    counted,
    note,
    on_terminal,
    out,
    out_json,
    platform,
    table,
    totals,
    waiting,
    warn,
)
from burnish.errors import UsageError

if TYPE_CHECKING:
    import burnish
    from burnish.evals.datasets import DatasetAdded

Reference = Annotated[str, Parameter(help="Its name, or name@3 for the third version.")]
Name = Annotated[str, Parameter(help="Its name, such as support/refunds.")]
Tag = Annotated[list[str] | None, Parameter(help="Tag for each of them; repeatable.")]
OnlyTag = Annotated[list[str] | None, Parameter(help="Only with this tag; repeatable.")]
OnlySplit = Annotated[
    str | None, Parameter(help="Only those of this split: train, dev (or validation), test.")
]
Message = Annotated[str, Parameter(help="Why this version was made.")]
_SHOWN_ROWS = 5
_ENDINGS: dict[str, Literal["jsonl", "csv"]] = {
    "": "jsonl",
    ".jsonl": "jsonl",
    ".ndjson": "jsonl",
    ".csv": "csv",
}


def add(
    name: Name,
    file: Annotated[
        Path, Parameter(help="CSV, JSONL, JSON, YAML or a promptfoo file; - is standard input.")
    ],
    /,
    *,
    map: Annotated[  # noqa: A002 - the word of the option
        list[str] | None,
        Parameter(help="A field under another name, such as expected=label; repeatable."),
    ] = None,
    format: Annotated[  # noqa: A002 - the word that people know
        str, Parameter(show_default="by the file's ending", help="csv, jsonl, json or yaml.")
    ] = "",
    tag: Tag = None,
    replace: Annotated[
        bool, Parameter(negative="", help="Take out what the file does not have.")
    ] = False,
    skip_errors: Annotated[
        bool, Parameter(negative="", help="Leave bad rows out instead of storing nothing.")
    ] = False,
    description: Annotated[str | None, Parameter(help="What the dataset is for.")] = None,
    message: Message = "",
    common: Common = NONE,
) -> None:
    """Add the examples of a file to a dataset, as a new version of it.

    An example with an id that is there takes its place. The same file again changes nothing.
    """
    given: Any = sys.stdin.buffer if str(file) == STDIN else file
    with platform(common) as p, waiting("reading the examples"):
        done = p.datasets.add(
            name,
            given,
            format=format,
            renames=_renames(map or []),
            tags=tag or (),
            description=description,
            message=message,
            replace=replace,
            skip_errors=skip_errors,
        )
    _show_added(done, common)


def from_runs(
    name: Name,
    /,
    *,
    prompt: Annotated[str, Parameter(help="The prompt whose runs are taken.")],
    since: Annotated[str, Parameter(help="From then on: 7d, 12h, 30m or a date.")] = "",
    limit: Annotated[int, Parameter(help="How many different ones at most, newest first.")] = 1000,
    expected: Annotated[
        bool, Parameter(negative="", help="Take the answers for right ones.")
    ] = False,
    tag: Tag = None,
    message: Message = "",
    common: Common = NONE,
) -> None:
    """Add what a prompt was asked in recorded runs.

    Runs that failed are left out; of those that asked the same, the newest is taken.
    """
    from burnish.cli.runs import moment

    with platform(common) as p, waiting("reading the runs"):
        done = p.datasets.from_runs(
            name,
            prompt=prompt,
            since=moment(since),
            limit=limit,
            expected=expected,
            tags=tag or (),
            message=message,
        )
    _show_added(done, common)


def generate(
    name: Name,
    /,
    *,
    prompt: Annotated[str, Parameter(help="The prompt whose variables are filled.")],
    count: Annotated[int, Parameter(help="How many examples.")] = 20,
    model: Annotated[
        str, Parameter(show_default="setting generation.model", help="provider:model.")
    ] = "",
    tag: Tag = None,
    max_cost: Annotated[
        float | None, Parameter(help="Stop before it costs more US dollars.")
    ] = None,
    common: Common = NONE,
) -> None:
    """Let a model write inputs for a prompt, edge cases among them, marked as synthetic.

    Look through them before you trust them: burnish datasets export NAME.
    """
    with platform(common) as p, waiting("writing examples"):
        done = p.datasets.generate(
            name, prompt=prompt, count=count, model=model, tags=tag or (), max_cost_usd=max_cost
        )
    _show_added(done, common)
    if done.cost_usd != 0:
        from burnish.cli.money import cost_of

        note(cost_of(done.cost_usd))


def list_(
    *,
    all: Annotated[  # noqa: A002 - the word of the option
        bool,
        Parameter(negative="", help="Also those that evaluations made of examples without a name."),
    ] = False,
    common: Common = NONE,
) -> None:
    """List the datasets."""
    with platform(common) as p:
        found = p.datasets.list(all=all)
    if common.json:
        out_json(found)
        return
    rows = [
        (
            each.name,
            str(each.version),
            str(each.size),
            f"{each.updated_at:%Y-%m-%d}",
            each.description,
        )
        for each in found
    ]
    if on_terminal() and found:
        table(("name", "version", "examples", "changed", "description"), rows, wide="name")
    elif found:
        out("\n".join("\t".join(row) for row in rows))
    else:
        note("No dataset. Add one with: burnish datasets add NAME FILE")


def show(
    reference: Reference,
    /,
    *,
    limit: Annotated[int, Parameter(help="How many examples.")] = 5,
    common: Common = NONE,
) -> None:
    """Show a dataset: its splits, its versions and its first examples.

    In a pipe: id, split, inputs and what is expected, as JSON.
    """
    from burnish.cli.datasets_show import show_lines, show_terminal

    with platform(common) as p:
        found = p.datasets.show(reference, limit=limit)
    if common.json:
        out_json(found)
    elif on_terminal():
        show_terminal(found)
    else:
        show_lines(found)


def diff(
    old: Reference,
    new: Annotated[str, Parameter(help="Another version; alone, OLD and the one before it.")] = "",
    /,
    *,
    limit: Annotated[int, Parameter(help="How many of each kind are named.")] = 20,
    common: Common = NONE,
) -> None:
    """Tell which examples came, went and changed between two versions."""
    from burnish.cli.datasets_show import show_difference

    with platform(common) as p:
        found = p.datasets.diff(old, new, limit=limit)
    if common.json:
        out_json(found)
    else:
        show_difference(found)


def export(
    reference: Reference,
    /,
    *,
    to: Annotated[str, Parameter(help="The file to write; - is standard output.")] = "-",
    format: Annotated[  # noqa: A002 - the word that people know
        Literal["jsonl", "csv", ""],
        Parameter(show_default="by the file's ending, else jsonl", help="jsonl or csv."),
    ] = "",
    split: OnlySplit = None,
    tag: OnlyTag = None,
    common: Common = NONE,
) -> None:
    """Write the examples of a version. JSONL comes back by `add` exactly as it was."""
    options: Any = {"format": format or _format_of(to), "split": split, "tags": tag or ()}
    with platform(common) as p:
        if to == "-":
            count = p.datasets.export(reference, sys.stdout.buffer.write, **options)
        else:
            count = _export_to(Path(to), p, reference, **options)
        if not count:
            from burnish.evals.datasets.unmet import unmet

            there = p.datasets.tags(reference, split=split)
            warn(str(unmet(reference, there, split=split, tags=tag or ())))
    if to == "-":
        return
    if common.json:
        out_json({"exported": count, "file": to})
    else:
        out(f"{counted(count, 'example')} in {to}")


def delete(
    name: Name,
    /,
    *,
    yes: Annotated[bool, Parameter(negative="", help="Ask nothing.")] = False,
    common: Common = NONE,
) -> None:
    """Delete a dataset with all its versions, for good."""
    with platform(common) as p:
        held = p.datasets.get(name)
        size = f"{counted(held.size, 'example')} and {counted(held.version, 'version')}"
        why = f"{held.name!r} has {size}, which do not come back"
        if not yes and not confirmed(f"Delete {held.name}, {size}?", why, may_ask=common.input):
            note("Nothing was deleted.")
            return
        gone = p.datasets.delete(name)
    out_json(gone) if common.json else out(f"deleted\t{gone.name}")


def _renames(given: list[str]) -> dict[str, str]:
    renames: dict[str, str] = {}
    for each in given:
        name, equals, source = (part.strip() for part in each.partition("="))
        if not (name and equals and source):
            raise UsageError(
                f"--map {each!r} names no two fields", hint="write --map expected=label"
            )
        renames[name] = source
    return renames


def _show_added(done: DatasetAdded, common: Common) -> None:
    if common.json:
        out_json(done)
        return
    what = totals(
        (
            (done.added, "added"),
            (done.changed, "changed"),
            (done.removed, "removed"),
            (done.kept, "unchanged"),
            (done.repeats, counted(done.repeats, "repeat").partition(" ")[2] + " left out"),
        )
    )
    size = counted(done.version.size, "example")
    if on_terminal():
        out(f"{done.version.reference}: {size} ({what})")
    else:
        out(f"{done.version.reference}\t{size}\t{what}")
    for row in done.skipped_rows[:_SHOWN_ROWS]:
        warn(f"left out {row.place}: {row.problem}")
    if (more := done.skipped - min(len(done.skipped_rows), _SHOWN_ROWS)) > 0:
        warn(f"left out {counted(more, 'row')} more; --json names the first hundred")
    if done.lost:
        warn(f"{counted(done.lost, 'example')} of the model could not be used")
    for each in done.notes:
        warn(each)


def _format_of(to: str) -> Literal["jsonl", "csv"]:
    """By the ending of the file's name; without one it is JSONL. Raises UsageError."""
    ending = "" if to == "-" else Path(to).suffix.lower()
    if ending not in _ENDINGS:
        raise UsageError(
            f"no dataset is written as {ending}",
            hint="name a .jsonl or .csv file, or say --format jsonl or --format csv",
            subject=to,
        )
    return _ENDINGS[ending]


def _export_to(path: Path, p: burnish.Platform, reference: str, **options: Any) -> int:
    part = path.with_name(f"{path.name}.part")
    try:
        with part.open("wb") as file:
            count = p.datasets.export(reference, file.write, **options)
        part.replace(path)
    except OSError as error:
        raise UsageError(
            f"{path} cannot be written: {error.strerror}", hint="check the path", subject=str(path)
        ) from None
    finally:
        part.unlink(missing_ok=True)
    return count
