"""Experiments, their log, who saw which variant, and what came of it."""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"

TEXT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
ID = sa.String(length=36).with_variant(sa.Uuid(as_uuid=False), "postgresql")
TIME = sa.String(length=32).with_variant(sa.DateTime(timezone=True), "postgresql")

_SAY = "INSERT INTO prompt_changes (name, kind) VALUES ({0}.prompt, 'prompt');"
STATEMENTS = (
    f"""CREATE TRIGGER changes_experiment_added AFTER INSERT ON experiments
BEGIN {_SAY.format("NEW")} END""",
    f"""CREATE TRIGGER changes_experiment_changed AFTER UPDATE ON experiments
BEGIN {_SAY.format("NEW")} END""",
    f"""CREATE TRIGGER changes_experiment_removed AFTER DELETE ON experiments
BEGIN {_SAY.format("OLD")} END""",
)


def upgrade() -> None:
    _experiments()
    _recorded()
    if op.get_bind().dialect.name == "sqlite":
        for statement in STATEMENTS:
            op.execute(statement)


def _experiments() -> None:
    op.create_table(
        "experiments",
        sa.Column("id", ID, nullable=False),
        sa.Column("name", TEXT, nullable=False),
        sa.Column("kind", TEXT, nullable=False),
        sa.Column("prompt", TEXT, nullable=False),
        sa.Column("label", TEXT, nullable=False),
        sa.Column("plan", sa.JSON(), nullable=False),
        sa.Column("state", TEXT, nullable=False),
        sa.Column("salt", TEXT, nullable=False),
        sa.Column("shares", sa.JSON(), nullable=False),
        sa.Column("generation", sa.Integer(), nullable=False),
        sa.Column("taking", sa.Float(), nullable=False),
        sa.Column("slot", sa.JSON(), nullable=False),
        sa.Column("step", sa.Integer(), nullable=False),
        sa.Column("step_at", TIME, nullable=True),
        sa.Column("evaluations", sa.JSON(), nullable=False),
        sa.Column("job_id", TEXT, nullable=False),
        sa.Column("winner", TEXT, nullable=False),
        sa.Column("verdict", TEXT, nullable=False),
        sa.Column("promoted", sa.Integer(), nullable=True),
        sa.Column("before", sa.Integer(), nullable=True),
        sa.Column("by", TEXT, nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("created_at", TIME, nullable=False),
        sa.Column("started_at", TIME, nullable=True),
        sa.Column("ended_at", TIME, nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_experiments")),
        sa.UniqueConstraint("name", name="uq_experiments_name"),
    )
    op.create_index("ix_experiments_prompt", "experiments", ["prompt", "state"])
    op.create_index("ix_experiments_state", "experiments", ["state"])
    op.create_table(
        "experiment_moves",
        sa.Column("id", ID, nullable=False),
        sa.Column("experiment_id", ID, nullable=False),
        sa.Column("what", TEXT, nullable=False),
        sa.Column("by", TEXT, nullable=False),
        sa.Column("why", TEXT, nullable=False),
        sa.Column("facts", sa.JSON(), nullable=False),
        sa.Column("at", TIME, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_experiment_moves")),
        sa.ForeignKeyConstraint(
            ["experiment_id"],
            ["experiments.id"],
            name=op.f("fk_experiment_moves_experiment_id_experiments"),
        ),
    )
    op.create_index("ix_experiment_moves_experiment", "experiment_moves", ["experiment_id", "id"])


def _recorded() -> None:
    op.create_table(
        "exposures",
        sa.Column("experiment_id", ID, nullable=False),
        sa.Column("unit", TEXT, nullable=False),
        sa.Column("variant", TEXT, nullable=False),
        sa.Column("chance", sa.Float(), nullable=False),
        sa.Column("slices", sa.JSON(), nullable=False),
        sa.Column("at", TIME, nullable=False),
        sa.Column("since", TIME, nullable=False),
        sa.PrimaryKeyConstraint("experiment_id", "unit", name=op.f("pk_exposures")),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_exposures_at", "exposures", ["experiment_id", "at", "unit"])
    op.create_table(
        "outcomes",
        sa.Column("experiment_id", ID, nullable=False),
        sa.Column("unit", TEXT, nullable=False),
        sa.Column("metric", TEXT, nullable=False),
        sa.Column("key", TEXT, nullable=False),
        sa.Column("value", sa.Float(), nullable=False),
        sa.Column("denominator", sa.Float(), nullable=False),
        sa.Column("run_id", TEXT, nullable=False),
        sa.Column("at", TIME, nullable=False),
        sa.PrimaryKeyConstraint("experiment_id", "unit", "metric", "key", name=op.f("pk_outcomes")),
        sqlite_with_rowid=False,
    )
    where = sa.text("run_id <> ''")
    op.create_index(
        "ix_outcomes_run", "outcomes", ["run_id"], sqlite_where=where, postgresql_where=where
    )
