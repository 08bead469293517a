"""`p.experiments`, while they run: who gets what, and what came of it."""

from __future__ import annotations

import asyncio
import csv
import hashlib
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from burnish.errors import UsageError

if TYPE_CHECKING:
    from burnish.experiments.assigning import Assignment
    from burnish.experiments.recording import ManyRecorded, Recorded, Recording, Row
    from burnish.experiments.serving import Serving
    from burnish.library.units import Attributes

# What a row may be called by people, beside the names of its fields.
_OTHER_NAMES = {"experiment": "name", "time": "at", "run_id": "run"}
_COLUMNS = ("name", "unit", "run", "metric", "value", "denominator", "key", "at")
_TEXTS = ("name", "unit", "run", "metric", "key")
_REST = "\0more than there are columns"


class Online:
    """Built by the platform, with what it needs when that is needed."""

    def __init__(self, serving: Callable[[], Serving], recording: Callable[[], Recording]) -> None:
        self._serving = serving
        self._recording = recording

    async def assign(
        self,
        name: str,
        unit: str,
        *,
        attributes: Attributes | None = None,
        expose: bool = True,
    ) -> Assignment:
        """Which variant of the experiment the unit gets, as `prompts.get` gives it its version; or
        why it gets none. Logs the exposure unless `expose` is false.

        Raises NotFound for an experiment that there is not, UsageError for what names no unit.
        """
        return await self._serving().assign(name, unit, attributes, expose=expose)

    async def record(
        self,
        name: str = "",
        *,
        unit: str = "",
        run: str = "",
        metric: str = "",
        value: float,
        denominator: float = 1,
        key: str = "",
        at: datetime | str | None = None,
    ) -> Recorded:
        """What came of a unit: a value of the experiment's own metric, or of the one named.

        The unit is given, or the `run` (an answer's `run_id`) that served it, which finds the
        experiment too. Of one `key` the first outcome counts; without one that is the run's id,
        and for a rate each unit has one outcome. `at` is when it happened, where that is not now. A
        unit that saw nothing so far may have outcomes: once its exposure is there, those count that
        are not from before it, and the others tell what it did before.
        While the store is away the outcome waits.

        Raises NotFound for an unknown experiment or metric and for a run that served no unit,
        UsageError for a value that is no number, or none of a rate (0, 1), and for a time in the
        future, Conflict for a draft and for an experiment that ended more than 7 days ago.
        """
        from burnish.experiments.recording import Row

        row = Row(
            name=name,
            unit=unit,
            run=run,
            metric=metric,
            value=value,
            denominator=denominator,
            key=key,
            at=at,
        )
        return await self._recording().record(_checked(row))

    async def record_many(
        self, rows: str | Path | Iterable[Mapping[str, Any]], *, name: str = ""
    ) -> ManyRecorded:
        """`record` of many: the rows of a CSV file, or mappings, with the arguments of `record` as
        their keys (`time` for `at`). A row that cannot be recorded is told with its line, and the
        rest is recorded. `name` is the experiment of rows that name none. A row of a file without a
        key is known by its unit, metric, value and time, and by how often the same came before it;
        without a time, by the file as it is and its line. Who records a file twice records it once.

        Raises UsageError for a file that cannot be read or has no column of values.
        """
        if not isinstance(rows, str | Path):
            return await self._recording().record_many(_rows(_numbered(rows), name))
        path = Path(rows)
        file = await asyncio.to_thread(_digest, path)
        return await self._recording().record_many(_rows(_of_file(path), name, file))


def _of_file(path: Path) -> Iterator[tuple[str, Mapping[str, Any] | str]]:
    """A row that ends the reading is a text that says why."""
    try:
        file = path.open(encoding="utf-8-sig", newline="")
    except OSError as error:
        raise UsageError(
            f"{path} cannot be read: {error.strerror}", hint="name a CSV file", subject=str(path)
        ) from None
    with file:
        reader = csv.DictReader(file, restkey=_REST)
        try:
            _check_columns(reader.fieldnames or (), path)
            for row in reader:
                yield f"line {reader.line_num}", row
        except (OSError, UnicodeDecodeError, csv.Error) as error:
            yield f"line {reader.line_num + 1}", f"no CSV in UTF-8 from here on: {error}"


def _check_columns(names: Sequence[str], path: Path) -> None:
    if "value" not in names or not {"unit", "run", "run_id"} & set(names):
        raise UsageError(
            f"{path} has the columns {', '.join(names)[:200] or 'none'}",
            hint="it wants value, and unit or run; it may have metric, denominator, key, time",
            subject=str(path),
        )


def _numbered(rows: Iterable[Mapping[str, Any]]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    for number, row in enumerate(rows, start=1):
        yield f"row {number}", row


def _digest(path: Path) -> str:
    """Of what the file holds; empty where it can be read once only, or not at all."""
    if not path.is_file():
        return ""
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError:  # told where the rows are read
        return ""


class _Places:
    """What rows of a file without a key are known by."""

    def __init__(self, file: str) -> None:
        self._file = file
        self._before: Counter[bytes] = Counter()

    def of(self, fields: Mapping[str, Any], where: str) -> str:
        if not self._file:
            return ""
        if "at" not in fields:
            return _hash([self._file, where]).hex()
        own = _hash(sorted((name, str(value)) for name, value in fields.items()))
        self._before[own] += 1
        return _hash([own, self._before[own]]).hex()


def _hash(parts: Sequence[object]) -> bytes:
    text = repr(parts).encode(errors="backslashreplace")
    return hashlib.blake2b(text, digest_size=16).digest()


def _rows(
    given: Iterable[tuple[str, Mapping[str, Any] | str]], name: str, file: str = ""
) -> Iterator[tuple[str, Row | str]]:
    from burnish.experiments.recording import Row

    places = _Places(file)
    for where, row in given:
        if isinstance(row, str):
            yield where, row
            continue
        fields: dict[str, Any] = {}
        for key, value in row.items():
            known = _OTHER_NAMES.get(key, key)
            if known in _COLUMNS and value not in (None, ""):
                fields[known] = value.strip() if isinstance(value, str) else value
        if not fields.get("name"):
            fields["name"] = name
        try:
            yield where, _checked(Row(**fields, place=places.of(fields, where)))
        except UsageError as error:
            yield where, error.what


def _checked(row: Row) -> Row:
    """A program may give anything."""
    for field in _TEXTS:
        given = getattr(row, field)
        if not isinstance(given, str):
            raise UsageError(
                f"{field} is {type(given).__name__}, and no text", hint="give it as a text"
            )
    return row
