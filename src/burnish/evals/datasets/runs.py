"""Examples from what was run."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

from burnish.errors import UsageError
from burnish.evals.datasets.adding import Came
from burnish.evals.datasets.fields import Read, example_of, key_of
from burnish.evals.datasets.staging import Staging
from burnish.prompts.formats.chat import is_chat
from burnish.prompts.formats.document import Fault
from burnish.prompts.formats.gather import is_mapping
from burnish.storage.run import Run, RunCursor, RunFilter
from burnish.storage.store import Store

_STEP = 200


async def runs_in(
    staging: Staging,
    store: Store,
    where: RunFilter,
    limit: int,
    *,
    expected: bool,
    tags: Sequence[str],
) -> Came:
    """The newest `limit` different ones. Raises UsageError where there is none."""
    came, after = Came(), None
    while staging.count < limit and (page := await store.runs.page(where, _STEP, after)):
        after = RunCursor(page[-1].created_at, page[-1].id)
        await asyncio.to_thread(_take, page, staging, came, limit, expected=expected, tags=tags)
    if not staging.count:
        raise UsageError(
            f"no run of {where.prompt} can be taken",
            hint="see burnish runs list, and take those of a longer time with --since",
            subject=where.prompt or "",
        )
    return came


def _take(
    page: Sequence[Run],
    staging: Staging,
    came: Came,
    limit: int,
    *,
    expected: bool,
    tags: Sequence[str],
) -> None:
    for run in page:
        if staging.count >= limit:
            return
        try:
            staging.take(_read(run, tags, expected=expected), f"run {run.id}")
        except Fault as fault:
            came.skip(f"run {run.id}", fault)


def _read(run: Run, tags: Sequence[str], *, expected: bool) -> Read:
    """Known again by what was asked alone, so that the newest answer to it is taken. Raises
    Fault."""
    row: dict[str, Any] = {"tags": list(tags), "metadata": {"prompt": run.prompt}}
    if is_mapping(run.input) and run.input:
        row["inputs"] = run.input
    elif is_chat(run.input):
        row["messages"] = run.input
    else:
        raise Fault("the run keeps neither values nor messages")
    asked = example_of(row).example
    key = key_of(asked.inputs, None, ())
    answer = {"expected": run.output} if expected and run.output else {}
    read = example_of({**row, **answer, "id": key[:20]})
    return Read(read.example, key, named=False)
