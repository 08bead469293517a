"""A pack in a git repository: the files of one commit, without a work tree and without git.

Of a repository far away the one commit alone is fetched, into memory. What it sends is counted
before it is unpacked, and no connection leads to a host that is out of reach.
"""

from __future__ import annotations

import importlib
import re
import time
from collections.abc import Callable, Generator, Mapping
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path
from tempfile import SpooledTemporaryFile
from typing import TYPE_CHECKING, Any, cast
from urllib.parse import urlsplit

from burnish.addresses import Reach, check_url
from burnish.errors import Conflict, MissingExtra, NotFound, Unavailable, UsageError
from burnish.library.packs.git_address import GitSource, bare
from burnish.library.packs.git_bounds import Meter, check_pack_data
from burnish.library.packs.git_pool import guarded_pool
from burnish.library.packs.git_sizes import unpacked_size
from burnish.library.packs.git_ssh import TimedSsh, check_literal, host_of, is_ssh
from burnish.library.packs.manifest import MANIFEST
from burnish.library.packs.material import checked_size, no_pack, too_large
from burnish.library.sync.connections import hung_up
from burnish.library.sync.faults import as_ours
from burnish.library.sync.remote import reached, shown
from burnish.library.sync.repository import HEADS, Repository
from burnish.library.sync.visits import Visits
from burnish.models.connections import proxy_for

if TYPE_CHECKING:
    from dulwich.client import GitClient
    from dulwich.objects import ObjectID
    from dulwich.repo import BaseRepo, Repo

_TAGS = b"refs/tags/"
_COMMIT = re.compile(r"[0-9a-f]{40}(?:[0-9a-f]{24})?")
# What is in memory may be so much larger than what was sent: texts compress well.
_UNPACKED = 8
_SPOOL_BYTES = 1 << 20
_TAGS_OF_TAGS = 5
# Of the folder that is named; a pack has few.
_MAX_FOLDERS = 10_000


class Commit:
    """The files below one folder of a commit."""

    def __init__(self, repository: Repository, where: str, commit: str, until: float) -> None:
        """Raises NotFound for one without a pack, UsageError for more folders and files than
        people keep, Unavailable where the moment `until` has passed."""
        self._repository = repository
        self.where = where
        self.commit = commit
        self._files = repository.listing(commit, Visits(_MAX_FOLDERS, until)).files
        if MANIFEST not in self._files:
            raise no_pack(where)

    def names(self) -> tuple[str, ...]:
        return tuple(self._files)

    def read(self, name: str, most: int) -> bytes | None:
        file = self._files.get(name)
        if file is None:
            return None
        if not file.is_plain:
            raise UsageError(
                f"{name} is a link or no ordinary file, which is not followed",
                hint="nothing was installed; tell the pack's maker",
                subject=name,
            )
        if unpacked_size(self._repository.repo.object_store, file.blob) > most:
            raise too_large(name)
        return checked_size(name, self._repository.blob(file.blob), most)


@contextmanager
def opened_commit(
    source: GitSource, *, reach: Reach, max_bytes: int, timeout_s: float
) -> Generator[Commit]:
    """Raises MissingExtra without the extra `git`; NotFound for a repository, a ref or a pack that
    is not there; UsageError for one that is too large; NotPermitted; Unavailable."""
    try:
        importlib.import_module("dulwich")
    except ImportError:
        raise MissingExtra("dulwich", "git") from None
    until = time.monotonic() + timeout_s
    with as_ours(source.where):
        if source.local:
            with closing(_local(Path(source.address))) as repo:
                yield _commit_of(repo, source, _local_commit(repo, source), until)
            return
        fetched = _Fetch(source, reach, max_bytes, until)
        commit = fetched.commit(timeout_s)
        yield _commit_of(fetched.repo, source, commit, until)


