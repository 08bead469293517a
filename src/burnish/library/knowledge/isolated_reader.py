"""HTML and PDF are read in a child process: a small file can ask for any time and memory, and only
a process can be stopped from taking them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import msgspec

from burnish.errors import UsageError
from burnish.prompts.isolated import Child
from burnish.shapes import decode

if TYPE_CHECKING:
    from burnish.library.knowledge.extract import Bounds

_MODULE = "burnish.library.knowledge.isolated_reader_child"


class ReadRequest(msgspec.Struct, kw_only=True):
    """`content` is a PDF, `source` a page of HTML."""

    content: bytes = b""
    source: str = ""
    max_pages: int = 0
    max_chars: int = 0


class ReadReply(msgspec.Struct, kw_only=True, omit_defaults=True):
    pages: list[str] = []
    lines: list[tuple[str, int]] = []
    problem: Literal["", "encrypted", "damaged", "pages", "chars", "bomb"] = ""
    detail: str = ""


class IsolatedReader:
    def __init__(self, time_s: float, memory_bytes: int) -> None:
        self._time_s = time_s
        self._memory_bytes = memory_bytes
        self._child = Child(_MODULE, time_s=time_s, memory_bytes=memory_bytes)

    def close(self) -> None:
        self._child.close()

    def html(self, source: str) -> list[tuple[str, int]]:
        """The lines of text of a page, each with the line of the source it came from."""
        return self._ask(ReadRequest(source=source)).lines

    def pdf(self, content: bytes, bounds: Bounds) -> list[str]:
        """The text of each page. Raises UsageError for a file that cannot be read."""
        reply = self._ask(
            ReadRequest(content=content, max_pages=bounds.pages, max_chars=bounds.chars)
        )
        if reply.problem == "encrypted":
            raise UsageError("it is encrypted", hint="save it without a password")
        if reply.problem == "damaged":
            raise UsageError(
                f"it is damaged: {reply.detail}", hint="open and save it again with a PDF program"
            )
        if reply.problem == "pages":
            raise UsageError(
                f"it has {reply.detail} pages; at most {bounds.pages:,} are taken",
                hint="split it, or raise knowledge.max_pages",
            )
        if reply.problem == "chars":
            raise UsageError(
                f"it has more than {bounds.chars:,} characters",
                hint="split it, or raise knowledge.max_chars",
            )
        if reply.problem == "bomb":
            raise UsageError(
                "it unpacks to more than a document needs", hint="do not trust this file"
            )
        return reply.pages

    def _ask(self, request: ReadRequest) -> ReadReply:
        answer = self._child.ask(msgspec.json.encode(request))
        if answer is None:
            raise UsageError(
                f"reading it took more than {self._time_s:g} s or "
                f"{self._memory_bytes // 1_048_576} MiB, or it is damaged",
                hint="split it, or save it again with another program",
            )
        return decode(answer, ReadReply)
