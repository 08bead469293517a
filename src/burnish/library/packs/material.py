"""The files of a pack, wherever they lie: in a folder, in a zip, in a commit."""

from __future__ import annotations

import io
import zipfile
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import Protocol

from burnish.errors import NotFound, UsageError
from burnish.library.files.gather import file_problem, unsafe_entry
from burnish.library.packs.manifest import MANIFEST
from burnish.library.sync.paths import path_key

# What is looked through to find the pack; a pack has fewer.
MAX_ENTRIES = 5000


class Material(Protocol):
    """`where` is the source as it may be shown and stored, `commit` the git commit that it is."""

    @property
    def where(self) -> str: ...

    @property
    def commit(self) -> str: ...

    def names(self) -> tuple[str, ...]:
        """All files there are, as far as they are known without a search."""
        ...

    def read(self, name: str, most: int) -> bytes | None:
        """None for a file that is not there. Raises UsageError for one of more than `most` bytes,
        or that must not be read."""
        ...


class Folder:
    commit = ""

    def __init__(self, root: Path) -> None:
        """Raises NotFound for a folder without a pack."""
        self._root = root.resolve()
        self.where = str(root)
        if not (self._root / MANIFEST).is_file():
            raise no_pack(self.where)

    def names(self) -> tuple[str, ...]:
        # What else lies in somebody's folder is no part of the pack.
        return ()

    def read(self, name: str, most: int) -> bytes | None:
        path = self._root.joinpath(*name.split("/"))
        if not path.exists() and not path.is_symlink():
            return None
        if problem := file_problem(path, self._root):
            raise UsageError(f"{name} {problem}", hint="take it out of the pack", subject=name)
        try:
            with path.open("rb") as file:
                content = file.read(most + 1)
        except OSError as error:
            raise UsageError(
                f"{name} cannot be read: {error.strerror}", hint="check its permissions"
            ) from None
        return checked_size(name, content, most)


class Archive:
    """A zip in memory. Its one top folder, such as a download of a repository has, is left out."""

    commit = ""

    def __init__(self, content: bytes, where: str) -> None:
        """Raises UsageError for an archive that is broken or holds what no pack has, NotFound for
        one without a pack."""
        self.where = where
        try:
            self._zip = zipfile.ZipFile(io.BytesIO(content))
            entries = self._zip.infolist()
        except (zipfile.BadZipFile, ValueError, OSError, NotImplementedError) as error:
            raise _broken(where, str(error)) from None
        self._entries = _by_name(entries, where)
        self._top = _top_folder(self._entries, where)

    def names(self) -> tuple[str, ...]:
        return tuple(
            name.removeprefix(self._top) for name in self._entries if name.startswith(self._top)
        )

    def read(self, name: str, most: int) -> bytes | None:
        entry = self._entries.get(self._top + name)
        if entry is None:
            return None
        try:
            # What an archive tells of sizes may be lies, so no more than that is unpacked.
            with self._zip.open(entry) as opened:
                content = opened.read(most + 1)
        except (
            *(zipfile.BadZipFile, zlib.error, EOFError, OSError),
            *(RuntimeError, NotImplementedError, ValueError),
        ) as error:
            raise _broken(self.where, f"{name}: {error}") from None
        return checked_size(name, content, most)


class Blobs:
    """Files that are in memory."""

    def __init__(self, files: Mapping[str, bytes], where: str, commit: str) -> None:
        self._files = files
        self.where = where
        self.commit = commit

    def names(self) -> tuple[str, ...]:
        return tuple(self._files)

    def read(self, name: str, most: int) -> bytes | None:
        content = self._files.get(name)
        return None if content is None else checked_size(name, content, most)


def checked_size(name: str, content: bytes, most: int) -> bytes:
    if len(content) > most:
        raise too_large(name)
    return content


def too_large(name: str) -> UsageError:
    return UsageError(
        f"{name} is too large: the files of the pack have more than packs.max_mb allows",
        hint="set packs.max_mb higher if you trust the pack",
        subject=name,
    )


def no_pack(where: str) -> NotFound:
    return NotFound(
        f"{where} holds no {MANIFEST}, so it is no pack",
        hint="name the folder, zip, address or repository of one; burnish packs build makes one",
        subject=where,
    )


def _by_name(entries: list[zipfile.ZipInfo], where: str) -> dict[str, zipfile.ZipInfo]:
    if len(entries) > MAX_ENTRIES:
        raise _broken(where, f"it holds more than {MAX_ENTRIES:,} files")
    found: dict[str, zipfile.ZipInfo] = {}
    keys: set[str] = set()
    for entry in entries:
        if problem := unsafe_entry(entry):
            raise UsageError(
                f"{where}: {entry.filename[:120]!r} {problem}",
                hint="nothing was installed; ask the pack's maker for a plain zip",
            )
        key = path_key(entry.filename.rstrip("/"))
        if key in keys:
            raise UsageError(
                f"{where} holds {entry.filename[:120]!r} twice, or in two spellings that many "
                "systems take for one",
                hint="nothing was installed; ask the pack's maker for a plain zip",
            )
        keys.add(key)
        if not entry.is_dir():
            found[entry.filename] = entry
    return found


def _top_folder(names: Mapping[str, object], where: str) -> str:
    if MANIFEST in names:
        return ""
    tops = {f"{name.partition('/')[0]}/" for name in names if "/" in name}
    found = [top for top in tops if top + MANIFEST in names]
    if len(found) != 1:
        raise no_pack(where)
    return found[0]


def _broken(where: str, what: str) -> UsageError:
    return UsageError(
        f"{where} cannot be unpacked: {what}",
        hint="nothing was installed; name a zip, or git+ADDRESS for a git repository",
    )
