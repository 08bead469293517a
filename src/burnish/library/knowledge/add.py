"""One document at a time: read, compared with what is there, cut and stored."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

import msgspec

from burnish.errors import Conflict
from burnish.library.knowledge.extract import Extractor
from burnish.library.knowledge.files import FoundFile, read_bytes
from burnish.library.knowledge.names import checked_name
from burnish.library.knowledge.pieces import pieces
from burnish.library.knowledge.values import Added
from burnish.library.listing import clean_tags
from burnish.storage.knowledge import Document, Knowledge

# Changes with the way that texts are read and cut: what was read otherwise is read anew.
_READING = "2"


class Said(NamedTuple):
    """What a user says of a document; what is empty stays as it is."""

    tags: tuple[str, ...] = ()
    category: str = ""


class Adder:
    def __init__(
        self,
        knowledge: Knowledge,
        extractor: Extractor,
        max_bytes: int,
        new_id: Callable[[], str],
    ) -> None:
        self._knowledge = knowledge
        self._extractor = extractor
        self._max_bytes = max_bytes
        self._new_id = new_id

    async def file(self, found: FoundFile, said: Said) -> Added:
        """Raises UsageError for a file that cannot be read or is no text."""
        content = await asyncio.to_thread(read_bytes, found.path, self._max_bytes)
        origin = await asyncio.to_thread(lambda: str(found.path.resolve()))
        return await self.content(found.name, content, origin, said)

    async def again(self, document: Document) -> Added:
        """The document's own file."""
        path = Path(document.origin)
        if not await asyncio.to_thread(path.is_file):
            return Added(name=document.name, outcome="vanished", chunks=document.chunks)
        return await self.file(FoundFile(document.name, path), Said())

    async def content(self, name: str, content: bytes, origin: str, said: Said) -> Added:
        name = checked_name(name)
        digest = f"{_READING}:{hashlib.sha256(content).hexdigest()}"
        held = await self._knowledge.by_name(name)
        if held is None:
            same = await self._knowledge.by_hash(digest)
            if same is not None:
                return Added(
                    name=name, outcome="same content", chunks=same.chunks, same_as=same.name
                )
            return await self._read(self._blank(name), content, digest, origin, said)
        await _check_same_source(held, origin)
        if held.content_hash != digest:
            return await self._read(held, content, digest, origin, said)
        return await self._same(held, origin, said)

    async def _same(self, held: Document, origin: str, said: Said) -> Added:
        """The same content: only what is said of it may be new."""
        document = _described(held, said)
        if origin:
            document = msgspec.structs.replace(document, origin=origin)
        if document == held:
            return Added(name=held.name, outcome="unchanged", chunks=held.chunks, note=held.note)
        document = msgspec.structs.replace(document, updated_at=datetime.now(UTC))
        await self._knowledge.put(document, await self._knowledge.chunks(held.id))
        relabelled = (document.tags, document.category) != (held.tags, held.category)
        outcome = "changed" if relabelled else "unchanged"
        return Added(name=held.name, outcome=outcome, chunks=held.chunks, note=held.note)

    async def _read(
        self, before: Document, content: bytes, digest: str, origin: str, said: Said
    ) -> Added:
        found = await asyncio.to_thread(self._extractor.extract, before.name, content)
        cut = await asyncio.to_thread(pieces, found)
        document = msgspec.structs.replace(
            _described(before, said),
            origin=origin,
            kind=found.kind,
            content_hash=digest,
            size_bytes=len(content),
            chars=len(found.text),
            pages=len(found.pages) or None,
            note=found.note,
            updated_at=datetime.now(UTC),
        )
        await self._knowledge.put(document, cut)
        return Added(
            name=document.name,
            outcome="changed" if before.content_hash else "new",
            chunks=len(cut),
            note=found.note,
        )

    def _blank(self, name: str) -> Document:
        now = datetime.now(UTC)
        return Document(
            id=self._new_id(),
            name=name,
            content_hash="",
            size_bytes=0,
            chars=0,
            added_at=now,
            updated_at=now,
        )


def _described(document: Document, said: Said) -> Document:
    return msgspec.structs.replace(
        document,
        tags=clean_tags(said.tags) or document.tags,
        category=said.category.strip() or document.category,
    )


async def _check_same_source(held: Document, origin: str) -> None:
    """A file that is gone may have moved; one that is there is another document."""
    if held.origin in ("", origin) or not origin:
        return
    if await asyncio.to_thread(Path(held.origin).is_file):
        raise Conflict(
            f"{held.name!r} is another file already",
            hint="give this one another name with --name",
            subject=held.name,
        )
