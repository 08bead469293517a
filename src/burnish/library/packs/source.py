"""From what a person names to the pack that is meant.

a folder, or a .zip            packs/support   support.zip
the address of a zip           https://example.com/support.zip
a git repository               git+https://example.com/prompts.git@v2#packs/support
                               ./team.git   git@example.com:team/prompts.git@main
"""

from __future__ import annotations

import asyncio
from pathlib import Path
from urllib.parse import unquote, urlsplit

import msgspec

from burnish.addresses import Reach, is_this_machine, shown
from burnish.errors import NotFound, UsageError
from burnish.library.packs.contents import Contents, read_contents
from burnish.library.packs.git_address import SCHEME, GitSource, git_source
from burnish.library.packs.manifest import MANIFEST
from burnish.library.packs.material import Archive, Folder, checked_size
from burnish.library.packs.trust import TrustedKeys


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
    if git := _git(text):
        return await asyncio.to_thread(_from_git, git, bounds, trusted)
    scheme = SCHEME.match(text)
    if scheme and scheme[1].lower() in ("http", "https"):
        from burnish.library.packs.fetch import fetch

        reach = bounds.reach(_host(text))
        content = await fetch(
            text, reach=reach, max_bytes=bounds.max_bytes, timeout_s=bounds.timeout_s
        )
        return await asyncio.to_thread(_from_zip, content, shown(text), bounds, trusted)
    if scheme and scheme[1].lower() != "file":
        raise _no_source(text)
    path = _path(unquote(urlsplit(text).path) if scheme else text)
    return await asyncio.to_thread(_from_path, path, bounds, trusted)


def _git(text: str) -> GitSource | None:
    try:
        return git_source(text)
    except (OSError, RuntimeError, ValueError):
        # What no system takes for a path.
        raise _no_source(text) from None


def _host(url: str) -> str:
    try:
        return urlsplit(url).hostname or ""
    except ValueError:
        return ""


def _from_git(source: GitSource, bounds: Bounds, trusted: TrustedKeys) -> Contents:
    # Only where git is meant: it loads much.
    from burnish.library.packs.git_source import opened_commit
    from burnish.library.packs.git_ssh import host_of

    with opened_commit(
        source,
        reach=bounds.reach(host_of(source.address)),
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
