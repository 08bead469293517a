"""A repository somewhere else, with a bare clone of it among our own data.

Nothing is ever forced: a push only goes through where the branch stands as it was fetched. How to
sign in is git's own matter (ssh, credential helpers); addresses with a password are not kept.
"""

from __future__ import annotations

import hashlib
import re
import shutil
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar, cast

from burnish.errors import NotFound, NotPermitted, Unavailable, UsageError
from burnish.library.sync.connections import hung_up
from burnish.library.sync.repository import HEADS, Repository, branch_of
from burnish.library.sync.target import Seen
from burnish.masking import without_secrets

if TYPE_CHECKING:
    from dulwich.client import FetchPackResult, GitClient, SendPackResult
    from dulwich.objects import ObjectID
    from dulwich.refs import Ref
    from dulwich.repo import Repo

T = TypeVar("T")
_SCHEMES = ("http", "https", "ssh", "git", "git+ssh", "file")
_URL = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*)://")
# user@host:path, as ssh and git have it; a drive's letter is none.
_SSH = re.compile(r"(?:[^/:@\s]+@)?[A-Za-z0-9][A-Za-z0-9.-]+:(?!//|:)\S")
_USER = re.compile(r"(?<=://)[^/\s]*@")
_RACE = re.compile(r"fast-forward|fetch first|unable to set|\block", re.IGNORECASE)
_DEFAULT = "main"
_LOCK_WAITS_S = (0.05, 0.1, 0.2, 0.4, 0.8)


def is_address(text: str) -> bool:
    if Path(text).exists():
        return is_bare(Path(text))
    return bool(_URL.match(text) or _SSH.match(text))


def is_bare(path: Path) -> bool:
    """Whether the folder is a repository without files to edit."""
    inside = ("HEAD", "objects", "refs")
    return not (path / ".git").exists() and all((path / name).exists() for name in inside)


def shown(address: str) -> str:
    """Without a name, a password or a key."""
    return without_secrets(_USER.sub("", address))


class Remote:
    def __init__(self, address: str, home: Path) -> None:
        """Raises UsageError for an address of a kind that is not known."""
        scheme = _URL.match(address)
        if scheme and scheme[1].lower() not in _SCHEMES:
            raise UsageError(
                f"{scheme[1]}:// is no address of a git repository that is known",
                hint=f"use {', '.join(_SCHEMES)}, or user@host:path",
            )
        if address.startswith("-"):
            raise UsageError(f"{address[:40]!r} is no address", hint="it begins with a dash")
        local = Path(address)
        self._address = str(local.absolute()) if not scheme and local.exists() else address
        key = hashlib.sha256(shown(self._address).encode()).hexdigest()[:16]
        self.data = home / "sync" / key
        self._repository: Repository | None = None

    @property
    def repository(self) -> Repository:
        if self._repository is None:
            self._repository = Repository(_clone(self.data / "clone.git"), _DEFAULT)
        return self._repository

    def close(self) -> None:
        if self._repository is not None:
            self._repository.repo.close()

    def look(self, *, dry_run: bool) -> Seen:
        """Fetches. Raises Unavailable, NotFound for a repository that is not there, NotPermitted
        where signing in failed."""
        del dry_run  # the clone is ours; what is fetched changes nothing for anybody
        repository = self.repository
        repo = repository.repo
        client, path = self._client("pull")

        def wants(refs: Mapping[Any, ObjectID | None], depth: int | None = None) -> list[ObjectID]:
            del depth
            heads = {name: found for name, found in refs.items() if name.startswith(HEADS)}
            return repo.object_store.determine_wants_all(
                {name: found for name, found in heads.items() if found is not None}
            )

        def fetched() -> FetchPackResult:
            with hung_up(client):
                return client.fetch(path, repo, determine_wants=wants)

        result = reached(self._address, fetched)
        repository.branch = _branch(result.refs, result.symrefs)
        found = result.refs.get(repository.ref)
        if found:
            repo.refs[repository.ref] = found
        elif repository.ref in repo.refs:
            del repo.refs[repository.ref]
        head = repository.head()
        return Seen(head=head, listing=repository.listing(head))

    def publish(self, old: str, new: str, files: Mapping[str, bytes | None]) -> bool:
        del files  # a bare clone has none
        repository = self.repository
        store = repository.repo.object_store
        client, path = self._client("push")

        def update(refs: dict[Ref, ObjectID]) -> dict[Ref, ObjectID]:
            if refs.get(repository.ref, b"").decode() != old:
                raise _Moved
            return {repository.ref: cast("ObjectID", new.encode())}

        def sent() -> SendPackResult:
            with hung_up(client):
                return client.send_pack(path.encode(), update, store.generate_pack_data)

        try:
            result = self._patiently(sent)
        except _Moved:
            return False
        refused = (result.ref_status or {}).get(repository.ref)
        if refused and not _is_race(refused):
            raise NotPermitted(
                f"{shown(self._address)} refused the push ({refused[:200]})",
                hint="see whether you may push to that branch",
            )
        return not refused and repository.move(old, new)

    def _client(self, operation: str) -> tuple[GitClient, str]:
        from dulwich.client import get_transport_and_path

        config = self.repository.repo.get_config_stack()
        try:
            return get_transport_and_path(
                self._address, config=config, operation=operation, quiet=True
            )
        except (ValueError, OSError) as error:
            raise UsageError(
                f"{shown(self._address)} is no address of a git repository",
                hint="use https://…, ssh://…, user@host:path, or the path of a bare repository",
            ) from error

    def _patiently(self, call: Callable[[], T]) -> T:
        """Another push holds the branch's lock for a moment; who left one behind does for ever."""
        from dulwich.file import FileLocked

        for wait_s in _LOCK_WAITS_S:
            try:
                return reached(self._address, call)
            except FileLocked:
                time.sleep(wait_s)
        return reached(self._address, call)


