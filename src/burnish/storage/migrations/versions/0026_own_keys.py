"""Keys that people make for themselves: a name is taken for each owner apart."""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0026"
down_revision = "0025"

TEXT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
ID = sa.String(length=36).with_variant(sa.Uuid(as_uuid=False), "postgresql")
TIME = sa.String(length=32).with_variant(sa.DateTime(timezone=True), "postgresql")
_KEPT = (
    *("id", "name", "role", "rights", "secret_hash", "created_by", "created_at"),
    *("expires_at", "last_used_at", "revoked_at", "project"),
)


def upgrade() -> None:
    """Made anew: SQLite cannot take a constraint away."""
    op.execute("CREATE TABLE api_keys_before AS SELECT * FROM api_keys")
    op.drop_table("api_keys")
    op.create_table(
        "api_keys",
        sa.Column("id", ID, nullable=False),
        sa.Column("name", TEXT, nullable=False),
        sa.Column("role", TEXT, nullable=False),
        sa.Column("rights", sa.JSON(), nullable=False),
        sa.Column("secret_hash", TEXT, nullable=False),
        sa.Column("created_by", TEXT, nullable=False),
        sa.Column("created_at", TIME, nullable=False),
        sa.Column("expires_at", TIME),
        sa.Column("last_used_at", TIME),
        sa.Column("revoked_at", TIME),
        sa.Column("project", TEXT, nullable=False, server_default=""),
        sa.Column("owner", TEXT, nullable=False, server_default=""),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_api_keys")),
        sa.UniqueConstraint("name", "owner", name=op.f("uq_api_keys_name_owner")),
    )
    before, now = (_table(name) for name in ("api_keys_before", "api_keys"))
    kept = sa.select(*(before.c[name] for name in _KEPT))
    op.execute(sa.insert(now).from_select(_KEPT, kept))
    op.drop_table("api_keys_before")


def _table(name: str) -> sa.TableClause:
    columns: list[sa.ColumnClause[Any]] = [sa.column(each) for each in _KEPT]
    return sa.table(name, *columns)
