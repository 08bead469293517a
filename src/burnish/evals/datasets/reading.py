"""From files, or from values in a program, to examples."""

from __future__ import annotations

from collections.abc import Generator, Iterable, Iterator, Mapping
from contextlib import closing, contextmanager
from pathlib import Path
from typing import IO, Any, NamedTuple, cast

import msgspec

from burnish.errors import UsageError
from burnish.evals.datasets.fields import Read, Row, example_of
from burnish.evals.datasets.rows import (
    MAX_ROW_BYTES,
    TOO_LONG,
    RawRow,
    format_of,
    listed,
    rows_of,
    whole_value,
)
from burnish.evals.datasets.staging import Staging, unpacked
from burnish.prompts.formats.document import ExampleFile, Fault
from burnish.prompts.formats.gather import Gathered, is_list, is_mapping, items, mapping
from burnish.prompts.formats.promptfoo_tests import read_tests
from burnish.prompts.formats.source import Source
from burnish.storage.example import Example

Given = Path | str | IO[bytes] | Iterable[Example | Row]
_STDIN = "standard input"


class Taken(NamedTuple):
    """A row as it came: what it says, or what is wrong with it."""

    place: str
    read: Read | None
    fault: str = ""


class Wanted(msgspec.Struct, frozen=True, kw_only=True):
    """How to read: the format (by the ending unless named), the fields that get other names, and
    tags for all."""

    format: str = ""
    renames: dict[str, str] = {}
    tags: tuple[str, ...] = ()


def read_examples(
    path: Path | str,
    *,
    format: str = "",  # noqa: A002 - the word that people know
    renames: Mapping[str, str] | None = None,
) -> Iterator[Example]:
    """The examples of a file, however large, without storing them: CSV, JSONL, JSON, YAML, tests
    of promptfoo, chats of OpenAI. Exact repeats come once. `renames` maps the names that fields
    should have to those that they have.

    Raises UsageError, naming the line, before the first example where any row is bad.
    """
    name = name_of(path)
    wanted = Wanted(format=format, renames=dict(renames or {}))
    with closing(Staging()) as staging, opened(path, wanted, {}) as rows:
        for row in rows:
            try:
                take(staging, row)
            except Fault as fault:
                raise bad_row(name, row.place, fault, "correct the row and try again") from None
        if not staging.count:
            raise no_examples(name)
        for batch in staging.packs():
            yield from (unpacked(each) for each in batch)


def take(staging: Staging, row: Taken) -> None:
    """Raises Fault for a bad row."""
    if row.read is None:
        raise Fault(row.fault)
    staging.take(row.read, row.place)


def bad_row(name: str, place: str, fault: Fault, hint: str) -> UsageError:
    return UsageError(f"{name}, {place}: {fault.what}", hint=hint, subject=name)


def no_examples(name: str) -> UsageError:
    return UsageError(f"{name} has no examples", hint="give a row for each", subject=name)


def name_of(given: Given) -> str:
    if isinstance(given, Path | str):
        return Path(given).name
    return _STDIN if hasattr(given, "read") else "the examples"


@contextmanager
def opened(given: Given, wanted: Wanted, notes: dict[str, None]) -> Generator[Iterator[Taken]]:
    """The rows of a file, of an open one, or of values; what of it is not read is added to the
    notes. Raises UsageError for one that cannot be read as a whole."""
    if isinstance(given, Path | str):
        path = Path(given)
        kind = format_of(path.name, wanted.format)
        try:
            with path.open("rb") as file:
                yield _checked(path.name, _taken(file, kind, path, wanted, notes))
        except OSError as error:
            raise UsageError(
                f"{given} cannot be read: {error.strerror}",
                hint="check the path",
                subject=str(given),
            ) from None
    elif not hasattr(given, "read"):
        values = cast("Iterable[object]", given)
        yield (_of_value(n, each, wanted) for n, each in enumerate(values, start=1))
    else:
        file = cast("IO[bytes]", given)
        kind = format_of(_STDIN, wanted.format)
        yield _checked(_STDIN, _taken(file, kind, None, wanted, notes))


def _checked(name: str, rows: Iterator[Taken]) -> Iterator[Taken]:
    """The rows, and a fault of the whole file with its name."""
    try:
        yield from rows
    except Fault as fault:
        where = f"{name}, line {fault.line}:" if fault.line else name
        raise UsageError(f"{where} {fault.what}", hint=fault.hint, subject=name) from None


def _taken(
    file: IO[bytes], kind: str, path: Path | None, wanted: Wanted, notes: dict[str, None]
) -> Iterator[Taken]:
    if kind in ("csv", "jsonl"):
        rows = rows_of(file, kind)
    else:
        value = whole_value(file, kind)
        rows = _tests(value, path, notes) if _is_promptfoo(value) else listed(value)
    yield from (_of_row(row, wanted) for row in rows)


def _is_promptfoo(value: Any) -> bool:
    """A configuration with tests, or a list of tests."""
    if is_mapping(value):
        fields = mapping(value)
        return ("tests" in fields or "scenarios" in fields) and "examples" not in fields
    return is_list(value) and any("vars" in mapping(each) for each in items(value))


def _tests(value: Any, path: Path | None, notes: dict[str, None]) -> Iterator[RawRow]:
    """Values of tests may stand in files beside the configuration."""
    from burnish.library.files.beside import Folder

    beside = None if path is None else Folder(path.parent, path.name, set())
    source = Source(_STDIN if path is None else path.name, "", beside)
    found = Gathered(source)
    fields = mapping(value) if is_mapping(value) else {"tests": value}
    for number, case in enumerate(read_tests(fields, (), source, found, notes).cases, start=1):
        yield RawRow(f"test {number}", row_of(case.example))
    for problem in found.reading().problems:
        yield RawRow(problem.at, None, problem.problem)


def row_of(test: ExampleFile) -> dict[str, Any]:
    """A test as the fields of a row."""
    return {
        "inputs": test.inputs,
        "expected": test.expected,
        "assert": list(test.checks),
        "description": test.description,
        "tags": list(test.tags),
    }


def _of_value(number: int, value: object, wanted: Wanted) -> Taken:
    """One that a program gave."""
    place = f"item {number}"
    if isinstance(value, Example):
        value = {**msgspec.to_builtins(value), "tags": list(value.tags)}
    elif isinstance(value, Mapping):
        value = dict(cast("Row", value))
    if not is_mapping(value):
        return Taken(place, None, "has no fields")
    taken = _of_row(RawRow(place, mapping(value)), wanted)
    if taken.read and len(msgspec.json.encode(taken.read.example)) > MAX_ROW_BYTES:
        return Taken(place, None, TOO_LONG)
    return taken


def _of_row(row: RawRow, wanted: Wanted) -> Taken:
    if row.fields is None:
        return Taken(row.place, None, row.fault)
    try:
        read = example_of(row.fields, wanted.renames)
    except Fault as fault:
        return Taken(row.place, None, fault.what)
    if wanted.tags:
        tags = tuple(dict.fromkeys((*read.example.tags, *wanted.tags)))
        read = read._replace(example=msgspec.structs.replace(read.example, tags=tags))
    return Taken(row.place, read)