class _Moved(Exception):
    """The branch is not where it was fetched from."""


def reached(address: str, call: Callable[[], T]) -> T:
    """The boundary to the network: whatever fails there becomes an error of ours, which names no
    password."""
    from dulwich.client import (
        HTTPProxyUnauthorized,
        HTTPUnauthorized,
        StrangeHostname,
        TransportNotAllowed,
    )
    from dulwich.errors import GitProtocolError, NotGitRepository
    from urllib3.exceptions import HTTPError

    where = shown(address)
    try:
        return call()
    except NotGitRepository:
        raise NotFound(
            f"there is no git repository at {where}",
            hint="check the address; to make one there: git init --bare",
            subject=where,
        ) from None
    except HTTPUnauthorized:
        raise NotPermitted(
            f"{where} wants to know who you are",
            hint="sign in once with git, so that its credential helper knows",
            subject=where,
        ) from None
    except (
        GitProtocolError,
        HTTPProxyUnauthorized,
        StrangeHostname,
        TransportNotAllowed,
        HTTPError,
        OSError,
    ) as error:
        raise Unavailable(
            f"{where} cannot be reached ({_reason(error)})",
            hint="check the address and the network, then try again; nothing is lost",
            subject=where,
        ) from None


def _reason(error: Exception) -> str:
    """In a few words: what libraries say of connections is about their own objects."""
    from urllib3.exceptions import (
        ConnectTimeoutError,
        HTTPError,
        NameResolutionError,
        NewConnectionError,
        ProxyError,
        ReadTimeoutError,
        SSLError,
    )

    # dulwich gives the text of an error of its own, and that of the connection behind it.
    found = error.__cause__ if isinstance(error.__cause__, HTTPError) else error
    inner = getattr(found, "reason", None)
    if isinstance(found, HTTPError) and isinstance(inner, Exception):
        found = inner
    reasons = (
        (NameResolutionError, "no host of that name is known"),
        (NewConnectionError, "nobody answers there"),
        ((ConnectTimeoutError, ReadTimeoutError, TimeoutError), "no answer in time"),
        (SSLError, "its certificate is not valid, or it does not speak https"),
        (ProxyError, "the proxy does not let it through"),
        (HTTPError, "the connection broke"),
    )
    for kind, told in reasons:
        if isinstance(found, kind):
            return told
    told = shown(" ".join(str(error).split()))[:200]
    return told or type(error).__name__


def _clone(path: Path) -> Repo:
    from dulwich.errors import NotGitRepository
    from dulwich.repo import Repo

    try:
        return Repo(str(path))
    except (NotGitRepository, FileNotFoundError):
        # Never made, or not finished: nothing in it is missed.
        shutil.rmtree(path, ignore_errors=True)
    path.mkdir(parents=True)
    return Repo.init_bare(str(path))


def _branch(refs: Mapping[Any, Any], symrefs: Mapping[Any, Any]) -> str:
    """The one that the repository calls its own, else its only one."""
    named = symrefs.get(b"HEAD") or b""
    heads = [name for name in refs if name.startswith(HEADS)]
    if named.startswith(HEADS) and (named in refs or not heads):
        return branch_of(named)
    for name in (HEADS + b"main", HEADS + b"master", *(heads if len(heads) == 1 else ())):
        if name in heads:
            return branch_of(name)
    if heads:
        raise UsageError(
            "the repository has several branches and says of none that it is the one",
            hint="set its HEAD (git symbolic-ref HEAD refs/heads/main)",
        )
    return _DEFAULT


def _is_race(refused: str) -> bool:
    return bool(_RACE.search(refused))
