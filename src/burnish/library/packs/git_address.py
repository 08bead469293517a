"""The addresses of packs in git repositories."""

from __future__ import annotations

import re
from pathlib import Path
from urllib.parse import unquote, urlsplit

import msgspec

from burnish.errors import UsageError
from burnish.library.sync.remote import is_bare, shown

SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*)://")
# user@host:path, as ssh and git have it.
_SSH = re.compile(r"[^/:@\s]+@[A-Za-z0-9][A-Za-z0-9.-]*:(?!//)\S+")
_GIT = "git+"


class GitSource(msgspec.Struct, frozen=True, kw_only=True):
    """`ref` is a branch, a tag or a commit; empty is what the repository calls its own. `folder`
    is where in it the pack lies."""

    address: str
    ref: str = ""
    folder: str = ""
    local: bool = False

    @property
    def where(self) -> str:
        """As it may be shown and stored, and named again."""
        ref = f"@{self.ref}" if self.ref else ""
        folder = f"#{self.folder}" if self.folder else ""
        return f"git+{bare(self.address)}{ref}{folder}"


def git_source(text: str) -> GitSource | None:
    """None for what is no git repository. Raises UsageError for an address that git must not be
    given."""
    said = text.startswith(_GIT)
    rest = text.removeprefix(_GIT)
    rest, _, folder = rest.partition("#")
    scheme = SCHEME.match(rest)
    if scheme or _SSH.fullmatch(rest):
        if scheme and scheme[1].lower() == "file":
            return _local_source(unquote(urlsplit(rest).path), folder, said=said)
        return _remote_source(rest, folder, said=said)
    return _local_source(rest, folder, said=said)


def _remote_source(rest: str, folder: str, *, said: bool) -> GitSource | None:
    scheme = SCHEME.match(rest)
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


def bare(address: str) -> str:
    """Without a password; the user's name of ssh is part of the address."""
    if urlsplit(address).scheme in ("ssh", "git+ssh"):
        return re.sub(r"(?<=://)([^/\s:@]*):[^/\s@]*@", r"\1@", address)
    return shown(address)
