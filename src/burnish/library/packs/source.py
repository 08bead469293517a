"""From what a person names to the pack that is meant.

a folder, or a .zip            packs/support   support.zip
the address of a zip           https://example.com/support.zip
a git repository               git+https://example.com/prompts.git@v2#packs/support
                               ./team.git   git@example.com:team/prompts.git@main
"""

from __future__ import annotations

import asyncio
import re
from pathlib import Path
from urllib.parse import unquote, urlsplit

import msgspec

from burnish.addresses import Reach, is_this_machine
from burnish.errors import NotFound, UsageError
from burnish.library.packs.contents import Contents, read_contents
from burnish.library.packs.fetch import fetch, shown
from burnish.library.packs.git_source import GitSource, opened_commit
from burnish.library.packs.manifest import MANIFEST
from burnish.library.packs.material import Archive, Folder, checked_size
from burnish.library.packs.trust import TrustedKeys
from burnish.library.sync.remote import is_bare

_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*)://")
# user@host:path, as ssh and git have it.
_SSH = re.compile(r"[^/:@\s]+@[A-Za-z0-9][A-Za-z0-9.-]*:(?!//)\S+")
_GIT = "git+"


class Bounds(msgspec.Struct, frozen=True, kw_only=True):
    max_bytes: int
    timeout_s: float
    private_hosts: bool

    def reach(self, host: str) -> Reach:
        """Who names this machine wants it."""
        if self.private_hosts:
            return "private networks"
        return "this machine" if is_this_machine(host) else "public"


async def read_source(given: str | Path, bounds: Bounds, trusted: TrustedKeys) -> Contents:
    """Raises what fetching and reading a pack raise; UsageError for what is no source."""
    text = str(given).strip()
    if not text or text.startswith("-") or "\0" in text:
        raise _no_source(text)
    if git := git_source(text):
        return await asyncio.to_thread(_from_git, git, bounds, trusted)
    scheme = _SCHEME.match(text)
    if scheme and scheme[1].lower() in ("http", "https"):
        reach = bounds.reach(_host(text))
        content = await fetch(
            text, reach=reach, max_bytes=bounds.max_bytes, timeout_s=bounds.timeout_s
        )
        return await asyncio.to_thread(_from_zip, content, shown(text), bounds, trusted)
    if scheme and scheme[1].lower() != "file":
        raise _no_source(text)
    path = _path(unquote(urlsplit(text).path) if scheme else text)
    return await asyncio.to_thread(_from_path, path, bounds, trusted)


def git_source(text: str) -> GitSource | None:
    """None for what is no git repository. Raises UsageError for an address that git must not be
    given."""
    said = text.startswith(_GIT) and not text.startswith("git+ssh://")
    rest = text.removeprefix(_GIT) if said else text
    rest, _, folder = rest.partition("#")
    scheme = _SCHEME.match(rest)
    if scheme or _SSH.fullmatch(rest):
        if scheme and scheme[1].lower() == "file":
            return _local_source(unquote(urlsplit(rest).path), folder, said=said)
        return _remote_source(rest, folder, said=said)
    return _local_source(rest, folder, said=said)


def _remote_source(rest: str, folder: str, *, said: bool) -> GitSource | None:
    scheme = _SCHEME.match(rest)
    begin = scheme.end() if scheme else 0
    # What stands behind the first slash or colon: a name and a password have an @ too.
    host = re.match(r"[^/]*/" if scheme else r"[^:]*:", rest[begin:])
    path = begin + (host.end() if host else len(rest) - begin)
    address, at, ref = rest[path:].rpartition("@")
    address, ref = (address, ref) if at else (rest[path:], "")
    kind = scheme[1].lower() if scheme else "ssh"
    if not said and kind in ("http", "https") and not address.rstrip("/").endswith(".git"):
        return None
    if kind not in ("http", "https", "ssh", "git+ssh"):
        if not said:
            return None
        raise UsageError(
            f"{kind}:// is no way to fetch a pack: nobody knows who answers",
            hint="use git+https://… or git+ssh://…",
        )
    return GitSource(address=rest[:path] + address, ref=_ref(ref), folder=_folder(folder))


def _local_source(text: str, folder: str, *, said: bool) -> GitSource | None:
    whole = Path(text).expanduser()
    base, at, ref = text.rpartition("@")
    path, ref = (whole, "") if whole.exists() or not at else (Path(base).expanduser(), ref)
    if not said and not is_bare(path):
        return None
    return GitSource(
        address=str(path.absolute()), ref=_ref(ref), folder=_folder(folder), local=True
    )


def _ref(text: str) -> str:
    if text.startswith("-") or any(c.isspace() or not c.isprintable() for c in text):
        raise UsageError(f"{text[:60]!r} is no branch, tag or commit", hint="name one behind the @")
    return text


def _folder(text: str) -> str:
    folder = text.strip("/")
    if ".." in folder.split("/"):
        raise UsageError(
            f"{text[:60]!r} leads out of the repository", hint="name a folder in it behind the #"
        )
    return folder


def _host(url: str) -> str:
    try:
        return urlsplit(url).hostname or ""
    except ValueError:
        return ""


def _from_git(source: GitSource, bounds: Bounds, trusted: TrustedKeys) -> Contents:
    with opened_commit(
        source,
        reach=bounds.reach(_host(source.address)),
        max_bytes=bounds.max_bytes,
        timeout_s=bounds.timeout_s,
    ) as commit:
        return read_contents(commit, trusted, bounds.max_bytes)


def _from_zip(content: bytes, where: str, bounds: Bounds, trusted: TrustedKeys) -> Contents:
    return read_contents(Archive(content, where), trusted, bounds.max_bytes)


def _from_path(path: Path, bounds: Bounds, trusted: TrustedKeys) -> Contents:
    if path.name == MANIFEST and path.is_file():
        path = path.parent
    if path.is_dir():
        return read_contents(Folder(path), trusted, bounds.max_bytes)
    try:
        with path.open("rb") as file:
            content = file.read(bounds.max_bytes + 1)
    except FileNotFoundError:
        raise NotFound(
            f"there is no {path}",
            hint="name a folder, a zip, https://… or git+https://…",
            subject=str(path),
        ) from None
    except OSError as error:
        raise UsageError(
            f"{path} cannot be read: {error.strerror}", hint="check the path", subject=str(path)
        ) from None
    return _from_zip(checked_size(str(path), content, bounds.max_bytes), str(path), bounds, trusted)


def _path(text: str) -> Path:
    try:
        return Path(text).expanduser().absolute()
    except RuntimeError:
        raise _no_source(text) from None


def _no_source(text: str) -> UsageError:
    return UsageError(
        f"{shown(text)[:80]!r} is no pack",
        hint="name a folder, a zip, https://… of a zip, or git+https://…@REF#FOLDER",
    )
