"""What came of a unit: outcomes, checked and written, or kept while the store is away."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Awaitable, Callable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from itertools import islice
from typing import Any, Literal

import msgspec
from msgspec import structs

from burnish.errors import BurnishError, Conflict, NotFound, UsageError
from burnish.experiments.assigning import checked_unit
from burnish.experiments.counting import counting, told
from burnish.experiments.journal import Journal
from burnish.experiments.running import AWAY, Running
from burnish.experiments.serving import SKEW
from burnish.experiments.written import BUILT_IN
from burnish.storage.experiment import Experiment, Measure, Outcome
from burnish.storage.store import Store

LATE = timedelta(days=7)
MOST_TOLD = 20
_BATCH = 2_000
_MOST_RUNS = 10_000
_MOST_KEY_CHARS = 255
# Sums of squares of larger ones are beyond all floats.
_LARGEST = 1e100

State = Literal["recorded", "duplicate", "waiting", "unmatched", "early"]


class Recorded(msgspec.Struct, frozen=True, kw_only=True):
    """A `duplicate` has the key of one that is there, which stays; one that is `waiting` is written
    when the store is back. One that is `unmatched` is kept, and counts as soon as its unit has seen
    a variant; one that is `early` is from before that, and does not count."""

    experiment: str
    unit: str
    metric: str
    state: State
    note: str = ""


class ManyRecorded(msgspec.Struct, frozen=True, kw_only=True):
    """How many rows were `recorded`, and what became of the others; `problems` are the first of
    the `refused`. Of all rows that are in the store, `unmatched` wait for the exposures of their
    units, and `early` are from before these."""

    recorded: int = 0
    duplicates: int = 0
    waiting: int = 0
    refused: int = 0
    unmatched: int = 0
    early: int = 0
    problems: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


class Row(msgspec.Struct, frozen=True, kw_only=True):
    """One outcome as it is given, by the unit or by the run that served it. `place` is what a row
    of a file without a key is known by."""

    name: str = ""
    unit: str = ""
    run: str = ""
    metric: str = ""
    value: object = None
    denominator: object = 1
    key: str = ""
    place: str = ""
    at: object = None


class Recording:
    def __init__(
        self,
        running: Running,
        journal: Journal,
        open_store: Callable[[], Awaitable[Store]],
        new_id: Callable[[], str],
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._running = running
        self._journal = journal
        self._open_store = open_store
        self._new_id = new_id
        self._now = now
        self._runs: dict[str, tuple[str, str]] = {}

    def ran(
        self, experiment: Experiment, unit: str, run_id: str, told: Mapping[str, float]
    ) -> None:
        """A run served the unit; `told` are its values by the names of metrics."""
        while len(self._runs) >= _MOST_RUNS:
            del self._runs[next(iter(self._runs))]
        self._runs[run_id] = (experiment.name, unit)
        at = self._now()
        for metric, value in told.items():
            self._journal.outcome(
                Outcome(
                    experiment_id=experiment.id,
                    unit=unit,
                    metric=metric,
                    key=run_id,
                    value=value,
                    run_id=run_id,
                    at=at,
                )
            )

    async def record(self, row: Row) -> Recorded:
        experiment, outcome, note = await self._checked(row, {})
        state: State
        try:
            store = await self._open_store()
            new = await store.experiments.record([outcome])
            state = (await counting(store, self._journal, [outcome]))[0] if new else "duplicate"
        except AWAY:
            await self._keep([outcome])
            state = "waiting"
        if state in ("unmatched", "early"):
            note = "; ".join(filter(None, (note, told(outcome, state))))
        return Recorded(
            experiment=experiment.name,
            unit=outcome.unit,
            metric=outcome.metric,
            state=state,
            note=note,
        )

    async def record_of_run(self, run_id: str, metric: str, value: float) -> list[str]:
        """Once for each experiment whose unit the run served; tells their names."""
        served = await self._served_by(run_id)
        for name, unit in served:
            await self.record(Row(name=name, unit=unit, run=run_id, metric=metric, value=value))
        return [name for name, _ in served]

    async def record_many(self, rows: Iterator[tuple[str, Row | str]]) -> ManyRecorded:
        """Each row comes with what to call it when it is wrong; one that could not be read is its
        reason."""
        done = ManyRecorded()
        known: dict[str, Experiment] = {}
        notes: dict[str, None] = {}
        # They may come from a file, for which no event loop should wait.
        while some := await asyncio.to_thread(_some, rows):
            batch: list[Outcome] = []
            for where, row in some:
                try:
                    if isinstance(row, str):
                        raise UsageError(row)
                    _, outcome, note = await self._checked(row, known)
                except BurnishError as error:
                    done = _refused(done, f"{where}: {error.what}")
                    continue
                batch.append(outcome)
                if note:
                    notes[note] = None
            done = await self._write(done, batch)
        return structs.replace(done, notes=tuple(notes))

    async def _write(self, done: ManyRecorded, batch: list[Outcome]) -> ManyRecorded:
        try:
            store = await self._open_store()
            new = await store.experiments.record(batch)
            counts = await counting(store, self._journal, batch)
        except AWAY:
            await self._keep(batch)
            return structs.replace(done, waiting=done.waiting + len(batch))
        return structs.replace(
            done,
            recorded=done.recorded + new,
            duplicates=done.duplicates + len(batch) - new,
            unmatched=done.unmatched + counts.count("unmatched"),
            early=done.early + counts.count("early"),
        )

    async def _keep(self, outcomes: list[Outcome]) -> None:
        self._journal.begin()
        for outcome in outcomes:
            # Where too many wait already, this raises rather than to lose one.
            await self._journal.room()
            self._journal.outcome(outcome)

    async def _checked(
        self, row: Row, known: dict[str, Experiment]
    ) -> tuple[Experiment, Outcome, str]:
        name, unit = row.name, row.unit
        if not unit:
            name, unit = await self._served(row)
        if not name:
            raise UsageError("no experiment is named", hint="give its name, or the id of a run")
        experiment = known.get(name) or await self._running.named(name)
        known[name] = experiment
        now = self._now()
        note = _open(experiment, now)
        metric = row.metric or experiment.plan.metric.name
        kind = _kind(experiment, metric)
        outcome = Outcome(
            experiment_id=experiment.id,
            unit=checked_unit(unit),
            metric=metric,
            key=_key(row.key, "key")
            or _key(row.run, "run")
            or ("" if kind == "rate" else row.place or self._new_id()),
            value=_value(row.value, kind),
            denominator=_denominator(row.denominator, kind),
            run_id=row.run,
            at=_time(row.at, now),
        )
        return experiment, outcome, note

    async def _served(self, row: Row) -> tuple[str, str]:
        """The name of the experiment and the unit that the run served."""
        if not row.run:
            raise UsageError("no unit is given", hint="give the unit, or the run that served it")
        served = await self._served_by(row.run)
        ours = [each for each in served if row.name in ("", each[0])]
        if not ours:
            whose = f"experiment {row.name!r}" if row.name else "no experiment"
            raise NotFound(
                f"run {row.run!r} served {'no unit of ' if row.name else ''}{whose}",
                hint="give the run of an answer that was asked for with a unit, or the unit itself",
                subject=row.run,
            )
        if len(ours) > 1:
            raise UsageError(
                f"run {row.run!r} served {len(ours)} experiments or units",
                hint="name the experiment and the unit",
            )
        return ours[0]

    async def _served_by(self, run_id: str) -> list[tuple[str, str]]:
        if run_id in self._runs:
            return [self._runs[run_id]]
        store = await self._open_store()
        return [
            (experiment.name, unit)
            for found, unit in await store.experiments.served(run_id)
            for experiment in await store.experiments.by_prefix(found, 1)
        ]


def _some(rows: Iterator[tuple[str, Row | str]]) -> list[tuple[str, Row | str]]:
    return list(islice(rows, _BATCH))


def _refused(done: ManyRecorded, why: str) -> ManyRecorded:
    told = (*done.problems, why) if len(done.problems) < MOST_TOLD else done.problems
    return structs.replace(done, refused=done.refused + 1, problems=told)


def _open(experiment: Experiment, now: datetime) -> str:
    """What there is to note. Raises where it takes no outcomes."""
    name = experiment.name
    if experiment.kind == "offline":
        raise UsageError(
            f"experiment {name!r} is offline: its outcomes are scores of answers",
            hint="record outcomes of an online experiment",
            subject=name,
        )
    if experiment.state == "draft":
        raise Conflict(
            f"experiment {name!r} is a draft, so no unit has seen it",
            hint=f"start it: burnish experiments start {name}",
            subject=name,
        )
    ended = experiment.ended_at
    if not experiment.ended or ended is None:
        return ""
    if now - ended > LATE:
        raise Conflict(
            f"experiment {name!r} ended more than {LATE.days} days ago",
            hint="late outcomes are taken until then",
            subject=name,
        )
    return f"experiment {name} has ended; the outcome is late"


def _kind(experiment: Experiment, metric: str) -> Measure:
    for each in (experiment.plan.metric, *experiment.plan.guardrails):
        if each.name == metric:
            return each.kind
    if metric in BUILT_IN:
        return BUILT_IN[metric].kind
    names = [each.name for each in (experiment.plan.metric, *experiment.plan.guardrails)]
    raise NotFound(
        f"experiment {experiment.name!r} has no metric {metric!r}",
        hint=f"use {', '.join(dict.fromkeys((*names, *BUILT_IN)))}",
        subject=metric,
    )


def _value(given: object, kind: Measure) -> float:
    value = _number(given, "value")
    if kind == "rate" and value not in (0.0, 1.0):
        raise UsageError(
            f"{value:g} is no outcome of a rate", hint="give 0 or 1, or use a metric of kind mean"
        )
    return value


def _denominator(given: object, kind: Measure) -> float:
    value = _number(given, "denominator")
    if value < 0:
        raise UsageError(f"the denominator is {value:g}", hint="give a number from 0 on")
    if kind != "ratio" and value != 1:
        raise UsageError(f"a {kind} has no denominator", hint="leave it out")
    return value


def _number(given: object, what: str) -> float:
    if given is None or given == "":
        raise UsageError(f"there is no {what}", hint="give a number")
    text = str(given).strip().lower()
    if text in ("true", "false"):
        return float(text == "true")
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not abs(value) <= _LARGEST:
        raise UsageError(
            f"{text[:40]!r} is no {what}", hint="give a finite number, such as 1 or 0.25"
        )
    return value


def _key(given: str, what: str) -> str:
    if len(given) > _MOST_KEY_CHARS or not given.isprintable():
        raise UsageError(
            f"the {what} is longer than {_MOST_KEY_CHARS} characters, or cannot be printed",
            hint="give a shorter one",
        )
    return given


def _time(given: object, now: datetime) -> datetime:
    at: Any = given
    if given is None or given == "":
        return now
    if isinstance(given, str):
        try:
            at = datetime.fromisoformat(given.strip())
        except ValueError:
            at = None
    if not isinstance(at, datetime):
        raise UsageError(f"{given!r} is no time", hint="such as 2026-05-04T12:00:00+02:00")
    if at.tzinfo is None:
        at = at.replace(tzinfo=UTC)
    try:
        at = at.astimezone(UTC)
    except OverflowError:
        raise UsageError(f"{given!s:.40} is no time", hint="give a year of ours") from None
    if at - now > SKEW:
        raise UsageError(
            f"{at.isoformat()} is in the future",
            hint="set the clock of the machine that recorded it, or leave the time out",
        )
    return at
