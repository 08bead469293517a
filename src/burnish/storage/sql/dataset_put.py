"""How a version of a dataset is written: what is new, what changed, what is gone."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from burnish.errors import UsageError
from burnish.storage.datasets import Change, Incoming, Packed, hash_of, weight
from burnish.storage.tables.datasets import (
    dataset_contents,
    dataset_examples,
    dataset_versions,
    datasets,
)

_d, _v, _c, _e = datasets.c, dataset_versions.c, dataset_contents.c, dataset_examples.c
_STEP = 500


class Done(NamedTuple):
    version_id: str
    counts: dict[str, int]


class _Held(NamedTuple):
    key: int
    position: int
    split: str
    digest: str


async def put_contents(
    connection: AsyncConnection, batch: Sequence[Packed], at: datetime
) -> dict[str, int]:
    """The key of what each example says, by its digest; stored where it is not there."""
    query = select(_c.digest, _c.key).where(_c.digest.in_({each.digest for each in batch}))
    known = {row[0]: row[1] for row in await connection.execute(query)}
    new = {each.digest: each for each in batch if each.digest not in known}
    if not new:
        return known
    rows = [
        {
            "digest": digest,
            "size_bytes": len(each.body.encode()),
            "body": each.body,
            "added_at": at,
        }
        for digest, each in new.items()
    ]
    await connection.execute(insert(dataset_contents), rows)
    return {row[0]: row[1] for row in await connection.execute(query)}


class Putting:
    """The one transaction that makes a version. The newest version is the one before, so
    additions of several processes add up."""

    def __init__(self, connection: AsyncConnection, change: Change, key: int, last: Any) -> None:
        self._connection = connection
        self._change = change
        self._key = key
        self._last_id: str = "" if last is None else last["id"]
        self._version: int = 1 if last is None else last["version"] + 1
        self._splits: dict[str, int] = {} if last is None else dict(last["splits"])
        self._sum = 0 if last is None else int(last["content_hash"], 16)
        self._position = 0
        self._counts: dict[str, int] = {"added": 0, "changed": 0, "removed": 0, "kept": 0}

    @classmethod
    async def begin(cls, connection: AsyncConnection, change: Change) -> Putting:
        # Elsewhere than in SQLite, whose writers come one by one, the row is locked.
        query = select(_d.key).where(_d.name == change.name).with_for_update()
        key = await connection.scalar(query)
        if key is None:
            row = {
                "id": change.dataset_id,
                "name": change.name,
                "description": change.description or "",
                "created_at": change.at,
                "updated_at": change.at,
            }
            await connection.execute(insert(datasets), row)
            key = await connection.scalar(query)
            assert key is not None
        newest = select(dataset_versions).where(_v.dataset == key).order_by(_v.version.desc())
        last = (await connection.execute(newest.limit(1))).mappings().first()
        putting = cls(connection, change, key, last)
        held = select(func.max(_e.position)).where(_e.dataset == key)
        putting._position = await connection.scalar(held) or 0
        return putting

    async def take(self, batch: Sequence[Packed]) -> None:
        held = await self._held([each.id for each in batch])
        keys = await put_contents(self._connection, batch, self._change.at)
        rows: list[dict[str, Any]] = []
        ended: list[int] = []
        for each in batch:
            before = held.get(each.id)
            if before is None:
                self._position += 1
                self._counts["added"] += 1
            elif (before.digest, before.split) == (each.digest, each.split):
                self._counts["kept"] += 1
                continue
            else:
                ended.append(before.key)
                self._counts["changed"] += 1
                self._sum_up(each.id, before.split, before.digest, -1)
            self._sum_up(each.id, each.split, each.digest, 1)
            rows.append(
                {
                    "dataset": self._key,
                    "position": self._position if before is None else before.position,
                    "example_id": each.id,
                    "split": each.split,
                    "content": keys[each.digest],
                    "since": self._version,
                    "until": None,
                }
            )
        await self._end_rows(ended)
        if rows:
            await self._connection.execute(insert(dataset_examples), rows)

    async def drop_others(self, incoming: Incoming) -> None:
        """What the version before has and what came in lacks."""
        after = 0
        current = (_e.dataset == self._key, _e.until.is_(None), _e.since < self._version)
        while True:
            query = _HELD.where(*current, _e.key > after).order_by(_e.key).limit(_STEP)
            rows = (await self._connection.execute(query)).mappings().all()
            if not rows:
                return
            after = rows[-1]["key"]
            lacking = set(await incoming.lacking([row["example_id"] for row in rows]))
            gone = [row for row in rows if row["example_id"] in lacking]
            for row in gone:
                self._counts["removed"] += 1
                self._sum_up(row["example_id"], row["split"], row["digest"], -1)
            await self._end_rows([row["key"] for row in gone])

    async def end(self) -> Done:
        change = self._change
        told = change.description is not None
        new = self._counts["added"] + self._counts["changed"] + self._counts["removed"]
        if not sum(self._splits.values()):
            raise UsageError(
                f"{change.name!r} would have no examples",
                hint="give at least one",
                subject=change.name,
            )
        if new or told:
            values: dict[str, Any] = {"updated_at": change.at}
            values |= {"description": change.description} if told else {}
            await self._connection.execute(
                update(datasets).where(_d.key == self._key).values(values)
            )
        if not new:
            return Done(self._last_id, self._counts)
        row = {
            "id": change.version_id,
            "dataset": self._key,
            "version": self._version,
            "size": sum(self._splits.values()),
            "splits": {name: count for name, count in sorted(self._splits.items()) if count},
            "content_hash": hash_of(self._sum),
            "message": change.message,
            "author": change.author,
            "origin": change.origin,
            "created_at": change.at,
        }
        await self._connection.execute(insert(dataset_versions), row)
        return Done(change.version_id, self._counts)

    async def _held(self, ids: Sequence[str]) -> dict[str, _Held]:
        if self._version == 1:
            return {}
        query = _HELD.where(
            _e.dataset == self._key, _e.until.is_(None), _e.example_id.in_(set(ids))
        )
        rows = (await self._connection.execute(query)).mappings()
        return {
            row["example_id"]: _Held(row["key"], row["position"], row["split"], row["digest"])
            for row in rows
        }

    async def _end_rows(self, keys: Sequence[int]) -> None:
        if keys:
            ended = update(dataset_examples).where(_e.key.in_(keys))
            await self._connection.execute(ended.values(until=self._version))

    def _sum_up(self, example_id: str, split: str, digest: str, sign: int) -> None:
        """Adds an example to the counts and the hash of the version, or takes it away."""
        self._splits[split] = self._splits.get(split, 0) + sign
        self._sum += sign * weight(example_id, split, digest)


_HELD = select(_e.key, _e.example_id, _e.position, _e.split, _c.digest).join(
    dataset_contents, _c.key == _e.content
)
