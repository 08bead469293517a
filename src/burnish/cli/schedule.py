"""schedule list, add, remove, pause, resume."""

from __future__ import annotations

import json
import shlex
import shutil
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any, cast

from cyclopts import Parameter

from burnish.cli.common import NONE, Common, note, on_terminal, out, out_json, platform, table
from burnish.errors import UsageError
from burnish.storage.jobs import Schedule

Name = Annotated[str, Parameter(help="Name of the schedule.")]


def list_(*, common: Common = NONE) -> None:
    """List what begins when.

    In a pipe: name, kind, cron expression, time zone, state, next time, last time, last job, and
    what of it is set.
    """
    with platform(common) as p:
        schedules = p.schedules.list()
    if common.json:
        out_json(schedules)
    elif not schedules:
        note("No schedules.")
    elif on_terminal():
        headings = ("name", "about", "when", "next (UTC)", "last (UTC)")
        table(headings, map(_row, schedules), wide="about", wraps="name")
    else:
        out("\n".join("\t".join(_columns(each)) for each in schedules))


def _row(schedule: Schedule) -> tuple[str, ...]:
    zone = "" if schedule.zone == "UTC" else f" ({schedule.zone})"
    then = "paused" if schedule.paused else f"{schedule.next_at.astimezone(UTC):%m-%d %H:%M}"
    last = f"{schedule.last_at.astimezone(UTC):%m-%d %H:%M}" if schedule.last_at else "never"
    about = f"{schedule.kind} {_about(schedule.input)}".rstrip()
    return (schedule.name, f"{about}{zone}", schedule.cron, then, last)


def _about(given: dict[str, Any]) -> str:
    """What is evaluated or optimised, and how; of other kinds, all that is set."""
    rest = {**given}
    told = ""
    if "prompts" in given and "data" in given:
        told = f"{_written(rest.pop('prompts'))} on {_written(rest.pop('data'))}"
    elif "where" in given:
        told = _written(rest.pop("where"))
    settings = (f"{name}={_written(value)}" for name, value in rest.items())
    return "; ".join(filter(None, (told, *settings)))


def _written(value: Any) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, list):
        return ", ".join(map(_written, cast("list[Any]", value)))
    if isinstance(value, dict):
        several = cast("dict[str, Any]", value).items()
        return " and ".join(f"{name} {_written(each)}" for name, each in several)
    return json.dumps(value, ensure_ascii=False)


def _columns(schedule: Schedule) -> tuple[str, ...]:
    return (
        schedule.name,
        schedule.kind,
        schedule.cron,
        schedule.zone,
        "paused" if schedule.paused else "active",
        schedule.next_at.isoformat(),
        schedule.last_at.isoformat() if schedule.last_at else "-",
        schedule.last_job or "-",
        _about(schedule.input) or "-",
    )


def add(
    name: Name,
    kind: Annotated[
        str, Parameter(help="backup, batch, evaluation, optimizations, retention or vacuum.")
    ],
    cron: Annotated[
        str, Parameter(help="Minute, hour, day, month and weekday, in quotes; or @daily.")
    ],
    /,
    *,
    set: Annotated[  # noqa: A002 - the option's name
        list[str] | None,
        Parameter(help="Something of the job's input: keep=7, data=cases; repeatable."),
    ] = None,
    zone: Annotated[str, Parameter(help="Time zone that the times are in.")] = "UTC",
    common: Common = NONE,
) -> None:
    """Begin a job from time to time, whenever a worker runs.

    A job is not begun while the one before has not ended. What was due while no worker ran is
    begun once, as soon as one does.
    """
    with platform(common) as p:
        schedule = p.schedules.add(name, kind, cron, zone=zone, input=_given(set or []))
    tell(schedule, as_json=common.json)
    note("Times are kept while burnish worker runs.")


def remove(name: Name, /, *, common: Common = NONE) -> None:
    """Take a schedule away. Jobs that it began stay."""
    with platform(common) as p:
        p.schedules.remove(name)
    out_json({"removed": name}) if common.json else out(f"{name} removed")


def pause(name: Name, /, *, common: Common = NONE) -> None:
    """Begin nothing until schedule resume."""
    with platform(common) as p:
        schedule = p.schedules.pause(name)
    tell(schedule, as_json=common.json)


def resume(name: Name, /, *, common: Common = NONE) -> None:
    """Begin again after a pause; what was due meanwhile is left out."""
    with platform(common) as p:
        schedule = p.schedules.resume(name)
    tell(schedule, as_json=common.json)


def begin(name: Name, /, *, common: Common = NONE) -> int:
    """Begin the job of a schedule now, be it paused or not, and follow it until it ends.

    Exit code, output and --json are those of jobs watch.
    """
    from burnish.cli.jobs import follow

    with platform(common) as p:
        job = p.schedules.begin(name)
        return follow(p.jobs.watch(job.id), as_json=common.json)


def cron(name: Name, /, *, common: Common = NONE) -> None:
    """Print lines for a crontab that begin the job of a schedule, for a machine without a worker.

    To add them: (crontab -l; burnish schedule cron NAME) | crontab -
    """
    with platform(common) as p:
        schedule = p.schedules.get(name)
        home = str(p.settings.home_path)
    command = f"{_burnish()} schedule begin {name} --home {_quoted(home)}"
    lines = (f"CRON_TZ={schedule.zone}", f"{schedule.cron} {command}")
    if common.json:
        out_json({"name": name, "zone": schedule.zone, "cron": schedule.cron, "command": command})
    else:
        out("\n".join(lines))
    if not schedule.paused:
        note(f"Where a worker runs too, pause it first: burnish schedule pause {name}")
    note("cron has none of your shell's variables: put settings and keys where burnish.yaml is.")


def _burnish() -> str:
    """The command as cron finds it, whose path is short."""
    own = Path(sys.executable).with_name("burnish")
    return _quoted(str(own) if own.exists() else shutil.which("burnish") or "burnish")


def _quoted(word: str) -> str:
    """For cron, in whose lines a % begins another one."""
    return shlex.quote(word).replace("%", "\\%")


def tell(schedule: Schedule, *, as_json: bool) -> None:
    if as_json:
        out_json(schedule)
    elif schedule.paused:
        out(f"{schedule.name}: paused")
    else:
        out(f"{schedule.name}: {schedule.kind}, next at {_time(schedule.next_at)} UTC")


def _given(pairs: list[str]) -> dict[str, Any]:
    """A value that is JSON is that; any other is text."""
    given: dict[str, Any] = {}
    for pair in pairs:
        name, equals, value = pair.partition("=")
        if not (name and equals):
            raise UsageError(f"{pair!r} sets nothing", hint="write name=value, such as keep=7")
        if name in given:
            raise UsageError(
                f"{name} is set twice", hint=f"""write several as a list: {name}='["a", "b"]'"""
            )
        try:
            given[name] = json.loads(value)
        except (ValueError, RecursionError):
            given[name] = value
    return given


def _time(at: datetime) -> str:
    return f"{at.astimezone(UTC):%Y-%m-%d %H:%M}"
