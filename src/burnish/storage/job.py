"""What is known of a job: long work that can be watched, cancelled and resumed."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final, Literal

import msgspec

JobState = Literal["queued", "running", "done", "failed", "cancelled"]
ENDED: Final = ("done", "failed", "cancelled")


class Progress(msgspec.Struct, frozen=True, kw_only=True):
    """`facts` are what the kind of job counts besides: `cost_usd`, `best_score`…"""

    done: int = 0
    total: int = 0
    message: str = ""
    facts: dict[str, float | int | str] = {}


class Job(msgspec.Struct, frozen=True, kw_only=True):
    """`kind` names the work (`evaluation`, `batch`…), `subject` what it is about (an id, a name).
    `attempts` counts how often the work was begun; `heard_at` is when its process was last known
    to be alive. `failures` counts, since somebody last asked for the job, the faults that may pass
    and the processes that were lost. `result` is plain JSON and small. Higher `priority` goes
    first."""

    id: str
    kind: str
    subject: str = ""
    state: JobState = "queued"
    input: dict[str, Any] = {}
    result: Any = None
    error: str = ""
    progress: Progress = Progress()
    priority: int = 0
    attempts: int = 0
    failures: int = 0
    who: str = ""
    worker: str = ""
    created_at: datetime
    started_at: datetime | None = None
    heard_at: datetime | None = None
    ended_at: datetime | None = None
