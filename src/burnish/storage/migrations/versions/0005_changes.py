"""What happens to prompts is noted, for memories of prompts in other processes."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"

TEXT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")

_SAY = "INSERT INTO prompt_changes (name, kind, label) SELECT name,"
_LABEL = f"{_SAY} 'label', {{0}}.name FROM prompts WHERE id = {{0}}.prompt_id;"

STATEMENTS = (
    """CREATE TRIGGER changes_pruned AFTER INSERT ON prompt_changes
BEGIN DELETE FROM prompt_changes WHERE seq <= NEW.seq - 10000; END""",
    f"""CREATE TRIGGER changes_label_added AFTER INSERT ON labels
BEGIN {_LABEL.format("NEW")} END""",
    f"""CREATE TRIGGER changes_label_moved AFTER UPDATE OF revision ON labels
BEGIN {_LABEL.format("NEW")} END""",
    f"""CREATE TRIGGER changes_label_removed AFTER DELETE ON labels
BEGIN {_LABEL.format("OLD")} END""",
    f"""CREATE TRIGGER changes_branch_removed AFTER DELETE ON branches
BEGIN {_SAY} 'prompt', NULL FROM prompts WHERE id = OLD.prompt_id; END""",
    f"""CREATE TRIGGER changes_version_archived AFTER UPDATE OF archived_at ON prompt_versions
BEGIN {_SAY} 'archive', NULL FROM prompts WHERE id = NEW.prompt_id; END""",
    """CREATE TRIGGER changes_prompt_changed
AFTER UPDATE OF name, category, tags, description, owner, latest_revision, last_revision, deleted_at
ON prompts WHEN OLD.deleted_at IS NULL
BEGIN INSERT INTO prompt_changes (name, kind) VALUES (OLD.name,
  CASE WHEN NEW.deleted_at IS NULL AND NEW.name = OLD.name THEN 'prompt' ELSE 'gone' END); END""",
)


def upgrade() -> None:
    op.create_table(
        "prompt_changes",
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("name", TEXT, nullable=False),
        sa.Column("kind", TEXT, nullable=False),
        sa.Column("label", TEXT, nullable=True),
        sa.PrimaryKeyConstraint("seq", name=op.f("pk_prompt_changes")),
        sqlite_autoincrement=True,
    )
    if op.get_bind().dialect.name == "sqlite":
        for statement in STATEMENTS:
            op.execute(statement)
