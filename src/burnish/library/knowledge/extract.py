"""From a file's bytes to its text."""

from __future__ import annotations

from collections.abc import Mapping
from importlib.util import find_spec
from itertools import accumulate
from pathlib import PurePath

import msgspec

from burnish.errors import MissingExtra, UsageError
from burnish.library.knowledge.decode import decoded
from burnish.library.knowledge.document_text import DocumentText, clean
from burnish.library.knowledge.isolated_reader import IsolatedReader
from burnish.storage.knowledge import DocumentKind

_CODE = """
.py .pyi .js .mjs .ts .tsx .jsx .java .kt .c .h .cc .cpp .hpp .cs .go .rs .rb .php .swift .scala
.sh .bash .sql .r .jl .lua .pl .json .jsonl .ndjson .yaml .yml .toml .ini .cfg .xml .css .proto
.graphql .tf
"""
KINDS: Mapping[str, DocumentKind] = {
    **dict.fromkeys((".md", ".markdown", ".mdown", ".qmd", ".mdx"), "markdown"),
    **dict.fromkeys((".html", ".htm", ".xhtml"), "html"),
    ".pdf": "pdf",
    **dict.fromkeys((".csv", ".tsv"), "table"),
    **dict.fromkeys((".txt", ".text", ".rst", ".adoc", ".org", ".log", ".tex", ".srt"), "text"),
    **dict.fromkeys(_CODE.split(), "code"),
}
"""What files of which ending are; in a folder, others are left out."""


class Bounds(msgspec.Struct, frozen=True, kw_only=True):
    """What one file may take: its text in characters, a PDF's pages, seconds and memory for what
    is read apart."""

    chars: int
    pages: int
    time_s: float
    memory_bytes: int = 512 * 1024 * 1024


def kind_of(name: str, content: bytes) -> DocumentKind:
    """By the mark of a PDF, else by the name's ending, else text."""
    if content.startswith(b"%PDF-"):
        return "pdf"
    return KINDS.get(PurePath(name).suffix.lower(), "text")


class Extractor:
    """Close it: HTML and PDF are read in a process of its own, which serves many files."""

    def __init__(self, bounds: Bounds) -> None:
        self._bounds = bounds
        self._reader = IsolatedReader(bounds.time_s, bounds.memory_bytes)

    def close(self) -> None:
        self._reader.close()

    def extract(self, name: str, content: bytes) -> DocumentText:
        """Raises UsageError for what is no text, MissingExtra for a PDF without the extra."""
        kind = kind_of(name, content)
        read = {"pdf": self._pdf, "html": self._html}.get(kind)
        found = self._plain(content, kind) if read is None else read(content)
        if not found.text.strip():
            raise UsageError("it has no text", hint="nothing was added")
        if len(found.text) > self._bounds.chars:
            raise UsageError(
                f"it has {len(found.text):,} characters; at most {self._bounds.chars:,} are taken",
                hint="split it, or raise knowledge.max_chars",
            )
        return found

    def _plain(self, content: bytes, kind: DocumentKind) -> DocumentText:
        text, note = decoded(content)
        return DocumentText(
            text=clean(text), kind=kind, structured=kind in ("markdown", "text"), note=note
        )

    def _html(self, content: bytes) -> DocumentText:
        source, note = decoded(content)
        lines = self._reader.html(source)
        text = clean("\n".join(line for line, _ in lines))
        # Cleaning breaks no line that the reader did not: it has broken them all.
        return DocumentText(
            text=text,
            kind="html",
            structured=True,
            lines=tuple(number for _, number in lines),
            note=note,
        )

    def _pdf(self, content: bytes) -> DocumentText:
        if find_spec("pypdf") is None:
            raise MissingExtra("pypdf", "pdf")
        pages = [clean(page).strip("\n") for page in self._reader.pdf(content, self._bounds)]
        if not any(page.strip() for page in pages):
            raise UsageError(
                "it has no text, only pictures of pages",
                hint="make text of it first with a program for text recognition (OCR)",
            )
        starts = list(accumulate((len(page) + 1 for page in pages), initial=0))[:-1]
        return DocumentText(text="\n".join(pages), kind="pdf", pages=tuple(starts))
