"""What runs inside the child process of `isolated_reader`. An error that is not foreseen ends it,
which the parent tells as a file that cannot be read."""

from __future__ import annotations

import io
import logging
import sys
from typing import TYPE_CHECKING

import msgspec

from burnish.library.knowledge.html import html_lines
from burnish.library.knowledge.isolated_reader import ReadReply, ReadRequest
from burnish.prompts.isolated import read_frame, write_frame
from burnish.prompts.isolated_child import bound_memory
from burnish.shapes import decode

if TYPE_CHECKING:
    from pypdf import PdfReader


def main(memory_bytes: int) -> None:
    requests, replies = sys.stdin.buffer, sys.stdout.buffer
    logging.disable()
    bound_memory(memory_bytes)
    write_frame(replies, b"{}")
    while (frame := read_frame(requests)) is not None:
        request = decode(frame, ReadRequest)
        reply = _pdf(request) if request.content else ReadReply(lines=html_lines(request.source))
        write_frame(replies, msgspec.json.encode(reply))


def _pdf(request: ReadRequest) -> ReadReply:
    from pypdf import PdfReader, errors

    try:
        reader = PdfReader(io.BytesIO(request.content))
        # Many files are encrypted for their rights alone, with no password to open them.
        if reader.is_encrypted and not reader.decrypt(""):
            return ReadReply(problem="encrypted")
        return _pages(reader, request)
    except (errors.FileNotDecryptedError, errors.WrongPasswordError, errors.DependencyError):
        return ReadReply(problem="encrypted")
    except (errors.LimitReachedError, MemoryError):
        return ReadReply(problem="bomb")
    except errors.PyPdfError as error:
        return ReadReply(problem="damaged", detail=str(error)[:200])


def _pages(reader: PdfReader, request: ReadRequest) -> ReadReply:
    count = len(reader.pages)
    if count > request.max_pages:
        return ReadReply(problem="pages", detail=f"{count:,}")
    pages: list[str] = []
    chars = 0
    for page in reader.pages:
        text = page.extract_text()
        chars += len(text)
        if chars > request.max_chars:
            return ReadReply(problem="chars")
        pages.append(text)
    return ReadReply(pages=pages)
