"""Datasets: named sets of examples, kept as versions."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"

ID = sa.String(length=36).with_variant(sa.Uuid(as_uuid=False), "postgresql")
TEXT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
TIME = sa.String(length=32).with_variant(sa.DateTime(timezone=True), "postgresql")


def upgrade() -> None:
    op.create_table(
        "datasets",
        sa.Column("key", sa.Integer(), nullable=False),
        sa.Column("id", ID, nullable=False),
        *_required(TEXT, "name", "description"),
        *_required(TIME, "created_at", "updated_at"),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_datasets")),
        sa.UniqueConstraint("id", name=op.f("uq_datasets_id")),
        sa.UniqueConstraint("name", name=op.f("uq_datasets_name")),
    )
    op.create_table(
        "dataset_versions",
        sa.Column("id", ID, nullable=False),
        *_required(sa.Integer(), "dataset", "version", "size"),
        sa.Column("splits", sa.JSON(), nullable=False),
        *_required(TEXT, "content_hash", "message", "author", "origin"),
        *_required(TIME, "created_at"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_dataset_versions")),
        sa.ForeignKeyConstraint(
            ["dataset"], ["datasets.key"], name=op.f("fk_dataset_versions_dataset_datasets")
        ),
        sa.UniqueConstraint("dataset", "version", name=op.f("uq_dataset_versions_dataset_version")),
    )
    op.create_table(
        "dataset_contents",
        sa.Column("key", sa.Integer(), nullable=False),
        *_required(TEXT, "digest"),
        *_required(sa.Integer(), "size_bytes"),
        *_required(TEXT, "body"),
        *_required(TIME, "added_at"),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_dataset_contents")),
        sa.UniqueConstraint("digest", name=op.f("uq_dataset_contents_digest")),
    )
    _examples()


def _examples() -> None:
    op.create_table(
        "dataset_examples",
        sa.Column("key", sa.Integer(), nullable=False),
        *_required(sa.Integer(), "dataset", "position"),
        *_required(TEXT, "example_id", "split"),
        *_required(sa.Integer(), "content", "since"),
        sa.Column("until", sa.Integer(), nullable=True),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_dataset_examples")),
        sa.ForeignKeyConstraint(
            ["dataset"], ["datasets.key"], name=op.f("fk_dataset_examples_dataset_datasets")
        ),
        sa.ForeignKeyConstraint(
            ["content"],
            ["dataset_contents.key"],
            name=op.f("fk_dataset_examples_content_dataset_contents"),
        ),
    )
    for column in ("position", "example_id"):
        op.create_index(
            f"ix_dataset_examples_dataset_{column}", "dataset_examples", ["dataset", column]
        )
    op.create_index("ix_dataset_examples_content", "dataset_examples", ["content"])


def _required(kind: Any, *names: str) -> list[sa.Column[Any]]:
    return [sa.Column(name, kind, nullable=False) for name in names]
