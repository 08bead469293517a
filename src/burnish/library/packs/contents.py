"""What is in a pack: its files checked against its manifest, and read as prompts."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from burnish.errors import UsageError
from burnish.library.packs.manifest import (
    MANIFEST,
    MAX_MANIFEST_BYTES,
    README,
    SIGNATURE,
    SUFFIXES,
    Manifest,
    PackFile,
    checksum,
    digest,
    read_manifest,
)
from burnish.library.packs.material import Material, no_pack
from burnish.library.packs.signature import Signature, signature_of
from burnish.library.packs.trust import TrustedKeys
from burnish.prompts.formats import Fault, PromptFile, Reading, Source, by_name, read_text

_FORMATS = {".md": "markdown", ".yaml": "burnish-yaml", ".yml": "burnish-yaml"}
_MAX_SIGNATURE_BYTES = 4096
# Of many names so many are told.
_NAMED = 5


class Contents(msgspec.Struct, frozen=True, kw_only=True):
    """`prompts` stand in the order of the manifest's files; `where` and `commit` as the material
    says. `notes` tell what a reader should know."""

    manifest: Manifest
    checksum: str
    signature: Signature
    prompts: tuple[PromptFile, ...]
    readme: str = ""
    where: str
    commit: str = ""
    notes: tuple[str, ...] = ()


def read_contents(material: Material, trusted: TrustedKeys, most_bytes: int) -> Contents:
    """Raises UsageError, naming the file and the line, for a pack of which anything is wrong;
    NotPermitted for a signature that does not fit; NotFound where there is no pack."""
    written = material.read(MANIFEST, MAX_MANIFEST_BYTES)
    if written is None:
        raise no_pack(material.where)
    try:
        manifest = read_manifest(written)
    except UsageError as error:
        raise _in_file(material.where, MANIFEST, error) from None
    signed = material.read(SIGNATURE, _MAX_SIGNATURE_BYTES)
    signature = signature_of(manifest.name, written, signed, trusted)
    files: dict[str, bytes] = {}
    left = most_bytes
    for file in manifest.files:
        files[file.path] = _checked(material, file, left)
        left -= len(files[file.path])
    prompts = tuple(
        _prompt(material.where, file.path, files[file.path]) for file in manifest.prompt_files
    )
    _refuse_twice(material.where, manifest.prompt_files, prompts)
    return Contents(
        manifest=manifest,
        checksum=checksum(manifest, written),
        signature=signature,
        prompts=prompts,
        readme=_readme(material.where, files),
        where=material.where,
        commit=material.commit,
        notes=tuple(_notes(material, manifest, prompts)),
    )


def _checked(material: Material, file: PackFile, left: int) -> bytes:
    content = material.read(file.path, left)
    if content is None:
        raise UsageError(
            f"{material.where}: {file.path} is missing",
            hint="the manifest lists it; fetch the pack again",
            subject=file.path,
        )
    if digest(content) != file.sha256:
        raise UsageError(
            f"{material.where}: {file.path} is not what {MANIFEST} says (its SHA-256 differs)",
            hint="it was changed after the pack was made; fetch the pack again, or ask its maker",
            subject=file.path,
        )
    return content


def _prompt(where: str, path: str, content: bytes) -> PromptFile:
    """The one prompt of the file, its newest version alone."""
    try:
        reading = _reading(path, content)
        if reading.problems:
            first = reading.problems[0]
            raise Fault(first.problem, first.line)
        if len(reading.prompts) != 1:
            raise Fault(f"holds {len(reading.prompts)} prompts; a pack has one in each file")
    except UsageError as error:
        raise _in_file(where, path, error) from None
    return reading.prompts[0]


def _reading(path: str, content: bytes) -> Reading:
    suffix = f".{path.rpartition('.')[2]}"
    return by_name(_FORMATS[suffix]).read(Source(path, read_text(content, path)))


def _refuse_twice(where: str, files: Sequence[PackFile], prompts: Sequence[PromptFile]) -> None:
    seen: dict[str, str] = {}
    for file, prompt in zip(files, prompts, strict=True):
        if prompt.name in seen:
            raise UsageError(
                f"{where}: {file.path} and {seen[prompt.name]} both hold {prompt.name!r}",
                hint="ask the pack's maker to rename one of them",
            )
        seen[prompt.name] = file.path


def _readme(where: str, files: dict[str, bytes]) -> str:
    if README not in files:
        return ""
    try:
        return read_text(files[README], README)
    except UsageError as error:
        raise _in_file(where, README, error) from None


def _notes(material: Material, manifest: Manifest, prompts: Sequence[PromptFile]) -> list[str]:
    listed = {MANIFEST, SIGNATURE, *(each.path for each in manifest.files)}
    others = [n for n in material.names() if n.endswith(SUFFIXES) and n not in listed]
    more = ", …" if len(others) > _NAMED else ""
    told = f"not in the manifest, so left alone: {', '.join(others[:_NAMED])}{more}"
    notes = [told] if others else []
    for prompt in prompts:
        notes += [f"{prompt.name}: {note}" for note in prompt.notes]
        if len(prompt.versions) > 1:
            notes.append(f"{prompt.name}: only the newest of its versions is taken")
        if prompt.labels:
            notes.append(f"{prompt.name}: labels of a pack are left out, they are yours to set")
    return notes


def _in_file(where: str, path: str, error: UsageError) -> UsageError:
    line = error.line if isinstance(error, Fault) else 0
    place = f"{path}:{line}" if line else path
    return UsageError(
        f"{where}: {place} {error.what}",
        hint="nothing was installed; tell the pack's maker",
        subject=path,
    )
