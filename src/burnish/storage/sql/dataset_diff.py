"""What differs between two versions of a dataset."""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, RowMapping, Subquery, and_, func, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from burnish.storage.datasets import (
    ChangeKind,
    DatasetVersion,
    Difference,
    ExampleChange,
    unpack,
)
from burnish.storage.example import Example
from burnish.storage.tables.datasets import dataset_contents, dataset_examples, datasets

_e, _c = dataset_examples.c, dataset_contents.c


def inside(version: int) -> ColumnElement[bool]:
    """Of rows of `dataset_examples`: whether they belong to that version."""
    return and_(_e.since <= version, or_(_e.until.is_(None), _e.until > version))


async def difference(
    connection: AsyncConnection, old: DatasetVersion, new: DatasetVersion, limit: int
) -> Difference:
    went, came = _only_in(old, new), _only_in(new, old)
    counts: list[int] = []
    items: list[ExampleChange] = []
    queries: tuple[tuple[ChangeKind, Any], ...] = (
        ("added", _lacking(came, went, "after")),
        ("removed", _lacking(went, came, "before")),
        ("changed", _differing(went, came)),
    )
    for kind, query in queries:
        count = await connection.scalar(select(func.count()).select_from(query.subquery()))
        counts.append(count or 0)
        rows = (await connection.execute(query.order_by("position").limit(limit))).mappings().all()
        items += [await _change(connection, kind, row) for row in rows]
    return Difference(
        old=old.reference,
        new=new.reference,
        added=counts[0],
        removed=counts[1],
        changed=counts[2],
        items=tuple(items),
    )


def _only_in(one: DatasetVersion, other: DatasetVersion) -> Subquery:
    """The rows of a version that are not those of the other."""
    key = select(datasets.c.key).where(datasets.c.id == one.dataset_id).scalar_subquery()
    return (
        select(_e.example_id, _e.position, _e.split, _e.content)
        .where(_e.dataset == key, inside(one.version), ~inside(other.version))
        .subquery()
    )


def _lacking(one: Subquery, other: Subquery, side: str) -> Any:
    """The rows of one whose id no row of the other has."""
    there = select(other.c.example_id).where(other.c.example_id == one.c.example_id).exists()
    return select(
        one.c.example_id,
        one.c.position,
        one.c.split.label(f"{side}_split"),
        one.c.content.label(f"{side}_content"),
    ).where(~there)


def _differing(old: Subquery, new: Subquery) -> Any:
    """What was taken out and came back the same is no change."""
    return (
        select(
            new.c.example_id,
            new.c.position,
            old.c.split.label("before_split"),
            old.c.content.label("before_content"),
            new.c.split.label("after_split"),
            new.c.content.label("after_content"),
        )
        .join(old, old.c.example_id == new.c.example_id)
        .where(or_(old.c.content != new.c.content, old.c.split != new.c.split))
    )


async def _change(connection: AsyncConnection, kind: ChangeKind, row: RowMapping) -> ExampleChange:
    sides: dict[str, Example] = {}
    for side in ("before", "after"):
        if (content := row.get(f"{side}_content")) is not None:
            body = await connection.scalar(select(_c.body).where(_c.key == content))
            if body is not None:
                sides[side] = unpack(row["example_id"], row[f"{side}_split"], body)
    return ExampleChange(kind=kind, id=row["example_id"], **sides)
