"""Who wants to hear what happens, what happened, and what they were told.

Triggers note what happened in the very transaction in which it does, whoever writes, and only where
somebody wants to hear. They name things; texts of prompts are not in it.

SQLite checks all triggers when a table is renamed: a migration that rebuilds a table that one of
them reads has to drop them before, and make them again after.
"""

from __future__ import annotations

from typing import Final

from sqlalchemy import DDL, Column, Float, ForeignKey, Index, Integer, Table, event, text

from burnish.storage.tables.base import Id, Json, UtcTime, Verbatim, metadata, partial_index
from burnish.storage.webhook import EventKind

webhooks = Table(
    "webhooks",
    metadata,
    Column("id", Id, primary_key=True),
    Column("url", Verbatim, nullable=False),
    Column("events", Json(tuple[EventKind, ...]), nullable=False),
    Column("secret", Verbatim, nullable=False),
    Column("created_by", Verbatim, nullable=False),
    Column("created_at", UtcTime, nullable=False),
    Column("failures", Integer, nullable=False),
    Column("disabled_at", UtcTime),
    Column("why", Verbatim, nullable=False),
)

happenings = Table(
    "happenings",
    metadata,
    Column("seq", Integer, primary_key=True),
    Column("kind", Verbatim, nullable=False),
    Column("data", Verbatim, nullable=False),
    Column("at", UtcTime, nullable=False),
    sqlite_autoincrement=True,
)

deliveries = Table(
    "deliveries",
    metadata,
    Column("id", Id, primary_key=True),
    Column("webhook_id", Id, ForeignKey("webhooks.id"), nullable=False),
    Column("event", Verbatim, nullable=False),
    Column("payload", Verbatim, nullable=False),
    Column("state", Verbatim, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("status", Integer),
    Column("error", Verbatim, nullable=False),
    Column("duration_ms", Float),
    Column("created_at", UtcTime, nullable=False),
    Column("next_at", UtcTime),
    Column("ended_at", UtcTime),
    Index("ix_deliveries_webhook_id", "webhook_id", "id"),
)
partial_index("ix_deliveries_due", deliveries.c.next_at, where=text("state = 'waiting'"))

_NOW = "strftime('%Y-%m-%dT%H:%M:%f', 'now') || '000+00:00'"
_HEARD = "EXISTS (SELECT 1 FROM webhooks WHERE disabled_at IS NULL)"


def _note(name: str, when: str, kind: str, data: str, tables: str = "") -> str:
    """`tables` has what else is read, and how it belongs to the row."""
    source = f" {tables} AND" if tables else " WHERE"
    return (
        f"CREATE TRIGGER happened_{name} AFTER {when} BEGIN "
        f"INSERT INTO happenings (kind, data, at) "
        f"SELECT '{kind}', json_object({data}), {_NOW}{source} {_HEARD}; END"
    )


_PROMPT = "FROM prompts WHERE prompts.id = NEW.prompt_id"
SQLITE_HAPPENINGS: Final = (
    _note(
        "version",
        "INSERT ON prompt_versions",
        "version.created",
        "'prompt', prompts.name, 'revision', NEW.revision, 'branch', NEW.branch,"
        " 'author', NEW.author",
        _PROMPT,
    ),
    _note(
        "label",
        "INSERT ON label_moves",
        "label.moved",
        "'prompt', prompts.name, 'label', NEW.label, 'from_revision', NEW.from_revision,"
        " 'to_revision', NEW.to_revision, 'by', NEW.moved_by",
        _PROMPT,
    ),
    _note(
        "request",
        "INSERT ON label_requests",
        "label.requested",
        "'request', NEW.id, 'prompt', prompts.name, 'label', NEW.label,"
        " 'from_revision', NEW.from_revision, 'to_revision', NEW.to_revision, 'by', NEW.asked_by",
        _PROMPT,
    ),
    _note(
        "evaluation",
        "UPDATE OF ended_at ON evaluations WHEN NEW.ended_at IS NOT NULL AND OLD.ended_at IS NULL",
        "evaluation.ended",
        "'evaluation', NEW.id, 'prompts', json(NEW.prompts), 'models', json(NEW.models),"
        " 'dataset', NEW.dataset, 'stop', NEW.stop",
    ),
    _note(
        "experiment",
        "UPDATE OF ended_at ON experiments WHEN NEW.ended_at IS NOT NULL AND OLD.ended_at IS NULL",
        "experiment.ended",
        "'experiment', NEW.name, 'prompt', NEW.prompt, 'state', NEW.state, 'winner', NEW.winner",
    ),
    _note(
        "optimization",
        "UPDATE OF ended_at ON optimizations"
        " WHEN NEW.ended_at IS NOT NULL AND OLD.ended_at IS NULL",
        "optimization.ended",
        "'optimization', NEW.id, 'prompt', NEW.prompt, 'outcome', NEW.outcome, 'best', NEW.best",
    ),
    _note(
        "failure",
        "UPDATE OF state ON jobs WHEN NEW.state = 'failed' AND OLD.state <> 'failed'",
        "job.failed",
        "'job', NEW.id, 'kind', NEW.kind, 'subject', NEW.subject",
    ),
    _note(
        "feedback",
        "INSERT ON feedback",
        "feedback.added",
        "'feedback', NEW.id, 'prompt', NEW.prompt, 'revision', NEW.revision, 'run', NEW.run_id,"
        " 'kind', NEW.kind, 'rating', NEW.rating",
    ),
)
for _statement in SQLITE_HAPPENINGS:
    event.listen(
        metadata, "after_create", DDL(_statement.replace("%", "%%")).execute_if(dialect="sqlite")
    )
