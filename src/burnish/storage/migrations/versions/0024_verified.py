"""Since when an e-mail address is known to be somebody's own.

Who has an account by an admin or an invitation has it by somebody who knew them; who registered by
themselves has shown nothing yet."""

import sqlalchemy as sa
from alembic import op

revision = "0024"
down_revision = "0023"

TIME = sa.String(length=32).with_variant(sa.DateTime(timezone=True), "postgresql")


def upgrade() -> None:
    op.add_column("users", sa.Column("verified_at", TIME, nullable=True))
    op.execute("UPDATE users SET verified_at = created_at WHERE created_by <> email")
    op.create_index("ix_one_time_tokens_email", "one_time_tokens", ["email"])
