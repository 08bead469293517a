"""Searches for a better prompt: what was asked for, each answer, and what each step made."""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"

TEXT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
ID = sa.String(length=36).with_variant(sa.Uuid(as_uuid=False), "postgresql")
TIME = sa.String(length=32).with_variant(sa.DateTime(timezone=True), "postgresql")


def upgrade() -> None:
    _optimizations()
    _answers()
    _steps()


def _optimizations() -> None:
    op.create_table(
        "optimizations",
        sa.Column("id", ID, nullable=False),
        sa.Column("prompt", TEXT, nullable=False),
        sa.Column("version_id", ID, nullable=False),
        sa.Column("algorithm", TEXT, nullable=False),
        sa.Column("goal", TEXT, nullable=False),
        sa.Column("dataset", TEXT, nullable=False),
        sa.Column("model", TEXT, nullable=False),
        sa.Column("writer", TEXT, nullable=False),
        sa.Column("scorers", sa.JSON(), nullable=False),
        sa.Column("parameters", sa.JSON(), nullable=False),
        sa.Column("budget", sa.JSON(), nullable=False),
        sa.Column("settings", sa.JSON(), nullable=False),
        sa.Column("seed", sa.Integer(), nullable=False),
        sa.Column("concurrency", sa.Integer(), nullable=False),
        sa.Column("fresh", sa.Boolean(), nullable=False),
        sa.Column("job_id", TEXT, nullable=False),
        sa.Column("who", TEXT, nullable=False),
        sa.Column("ended_step", sa.Integer(), nullable=True),
        sa.Column("ended_why", TEXT, nullable=False),
        sa.Column("outcome", TEXT, nullable=False),
        sa.Column("text", TEXT, nullable=False),
        sa.Column("best", TEXT, nullable=False),
        sa.Column("report", sa.JSON(), nullable=False),
        sa.Column("created_at", TIME, nullable=False),
        sa.Column("ended_at", TIME, nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_optimizations")),
    )
    op.create_index("ix_optimizations_prompt", "optimizations", ["prompt"])


def _answers() -> None:
    op.create_table(
        "optimization_answers",
        sa.Column("optimization_id", ID, nullable=False),
        sa.Column("candidate", TEXT, nullable=False),
        sa.Column("example", sa.Integer(), nullable=False),
        sa.Column("repeat", sa.Integer(), nullable=False),
        sa.Column("value", sa.Float(), nullable=True),
        sa.Column("cost_usd", sa.Float(), nullable=True),
        sa.Column("latency_ms", sa.Float(), nullable=False),
        sa.Column("input_tokens", sa.Integer(), nullable=False),
        sa.Column("output_tokens", sa.Integer(), nullable=False),
        sa.Column("calls", sa.Integer(), nullable=False),
        sa.Column("error", TEXT, nullable=False),
        sa.Column("output", TEXT, nullable=False),
        sa.Column("notes", TEXT, nullable=False),
        sa.Column("run_id", TEXT, nullable=False),
        sa.PrimaryKeyConstraint(
            "optimization_id",
            "candidate",
            "example",
            "repeat",
            name=op.f("pk_optimization_answers"),
        ),
        sa.ForeignKeyConstraint(
            ["optimization_id"],
            ["optimizations.id"],
            name=op.f("fk_optimization_answers_optimization_id_optimizations"),
        ),
        sqlite_with_rowid=False,
    )


def _steps() -> None:
    op.create_table(
        "optimization_steps",
        sa.Column("optimization_id", ID, nullable=False),
        sa.Column("step", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("operator", TEXT, nullable=False),
        sa.Column("drafted", sa.JSON(), nullable=False),
        sa.Column("at", TIME, nullable=False),
        sa.PrimaryKeyConstraint("optimization_id", "step", name=op.f("pk_optimization_steps")),
        sa.ForeignKeyConstraint(
            ["optimization_id"],
            ["optimizations.id"],
            name=op.f("fk_optimization_steps_optimization_id_optimizations"),
        ),
        sqlite_with_rowid=False,
    )
