"""`pack.yaml`: what a pack says of itself, and the SHA-256 of each of its files."""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Mapping
from typing import Annotated, Any
from urllib.parse import urlsplit

import msgspec
from msgspec import Meta

from burnish.errors import UsageError
from burnish.library.sync.paths import is_hidden, is_safe, path_key
from burnish.prompts.formats import Fault, Source, read_text
from burnish.prompts.formats.gather import mapping, shaped
from burnish.prompts.formats.yaml_write import write_yaml

MANIFEST = "pack.yaml"
SIGNATURE = "pack.sig"
README = "README.md"
FORMAT = 1
KEY = "burnish_pack"
MAX_FILES = 1000
MAX_MANIFEST_BYTES = 1024 * 1024
SUFFIXES = (".md", ".yaml", ".yml")
_NAME = re.compile(r"[a-z0-9][a-z0-9._-]{0,63}")
_HASH = re.compile(r"[0-9a-f]{64}")
_LONGEST_PATH = 400
_Line = Annotated[str, Meta(max_length=300)]


class PackFile(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    path: str
    sha256: str


class Manifest(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`files` are the prompts, one a file, and the README where there is one."""

    name: str
    version: Annotated[str, Meta(min_length=1, max_length=64)]
    title: _Line = ""
    description: Annotated[str, Meta(max_length=4000)] = ""
    authors: Annotated[tuple[_Line, ...], Meta(max_length=100)] = ()
    licence: _Line = ""
    homepage: _Line = ""
    files: tuple[PackFile, ...]

    @property
    def prompt_files(self) -> tuple[PackFile, ...]:
        return tuple(each for each in self.files if each.path != README)


def read_manifest(content: bytes) -> Manifest:
    """Raises UsageError, a Fault where the line is known."""
    if len(content) > MAX_MANIFEST_BYTES:
        raise Fault(f"has more than {MAX_MANIFEST_BYTES // 1024 // 1024} MiB")
    source = Source(MANIFEST, read_text(content, MANIFEST))
    top: dict[str, Any] = mapping(source.value())
    number = top.pop(KEY, None)
    if not isinstance(number, int) or isinstance(number, bool) or number < 1:
        raise Fault(f"is of no pack: it needs {KEY}: {FORMAT}", source.line(KEY))
    if number > FORMAT:
        raise Fault(
            f"was written by a newer Burnish (format {number}, known is {FORMAT}); upgrade Burnish"
        )
    manifest = shaped(top, Manifest)
    check_manifest(manifest)
    return manifest


def check_manifest(manifest: Manifest) -> None:
    """Raises Fault for what nobody could install, or nobody could read safely."""
    if not _NAME.fullmatch(manifest.name):
        raise Fault(
            f"name: {manifest.name[:80]!r} is no name of a pack; use small letters, digits and "
            "hyphens, such as support-basics"
        )
    for what in ("version", "title", "licence", "homepage"):
        if not _on_one_line(getattr(manifest, what)):
            raise Fault(f"{what}: holds a line break or a control character")
    if any(not _on_one_line(author) for author in manifest.authors):
        raise Fault("authors: one holds a line break or a control character")
    if not _is_text(manifest.description):
        raise Fault("description: holds a control character")
    if manifest.homepage and urlsplit(manifest.homepage).scheme not in ("http", "https"):
        raise Fault("homepage: is no http or https address")
    if not 1 <= len(manifest.prompt_files) <= MAX_FILES:
        raise Fault(f"files: a pack has 1 to {MAX_FILES:,} prompts")
    seen: dict[str, str] = {}
    for each in manifest.files:
        _check_file(each)
        key = path_key(each.path)
        if key in seen:
            raise Fault(
                f"files: {each.path!r} and {seen[key]!r} are one file on many systems"
                if seen[key] != each.path
                else f"files: {each.path!r} is there twice"
            )
        seen[key] = each.path


def _check_file(file: PackFile) -> None:
    path = file.path
    if not is_safe_path(path):
        raise Fault(f"files: {path[:120]!r} leads out of the pack, or is no plain name")
    if not path.endswith(SUFFIXES) or path in (MANIFEST, SIGNATURE):
        raise Fault(f"files: {path[:120]!r} is no prompt file ({', '.join(SUFFIXES)})")
    if not _HASH.fullmatch(file.sha256):
        raise Fault(f"files: the sha256 of {path!r} is no SHA-256 (64 digits, 0-9 and a-f)")


def is_safe_path(path: str) -> bool:
    """Whether the name of a file stays below its folder on every system, and can be seen."""
    return (
        len(path) <= _LONGEST_PATH
        and ":" not in path
        and _on_one_line(path)
        and not is_hidden(path)
        and all(is_safe(part) and part == part.strip() for part in path.split("/"))
    )


def write_manifest(manifest: Manifest) -> bytes:
    """The same bytes for the same pack."""
    plain = msgspec.json.decode(msgspec.json.encode(manifest))
    said = {key: value for key, value in plain.items() if value}
    return write_yaml({KEY: FORMAT, **said}).encode()


def digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def checksum_of(hashes: Mapping[str, str]) -> str:
    """SHA-256 over the lines `HASH  PATH` of all files but the signature, in the order of their
    bytes: what `sha256sum pack.yaml prompts/… | LC_ALL=C sort | sha256sum` prints."""
    lines = sorted(f"{sha256}  {path}\n".encode() for path, sha256 in hashes.items())
    return digest(b"".join(lines))


def checksum(manifest: Manifest, written: bytes) -> str:
    """Of a pack whose files are what its manifest says."""
    listed = {each.path: each.sha256 for each in manifest.files}
    return checksum_of({MANIFEST: digest(written), **listed})


def checked_sha256(given: str) -> str:
    """Raises UsageError for what is no SHA-256."""
    told = given.strip().lower().removeprefix("sha256:")
    if told and not _HASH.fullmatch(told):
        raise UsageError(
            f"{given[:80]!r} is no SHA-256", hint="give the 64 digits that the pack's maker tells"
        )
    return told


def _on_one_line(text: str) -> bool:
    return all(unicodedata.category(c) not in ("Cc", "Cs", "Zl", "Zp") for c in text)


def _is_text(text: str) -> bool:
    return all(c in "\n\t" or _on_one_line(c) for c in text)