class _Fetch:
    def __init__(self, source: GitSource, reach: Reach, max_bytes: int, until: float) -> None:
        from dulwich.repo import MemoryRepo

        self.repo = MemoryRepo()
        self._source = source
        self._reach: Reach = reach
        self._max_bytes = max_bytes
        self._until = until

    def commit(self, timeout_s: float) -> ObjectID:
        from dulwich.client import get_transport_and_path

        address = self._source.address
        pool = None
        if is_ssh(address):
            check_literal(host_of(address), self._reach)
        if urlsplit(address).scheme in ("http", "https"):
            check_url(address, self._reach)
            # A proxy looks the names up itself, and may stand in a private network.
            if not proxy_for(address):
                # The names of branches and tags come beside the files.
                wire = Meter(2 * self._max_bytes, self._until, self._source.where)
                pool = guarded_pool(urlsplit(address).scheme, self._reach, timeout_s, wire)
        try:
            client, path = get_transport_and_path(
                address,
                config=self.repo.get_config_stack(),
                operation="pull",
                quiet=True,
                pool_manager=pool,
            )
        except (ValueError, OSError):
            raise UsageError(
                f"{shown(address)} is no address of a git repository",
                hint="use git+https://…, git+ssh://… or the path of a repository",
            ) from None
        return self._fetched(client, path)

    def _timed(self, client: Any) -> TimedSsh:
        """Of all that git speaks over, ssh alone keeps no time of its own."""
        timed = TimedSsh(getattr(client, "ssh_vendor", None), self._until)
        if is_ssh(self._source.address):
            client.ssh_vendor = timed
        return timed

    def _fetched(self, client: GitClient, path: str) -> ObjectID:
        wanted: list[ObjectID] = []

        def wants(refs: Mapping[Any, Any], depth: int | None = None) -> list[ObjectID]:
            del depth
            wanted[:] = [_resolved(refs, self._source)]
            return wanted

        def fetch() -> None:
            # The ssh is ended first: to hang up waits for it.
            with hung_up(client), closing(self._timed(client)):
                walker = self.repo.get_graph_walker()
                client.fetch_pack(path, wants, walker, self._counted(file.write), depth=1)

        with SpooledTemporaryFile(_SPOOL_BYTES) as file:
            try:
                reached(self._source.address, fetch)
            except Unavailable:
                # Where ssh was ended it seems to have failed.
                Meter(0, self._until, self._source.where).add(0)
                raise
            if not file.tell():
                raise _no_ref(self._source)
            check_pack_data(file, self._max_bytes * _UNPACKED, self._source.where)
            self._unpack(file)
        return wanted[0]

    def _counted(self, write: Callable[[bytes], int]) -> Callable[[bytes], int]:
        meter = Meter(self._max_bytes, self._until, self._source.where)

        def counted(piece: bytes) -> int:
            meter.add(len(piece))
            return write(piece)

        return counted

    def _unpack(self, file: SpooledTemporaryFile[bytes]) -> None:
        file.seek(0)
        store, commit, abort = self.repo.object_store.add_pack()
        with ExitStack() as undo:
            undo.callback(abort)
            while piece := file.read(_SPOOL_BYTES):
                store.write(piece)
            undo.pop_all()
        commit()


def _local(path: Path) -> Repo:
    from dulwich.errors import NotGitRepository
    from dulwich.repo import Repo

    try:
        return Repo(str(path))
    except NotGitRepository:
        raise NotFound(
            f"there is no git repository at {path}", hint="check the path", subject=str(path)
        ) from None


def _local_commit(repo: Repo, source: GitSource) -> ObjectID:
    refs: dict[Any, Any] = dict(repo.get_refs())
    for name in [name for name in refs if name.startswith(_TAGS)]:
        refs[name + b"^{}"] = repo.get_peeled(name)
    return _resolved(refs, source)


def _resolved(refs: Mapping[Any, Any], source: GitSource) -> ObjectID:
    """The commit that the ref means among those that the repository tells."""
    if not source.ref:
        names = [b"HEAD", HEADS + b"main", HEADS + b"master"]
    else:
        ref = source.ref.encode()
        names = [_TAGS + ref + b"^{}", _TAGS + ref, HEADS + ref, ref]
    for name in names:
        if refs.get(name):
            return refs[name]
    if _COMMIT.fullmatch(source.ref):
        return cast("ObjectID", source.ref.encode())
    raise _no_ref(source)


def _no_ref(source: GitSource) -> NotFound:
    return NotFound(
        f"{bare(source.address)} has no branch, tag or commit {source.ref!r}"
        if source.ref
        else f"{bare(source.address)} has no commit yet",
        hint="see which there are with git ls-remote",
        subject=source.ref,
    )


def _commit_of(repo: BaseRepo, source: GitSource, commit: ObjectID, until: float) -> Commit:
    from dulwich.objects import Commit as GitCommit
    from dulwich.objects import Tag

    found = _object(repo, commit)
    for _ in range(_TAGS_OF_TAGS):
        if isinstance(found, Tag):
            commit = found.object[1]
            found = _object(repo, commit)
    if not isinstance(found, GitCommit):
        raise Conflict(
            f"{source.where} is no commit", hint="name a branch, a tag or a whole commit id"
        )
    repository = Repository(cast("Repo", repo), "main", source.folder)
    return Commit(repository, source.where, commit.decode(), until)


def _object(repo: BaseRepo, name: ObjectID) -> object:
    return repo.object_store[name] if name in repo.object_store else None  # noqa: SIM401 - no dict
