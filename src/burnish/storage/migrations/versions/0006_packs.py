"""Installed packs, and the prompts that each brought."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"

TEXT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
TIME = sa.String(length=32).with_variant(sa.DateTime(timezone=True), "postgresql")
ID = sa.String(length=36).with_variant(sa.Uuid(as_uuid=False), "postgresql")


def upgrade() -> None:
    op.create_table(
        "packs",
        *(
            sa.Column(name, sa.JSON() if name == "authors" else TEXT, nullable=False)
            for name in (
                *("name", "version", "title", "description", "authors", "licence", "homepage"),
                *("checksum", "source", "commit", "key", "prefix", "installed_by"),
            )
        ),
        sa.Column("installed_at", TIME, nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_packs")),
    )
    op.create_table(
        "pack_prompts",
        sa.Column("pack", TEXT, nullable=False),
        sa.Column("name", TEXT, nullable=False),
        sa.Column("prompt_id", ID, nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("content_hash", TEXT, nullable=False),
        sa.Column("created", sa.Boolean(), nullable=False),
        sa.Column("listed", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("pack", "name", name=op.f("pk_pack_prompts")),
        sa.ForeignKeyConstraint(["pack"], ["packs.name"], name=op.f("fk_pack_prompts_pack_packs")),
        sa.ForeignKeyConstraint(
            ["prompt_id"], ["prompts.id"], name=op.f("fk_pack_prompts_prompt_id_prompts")
        ),
    )
    op.create_index("ix_pack_prompts_prompt_id", "pack_prompts", ["prompt_id"])
