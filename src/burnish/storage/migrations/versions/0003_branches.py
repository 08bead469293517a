"""Prompts have branches, tags, archived versions, requests for labels, and relations."""

from datetime import UTC, datetime

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"

TEXT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
TIME = sa.String(length=32).with_variant(sa.DateTime(timezone=True), "postgresql")
ID = sa.String(length=36).with_variant(sa.Uuid(as_uuid=False), "postgresql")


def upgrade() -> None:
    op.add_column(
        "prompts", sa.Column("last_revision", sa.Integer(), server_default="0", nullable=False)
    )
    op.add_column("prompts", sa.Column("last_used_at", TIME, nullable=True))
    op.execute("UPDATE prompts SET last_revision = latest_revision")
    # When they were used is not known; counting from now takes none for one that rests.
    prompts = sa.table("prompts", sa.column("usage_count"), sa.column("last_used_at", TIME))
    now = datetime.now(UTC)
    on_sqlite = op.get_bind().dialect.name == "sqlite"
    op.execute(
        prompts.update()
        .where(prompts.c.usage_count > 0)
        .values(last_used_at=now.isoformat(timespec="microseconds") if on_sqlite else now)
    )
    op.add_column(
        "prompt_versions", sa.Column("branch", TEXT, server_default="main", nullable=False)
    )
    op.add_column("prompt_versions", sa.Column("archived_at", TIME, nullable=True))
    op.add_column(
        "labels", sa.Column("tag", sa.Boolean(), server_default=sa.false(), nullable=False)
    )
    op.create_table(
        "branches",
        sa.Column("prompt_id", ID, nullable=False),
        sa.Column("name", TEXT, nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("from_revision", sa.Integer(), nullable=False),
        sa.Column("made_by", TEXT, nullable=False),
        sa.Column("made_at", TIME, nullable=False),
        sa.PrimaryKeyConstraint("prompt_id", "name", name=op.f("pk_branches")),
        sa.ForeignKeyConstraint(
            ["prompt_id", "revision"],
            ["prompt_versions.prompt_id", "prompt_versions.revision"],
            name=op.f("fk_branches_prompt_id_revision_prompt_versions"),
        ),
    )
    _label_requests()
    _relations()


def _label_requests() -> None:
    op.create_table(
        "label_requests",
        sa.Column("id", ID, nullable=False),
        sa.Column("prompt_id", ID, nullable=False),
        sa.Column("label", TEXT, nullable=False),
        sa.Column("from_revision", sa.Integer(), nullable=True),
        sa.Column("to_revision", sa.Integer(), nullable=True),
        sa.Column("asked_by", TEXT, nullable=False),
        sa.Column("asked_at", TIME, nullable=False),
        sa.Column("why", TEXT, nullable=False),
        sa.Column("state", TEXT, nullable=False),
        sa.Column("decided_by", TEXT, nullable=False),
        sa.Column("decided_at", TIME, nullable=True),
        sa.Column("because", TEXT, nullable=False),
        sa.Column("tag", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_label_requests")),
        sa.ForeignKeyConstraint(
            ["prompt_id"], ["prompts.id"], name=op.f("fk_label_requests_prompt_id_prompts")
        ),
    )
    op.create_index(
        "ix_label_requests_state_asked_at", "label_requests", ["state", "asked_at", "id"]
    )


def _relations() -> None:
    op.create_table(
        "relations",
        sa.Column("from_version", ID, nullable=False),
        sa.Column("to_version", ID, nullable=False),
        sa.Column("kind", TEXT, nullable=False),
        sa.Column("at", TIME, nullable=False),
        sa.PrimaryKeyConstraint("from_version", "to_version", "kind", name=op.f("pk_relations")),
        sa.ForeignKeyConstraint(
            ["from_version"],
            ["prompt_versions.id"],
            name=op.f("fk_relations_from_version_prompt_versions"),
        ),
        sa.ForeignKeyConstraint(
            ["to_version"],
            ["prompt_versions.id"],
            name=op.f("fk_relations_to_version_prompt_versions"),
        ),
    )
    op.create_index("ix_relations_to_version", "relations", ["to_version"])
