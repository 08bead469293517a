"""What is searched: one row a prompt, its full-text index, and vectors of its meaning.

Triggers keep the rows and the full-text index right in the very transaction that changes a prompt,
whoever writes. A row names the version that a bare name gives (`production` where that label
exists, else the newest of the main branch); `version_id` is NULL while nothing is to be found,
because the prompt is deleted or that version archived. Each change of a row gives it the next
`stamp`, so what a process has not seen yet is a range of an index.

SQLite checks all triggers and views when a table is renamed: a migration that rebuilds `prompts`,
`prompt_versions` or `labels` has to drop `SQLITE_SEARCH`'s triggers and views before, and make
them again after.
"""

from __future__ import annotations

from typing import Final

from sqlalchemy import (
    DDL,
    Boolean,
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    Table,
    UniqueConstraint,
    event,
)

from burnish.storage.tables.base import Id, UtcTime, Verbatim, metadata

search_docs = Table(
    "search_docs",
    metadata,
    Column("doc", Integer, primary_key=True),
    Column("prompt_id", Id, ForeignKey("prompts.id"), nullable=False),
    Column("version_id", Id, ForeignKey("prompt_versions.id")),
    Column("name", Verbatim, nullable=False),
    Column("category", Verbatim, nullable=False),
    Column("tags", Verbatim, nullable=False),
    Column("description", Verbatim, nullable=False),
    # What filters ask for, each as one word that no text holds by chance.
    Column("facets", Verbatim, nullable=False),
    # Whether the text has words of a script without spaces, which no word index finds.
    Column("unspaced", Boolean, nullable=False),
    Column("stamp", Integer, nullable=False),
    UniqueConstraint("prompt_id"),
    Index("ix_search_docs_stamp", "stamp"),
    Index("ix_search_docs_version_id", "version_id"),
)

# `stamp` is the one that the row had when the vector was made: after a change it is another's.
# Ids only grow, so vectors that a process has not seen yet are a range of the primary key.
search_vectors = Table(
    "search_vectors",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("doc", Integer, ForeignKey("search_docs.doc"), nullable=False),
    Column("embedder", Verbatim, nullable=False),
    Column("stamp", Integer, nullable=False),
    Column("vector", LargeBinary, nullable=False),
    UniqueConstraint("doc", "embedder"),
    sqlite_autoincrement=True,
)

# Who does a piece of work that several processes could do, and until when it counts on them.
search_leases = Table(
    "search_leases",
    metadata,
    Column("task", Verbatim, primary_key=True),
    Column("holder", Verbatim, nullable=False),
    Column("until", UtcTime, nullable=False),
)

# Porter's stemmer for English; other languages keep their words, without diacritics.
_FTS = """
CREATE VIRTUAL TABLE search_fts USING fts5(
  name, tags, description, facets, body,
  content='search_texts', content_rowid='doc',
  tokenize='porter unicode61 remove_diacritics 2'
)"""
_VOCABULARY = "CREATE VIRTUAL TABLE search_words USING fts5vocab('search_fts', 'row')"
_BODIES = """
CREATE VIEW search_bodies AS
SELECT v.id AS version_id, (
  SELECT group_concat(json_extract(m.value, '$.content'), char(10)) FROM json_each(v.messages) AS m
) AS body
FROM prompt_versions AS v"""
# SQLite's own functions take JSON to a depth of a thousand or so; ours may be deeper.
_VERSIONS = """
CREATE VIEW search_versions AS
SELECT id, prompt_id, revision, author, archived_at, messages,
  CASE WHEN json_valid(config) AND json_valid(metadata) THEN
    coalesce(json_extract(config, '$.model'), json_extract(metadata, '$.model'), '')
    ELSE '' END AS model,
  CASE WHEN json_valid(config) AND json_valid(metadata) THEN
    coalesce(json_extract(config, '$.language'), json_extract(metadata, '$.language'), '')
    ELSE '' END AS language
FROM prompt_versions"""
_TEXTS = """
CREATE VIEW search_texts AS
SELECT d.doc, d.name, d.tags, d.description, d.facets, b.body
FROM search_docs AS d JOIN search_bodies AS b ON b.version_id = d.version_id"""
# Hexadecimal digits make any value one word, and the 0 behind them keeps the stemmer off. A text
# of as many bytes as characters is ASCII, which is found out faster than by its letters.
_CURRENT = """
CREATE VIEW search_current AS
SELECT p.id AS prompt_id, v.id AS version_id, p.name, p.category, p.description,
  coalesce((SELECT group_concat(t.value, ' ') FROM json_each(p.tags) AS t), '') AS tags,
  'c' || hex(p.category) || '0 a' || hex(v.author) || '0 m' || hex(v.model) || '0 p'
  || hex(substr(v.model, 1, instr(v.model || char(58), char(58)) - 1)) || '0 l'
  || hex(v.language) || '0'
  || coalesce((SELECT group_concat(' t' || hex(t.value) || '0', '') FROM json_each(p.tags) AS t),
    '') AS facets,
  CASE WHEN length(p.name || p.description || coalesce(v.messages, ''))
    = length(CAST(p.name || p.description || coalesce(v.messages, '') AS BLOB)) THEN 0
  ELSE p.name || p.description || coalesce(v.messages, '')
    GLOB '*[฀-࿿က-႟ក-៿぀-ヿ㐀-鿿가-힣豈-﫿]*' END AS unspaced
FROM prompts AS p LEFT JOIN search_versions AS v ON v.prompt_id = p.id
  AND p.deleted_at IS NULL AND v.archived_at IS NULL AND v.revision = coalesce(
    (SELECT l.revision FROM labels AS l WHERE l.prompt_id = p.id AND l.name = 'production'),
    p.latest_revision)"""
