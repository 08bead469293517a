"""experiments assign, record."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter

from burnish.cli.common import (
    NONE,
    Common,
    counted,
    on_terminal,
    out,
    out_json,
    platform,
    totals,
    warn,
)
from burnish.errors import UsageError

if TYPE_CHECKING:
    from burnish.experiments.recording import ManyRecorded

Name = Annotated[str, Parameter(help="Name of the experiment, or the beginning of its id.")]


def assign(
    name: Name,
    unit: Annotated[str, Parameter(help="Id of the unit, such as that of a user.")],
    /,
    *,
    attribute: Annotated[
        list[str] | None,
        Parameter(help="key=value that experiments target by; repeatable."),
    ] = None,
    no_expose: Annotated[bool, Parameter(negative="", help="Only tell; log no exposure.")] = False,
    common: Common = NONE,
) -> None:
    """Tell which variant a unit gets, and log that it was shown."""
    attributes = _attributes(attribute or [])
    with platform(common) as p:
        got = p.experiments.assign(name, unit, attributes=attributes, expose=not no_expose)
    if common.json:
        out_json(got)
    elif not on_terminal():
        out(f"{got.variant or '-'}\t{got.prompt or got.why}")
    elif got.variant:
        out(f"{got.unit} gets {got.variant}: {got.prompt}")
    else:
        out(f"{got.unit} gets no variant: {got.why}")


@Parameter(name="*")
@dataclass(frozen=True)
class Outcome:
    """What came of a unit."""

    unit: Annotated[str, Parameter(help="Id of the unit.")] = ""
    run: Annotated[str, Parameter(help="Id of the run that served it.")] = ""
    value: Annotated[
        float | None, Parameter(help="What came of it: 0 or 1 for a rate, else a number.")
    ] = None
    metric: Annotated[str, Parameter(show_default="the one that decides", help="Of what.")] = ""
    denominator: Annotated[float, Parameter(help="Of a ratio.")] = 1.0
    key: Annotated[
        str, Parameter(show_default="the run's id", help="Of one key the first outcome counts.")
    ] = ""
    at: Annotated[
        str, Parameter(show_default="now", help="When it was, such as 2026-05-04T12:00+02:00.")
    ] = ""


def record(
    name: Annotated[
        str, Parameter(help="The experiment; not needed with --run.", show_default=False)
    ] = "",
    /,
    *,
    outcome: Outcome | None = None,
    csv: Annotated[
        Path | None,
        Parameter(help="Many: a file with value, unit or run; metric, denominator, key, time."),
    ] = None,
    common: Common = NONE,
) -> int:
    """Record what came of a unit."""
    outcome = outcome or Outcome()
    if csv is not None:
        if outcome != Outcome():
            raise UsageError("--csv and an outcome are given", hint="leave one of them out")
        return _record_file(name, csv, common)
    if outcome.value is None:
        raise UsageError("no value is given", hint="add --value, or --csv with a file of them")
    with platform(common) as p:
        done = p.experiments.record(name, **asdict(outcome))
    if common.json:
        out_json(done)
    elif on_terminal():
        out(f"{done.state}: {done.metric} of {done.unit} in {done.experiment}")
    else:
        out(f"{done.state}\t{done.experiment}\t{done.unit}\t{done.metric}")
    if done.note:
        warn(done.note)
    return 0


def _record_file(name: str, csv: Path, common: Common) -> int:
    with platform(common) as p:
        done = p.experiments.record_many(csv, name=name)
    if common.json:
        out_json(done)
    elif on_terminal():
        out(_told(done))
    else:
        out(f"{done.recorded}\t{done.duplicates}\t{done.waiting}\t{done.refused}")
    for each in (*done.notes, *_uncounted(done), *done.problems):
        warn(each)
    if left := done.refused - len(done.problems):
        warn(f"and {counted(left, 'row')} more")
    return 1 if done.refused else 0


def _uncounted(done: ManyRecorded) -> Iterator[str]:
    """Which of the rows that are in the store do not count, or not yet."""
    if done.unmatched:
        rows = counted(done.unmatched, "row")
        yield f"{rows} of units that have seen no variant so far: waiting for their exposures"
    if done.early:
        rows = counted(done.early, "row")
        yield f"{rows} from before their units saw a variant: not counted"


def _told(done: ManyRecorded) -> str:
    parts = (
        (done.recorded, "recorded"),
        (done.duplicates, "there before"),
        (done.waiting, "waiting for the store"),
        (done.refused, "refused"),
    )
    return totals(parts) or "the file has no rows"


def _attributes(given: list[str]) -> dict[str, str]:
    found: dict[str, str] = {}
    for each in given:
        key, sign, value = each.partition("=")
        if not sign or not key.strip():
            raise UsageError(f"{each!r} is no attribute", hint="such as --attribute country=de")
        found[key.strip()] = value.strip()
    return found
