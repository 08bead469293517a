"""What knowledge gives back. These are the schemas of its `--json` output."""

from __future__ import annotations

from typing import Literal

import msgspec

from burnish.library.ranked import Mode, Part
from burnish.library.snippets import Snippet
from burnish.storage.knowledge import Chunk, Document

Outcome = Literal["new", "changed", "unchanged", "same content", "vanished"]


class Added(msgspec.Struct, frozen=True, kw_only=True):
    """`same_as` is the document that has the same content under another name."""

    name: str
    outcome: Outcome
    chunks: int = 0
    note: str = ""
    same_as: str = ""


class LeftOut(msgspec.Struct, frozen=True, kw_only=True):
    name: str
    reason: str
    hint: str = ""


class AddReport(msgspec.Struct, frozen=True, kw_only=True):
    """`embedded` vectors are new; what has none is found by its words alone until a search or
    another `add` makes one."""

    documents: tuple[Added, ...]
    left_out: tuple[LeftOut, ...] = ()
    embedded: int = 0

    def count(self, outcome: Outcome) -> int:
        return sum(each.outcome == outcome for each in self.documents)


class Removed(msgspec.Struct, frozen=True, kw_only=True):
    """`notes` tells where something of them is still to be found."""

    documents: tuple[Document, ...]
    notes: tuple[str, ...] = ()


class ShownDocument(msgspec.Struct, frozen=True, kw_only=True):
    document: Document
    chunks: tuple[Chunk, ...]


class KnowledgeHit(msgspec.Struct, frozen=True, kw_only=True):
    """`score` is as in a search of prompts; `relevance`, 0 to 1, does not depend on the other hits.
    It is high where the piece has the query's rare words, means the same, or some of both. `cite`
    says where in which document it is."""

    document: str
    document_id: str
    cite: str
    chunk: Chunk
    score: float
    relevance: float
    text: Part | None = None
    semantic: Part | None = None
    snippet: Snippet


class KnowledgeFound(msgspec.Struct, frozen=True, kw_only=True):
    """`within` counts all pieces that meet the filters; `pending` those of the whole that no
    vector stands for yet, so that only words find them."""

    items: tuple[KnowledgeHit, ...]
    query: str
    mode: Mode
    within: int
    embedder: str = ""
    pending: int = 0
    notes: tuple[str, ...] = ()


def cite(name: str, chunk: Chunk) -> str:
    """Where in which document: `handbook.md, lines 3-9` or `terms.pdf, page 4`."""
    if chunk.page is not None:
        return f"{name}, page {chunk.page}"
    first, last = chunk.first_line, chunk.last_line
    if first is None or last is None:
        return name
    return f"{name}, line {first}" if first == last else f"{name}, lines {first}-{last}"
