"""Outcomes from a file: one row for each value that a unit brought."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import msgspec
import numpy as np

from burnish.errors import UsageError
from burnish.experiments.estimate import Floats, Metric, Sample

COLUMNS = ("unit", "variant", "value")
OPTIONAL = ("denominator", "covariate", "time")
_MOST_ROWS = 20_000_000
_MOST_VARIANTS = 100
_MOST_SHOWN = 5
# Sums of squares of larger ones are beyond all floats.
_LARGEST = 1e100


class Table(msgspec.Struct, frozen=True, kw_only=True):
    """Samples in the order in which their variants first appear. `mixed` units came with several
    variants, and are left out: nobody knows which of them they answered to. `bad` counts rows that
    could not be read, with the first of them. `lacking` counts, of the columns `time` and
    `covariate`, the units without one where others have it, so that it is of no use.
    `dated` says that times were written as dates."""

    rows: int
    samples: tuple[Sample, ...]
    mixed: int = 0
    bad: tuple[str, ...] = ()
    left_out: int = 0
    lacking: dict[str, int] = {}
    dated: bool = False


@dataclass(slots=True)
class _Unit:
    variant: str
    total: float = 0.0
    below: float = 0.0
    rows: int = 0
    covariate: float | None = None
    time: float | None = None


@dataclass
class _Reading:
    units: dict[str, _Unit] = field(default_factory=dict[str, _Unit])
    mixed: set[str] = field(default_factory=set[str])
    bad: list[str] = field(default_factory=list[str])
    left_out: int = 0
    rows: int = 0
    dated: bool = False


def read_csv(path: Path, metric: Metric) -> Table:
    """Of a CSV file with a header: unit, variant, value; for a ratio denominator (1 where the
    column is missing); covariate where it is known. Raises UsageError for a file without these
    columns, or without a row that can be read."""
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.DictReader(file)
            _check_columns(reader.fieldnames or (), path)
            return table(_numbered(reader), metric)
    except OSError as error:
        raise UsageError(
            f"{path} cannot be read: {error.strerror}", hint="name a CSV file"
        ) from error
    except (UnicodeDecodeError, csv.Error) as error:
        raise UsageError(
            f"{path} is no CSV file in UTF-8: {error}", hint="save it as such"
        ) from error


def table(rows: Iterable[tuple[str, Mapping[str, object]]], metric: Metric) -> Table:
    """`rows` come with what to call them when one is wrong. A rate wants 0 or 1 (or true and
    false) of each unit; a unit with several rows makes it the mean over rows, clustered by unit."""
    reading = _Reading()
    for where, row in rows:
        reading.rows += 1
        if reading.rows > _MOST_ROWS:
            raise UsageError(f"more than {_MOST_ROWS:,} rows", hint="add them up by unit first")
        try:
            _take(reading, row, metric, where)
        except ValueError as error:
            reading.left_out += 1
            if len(reading.bad) < _MOST_SHOWN:
                reading.bad.append(f"{where}: {error}")
    for unit in reading.mixed:
        del reading.units[unit]
    samples = tuple(_samples(reading, metric))
    if len(samples) < 2 and reading.bad:
        raise UsageError(
            f"{reading.left_out:,} of {reading.rows:,} rows cannot be read, and the rest is no "
            f"experiment: {reading.bad[0]}",
            hint="correct the rows",
        )
    return Table(
        rows=reading.rows,
        samples=samples,
        mixed=len(reading.mixed),
        bad=tuple(reading.bad),
        left_out=reading.left_out,
        lacking=_lacking(reading),
        dated=reading.dated,
    )


def _numbered(reader: csv.DictReader[str]) -> Iterator[tuple[str, Mapping[str, object]]]:
    for row in reader:
        yield f"line {reader.line_num}", row


def _check_columns(names: Iterable[str], path: Path) -> None:
    found = list(names)
    missing = [name for name in COLUMNS if name not in found]
    if missing:
        raise UsageError(
            f"{path} has no column {', '.join(missing)}; it has {', '.join(found) or 'none'}",
            hint=f"name its columns {', '.join(COLUMNS)}; it may have {', '.join(OPTIONAL)}",
        )


def _take(reading: _Reading, row: Mapping[str, object], metric: Metric, where: str) -> None:
    name, variant = (_text(row.get(key)) for key in ("unit", "variant"))
    if not name or not variant:
        raise ValueError("no unit" if not name else "no variant")
    value = _number(row.get("value"), "value")
    if metric == "rate" and value not in {0.0, 1.0}:
        # Leaving it out would judge by those that happen to be 0 or 1.
        raise UsageError(
            f"{where}: {value:g} is no outcome of a rate, which is 0 or 1",
            hint="correct it, or add --metric mean where values are numbers",
        )
    below = row.get("denominator")
    denominator = _number(below, "denominator") if _text(below) else 1.0
    if denominator < 0:
        raise ValueError(f"the denominator {denominator:g} is below 0")
    covariate = row.get("covariate")
    known = _number(covariate, "covariate") if _text(covariate) else None
    time, dated = _time(row.get("time"))
    reading.dated = reading.dated or dated
    unit = reading.units.setdefault(name, _Unit(variant))
    if unit.variant != variant:
        reading.mixed.add(name)
        return
    unit.total += value
    unit.below += denominator
    unit.rows += 1
    unit.covariate = known if unit.covariate is None else unit.covariate
    if time is not None:
        unit.time = time if unit.time is None else min(time, unit.time)


def _text(value: object) -> str:
    return "" if value is None else str(value).strip()


def _number(value: object, what: str) -> float:
    text = _text(value).lower()
    if text in {"true", "false"}:
        return float(text == "true")
    try:
        number = float(text)
    except ValueError:
        raise ValueError(f"{text[:40]!r} is no {what}") from None
    if not abs(number) <= _LARGEST:
        raise ValueError(f"{text[:40]!r} is no {what}")
    return number


def _time(value: object) -> tuple[float | None, bool]:
    """Seconds: a number, or a date with or without a time (of UTC unless it says otherwise); and
    whether it is a date."""
    text = _text(value)
    if not text:
        return None, False
    # Numbers first: some of them, such as milliseconds since 1970, can be read as dates too.
    with suppress(ValueError):
        return _number(text, "time"), False
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        raise ValueError(f"{text[:40]!r} is no time") from None
    return (at if at.tzinfo else at.replace(tzinfo=UTC)).timestamp(), True


def _samples(reading: _Reading, metric: Metric) -> Iterator[Sample]:
    variants: dict[str, list[_Unit]] = {}
    for unit in reading.units.values():
        variants.setdefault(unit.variant, []).append(unit)
    if len(variants) > _MOST_VARIANTS:
        raise UsageError(f"{len(variants)} variants", hint=f"compare {_MOST_VARIANTS} at most")
    for variant, units in variants.items():
        yield _sample(variant, units, metric)


def _lacking(reading: _Reading) -> dict[str, int]:
    units = reading.units.values()
    counts = {
        "time": sum(unit.time is None for unit in units),
        "covariate": sum(unit.covariate is None for unit in units),
    }
    return {name: count for name, count in counts.items() if 0 < count < len(units)}


def _sample(variant: str, units: list[_Unit], metric: Metric) -> Sample:
    """In the order of time, where it is known of all."""
    times = _of_all([unit.time for unit in units])
    if times is not None:
        units = [units[at] for at in np.argsort(times, kind="stable").tolist()]
        times = np.sort(times)
    is_ratio = metric == "ratio" or any(unit.rows > 1 for unit in units)
    below = [unit.below if metric == "ratio" else float(unit.rows) for unit in units]
    return Sample(
        variant,
        np.array([unit.total for unit in units]),
        np.array(below) if is_ratio else None,
        None if is_ratio else _of_all([unit.covariate for unit in units]),
        times,
    )


def _of_all(values: list[float | None]) -> Floats | None:
    """None where one is missing."""
    known = [each for each in values if each is not None]
    return np.array(known) if len(known) == len(values) else None
