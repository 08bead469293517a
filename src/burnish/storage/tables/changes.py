"""What happened to prompts lately, for memories of prompts in other processes.

Triggers write the rows in the very transaction that changes a prompt, whoever writes. A prompt
that is new needs none: nobody can remember it. Only the last rows are kept, as a memory that has
missed some knows it by the gap, and forgets all.

SQLite checks all triggers when a table is renamed: a migration that rebuilds `prompts`,
`prompt_versions`, `labels` or `branches` has to drop `SQLITE_CHANGES`'s triggers before, and make
them again after.
"""

from __future__ import annotations

from typing import Final

from sqlalchemy import DDL, Column, Integer, Table, event

from burnish.storage.tables.base import Verbatim, metadata

prompt_changes = Table(
    "prompt_changes",
    metadata,
    Column("seq", Integer, primary_key=True),
    Column("name", Verbatim, nullable=False),
    Column("kind", Verbatim, nullable=False),
    Column("label", Verbatim),
    sqlite_autoincrement=True,
)

_SAY = "INSERT INTO prompt_changes (name, kind, label) SELECT name,"
_LABEL = f"{_SAY} 'label', {{0}}.name FROM prompts WHERE id = {{0}}.prompt_id;"

SQLITE_CHANGES: Final = (
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
    # A version of any branch is noted in `last_revision`.
    """CREATE TRIGGER changes_prompt_changed
AFTER UPDATE OF name, category, tags, description, owner, latest_revision, last_revision, deleted_at
ON prompts WHEN OLD.deleted_at IS NULL
BEGIN INSERT INTO prompt_changes (name, kind) VALUES (OLD.name,
  CASE WHEN NEW.deleted_at IS NULL AND NEW.name = OLD.name THEN 'prompt' ELSE 'gone' END); END""",
)
for _statement in SQLITE_CHANGES:
    event.listen(metadata, "after_create", DDL(_statement).execute_if(dialect="sqlite"))
