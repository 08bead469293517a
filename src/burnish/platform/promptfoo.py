"""A configuration of promptfoo, evaluated as it is: its prompts, models and tests."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from burnish.errors import UsageError
from burnish.evals.wanted import Wanted

if TYPE_CHECKING:
    from burnish.library.prompts import AsyncPrompts

ENDINGS = (".yaml", ".yml", ".json")
_MOST_BYTES = 16 * 1024 * 1024


async def is_config(wanted: Wanted) -> bool:
    """Whether a file stands where a prompt is named."""
    if len(wanted.prompts) != 1 or not wanted.prompts[0].lower().endswith(ENDINGS):
        return False
    return await asyncio.to_thread(Path(wanted.prompts[0]).is_file)


async def from_config(wanted: Wanted, prompts: AsyncPrompts) -> tuple[Wanted, tuple[str, ...]]:
    """What is wanted with the file's prompts, brought into the library, its tests unless there is
    other data, and its models unless others are named; and notes on what of it is not used."""
    from burnish.library.files.bring import import_files

    path = Path(wanted.prompts[0])
    report = await import_files(prompts, path, format="promptfoo")
    bad = [each for each in report.files if each.outcome == "bad"]
    if bad:
        raise UsageError(f"{path.name}: {bad[0].problem}", hint="mend the file", subject=str(path))
    models, unknown = await asyncio.to_thread(_models, path)
    notes = [note for each in report.files for note in each.notes if "of several" not in note]
    given = msgspec.structs.replace(
        wanted,
        prompts=tuple(f"{each.name}@{each.revision}" for each in report.files if each.name),
        data=wanted.data if wanted.data is not None else path,
        models=wanted.models or models,
    )
    return given, tuple(dict.fromkeys((*notes, *(() if wanted.models else unknown))))


def _models(path: Path) -> tuple[tuple[str, ...], tuple[str, ...]]:
    from burnish.library.files.beside import Folder
    from burnish.prompts.formats.promptfoo import Promptfoo
    from burnish.prompts.formats.source import Source

    text = path.read_bytes()[:_MOST_BYTES].decode("utf-8", "replace")
    beside = Folder(path.parent, path.name, set())
    return Promptfoo().models(Source(path.name, text, beside))
