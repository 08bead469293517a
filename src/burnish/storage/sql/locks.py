from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from burnish.storage.tables import prompts


async def lock_prompt(connection: AsyncConnection, prompt_id: str) -> None:
    """Whoever moves a label, makes, saves on or deletes a branch, archives a version or takes a
    pack away takes the prompt's row first, until the transaction ends: what is not there yet has
    no row to lock."""
    # SQLite's writer holds the lock from its beginning.
    if connection.dialect.name != "sqlite":
        query = select(prompts.c.id).where(prompts.c.id == prompt_id)
        await connection.execute(query.with_for_update())
