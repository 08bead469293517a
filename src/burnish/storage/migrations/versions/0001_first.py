"""The first schema: prompts, versions, labels, runs and statistics of techniques."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None

# As they were when this revision was released, whatever the tables' own types become.
ID = sa.String(length=36).with_variant(sa.Uuid(as_uuid=False), "postgresql")
TEXT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
TIME = sa.String(length=32).with_variant(sa.DateTime(timezone=True), "postgresql")


def upgrade() -> None:
    op.create_table(
        "prompts",
        sa.Column("id", ID, nullable=False),
        sa.Column("name", TEXT, nullable=False),
        sa.Column("category", TEXT, nullable=False),
        sa.Column("tags", sa.JSON(), nullable=False),
        sa.Column("description", TEXT, nullable=False),
        sa.Column("owner", TEXT, nullable=False),
        sa.Column("usage_count", sa.Integer(), server_default="0", nullable=False),
        sa.Column("rating_sum", sa.Float(), server_default="0", nullable=False),
        sa.Column("rating_count", sa.Integer(), server_default="0", nullable=False),
        sa.Column("rating_order", sa.Float(), server_default="-1", nullable=False),
        sa.Column("latest_revision", sa.Integer(), nullable=False),
        sa.Column("created_at", TIME, nullable=False),
        sa.Column("updated_at", TIME, nullable=False),
        sa.Column("deleted_at", TIME, nullable=True),
        sa.CheckConstraint(
            "rating_count >= 0 AND usage_count >= 0", name=op.f("ck_prompts_counts")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_prompts")),
    )
    op.create_index(
        "ix_prompts_best",
        "prompts",
        [sa.literal_column("rating_order DESC"), sa.literal_column("usage_count DESC"), "name"],
        unique=False,
        sqlite_where=sa.text("deleted_at IS NULL"),
        postgresql_where=sa.text("deleted_at IS NULL"),
    )
    op.create_index(
        "ix_prompts_best_in_category",
        "prompts",
        [
            "category",
            sa.literal_column("rating_order DESC"),
            sa.literal_column("usage_count DESC"),
            "name",
        ],
        unique=False,
        sqlite_where=sa.text("deleted_at IS NULL"),
        postgresql_where=sa.text("deleted_at IS NULL"),
    )
    op.create_index("ix_prompts_name_deleted_at", "prompts", ["name", "deleted_at"], unique=False)
    op.create_index(
        "ix_prompts_updated",
        "prompts",
        [sa.literal_column("updated_at DESC"), "name"],
        unique=False,
        sqlite_where=sa.text("deleted_at IS NULL"),
        postgresql_where=sa.text("deleted_at IS NULL"),
    )
    op.create_index(
        "uq_prompts_name_alive",
        "prompts",
        ["name"],
        unique=True,
        sqlite_where=sa.text("deleted_at IS NULL"),
        postgresql_where=sa.text("deleted_at IS NULL"),
    )
    op.create_table(
        "technique_statistics",
        sa.Column("technique", TEXT, nullable=False),
        sa.Column("intent", TEXT, nullable=False),
        sa.Column("day", sa.String(length=10), nullable=False),
        sa.Column("uses", sa.Integer(), nullable=False),
        sa.Column("successes", sa.Integer(), nullable=False),
        sa.Column("score_sum", sa.Float(), nullable=False),
        sa.Column("score_n", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("technique", "intent", "day", name=op.f("pk_technique_statistics")),
    )
    op.create_index(
        "ix_technique_statistics_intent", "technique_statistics", ["intent", "day"], unique=False
    )
    op.create_table(
        "label_moves",
        sa.Column("id", ID, nullable=False),
        sa.Column("prompt_id", ID, nullable=False),
        sa.Column("label", TEXT, nullable=False),
        sa.Column("from_revision", sa.Integer(), nullable=True),
        sa.Column("to_revision", sa.Integer(), nullable=True),
        sa.Column("moved_by", TEXT, nullable=False),
        sa.Column("moved_at", TIME, nullable=False),
        sa.Column("why", TEXT, nullable=False),
        sa.ForeignKeyConstraint(
            ["prompt_id"], ["prompts.id"], name=op.f("fk_label_moves_prompt_id_prompts")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_label_moves")),
    )
    op.create_index(
        "ix_label_moves_prompt_id_moved_at",
        "label_moves",
        ["prompt_id", "moved_at", "id"],
        unique=False,
    )
    op.create_table(
        "prompt_versions",
        sa.Column("id", ID, nullable=False),
        sa.Column("prompt_id", ID, nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("messages", sa.JSON(), nullable=False),
        sa.Column("variables", sa.JSON(), nullable=False),
        sa.Column("config", sa.JSON(), nullable=False),
        sa.Column("author", TEXT, nullable=False),
        sa.Column("message", TEXT, nullable=False),
        sa.Column("parents", sa.JSON(), nullable=False),
        sa.Column("content_hash", TEXT, nullable=False),
        sa.Column("created_at", TIME, nullable=False),
        sa.Column("metadata", sa.JSON(), nullable=False),
        sa.CheckConstraint("revision >= 1", name=op.f("ck_prompt_versions_revision")),
        sa.ForeignKeyConstraint(
            ["prompt_id"], ["prompts.id"], name=op.f("fk_prompt_versions_prompt_id_prompts")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_prompt_versions")),
        sa.UniqueConstraint(
            "prompt_id", "revision", name=op.f("uq_prompt_versions_prompt_id_revision")
        ),
    )
    op.create_table(
        "labels",
        sa.Column("prompt_id", ID, nullable=False),
        sa.Column("name", TEXT, nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("moved_by", TEXT, nullable=False),
        sa.Column("moved_at", TIME, nullable=False),
        sa.ForeignKeyConstraint(
            ["prompt_id", "revision"],
            ["prompt_versions.prompt_id", "prompt_versions.revision"],
            name=op.f("fk_labels_prompt_id_revision_prompt_versions"),
        ),
        sa.PrimaryKeyConstraint("prompt_id", "name", name=op.f("pk_labels")),
    )
    op.create_table(
        "runs",
        sa.Column("id", ID, nullable=False),
        sa.Column("kind", TEXT, nullable=False),
        sa.Column("version_id", ID, nullable=True),
        sa.Column("model", TEXT, nullable=False),
        sa.Column("parameters", sa.JSON(), nullable=False),
        sa.Column("input", sa.JSON(), nullable=False),
        sa.Column("output", TEXT, nullable=False),
        sa.Column("input_tokens", sa.Integer(), nullable=False),
        sa.Column("output_tokens", sa.Integer(), nullable=False),
        sa.Column("cost_usd", sa.Float(), nullable=True),
        sa.Column("latency_ms", sa.Float(), nullable=False),
        sa.Column("error", TEXT, nullable=False),
        sa.Column("parent_id", ID, nullable=True),
        sa.Column("who", TEXT, nullable=False),
        sa.Column("trace_id", TEXT, nullable=False),
        sa.Column("phase", TEXT, nullable=False),
        sa.Column("created_at", TIME, nullable=False),
        sa.ForeignKeyConstraint(
            ["version_id"], ["prompt_versions.id"], name=op.f("fk_runs_version_id_prompt_versions")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_runs")),
    )
    op.create_index(
        "ix_runs_newest",
        "runs",
        [sa.literal_column("created_at DESC"), sa.literal_column("id DESC")],
        unique=False,
    )
    op.create_index(
        "ix_runs_newest_of_kind",
        "runs",
        ["kind", sa.literal_column("created_at DESC"), sa.literal_column("id DESC")],
        unique=False,
    )
    op.create_index(
        "ix_runs_newest_of_parent",
        "runs",
        ["parent_id", sa.literal_column("created_at DESC"), sa.literal_column("id DESC")],
        unique=False,
        sqlite_where=sa.text("parent_id IS NOT NULL"),
        postgresql_where=sa.text("parent_id IS NOT NULL"),
    )
    op.create_index(
        "ix_runs_newest_of_version",
        "runs",
        ["version_id", sa.literal_column("created_at DESC"), sa.literal_column("id DESC")],
        unique=False,
        sqlite_where=sa.text("version_id IS NOT NULL"),
        postgresql_where=sa.text("version_id IS NOT NULL"),
    )
    op.create_index(
        "ix_runs_trace",
        "runs",
        ["trace_id"],
        unique=False,
        sqlite_where=sa.text("trace_id <> ''"),
        postgresql_where=sa.text("trace_id <> ''"),
    )
