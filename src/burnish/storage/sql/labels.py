from __future__ import annotations

from sqlalchemy import delete, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from burnish.errors import Conflict, NotFound
from burnish.prompts.prompt import Label
from burnish.storage.sql import queries
from burnish.storage.sql.label_requests import LabelRequests, approve
from burnish.storage.sql.locks import lock_prompt
from burnish.storage.store import LabelChange, LabelMove
from burnish.storage.tables import label_moves, labels, prompt_versions

_c = labels.c


class SqlLabels(LabelRequests):
    async def change(self, prompt_id: str, change: LabelChange) -> LabelMove:
        async with self._database.writing() as connection:
            return await apply_change(connection, prompt_id, change)

    async def of(self, prompt_id: str) -> list[Label]:
        async with self._database.reading() as connection:
            result = await connection.execute(queries.LABELS, {"id": prompt_id})
        return [
            Label(
                name=row["name"],
                revision=row["revision"],
                moved_by=row["moved_by"],
                moved_at=row["moved_at"],
                tag=row["tag"],
            )
            for row in result.mappings()
        ]

    async def log(
        self, prompt_id: str, label: str | None = None, limit: int = 100
    ) -> list[LabelMove]:
        async with self._database.reading() as connection:
            result = await connection.execute(queries.label_log(prompt_id, label, limit))
        return [
            LabelMove(**{name: row[name] for name in LabelMove.__struct_fields__})
            for row in result.mappings()
        ]


async def apply_change(
    connection: AsyncConnection, prompt_id: str, change: LabelChange
) -> LabelMove:
    """The label's new place and the line in its log, within the caller's transaction."""
    await lock_prompt(connection, prompt_id)
    here = (_c.prompt_id == prompt_id, _c.name == change.label)
    now = (await connection.execute(select(_c.revision, _c.tag).where(*here))).first()
    before = None if now is None else now.revision
    if now is not None and now.tag and change.revision not in (None, now.revision):
        raise _tag_stays(change.label, now.revision)
    if change.request:
        await approve(connection, change, before)
    if change.revision is None:
        if before is None:
            raise _no_label(change.label)
        await connection.execute(delete(labels).where(*here))
    else:
        await _require_revision(connection, prompt_id, change.revision)
        values = {
            "revision": change.revision,
            "moved_by": change.by,
            "moved_at": change.at,
            "tag": change.tag or bool(now and now.tag),
        }
        if before is None:
            new = values | {"prompt_id": prompt_id, "name": change.label}
            await connection.execute(insert(labels).values(new))
        else:
            await connection.execute(update(labels).where(*here).values(values))
    move = LabelMove(
        id=change.id,
        label=change.label,
        from_revision=before,
        to_revision=change.revision,
        moved_by=change.by,
        moved_at=change.at,
        why=change.why,
    )
    row = {name: getattr(move, name) for name in move.__struct_fields__}
    await connection.execute(insert(label_moves).values(row | {"prompt_id": prompt_id}))
    return move


async def _require_revision(connection: AsyncConnection, prompt_id: str, revision: int) -> None:
    c = prompt_versions.c
    query = select(c.id, c.archived_at).where(c.prompt_id == prompt_id, c.revision == revision)
    row = (await connection.execute(query)).first()
    if row is not None and row.archived_at is not None:
        raise Conflict(
            f"revision {revision} is archived",
            hint="take it out of the archive first",
            subject=str(revision),
        )
    if row is None:
        raise NotFound(
            f"the prompt has no revision {revision}",
            hint="see its history for the revisions there are",
            subject=str(revision),
        )


def _tag_stays(label: str, revision: int) -> Conflict:
    return Conflict(
        f"{label!r} is a tag on revision {revision}, and tags never move",
        hint="give the other revision a tag of its own, or remove this one first",
        subject=label,
    )


def _no_label(label: str) -> NotFound:
    return NotFound(
        f"the prompt has no label {label!r}",
        hint="list its labels to see which there are",
        subject=label,
    )
