"""How much each has asked for lately."""

import sqlalchemy as sa
from alembic import op

revision = "0021"
down_revision = "0020"

TEXT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def upgrade() -> None:
    op.create_table(
        "buckets",
        sa.Column("who", TEXT, nullable=False),
        sa.Column("full_at", sa.Float(), nullable=False),
        sa.PrimaryKeyConstraint("who", name=op.f("pk_buckets")),
    )
    op.create_index("ix_buckets_full_at", "buckets", ["full_at"])
