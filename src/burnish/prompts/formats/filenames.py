"""Names of files for prompts: the same on every system, each once."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence

from burnish.prompts.formats.document import PromptFile

_UNSAFE = re.compile(r'[\\:*?"<>\x00-\x1f\x7f]')
# Windows keeps these for itself, whatever follows the dot.
_DEVICES = frozenset(
    {"con", "prn", "aux", "nul", *(f"{d}{n}" for d in ("com", "lpt") for n in range(10))}
)
_LONGEST_BYTES = 120


def file_names(prompts: Sequence[PromptFile], suffix: str) -> list[str]:
    """One name for each prompt, its folders as the prompt's name has them."""
    taken: set[str] = set()
    found: list[str] = []
    for prompt in prompts:
        parts = [_part(part) for part in prompt.name.split("/")]
        name = "/".join(parts)
        # Many file systems take names that differ in case alone for the same.
        if name.casefold() in taken or parts != prompt.name.split("/"):
            name += f"-{hashlib.sha256(prompt.name.encode()).hexdigest()[:8]}"
        taken.add(name.casefold())
        found.append(name + suffix)
    return found


def _part(part: str) -> str:
    safe = _UNSAFE.sub("_", part).rstrip(". ") or "_"
    if safe.startswith("."):
        safe = f"_{safe[1:]}"
    if safe.partition(".")[0].lower() in _DEVICES:
        safe = f"_{safe}"
    return safe.encode()[:_LONGEST_BYTES].decode(errors="ignore")
