"""A prompt file that comes through standard input: it has no name that tells what it is."""

from __future__ import annotations

import sys
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from burnish.errors import UsageError

_NAME = "standard-input"
# Those of which a text alone tells whether it is one.
_TELLING = (".json", ".jsonl", ".yaml")
_ZIP = b"PK\x03\x04"


@contextmanager
def piped_file(format_name: str) -> Generator[Path]:
    """Standard input as a file for as long as it is read, named after the format or what it looks
    like. Raises UsageError for an empty one, and where nothing tells what it is."""
    from burnish.prompts.formats import MAX_BUNDLE_BYTES, by_name

    suffix = by_name(format_name).suffixes[0] if format_name else ""
    content = sys.stdin.buffer.read(MAX_BUNDLE_BYTES + 1)
    if len(content) > MAX_BUNDLE_BYTES:
        raise UsageError(
            f"standard input has more than {MAX_BUNDLE_BYTES >> 20} MiB",
            hint="save it as a file, or import a folder",
        )
    if not content.strip():
        raise UsageError("standard input is empty", hint="pipe a prompt file in")
    with TemporaryDirectory(prefix="burnish-") as folder:
        path = Path(folder, _NAME + (suffix or _suffix(content)))
        path.write_bytes(content)
        yield path


def _suffix(content: bytes) -> str:
    from burnish.prompts.formats import Source, detect, read_text

    if content.startswith(_ZIP):
        return ".zip"
    text = read_text(content, f"{_NAME}.json")
    if text.startswith("---\n"):
        return ".md"
    for suffix in _TELLING:
        if detect(Source(_NAME + suffix, text)) is not None:
            return suffix
    raise UsageError(
        "nothing tells what format standard input has", hint="name it with --format, such as csv"
    )
