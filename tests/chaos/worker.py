"""A process that writes to a store as others do, run by the tests beside it.

worker.py count PATH N   adds N to each of a usage count, a value that it reads and writes back,
                         and a prompt's revisions
worker.py write PATH ID  writes by every path until it is killed, and says after each what is done
"""

import asyncio
import sys
from collections.abc import AsyncGenerator
from datetime import UTC, datetime
from pathlib import Path

import msgspec
from sqlalchemy import text

from burnish.library import Library, NewPrompt
from burnish.storage.ids import Ids
from burnish.storage.run import Run, TechniqueStatistic
from burnish.storage.sql import SqlStore
from burnish.storage.sqlite import open_sqlite

READ = text("SELECT description FROM prompts WHERE name = 'counted'")
WRITE = text("UPDATE prompts SET description = :value WHERE name = 'counted'")


async def count(path: Path, times: int) -> None:
    store = await open_sqlite(path)
    library = Library(store)
    prompt = (await library.get("counted")).prompt
    for n in range(times):
        await store.prompts.use(prompt.id)
        async with store.database.writing() as connection:
            value = int((await connection.execute(READ)).scalar_one())
            await connection.execute(WRITE, {"value": str(value + 1)})
        await library.update("counted", f"{Ids()()} {n}")
    await store.close()


async def write(path: Path, who: str) -> None:
    store = await open_sqlite(path)
    async for done in _writes(store, who):
        print(msgspec.json.encode(done).decode(), flush=True)


async def _writes(store: SqlStore, who: str) -> AsyncGenerator[tuple[str, str | int]]:
    """What has been written, each time that the store says so."""
    library, ids, now = Library(store), Ids(), datetime.now(UTC)
    counted = (await library.create(f"{who}/counted", "0")).prompt
    n = 0
    while True:
        n += 1
        name = f"{who}/{n}"
        await library.create(name, "x" * 2000)
        yield "created", name
        await library.update(counted.name, f"{n}")
        yield "revised", n + 1
        await library.set_label(counted.name, "production", n + 1)
        yield "labelled", n + 1
        await library.record_use(counted.id)
        yield "used", n
        await library.record_rating(counted.id, 1.0)
        yield "rated", n
        await library.create_many([NewPrompt(name=f"{name}/{k}", content="y") for k in range(5)])
        yield "many", name
        runs = [Run(id=ids(), kind="k", output="z" * 500, created_at=now) for _ in range(3)]
        await store.runs.add(runs)
        yield "runs", runs[-1].id
        await store.techniques.add(
            [TechniqueStatistic(technique=who, intent="i", day=now.date(), uses=1)]
        )
        yield "technique", n


if __name__ == "__main__":
    if sys.argv[1] == "count":
        asyncio.run(count(Path(sys.argv[2]), int(sys.argv[3])))
    else:
        asyncio.run(write(Path(sys.argv[2]), sys.argv[3]))
