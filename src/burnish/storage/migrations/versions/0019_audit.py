"""Who changed what."""

import sqlalchemy as sa
from alembic import op

revision = "0019"
down_revision = "0018"

TEXT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
ID = sa.String(length=36).with_variant(sa.Uuid(as_uuid=False), "postgresql")
TIME = sa.String(length=32).with_variant(sa.DateTime(timezone=True), "postgresql")
REFUSED = "SELECT RAISE(ABORT, 'the audit log is only ever added to')"


def upgrade() -> None:
    texts = ("who", "kind", "action", "subject", "address", "request_id")
    op.create_table(
        "audit",
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("id", ID, nullable=False),
        sa.Column("at", TIME, nullable=False),
        *(sa.Column(name, TEXT, nullable=False) for name in texts),
        sa.Column("before", sa.JSON(), nullable=False),
        sa.Column("after", sa.JSON(), nullable=False),
        sa.Column("previous", TEXT, nullable=False),
        sa.Column("hash", TEXT, nullable=False),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_audit")),
    )
    op.create_index("ix_audit_who", "audit", ["who", "number"])
    op.create_table(
        "audit_names",
        sa.Column("reference", TEXT, nullable=False),
        sa.Column("kind", TEXT, nullable=False),
        sa.Column("id", TEXT, nullable=False),
        sa.Column("name", TEXT, nullable=False),
        sa.PrimaryKeyConstraint("reference", name=op.f("pk_audit_names")),
        sa.UniqueConstraint("kind", "id", "name", name=op.f("uq_audit_names_kind_id_name")),
    )
    if op.get_bind().dialect.name == "sqlite":
        op.execute(f"CREATE TRIGGER audit_kept BEFORE UPDATE ON audit BEGIN {REFUSED}; END")
        op.execute(f"CREATE TRIGGER audit_not_cut BEFORE DELETE ON audit BEGIN {REFUSED}; END")
