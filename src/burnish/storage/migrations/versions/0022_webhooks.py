"""Who wants to hear what happens, what happened, and what they were told."""

import sqlalchemy as sa
from alembic import op

revision = "0022"
down_revision = "0021"

TEXT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
ID = sa.String(length=36).with_variant(sa.Uuid(as_uuid=False), "postgresql")
TIME = sa.String(length=32).with_variant(sa.DateTime(timezone=True), "postgresql")
NOW = "strftime('%Y-%m-%dT%H:%M:%f', 'now') || '000+00:00'"
HEARD = "EXISTS (SELECT 1 FROM webhooks WHERE disabled_at IS NULL)"
PROMPT = "FROM prompts WHERE prompts.id = NEW.prompt_id"
ENDED = "WHEN NEW.ended_at IS NOT NULL AND OLD.ended_at IS NULL"
MOVE = "'label', NEW.label, 'from_revision', NEW.from_revision, 'to_revision', NEW.to_revision"
NOTES = (
    (
        "version",
        "INSERT ON prompt_versions",
        "version.created",
        (
            "'prompt', prompts.name, 'revision', NEW.revision, 'branch', NEW.branch,"
            " 'author', NEW.author"
        ),
        PROMPT,
    ),
    (
        "label",
        "INSERT ON label_moves",
        "label.moved",
        f"'prompt', prompts.name, {MOVE}, 'by', NEW.moved_by",
        PROMPT,
    ),
    (
        "request",
        "INSERT ON label_requests",
        "label.requested",
        f"'request', NEW.id, 'prompt', prompts.name, {MOVE}, 'by', NEW.asked_by",
        PROMPT,
    ),
    (
        "evaluation",
        f"UPDATE OF ended_at ON evaluations {ENDED}",
        "evaluation.ended",
        (
            "'evaluation', NEW.id, 'prompts', json(NEW.prompts), 'models', json(NEW.models),"
            " 'dataset', NEW.dataset, 'stop', NEW.stop"
        ),
        "",
    ),
    (
        "experiment",
        f"UPDATE OF ended_at ON experiments {ENDED}",
        "experiment.ended",
        "'experiment', NEW.name, 'prompt', NEW.prompt, 'state', NEW.state, 'winner', NEW.winner",
        "",
    ),
    (
        "optimization",
        f"UPDATE OF ended_at ON optimizations {ENDED}",
        "optimization.ended",
        "'optimization', NEW.id, 'prompt', NEW.prompt, 'outcome', NEW.outcome, 'best', NEW.best",
        "",
    ),
    (
        "failure",
        "UPDATE OF state ON jobs WHEN NEW.state = 'failed' AND OLD.state <> 'failed'",
        "job.failed",
        "'job', NEW.id, 'kind', NEW.kind, 'subject', NEW.subject",
        "",
    ),
    (
        "feedback",
        "INSERT ON feedback",
        "feedback.added",
        (
            "'feedback', NEW.id, 'prompt', NEW.prompt, 'revision', NEW.revision, 'run', NEW.run_id,"
            " 'kind', NEW.kind, 'rating', NEW.rating"
        ),
        "",
    ),
)


def upgrade() -> None:
    op.create_table(
        "webhooks",
        sa.Column("id", ID, nullable=False),
        sa.Column("url", TEXT, nullable=False),
        sa.Column("events", sa.JSON(), nullable=False),
        sa.Column("secret", TEXT, nullable=False),
        sa.Column("created_by", TEXT, nullable=False),
        sa.Column("created_at", TIME, nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("disabled_at", TIME, nullable=True),
        sa.Column("why", TEXT, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_webhooks")),
    )
    op.create_table(
        "happenings",
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("kind", TEXT, nullable=False),
        sa.Column("data", TEXT, nullable=False),
        sa.Column("at", TIME, nullable=False),
        sa.PrimaryKeyConstraint("seq", name=op.f("pk_happenings")),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "deliveries",
        sa.Column("id", ID, nullable=False),
        sa.Column("webhook_id", ID, nullable=False),
        sa.Column("event", TEXT, nullable=False),
        sa.Column("payload", TEXT, nullable=False),
        sa.Column("state", TEXT, nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("status", sa.Integer(), nullable=True),
        sa.Column("error", TEXT, nullable=False),
        sa.Column("duration_ms", sa.Float(), nullable=True),
        sa.Column("created_at", TIME, nullable=False),
        sa.Column("next_at", TIME, nullable=True),
        sa.Column("ended_at", TIME, nullable=True),
        sa.ForeignKeyConstraint(
            ["webhook_id"], ["webhooks.id"], name=op.f("fk_deliveries_webhook_id_webhooks")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_deliveries")),
    )
    op.create_index("ix_deliveries_webhook_id", "deliveries", ["webhook_id", "id"])
    waiting = sa.text("state = 'waiting'")
    op.create_index(
        "ix_deliveries_due",
        "deliveries",
        ["next_at"],
        sqlite_where=waiting,
        postgresql_where=waiting,
    )
    if op.get_bind().dialect.name == "sqlite":
        for name, when, kind, data, tables in NOTES:
            source = f" {tables} AND" if tables else " WHERE"
            op.execute(
                f"CREATE TRIGGER happened_{name} AFTER {when} BEGIN "
                f"INSERT INTO happenings (kind, data, at) "
                f"SELECT '{kind}', json_object({data}), {NOW}{source} {HEARD}; END"
            )
