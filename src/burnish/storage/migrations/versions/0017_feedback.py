"""What was said of answers and prompts."""

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"

TEXT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
ID = sa.String(length=36).with_variant(sa.Uuid(as_uuid=False), "postgresql")
TIME = sa.String(length=32).with_variant(sa.DateTime(timezone=True), "postgresql")


def upgrade() -> None:
    op.create_table(
        "feedback",
        sa.Column("id", ID, nullable=False),
        sa.Column("kind", TEXT, nullable=False),
        sa.Column("value", sa.Float(), nullable=True),
        sa.Column("rating", sa.Float(), nullable=True),
        sa.Column("success", sa.Boolean(), nullable=True),
        sa.Column("latency_ms", sa.Float(), nullable=True),
        sa.Column("comment", TEXT, nullable=False),
        sa.Column("prompt_id", ID, nullable=True),
        sa.Column("prompt", TEXT, nullable=False),
        sa.Column("version_id", ID, nullable=True),
        sa.Column("revision", sa.Integer(), nullable=True),
        sa.Column("run_id", ID, nullable=True),
        sa.Column("model", TEXT, nullable=False),
        sa.Column("intent", TEXT, nullable=False),
        sa.Column("techniques", sa.JSON(), nullable=False),
        sa.Column("who", TEXT, nullable=False),
        sa.Column("learn", sa.Boolean(), nullable=False),
        sa.Column("created_at", TIME, nullable=False),
        sa.ForeignKeyConstraint(
            ["prompt_id"], ["prompts.id"], name=op.f("fk_feedback_prompt_id_prompts")
        ),
        sa.ForeignKeyConstraint(
            ["version_id"],
            ["prompt_versions.id"],
            name=op.f("fk_feedback_version_id_prompt_versions"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_feedback")),
    )
    of_prompt, of_run = sa.text("prompt <> ''"), sa.text("run_id IS NOT NULL")
    op.create_index(
        "ix_feedback_of_prompt",
        "feedback",
        ["prompt", "id"],
        sqlite_where=of_prompt,
        postgresql_where=of_prompt,
    )
    op.create_index(
        "ix_feedback_of_run",
        "feedback",
        ["run_id"],
        sqlite_where=of_run,
        postgresql_where=of_run,
    )
