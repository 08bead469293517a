"""The files of a folder, of an archive, or the one file that is named."""

from __future__ import annotations

import os
import re
import stat
import zipfile
import zlib
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from tempfile import TemporaryDirectory

import msgspec

from burnish.errors import NotFound, UsageError
from burnish.prompts.formats import MAX_BUNDLE_BYTES

MAX_FILES = 10_000
MAX_UNPACKED_BYTES = 200 * 1024 * 1024
# What one entry that is damaged, or that this system cannot hold, raises.
_BROKEN = (zipfile.BadZipFile, zlib.error, OSError, EOFError, RuntimeError, ValueError)
_PACKED = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
_SUFFIXES = (
    *(".json", ".jsonl", ".ndjson", ".yaml", ".yml", ".md", ".markdown", ".mdc"),
    *(".csv", ".tsv", ".prompty"),
)
# Texts that prompt files name, and that are none themselves.
_NAMED = (".txt", ".j2", ".jinja", ".jinja2", ".njk")
# Names that tell nothing of what is in the file; some of them stand side by side.
_BESIDE = ("system", "user", "agents", "tasks")
_COMMON = (
    *_BESIDE,
    "",
    *("prompt", "prompts", "chat", "config", "index", "main", "readme", "skill", "samples"),
)
# What a configuration of promptfoo is called, with or without a name of its own behind.
_CONFIG = re.compile(r"promptfoo[-_.]?(?:config)?[-_.]?", re.IGNORECASE)


class Found(msgspec.Struct, frozen=True, kw_only=True):
    """A file by its name in the folder. With a `problem` it must not be read."""

    name: str
    path: Path
    problem: str = ""


class Gathered(msgspec.Struct, frozen=True, kw_only=True):
    """`origin` is what was named, `root` where the files lie; `alone` tells that one file was
    named itself."""

    origin: Path
    root: Path
    files: tuple[Found, ...]
    alone: bool = False


@contextmanager
def gathered(path: Path) -> Generator[Gathered]:
    """What there is to read at the path; an archive is unpacked for as long as it is read.

    Hidden files are left out, and links out of the folder are not followed. Raises NotFound, and
    UsageError for what cannot be unpacked safely or holds too many files.
    """
    path = path.expanduser().resolve()
    if not path.exists():
        raise NotFound(f"there is no {path}", hint="check the path", subject=str(path))
    if path.is_dir():
        yield Gathered(
            origin=path, root=path, files=tuple(sorted(_files(path), key=lambda each: each.name))
        )
    elif not path.is_file():
        # A pipe would keep us waiting for ever.
        raise UsageError(f"{path} is no ordinary file", hint="write it to a file first")
    elif zipfile.is_zipfile(path):
        with TemporaryDirectory(prefix="burnish-") as folder:
            problems = _unpack(path, Path(folder))
            inside = sorted(_files(Path(folder).resolve()), key=lambda each: each.name)
            yield Gathered(origin=path, root=Path(folder).resolve(), files=(*inside, *problems))
    else:
        yield Gathered(
            origin=path, root=path.parent, files=(Found(name=path.name, path=path),), alone=True
        )


def content_of(found: Found) -> bytes:
    """Raises UsageError for a file that cannot be read, or is larger than any prompt file."""
    try:
        with found.path.open("rb") as opened:
            return opened.read(MAX_BUNDLE_BYTES + 1)
    except OSError as error:
        raise UsageError(
            f"cannot be read: {error.strerror}", hint="check its permissions"
        ) from None


def own_name(there: Gathered, found: Found) -> str:
    """What a prompt is called that has no name of its own: as its file, with the folders that
    were gone through, so that two are not taken for one; as the folder alone where very many
    files have that name."""
    *folders, last = PurePosixPath(found.name).with_suffix("").parts
    last = last.removesuffix(".prompt")
    own = _CONFIG.sub("", last) if _CONFIG.match(last) else last
    common = own.lower() in _COMMON
    if folders:
        return "/".join([*folders, *([own] if own.lower() in _BESIDE or not common else [])])
    if own == last and not common:
        return last
    # An archive is unpacked where no name means anything.
    plain = there.root in (there.origin, there.origin.parent)
    root = there.root if plain else there.origin.with_suffix("")
    root = root.parent if root.name in _COMMON else root
    kept = own if own.lower() in _BESIDE or not common else ""
    return "/".join(filter(None, (root.name, kept))) or last


