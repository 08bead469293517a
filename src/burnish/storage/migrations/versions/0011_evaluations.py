"""Evaluations, and a result for each answer."""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"

TEXT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
ID = sa.String(length=36).with_variant(sa.Uuid(as_uuid=False), "postgresql")
TIME = sa.String(length=32).with_variant(sa.DateTime(timezone=True), "postgresql")


def upgrade() -> None:
    op.create_table(
        "evaluations",
        sa.Column("id", ID, nullable=False),
        sa.Column("prompts", sa.JSON(), nullable=False),
        sa.Column("models", sa.JSON(), nullable=False),
        sa.Column("dataset", TEXT, nullable=False),
        sa.Column("split", TEXT, nullable=True),
        sa.Column("tags", sa.JSON(), nullable=False),
        sa.Column("examples", sa.Integer(), nullable=False),
        sa.Column("repeats", sa.Integer(), nullable=False),
        sa.Column("scorers", sa.JSON(), nullable=False),
        sa.Column("baseline", TEXT, nullable=False),
        sa.Column("parameters", sa.JSON(), nullable=False),
        sa.Column("concurrency", sa.Integer(), nullable=False),
        sa.Column("max_cost_usd", sa.Float(), nullable=True),
        sa.Column("fresh", sa.Boolean(), nullable=False),
        sa.Column("job_id", TEXT, nullable=False),
        sa.Column("who", TEXT, nullable=False),
        sa.Column("stop", TEXT, nullable=False),
        sa.Column("created_at", TIME, nullable=False),
        sa.Column("ended_at", TIME, nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_evaluations")),
    )
    op.create_index("ix_evaluations_created_at", "evaluations", ["created_at"])
    op.create_table(
        "results",
        sa.Column("evaluation_id", ID, nullable=False),
        sa.Column("cell", sa.Integer(), nullable=False),
        sa.Column("prompt", TEXT, nullable=False),
        sa.Column("model", TEXT, nullable=False),
        sa.Column("example", TEXT, nullable=False),
        sa.Column("repeat", sa.Integer(), nullable=False),
        sa.Column("run_id", TEXT, nullable=False),
        sa.Column("output", TEXT, nullable=False),
        sa.Column("error", TEXT, nullable=False),
        sa.Column("scores", sa.JSON(), nullable=False),
        sa.Column("score", sa.Float(), nullable=True),
        sa.Column("passed", sa.Boolean(), nullable=True),
        sa.Column("latency_ms", sa.Float(), nullable=False),
        sa.Column("input_tokens", sa.Integer(), nullable=False),
        sa.Column("output_tokens", sa.Integer(), nullable=False),
        sa.Column("cost_usd", sa.Float(), nullable=True),
        sa.Column("cached", sa.Boolean(), nullable=False),
        sa.Column("tags", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("evaluation_id", "cell", name=op.f("pk_results")),
        sa.ForeignKeyConstraint(
            ["evaluation_id"],
            ["evaluations.id"],
            name=op.f("fk_results_evaluation_id_evaluations"),
        ),
        sqlite_with_rowid=False,
    )
