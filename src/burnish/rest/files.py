"""Files of prompts, sent as texts by name: what a path is where the library is."""

from __future__ import annotations

import asyncio
import re
import tempfile
from collections.abc import Mapping
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from burnish.errors import UsageError
from burnish.platform import AsyncPlatform

if TYPE_CHECKING:
    from burnish.library.template_files import Conflicts, ImportReport

_MOST_FILES, _LONGEST_NAME = 10_000, 255
_PART = re.compile(r"[^\x00-\x1f\\:*?\"<>|]+")


async def import_files(
    platform: AsyncPlatform,
    files: Mapping[str, str],
    *,
    format: str = "",  # noqa: A002 - the word that people know
    dry_run: bool = False,
    conflict: Conflicts = "new-revision",
) -> ImportReport:
    """Brings in texts of files by their names, in any of the formats that `p.import_` knows: our
    own, `.prompty`, promptfoo, Langfuse, LangChain, OpenAI, MLflow and YAML templates of agents'
    tasks. The same files again change nothing.

    Raises UsageError for names that lead out of their folder.
    """
    with tempfile.TemporaryDirectory() as folder:
        root = await asyncio.to_thread(Path(folder).resolve)
        await asyncio.to_thread(_write, root, files)
        try:
            return await platform.import_(root, format=format, dry_run=dry_run, conflict=conflict)
        finally:
            # They are gone, so nothing can be read of them again.
            platform.prompts.imported.pop(root, None)


def _write(root: Path, files: Mapping[str, str]) -> None:
    if len(files) > _MOST_FILES:
        raise UsageError(f"{len(files):,} files are too many", hint=f"send {_MOST_FILES:,} at most")
    for name, text in files.items():
        path = root.joinpath(*_parts(name))
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8", newline="")
        except OSError:
            raise _no_name(name) from None


def _parts(name: str) -> tuple[str, ...]:
    parts = PurePosixPath(name).parts
    is_plain = all(_PART.fullmatch(each) and each not in {"..", "/"} for each in parts)
    if not parts or len(name) > _LONGEST_NAME or not is_plain:
        raise _no_name(name)
    return parts


def _no_name(name: str) -> UsageError:
    return UsageError(
        f"{name[:80]!r} is no name for a file", hint="give names such as mail/late.md", subject=name
    )


def texts_at(path: Path) -> dict[str, str]:
    """What is sent of a file, a folder or a zip of this machine. Raises UsageError for what is no
    text."""
    from burnish.library.files.gather import content_of, gathered

    with gathered(path) as there:
        return {each.name: _text(each.name, content_of(each)) for each in there.files}


def _text(name: str, content: bytes) -> str:
    try:
        return content.decode()
    except UnicodeDecodeError:
        raise UsageError(f"{name} is no UTF-8 text", hint="leave it out", subject=name) from None