def _files(root: Path) -> Iterator[Found]:
    count = 0
    for folder, folders, names in os.walk(root, onerror=_unreadable):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for name in names:
            if name.startswith(".") or not name.lower().endswith(_SUFFIXES):
                continue
            count += 1
            if count > MAX_FILES:
                raise UsageError(
                    f"{root} holds more than {MAX_FILES:,} files",
                    hint="bring its folders in one by one",
                    subject=str(root),
                )
            path = Path(folder) / name
            yield Found(
                name=path.relative_to(root).as_posix(), path=path, problem=file_problem(path, root)
            )


def _unreadable(error: OSError) -> None:
    raise UsageError(
        f"{error.filename} cannot be read: {error.strerror}", hint="check its permissions"
    )


def file_problem(path: Path, root: Path) -> str:
    """Why a file of a folder must not be read; empty when it may."""
    try:
        inside = path.resolve().is_relative_to(root)
    except (OSError, RuntimeError):
        # A link that leads to itself.
        inside = False
    if not inside:
        return "is a link out of the folder, which is not followed"
    return "" if path.is_file() else "is no ordinary file"


def _unpack(archive: Path, target: Path) -> list[Found]:
    """Writes the prompt files of the archive; those that must not be written have a problem."""
    problems: list[Found] = []
    left = MAX_UNPACKED_BYTES
    try:
        with zipfile.ZipFile(archive) as opened:
            entries = [each for each in opened.infolist() if not each.is_dir()]
            if len(entries) > MAX_FILES:
                raise UsageError(
                    f"{archive.name} holds more than {MAX_FILES:,} files",
                    hint="unpack it, and bring its folders in one by one",
                )
            for entry in entries:
                if not entry.filename.lower().endswith((*_SUFFIXES, *_NAMED)):
                    continue
                problem = unsafe_entry(entry)
                if not problem:
                    written, problem = _write(opened, entry, target, left)
                    left -= written
                if problem:
                    problems.append(Found(name=entry.filename, path=archive, problem=problem))
    except _BROKEN as error:
        raise UsageError(
            f"{archive.name} cannot be unpacked: {error}", hint="pack it again as a plain zip"
        ) from None
    return problems


def unsafe_entry(entry: zipfile.ZipInfo) -> str:
    """Why an entry must not be written; empty when it may."""
    name = entry.filename
    parts = PurePosixPath(name).parts
    if name.startswith("/") or "\\" in name or ":" in name or ".." in parts or "\0" in name:
        return "has a name that leads out of the archive"
    if entry.flag_bits & 0x1:
        return "is encrypted"
    if entry.compress_type not in _PACKED:
        return "is packed otherwise than by deflating; pack it again as a plain zip"
    if stat.S_ISLNK(entry.external_attr >> 16):
        return "is a link, which is not followed"
    if entry.file_size > MAX_BUNDLE_BYTES:
        return f"has more than {MAX_BUNDLE_BYTES // 1024 // 1024} MB"
    return ""


def _write(
    opened: zipfile.ZipFile, entry: zipfile.ZipInfo, target: Path, left: int
) -> tuple[int, str]:
    """The bytes written, and what is wrong with the entry, which is then not there. The sizes
    that an archive tells of itself may be lies, so bytes are counted as they come."""
    path = target.joinpath(*PurePosixPath(entry.filename).parts)
    written, begun = 0, False
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with opened.open(entry) as source, path.open("xb") as file:
            begun = True
            while block := source.read(1 << 16):
                written += len(block)
                if written > min(left, MAX_BUNDLE_BYTES):
                    raise UsageError(
                        f"the archive unpacks to more than {MAX_UNPACKED_BYTES // 1024 // 1024} MB",
                        hint="unpack it yourself, and look at what it holds",
                    )
                file.write(block)
    except _BROKEN as error:
        if begun:
            path.unlink()
        return written, _told(error)
    return written, ""


def _told(error: Exception) -> str:
    if isinstance(error, FileExistsError | NotADirectoryError | IsADirectoryError):
        return "has the name of another file of the archive"
    return f"cannot be unpacked: {getattr(error, 'strerror', None) or error}"
