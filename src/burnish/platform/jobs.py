"""What jobs a platform can do: the work of each kind, by name."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, TypeVar

import msgspec

from burnish.errors import UsageError
from burnish.jobs.inline import InlineRunner
from burnish.jobs.job import JobContext, Work
from burnish.jobs.rules import Rules
from burnish.shapes import convert

if TYPE_CHECKING:
    from burnish.generation.batch import Progress
    from burnish.platform.working import Working
    from burnish.storage.job import Job
    from burnish.storage.store import Store

T = TypeVar("T")


class BackupInput(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    to: str | None = None
    keep: int | None = None


class RetentionInput(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`days` as the setting `runs.retention_days` unless given."""

    days: float | None = None


class BatchInput(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """As `burnish batch` takes them; paths are absolute, for a worker stands elsewhere."""

    file: str
    output: str | None = None
    workers: int = 4
    resume: bool = False
    skip_errors: bool = False
    options: dict[str, Any] = {}


class NoInput(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    pass


def check_input(kind: str, given: Mapping[str, Any]) -> None:
    """Raises UsageError for what would end such a job as soon as it begins."""
    shapes: dict[str, type[Any]] = {
        "backup": BackupInput,
        "batch": BatchInput,
        "retention": RetentionInput,
        "vacuum": NoInput,
    }
    if kind in shapes:
        read_input(kind, given, shapes[kind])


def kinds_of(platform: Working) -> dict[str, Work]:
    """Each kind of job with its work."""

    async def backup(context: JobContext) -> Any:
        given = read(context.job, BackupInput)
        return msgspec.to_builtins(await platform.db.backup(given.to, keep=given.keep))

    async def vacuum(context: JobContext) -> Any:
        read(context.job, NoInput)
        return msgspec.to_builtins(await platform.db.vacuum())

    async def retention(context: JobContext) -> Any:
        given = read(context.job, RetentionInput).days
        days = platform.settings.runs.retention_days if given is None else given
        if not 0 < days < 366 * 1000:
            raise UsageError(
                f"runs older than {days:g} days cannot be forgotten",
                hint="set runs.retention_days, or give the job days",
            )
        before = datetime.now(UTC) - timedelta(days=days)
        return {"forgotten": await platform.runs.forget(before), "before": before.isoformat()}

    async def batch(context: JobContext) -> Any:
        return await _batch(platform, context)

    return {"backup": backup, "batch": batch, "retention": retention, "vacuum": vacuum}


def runner_of(
    platform: Working,
    kinds: Mapping[str, Work],
    open_store: Callable[[], Awaitable[Store]],
    *,
    new_id: Callable[[], str],
    warn: Callable[[str, str], None],
) -> InlineRunner:
    wanted = platform.settings.jobs
    return InlineRunner(
        open_store,
        kinds,
        new_id=new_id,
        who=lambda: platform.settings.author_name,
        warn=warn,
        rules=Rules(lease_s=wanted.lease_s, retries=wanted.retries),
        at_once=wanted.at_once,
    )


async def _batch(platform: Working, context: JobContext) -> Any:
    given = read(context.job, BatchInput)
    waiting = set[asyncio.Task[None]]()

    def tell(progress: Progress) -> None:
        done = progress.done + progress.failed
        said = f"{progress.failed} failed" if progress.failed else ""
        task = asyncio.ensure_future(context.progress(done, progress.total, said))
        waiting.add(task)
        task.add_done_callback(waiting.discard)

    report = await platform.batch(
        given.file,
        output=given.output,
        workers=given.workers,
        # What an attempt before wrote down is done.
        resume=given.resume or context.job.attempts > 1,
        skip_errors=given.skip_errors,
        progress=tell,
        **given.options,
    )
    if waiting:
        await asyncio.wait(waiting)
    told = msgspec.structs.asdict(report)
    del told["results"]  # they are in the journal
    return told


def read(job: Job, shape: type[T]) -> T:
    """The input of a job. Raises UsageError."""
    return read_input(job.kind, job.input, shape)


def read_input(kind: str, given: Mapping[str, Any], shape: type[T]) -> T:
    try:
        return convert(dict(given), shape)
    except msgspec.ValidationError as error:
        raise UsageError(
            f"the input of this {kind} job is wrong: {error}",
            hint="see the guide on jobs for what it takes",
        ) from None
