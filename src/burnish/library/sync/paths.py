"""Where the file of a prompt stands, and which prompt a path names.

`travel/lisbon` is `travel/lisbon.md`. What a file system cannot hold is written as `%` and the
hexadecimal digits of its UTF-8 bytes, so the name can be read back from the path.
"""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Iterable
from urllib.parse import unquote_to_bytes

SUFFIX = ".md"
_UNSAFE = re.compile(r'[%\\:*?"<>|]')
# Control and format characters, which nobody sees.
_UNSEEN = frozenset({"Cc", "Cf", "Zl", "Zp"})
# Windows keeps these for itself, whatever follows the dot.
_DEVICE = re.compile(
    r"(?:con|prn|aux|nul|con(?:in|out)\$|(?:com|lpt)[0-9¹²³])(?:\..*)?\Z", re.IGNORECASE
)
_SHORT_GIT = re.compile(r"git~[0-9]+\Z", re.IGNORECASE)
_ENCODED = re.compile(r"(?:[^%]|%[0-9A-F]{2})*\Z", re.DOTALL)
_LONGEST_BYTES = 200
_DIGEST = 8


def path_of(name: str) -> str:
    parts = name.split("/")
    folders = [_part(part, folder=True) for part in parts[:-1]]
    return "/".join((*folders, _part(parts[-1], folder=False))) + SUFFIX


class Places:
    """The paths that are taken. Two that differ in case alone are the same, as many file systems
    take them so."""

    def __init__(self, paths: Iterable[str]) -> None:
        self._files: set[str] = set()
        self._folders: set[str] = set()
        for path in paths:
            self._take(path_key(path))

    def free(self, name: str) -> str:
        """The path of the name, taken from now on, or one beside it where something stands
        there already."""
        path = path_of(name)
        digest = hashlib.sha256(name.encode()).hexdigest()
        flat = _part(name.replace("/", "_"), folder=False)
        for length in range(_DIGEST, len(digest)):
            key = path_key(path)
            if (
                key not in self._files
                and key not in self._folders
                and self._files.isdisjoint(_above(key))
            ):
                break
            path = f"{flat}~{digest[:length]}{SUFFIX}"
        self._take(path_key(path))
        return path

    def _take(self, key: str) -> None:
        self._files.add(key)
        self._folders.update(_above(key))


def name_of(path: str) -> str:
    """The name that the path spells; not every path spells one that a prompt can have."""
    stem = path.removesuffix(SUFFIX)
    if not _ENCODED.match(stem):
        return stem
    try:
        return unquote_to_bytes(stem).decode()
    except UnicodeDecodeError:
        return stem


def path_key(path: str) -> str:
    """Equal for paths that some file system takes for the same."""
    return unicodedata.normalize("NFC", path).casefold()


def is_safe(part: str) -> bool:
    """Whether a folder's or file's name stays where it is put, and out of git's own data, on
    every system."""
    seen = "".join(c for c in part if unicodedata.category(c) != "Cf")
    bare = seen.partition(":")[0].rstrip(". ").lower()
    return (
        part not in ("", ".", "..")
        and not set(part) & {"/", "\\", "\0"}
        and bare != ".git"
        and not _SHORT_GIT.match(bare)
    )


def is_hidden(path: str) -> bool:
    return any(part.startswith(".") for part in path.split("/"))


def _above(key: str) -> list[str]:
    parts = key.split("/")
    return ["/".join(parts[:count]) for count in range(1, len(parts))]


def _part(part: str, *, folder: bool) -> str:
    kept = "".join(_escaped(c) if _UNSAFE.match(c) or _is_unseen(c) else c for c in part)
    if kept.startswith(".") or _DEVICE.match(kept) or _SHORT_GIT.match(kept):
        kept = _escaped(kept[0]) + kept[1:]
    if folder and kept.endswith((".", " ", SUFFIX)):
        # A folder `a.md` would stand where the file of the prompt `a` does.
        dot = len(kept) - (len(SUFFIX) if kept.endswith(SUFFIX) else 1)
        kept = kept[:dot] + _escaped(kept[dot]) + kept[dot + 1 :]
    if len(kept.encode()) <= _LONGEST_BYTES:
        return kept
    digest = hashlib.sha256(part.encode()).hexdigest()[:_DIGEST]
    short = kept.encode()[: _LONGEST_BYTES - _DIGEST - 1].decode(errors="ignore")
    return f"{_whole(short)}~{digest}"


def _whole(text: str) -> str:
    """Without a code that was cut in its middle."""
    cut = text.rfind("%", -3)
    return text if cut < 0 or len(text) - cut == 3 else text[:cut]


def _is_unseen(character: str) -> bool:
    return unicodedata.category(character) in _UNSEEN


def _escaped(character: str) -> str:
    return "".join(f"%{byte:02X}" for byte in character.encode())
