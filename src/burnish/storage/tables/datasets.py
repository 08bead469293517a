"""Datasets. A version is a number: an example belongs to those from `since` until before `until`,
so that a version costs what it changes. What an example says is stored once, by its hash."""

from __future__ import annotations

from sqlalchemy import Column, ForeignKey, Index, Integer, Table, UniqueConstraint

from burnish.storage.tables.base import Id, Json, UtcTime, Verbatim, metadata

datasets = Table(
    "datasets",
    metadata,
    Column("key", Integer, primary_key=True),
    Column("id", Id, nullable=False),
    Column("name", Verbatim, nullable=False),
    Column("description", Verbatim, nullable=False),
    Column("created_at", UtcTime, nullable=False),
    Column("updated_at", UtcTime, nullable=False),
    UniqueConstraint("id"),
    UniqueConstraint("name"),
)

dataset_versions = Table(
    "dataset_versions",
    metadata,
    Column("id", Id, primary_key=True),
    Column("dataset", Integer, ForeignKey("datasets.key"), nullable=False),
    Column("version", Integer, nullable=False),
    Column("size", Integer, nullable=False),
    Column("splits", Json(dict[str, int]), nullable=False),
    Column("content_hash", Verbatim, nullable=False),
    Column("message", Verbatim, nullable=False),
    Column("author", Verbatim, nullable=False),
    Column("origin", Verbatim, nullable=False),
    Column("created_at", UtcTime, nullable=False),
    UniqueConstraint("dataset", "version"),
)

dataset_contents = Table(
    "dataset_contents",
    metadata,
    Column("key", Integer, primary_key=True),
    Column("digest", Verbatim, nullable=False),
    Column("size_bytes", Integer, nullable=False),
    Column("body", Verbatim, nullable=False),
    # What nobody has come to name a day later never will be: the work was killed.
    Column("added_at", UtcTime, nullable=False),
    UniqueConstraint("digest"),
)

dataset_examples = Table(
    "dataset_examples",
    metadata,
    Column("key", Integer, primary_key=True),
    Column("dataset", Integer, ForeignKey("datasets.key"), nullable=False),
    Column("position", Integer, nullable=False),
    Column("example_id", Verbatim, nullable=False),
    Column("split", Verbatim, nullable=False),
    Column("content", Integer, ForeignKey("dataset_contents.key"), nullable=False),
    Column("since", Integer, nullable=False),
    Column("until", Integer),
    Index("ix_dataset_examples_dataset_position", "dataset", "position"),
    Index("ix_dataset_examples_dataset_example_id", "dataset", "example_id"),
    Index("ix_dataset_examples_content", "content"),
)
