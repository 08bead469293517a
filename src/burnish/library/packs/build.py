"""Prompts of a library as a pack that others can install."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from pathlib import Path

import msgspec

from burnish.errors import UsageError
from burnish.library.files.take_out import write_files
from burnish.library.packs.contents import read_contents
from burnish.library.packs.manifest import (
    MANIFEST,
    README,
    SIGNATURE,
    Manifest,
    PackFile,
    check_manifest,
    digest,
    is_safe_path,
    write_manifest,
)
from burnish.library.packs.material import Blobs
from burnish.library.packs.report import BuiltPack
from burnish.library.packs.signature import sign
from burnish.library.packs.trust import TrustedKeys
from burnish.masking import without_secrets
from burnish.prompts.composition import Included
from burnish.prompts.formats import PromptFile, VersionFile, by_name
from burnish.prompts.formats.kept import without_keys

_PROMPTS = "prompts"


def pack_files(
    manifest: Manifest, prompts: Sequence[PromptFile], readme: str
) -> tuple[dict[str, str], list[str]]:
    """The files of the pack by their paths, its manifest first, and what its maker should know.
    The same prompts give the same bytes. Raises UsageError."""
    notes: dict[str, None] = {}
    files: dict[str, str] = {}
    for prompt in sorted(prompts, key=lambda each: each.name):
        ((name, text),) = by_name("markdown").write([_shared(prompt, notes)]).items()
        path = f"{_PROMPTS}/{name}"
        if not is_safe_path(path) or path in files:
            path = f"{_PROMPTS}/{hashlib.sha256(prompt.name.encode()).hexdigest()[:16]}.md"
        files[path] = text
        if without_secrets(text) != text:
            notes.setdefault(f"{prompt.name} looks as if it held a key or a password")
    if readme:
        files[README] = readme
    listed = tuple(PackFile(path=p, sha256=digest(t.encode())) for p, t in sorted(files.items()))
    whole = msgspec.structs.replace(manifest, files=listed)
    check_manifest(whole)
    return {MANIFEST: write_manifest(whole).decode(), **dict(sorted(files.items()))}, list(notes)


def write_pack(
    files: dict[str, str],
    target: Path,
    key_file: Path | None,
    notes: Iterable[str],
    *,
    replace: bool,
) -> BuiltPack:
    """To a folder, or a zip by the target's ending. What could not be installed is not written:
    the pack is read first as an installation would. Raises UsageError, MissingExtra."""
    target, key = target.expanduser(), ""
    if key_file is not None:
        signed, key = sign(files[MANIFEST].encode(), key_file)
        files = {MANIFEST: files[MANIFEST], SIGNATURE: signed.decode(), **files}
    contents = {name: text.encode() for name, text in files.items()}
    size = sum(map(len, contents.values()))
    try:
        read = read_contents(Blobs(contents, "the pack", ""), TrustedKeys(None), size)
    except UsageError as error:
        raise UsageError(
            error.what, hint="change that prompt, or leave it out; nothing was written"
        ) from None
    write_files(files, target, replace=replace)
    return BuiltPack(
        path=str(target),
        name=read.manifest.name,
        version=read.manifest.version,
        checksum=read.checksum,
        prompts=len(read.prompts),
        files=tuple(files),
        key=key,
        notes=tuple(notes),
    )


def told_of(includes: Iterable[Included]) -> str:
    """Which versions were put in, and as what they were asked for where that is something else."""
    return ", ".join(
        each.reference if each.asked == each.reference else f"{each.reference} (as {each.asked})"
        for each in includes
    )


def _shared(prompt: PromptFile, notes: dict[str, None]) -> PromptFile:
    """The newest text with what belongs to it; who wrote it, when, its labels and what this library
    notes beside it stay here."""
    newest = prompt.latest
    found: dict[str, None] = {}
    version = VersionFile(
        messages=newest.messages,
        variables=newest.variables,
        config=without_keys(newest.config, found),
    )
    for note in found:
        notes.setdefault(f"{prompt.name}: {note}")
    return PromptFile(
        name=prompt.name,
        versions=(version,),
        category=prompt.category or None,
        tags=prompt.tags or None,
        description=prompt.description or None,
        examples=prompt.examples,
    )
