"""The port to knowledge: documents, and the pieces they are searched by."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Literal, Protocol

import msgspec

from burnish.storage.index import TextIndex

DocumentKind = Literal["text", "markdown", "html", "pdf", "table", "code"]


class Document(msgspec.Struct, frozen=True, kw_only=True):
    """A text that answers may be taken from. `origin` is the path of the file it was read from,
    empty for a text that came from elsewhere; `content_hash` is that of its bytes; `note` tells
    what a reader of it should know, such as an encoding that was guessed."""

    id: str
    name: str
    origin: str = ""
    kind: DocumentKind = "text"
    category: str = ""
    tags: tuple[str, ...] = ()
    content_hash: str
    size_bytes: int
    chars: int
    pages: int | None = None
    chunks: int = 0
    note: str = ""
    added_at: datetime
    updated_at: datetime


class Chunk(msgspec.Struct, frozen=True, kw_only=True):
    """A piece of a document. `heading` is the path of headings above it, outermost first and
    joined by ` > `; lines and pages count from 1 and are null where the document has none;
    `tokens` are an estimate."""

    body: str
    heading: str = ""
    page: int | None = None
    first_line: int | None = None
    last_line: int | None = None
    tokens: int


class IndexedChunk(msgspec.Struct, frozen=True):
    doc: int
    document: Document
    chunk: Chunk


class KnowledgeIndex(TextIndex, Protocol):
    """That of pieces of documents: in the order of what is indexed, the name, the tags and the
    headings of each stand for name, tags and description."""

    async def items(self, docs: Sequence[int]) -> list[IndexedChunk]:
        """In the order asked for, without those that are gone."""
        ...


class Knowledge(Protocol):
    @property
    def index(self) -> KnowledgeIndex: ...

    async def put(self, document: Document, chunks: Sequence[Chunk]) -> None:
        """In the place of what the document of that id had. What it has still keeps its vectors.
        Raises Conflict when another document has the name."""
        ...

    async def by_name(self, name: str) -> Document | None: ...

    async def by_hash(self, content_hash: str) -> Document | None:
        """The oldest document of that content."""
        ...

    async def all(self, *, category: str | None = None, tag: str | None = None) -> list[Document]:
        """By name."""
        ...

    async def chunks(self, document_id: str) -> list[Chunk]:
        """In their order."""
        ...

    async def remove(self, ids: Sequence[str]) -> bool:
        """The documents with their pieces, words and vectors. Whether nothing of them stays in
        the database's files: while others read what they began to read before, it does."""
        ...
