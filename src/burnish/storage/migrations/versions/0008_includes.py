"""Prompts can include others: which versions name which."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"

TEXT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
ID = sa.String(length=36).with_variant(sa.Uuid(as_uuid=False), "postgresql")


def upgrade() -> None:
    # Empty to begin with: until now no template with an include could be stored.
    op.create_table(
        "includes",
        sa.Column("version_id", ID, nullable=False),
        sa.Column("asked", TEXT, nullable=False),
        sa.Column("name", TEXT, nullable=False),
        sa.PrimaryKeyConstraint("version_id", "asked", name=op.f("pk_includes")),
        sa.ForeignKeyConstraint(
            ["version_id"],
            ["prompt_versions.id"],
            name=op.f("fk_includes_version_id_prompt_versions"),
        ),
    )
    op.create_index("ix_includes_name", "includes", ["name"])
