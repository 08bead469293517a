"""The library can be searched: by words, by meaning, and by what filters ask for."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"

TEXT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
TIME = sa.String(length=32).with_variant(sa.DateTime(timezone=True), "postgresql")
ID = sa.String(length=36).with_variant(sa.Uuid(as_uuid=False), "postgresql")

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
_FORGET = """
  INSERT INTO search_fts (search_fts, rowid, name, tags, description, facets, body)
  SELECT 'delete', OLD.doc, OLD.name, OLD.tags, OLD.description, OLD.facets, body
  FROM search_bodies WHERE version_id = OLD.version_id;"""
_LEARN = """
  INSERT INTO search_fts (rowid, name, tags, description, facets, body)
  SELECT NEW.doc, NEW.name, NEW.tags, NEW.description, NEW.facets, body
  FROM search_bodies WHERE version_id = NEW.version_id;"""
_SAY = "INSERT INTO search_touched (prompt_id) VALUES"

STATEMENTS = (
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


def upgrade() -> None:
    op.create_table(
        "search_docs",
        sa.Column("doc", sa.Integer(), nullable=False),
        sa.Column("prompt_id", ID, nullable=False),
        sa.Column("version_id", ID, nullable=True),
        *(
            sa.Column(name, TEXT, nullable=False)
            for name in ("name", "category", "tags", "description", "facets")
        ),
        sa.Column("unspaced", sa.Boolean(), nullable=False),
        sa.Column("stamp", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("doc", name=op.f("pk_search_docs")),
        sa.ForeignKeyConstraint(
            ["prompt_id"], ["prompts.id"], name=op.f("fk_search_docs_prompt_id_prompts")
        ),
        sa.ForeignKeyConstraint(
            ["version_id"],
            ["prompt_versions.id"],
            name=op.f("fk_search_docs_version_id_prompt_versions"),
        ),
        sa.UniqueConstraint("prompt_id", name=op.f("uq_search_docs_prompt_id")),
    )
    op.create_index("ix_search_docs_stamp", "search_docs", ["stamp"])
    op.create_index("ix_search_docs_version_id", "search_docs", ["version_id"])
    op.create_table(
        "search_vectors",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("doc", sa.Integer(), nullable=False),
        sa.Column("embedder", TEXT, nullable=False),
        sa.Column("stamp", sa.Integer(), nullable=False),
        sa.Column("vector", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_search_vectors")),
        sa.ForeignKeyConstraint(
            ["doc"], ["search_docs.doc"], name=op.f("fk_search_vectors_doc_search_docs")
        ),
        sa.UniqueConstraint("doc", "embedder", name=op.f("uq_search_vectors_doc_embedder")),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "search_leases",
        sa.Column("task", TEXT, nullable=False),
        sa.Column("holder", TEXT, nullable=False),
        sa.Column("until", TIME, nullable=False),
        sa.PrimaryKeyConstraint("task", name=op.f("pk_search_leases")),
    )
    if op.get_bind().dialect.name == "sqlite":
        for statement in STATEMENTS:
            op.execute(statement)
        # What is there already, in the order in which it came.
        op.execute("INSERT INTO search_touched (prompt_id) SELECT id FROM prompts ORDER BY id")
