"""Runs, and the numbers made of them."""

from __future__ import annotations

import re

from burnish.errors import UsageError
from burnish.platform import AsyncPlatform
from burnish.rest.operation import Operation
from burnish.storage.run import Run
from burnish.storage.stats import RunStat, StatBy

_ID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


async def record_run(platform: AsyncPlatform, run: Run) -> None:
    """Records a call that was made outside of Burnish, under the name of whoever tells of it."""
    if not _ID.fullmatch(run.id):
        raise UsageError(f"{run.id[:40]!r} is no id of a run", hint="give a UUID", subject="id")
    if run.created_at.tzinfo is None:
        hint = "say when it was made with a time zone, such as Z"
        raise UsageError("the time of the run has no time zone", hint=hint, subject="created_at")
    _check_texts(run)
    await platform.record_run(run)


def _check_texts(run: Run) -> None:
    """What is recorded is written later, when nobody could be told any more."""
    for name in run.__struct_fields__:
        value = getattr(run, name)
        if isinstance(value, str) and "\0" in value:
            hint = "remove it and try again"
            raise UsageError(f"{name} holds a NUL character", hint=hint, subject=name)


RUNS = (
    Operation(
        call="runs.page",
        method="GET",
        path="/runs",
        right="read",
    ),
    Operation(
        call="record_run",
        method="POST",
        path="/runs",
        right="run",
        by=record_run,
        status=204,
        is_kept=True,
        example={
            "run": {
                "id": "0199f000-0000-7000-8000-000000000001",
                "kind": "completion",
                "model": "openai:gpt-5-mini",
                "prompt": "mail/kind",
                "output": "praise",
                "latency_ms": 840,
                "created_at": "2026-01-01T12:00:00Z",
            }
        },
    ),
    Operation(call="runs.get", method="GET", path="/runs/{run_id}", right="read"),
    Operation(
        call="stats",
        method="GET",
        path="/stats",
        right="read",
        shapes={"by": StatBy},
        answer=list[RunStat],
    ),
    Operation(call="report", method="GET", path="/reports", right="read"),
    Operation(call="cache_stats", method="GET", path="/cache", right="read"),
    Operation(call="cache_clear", method="DELETE", path="/cache", right="admin"),
)