_TOUCHED = "CREATE VIEW search_touched AS SELECT prompt_id FROM search_docs"
_TOUCH = """
CREATE TRIGGER search_touch INSTEAD OF INSERT ON search_touched BEGIN
  INSERT INTO search_docs (
    prompt_id, version_id, name, category, tags, description, facets, unspaced, stamp)
  SELECT prompt_id, version_id, name, category, tags, description, facets, unspaced,
    coalesce((SELECT max(stamp) FROM search_docs), 0) + 1
  FROM search_current WHERE prompt_id = NEW.prompt_id
  ON CONFLICT (prompt_id) DO UPDATE SET
    version_id = excluded.version_id, name = excluded.name, category = excluded.category,
    tags = excluded.tags, description = excluded.description, facets = excluded.facets,
    unspaced = excluded.unspaced, stamp = excluded.stamp
  WHERE (version_id, name, category, tags, description, facets) IS NOT (
    excluded.version_id, excluded.name, excluded.category, excluded.tags,
    excluded.description, excluded.facets);
END"""
# The index forgets a text only when it is told exactly what it was given; that is why the rows
# keep what they gave. The texts of versions never change.
_FORGET = """
  INSERT INTO search_fts (search_fts, rowid, name, tags, description, facets, body)
  SELECT 'delete', OLD.doc, OLD.name, OLD.tags, OLD.description, OLD.facets, body
  FROM search_bodies WHERE version_id = OLD.version_id;"""
_LEARN = """
  INSERT INTO search_fts (rowid, name, tags, description, facets, body)
  SELECT NEW.doc, NEW.name, NEW.tags, NEW.description, NEW.facets, body
  FROM search_bodies WHERE version_id = NEW.version_id;"""
_SAY = "INSERT INTO search_touched (prompt_id) VALUES"

SQLITE_SEARCH: Final = (
    _BODIES,
    _VERSIONS,
    _TEXTS,
    _CURRENT,
    _TOUCHED,
    _FTS,
    _VOCABULARY,
    _TOUCH,
    f"CREATE TRIGGER search_doc_added AFTER INSERT ON search_docs BEGIN {_LEARN}\nEND",
    f"CREATE TRIGGER search_doc_changed AFTER UPDATE ON search_docs BEGIN {_FORGET}{_LEARN}\nEND",
    f"""CREATE TRIGGER search_version_added AFTER INSERT ON prompt_versions
WHEN NEW.revision = (SELECT latest_revision FROM prompts WHERE id = NEW.prompt_id)
BEGIN {_SAY} (NEW.prompt_id); END""",  # noqa: S608 - all of it is ours
    f"""CREATE TRIGGER search_version_archived AFTER UPDATE OF archived_at ON prompt_versions
BEGIN {_SAY} (NEW.prompt_id); END""",
    f"""CREATE TRIGGER search_prompt_changed
AFTER UPDATE OF name, category, tags, description, latest_revision, deleted_at ON prompts
BEGIN {_SAY} (NEW.id); END""",
    f"""CREATE TRIGGER search_label_added AFTER INSERT ON labels
WHEN NEW.name = 'production' BEGIN {_SAY} (NEW.prompt_id); END""",
    f"""CREATE TRIGGER search_label_moved AFTER UPDATE OF revision ON labels
WHEN NEW.name = 'production' BEGIN {_SAY} (NEW.prompt_id); END""",
    f"""CREATE TRIGGER search_label_removed AFTER DELETE ON labels
WHEN OLD.name = 'production' BEGIN {_SAY} (OLD.prompt_id); END""",
)
for _statement in SQLITE_SEARCH:
    event.listen(metadata, "after_create", DDL(_statement).execute_if(dialect="sqlite"))


def is_described(name: str | None, kind: str, _parents: object) -> bool:
    """For comparisons of a database with the tables: the full-text index makes tables of its own,
    which no metadata describes."""
    own = ("search_fts", "search_words", "knowledge_fts", "knowledge_words")
    return kind != "table" or not (name or "").startswith(own)
