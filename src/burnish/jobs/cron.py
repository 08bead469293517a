"""When a schedule is due: cron expressions, read by cronsim as Debian's cron reads them."""

from __future__ import annotations

from datetime import UTC, datetime, tzinfo

from burnish.errors import UsageError

_NAMED = {
    "@hourly": "0 * * * *",
    "@daily": "0 0 * * *",
    "@weekly": "0 0 * * 0",
    "@monthly": "0 0 1 * *",
}
_MAX_CHARS = 200


def next_after(cron: str, zone: str, at: datetime) -> datetime:
    """The first time after `at`, in UTC. A time that a change of the clocks leaves out comes right
    after it. Raises UsageError for an expression or a zone that cannot be read, and for one that
    is never due."""
    from cronsim import CronSim, CronSimError

    plain = _NAMED.get(cron.strip(), cron.strip())
    # It can read a field of seconds too, which no worker is quick enough for.
    if len(plain) > _MAX_CHARS or len(plain.split()) != 5:
        raise _unreadable(cron)
    try:
        found = next(CronSim(plain, at.astimezone(_zone(zone))))
    except CronSimError:
        raise _unreadable(cron) from None
    except StopIteration:
        raise UsageError(
            f"{cron!r} names a day that never comes", hint="check its day and month"
        ) from None
    return found.astimezone(UTC)


def _unreadable(cron: str) -> UsageError:
    return UsageError(
        f"{cron[:_MAX_CHARS]!r} is no cron expression",
        hint="give minute, hour, day, month and weekday, such as '0 3 * * *' or '*/15 * * * *'",
    )


def _zone(name: str) -> tzinfo:
    if name == "UTC":
        return UTC
    from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

    try:
        return ZoneInfo(name)
    # A name may lead out of the folder of zones, to a folder, or to a file that is none.
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise UsageError(
            f"there is no time zone {name!r}", hint="name one such as UTC or Europe/Berlin"
        ) from None
