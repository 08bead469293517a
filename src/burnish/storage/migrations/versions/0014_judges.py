"""What judges cost: beside each result of an evaluation, and in what an optimisation has paid.

What they cost before was not kept, and counts as nothing."""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"


def upgrade() -> None:
    op.add_column(
        "results", sa.Column("judge_calls", sa.Integer(), server_default="0", nullable=False)
    )
    op.add_column("results", sa.Column("judge_cost_usd", sa.Float(), server_default="0"))
    for column in (
        sa.Column("paid_usd", sa.Float(), server_default="0", nullable=False),
        sa.Column("unpriced", sa.Integer(), server_default="0", nullable=False),
    ):
        op.add_column("optimization_answers", column)
    op.execute("UPDATE optimization_answers SET paid_usd = cost_usd WHERE cost_usd IS NOT NULL")
    op.execute("UPDATE optimization_answers SET unpriced = 1 WHERE cost_usd IS NULL")
