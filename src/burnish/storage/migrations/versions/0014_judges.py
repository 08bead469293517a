"""What judges cost: beside each result of an evaluation, and in what an optimisation has paid."""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"


def upgrade() -> None:
    op.add_column(
        "results", sa.Column("judge_calls", sa.Integer(), server_default="0", nullable=False)
    )
    op.add_column("results", sa.Column("judge_cost_usd", sa.Float(), server_default="0"))
    op.add_column("optimization_answers", sa.Column("paid_usd", sa.Float(), nullable=True))
    op.execute("UPDATE optimization_answers SET paid_usd = cost_usd")
