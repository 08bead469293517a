"""Datasets over SQL."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, RowMapping, delete, func, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection

from burnish.errors import Conflict
from burnish.storage.datasets import (
    Change,
    Dataset,
    DatasetVersion,
    Difference,
    Incoming,
    Placed,
    Put,
    unpack,
)
from burnish.storage.example import Example, Split
from burnish.storage.sql.database import Database
from burnish.storage.sql.dataset_diff import difference, inside
from burnish.storage.sql.dataset_put import Putting, put_contents
from burnish.storage.tables.datasets import (
    dataset_contents,
    dataset_examples,
    dataset_versions,
    datasets,
)

_d, _v, _c, _e = datasets.c, dataset_versions.c, dataset_contents.c, dataset_examples.c
_PAGE = 500
# Of bodies that are in memory at once; one may have more.
_PAGE_BYTES = 4 * 1024 * 1024
_STEP = 10_000
_UNNAMED_FOR = timedelta(days=1)


class SqlDatasets:
    def __init__(self, database: Database) -> None:
        self._database = database

    async def put(self, change: Change, incoming: Incoming) -> Put:
        # The bulk goes in by short steps, so that others can write meanwhile; what nobody names
        # does not show. The one step after that is short, and puts in what is gone by then.
        async for batch in incoming.batches():
            async with self._database.writing() as connection:
                await put_contents(connection, batch, change.at)
        try:
            async with self._database.writing() as connection:
                putting = await Putting.begin(connection, change)
                async for batch in incoming.batches():
                    await putting.take(batch)
                if change.replace:
                    await putting.drop_others(incoming)
                done = await putting.end()
        except IntegrityError as error:
            raise Conflict(
                f"the dataset {change.name!r} changed meanwhile",
                hint="nothing was stored; try again",
                subject=change.name,
            ) from error
        version = await self._version(_v.id == done.version_id)
        if version is None:
            raise Conflict(
                f"the dataset {change.name!r} was deleted meanwhile",
                hint="add it again",
                subject=change.name,
            )
        return Put(version=version, **done.counts)

    async def by_name(self, name: str) -> Dataset | None:
        async with self._database.reading() as connection:
            row = (await connection.execute(_DATASETS.where(_d.name == name))).mappings().first()
        return None if row is None else _dataset_of(row)

    async def all(self) -> list[Dataset]:
        async with self._database.reading() as connection:
            rows = (await connection.execute(_DATASETS.order_by(_d.name))).mappings().all()
        return [_dataset_of(row) for row in rows]

    async def versions(self, dataset_id: str) -> list[DatasetVersion]:
        query = _VERSIONS.where(_d.id == dataset_id).order_by(_v.version.desc())
        async with self._database.reading() as connection:
            rows = (await connection.execute(query)).mappings().all()
        return [DatasetVersion(**row) for row in rows]

    async def version(self, dataset_id: str, version: int) -> DatasetVersion | None:
        return await self._version(_d.id == dataset_id, _v.version == version)

    async def page(
        self, version: DatasetVersion, *, split: Split | None = None, after: int = 0
    ) -> list[Placed]:
        query = (
            select(_e.position, _e.example_id, _e.split, _e.content, _c.size_bytes)
            .join(dataset_contents, _c.key == _e.content)
            .where(
                _e.dataset == select(_d.key).where(_d.id == version.dataset_id).scalar_subquery(),
                _e.position > after,
                inside(version.version),
                *((_e.split == split,) if split else ()),
            )
            .order_by(_e.position)
            .limit(_PAGE)
        )
        async with self._database.reading() as connection:
            rows = _that_fit((await connection.execute(query)).mappings().all())
            bodies = await _bodies(connection, [row["content"] for row in rows])
        return [
            Placed(row["position"], unpack(row["example_id"], row["split"], bodies[row["content"]]))
            for row in rows
            # Somebody deleted the dataset in between.
            if row["content"] in bodies
        ]

    async def named(self, version: DatasetVersion, ids: Sequence[str]) -> list[Example]:
        query = (
            select(_e.example_id, _e.split, _c.body)
            .join(dataset_contents, _c.key == _e.content)
            .where(
                _e.dataset == select(_d.key).where(_d.id == version.dataset_id).scalar_subquery(),
                _e.example_id.in_(ids),
                inside(version.version),
            )
            .order_by(_e.position)
        )
        async with self._database.reading() as connection:
            return [unpack(*row) for row in (await connection.execute(query)).all()]

    async def diff(self, old: DatasetVersion, new: DatasetVersion, limit: int) -> Difference:
        async with self._database.reading() as connection:
            return await difference(connection, old, new, limit)

    async def remove(self, dataset_id: str, now: datetime) -> bool:
        async with self._database.writing() as connection:
            key = await connection.scalar(select(_d.key).where(_d.id == dataset_id))
            if key is None:
                return False
            while True:
                query = select(_e.key, _e.content).where(_e.dataset == key).limit(_STEP)
                rows = (await connection.execute(query)).all()
                if not rows:
                    break
                gone = delete(dataset_examples).where(_e.key.in_([row[0] for row in rows]))
                await connection.execute(gone)
                await _drop_unnamed(connection, _c.key.in_({row[1] for row in rows}))
            await connection.execute(delete(dataset_versions).where(_v.dataset == key))
            await connection.execute(delete(datasets).where(_d.key == key))
            await _drop_unnamed(connection, _c.added_at < now - _UNNAMED_FOR)
        return True

    async def _version(self, *where: ColumnElement[bool]) -> DatasetVersion | None:
        async with self._database.reading() as connection:
            row = (await connection.execute(_VERSIONS.where(*where))).mappings().first()
        return None if row is None else DatasetVersion(**row)


async def _bodies(connection: AsyncConnection, keys: Sequence[int]) -> dict[int, str]:
    query = select(_c.key, _c.body).where(_c.key.in_(set(keys)))
    return {row[0]: row[1] for row in await connection.execute(query)}


async def _drop_unnamed(connection: AsyncConnection, which: ColumnElement[bool]) -> None:
    named = select(_e.key).where(_e.content == _c.key).exists()
    await connection.execute(delete(dataset_contents).where(which, ~named))


def _that_fit(rows: Sequence[RowMapping]) -> list[RowMapping]:
    """As many as may be in memory at once, and at least one."""
    fitting: list[RowMapping] = []
    left = _PAGE_BYTES
    for row in rows:
        left -= row["size_bytes"]
        if fitting and left < 0:
            break
        fitting.append(row)
    return fitting


def _dataset_of(row: RowMapping) -> Dataset:
    return Dataset(**row)


_NEWEST = select(_v.dataset, func.max(_v.version).label("version")).group_by(_v.dataset).subquery()
_DATASETS = (
    select(_d.id, _d.name, _d.description, _v.version, _v.size, _d.created_at, _d.updated_at)
    .join(_NEWEST, _NEWEST.c.dataset == _d.key)
    .join(dataset_versions, (_v.dataset == _d.key) & (_v.version == _NEWEST.c.version))
)
_VERSIONS = select(
    _d.id.label("dataset_id"),
    _d.name,
    *(c for c in dataset_versions.columns if c.name != "dataset"),
).join(datasets, _d.key == _v.dataset)
