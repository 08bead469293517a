"""A git repository as a sync sees it: files below one folder, commits that touched them, and new
commits on top. Nothing here reads or writes a work tree."""

from __future__ import annotations

import re
import stat
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING, cast

import msgspec

from burnish.errors import Conflict, UsageError
from burnish.library.sync.paths import SUFFIX, is_hidden, is_safe
from burnish.library.sync.visits import Visits

if TYPE_CHECKING:
    from dulwich.objects import Commit, ObjectID, Tree
    from dulwich.refs import Ref
    from dulwich.repo import Repo

HEADS = b"refs/heads/"
REGULAR = 0o100644
_IDENTITY = re.compile(r"\s*(.*?)\s*<([^<>]*)>\s*\Z", re.DOTALL)
_NOT_IN_IDENTITY = re.compile(r"[<>\x00-\x1f\x7f]+")
_OBJECT = re.compile(r"[0-9a-f]{40}")
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]+")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
# A folder of prompts is not deeper; a tree that is was made to exhaust whoever reads it.
_MAX_DEPTH = 100


class File(msgspec.Struct, frozen=True):
    mode: int
    blob: str

    @property
    def is_plain(self) -> bool:
        return stat.S_ISREG(self.mode)


class CommitInfo(msgspec.Struct, frozen=True, kw_only=True):
    id: str
    author: str = ""
    message: str = ""
    at: datetime


class Touch(msgspec.Struct, frozen=True):
    """A commit that changed a file; `blob` is empty where it took the file away."""

    commit: CommitInfo
    blob: str


class Listing(msgspec.Struct, frozen=True, kw_only=True):
    """`files` are all below the folder, by path; `unsafe` are names that no file should have."""

    files: Mapping[str, File] = {}
    unsafe: tuple[str, ...] = ()


class NewCommit(msgspec.Struct, frozen=True, kw_only=True):
    """`files` are the new contents by path, None for one that goes."""

    files: dict[str, bytes | None]
    author: str
    message: str
    at: datetime


class Repository:
    def __init__(self, repo: Repo, branch: str, folder: str = "") -> None:
        """`folder` is the part of the repository that is looked at; empty for all."""
        self.repo = repo
        self.branch = branch
        self._folder = [part.encode() for part in folder.split("/") if part]
        self._fresh: dict[str, bytes] = {}

    @property
    def ref(self) -> Ref:
        return cast("Ref", HEADS + self.branch.encode())

    def full(self, path: str) -> bytes:
        """From the top of the repository."""
        return b"/".join((*self._folder, path.encode()))

    def head(self) -> str:
        """The commit of the branch; empty where there is none yet."""
        found = self.repo.refs.follow(self.ref)[1]
        return found.decode() if found else ""

    def listing(self, commit: str, visits: Visits | None = None) -> Listing:
        """Raises UsageError for trees that are larger than any that people keep."""
        unsafe: list[str] = []
        tree = self._tree(commit) if commit else None
        files = dict(self._below(tree, "", unsafe, visits or Visits()))
        return Listing(files=files, unsafe=tuple(unsafe))

    def blob(self, blob: str) -> bytes:
        fresh = self._fresh.get(blob)
        return self.repo.object_store.get_raw(_id(blob))[1] if fresh is None else fresh

    def hold(self, blob: str, content: bytes) -> None:
        """Content that is in no commit yet."""
        self._fresh[blob] = content

    def has(self, commit: str) -> bool:
        return bool(_OBJECT.fullmatch(commit)) and _id(commit) in self.repo.object_store

    def leads_to(self, old: str, new: str) -> bool:
        """Whether `new` is that commit, or grew from it."""
        from dulwich.graph import can_fast_forward

        return self.has(old) and can_fast_forward(self.repo, _id(old), _id(new))

    def info(self, commit: str) -> CommitInfo:
        return _info(self._commit(commit))

    def touches(self, head: str, since: str) -> dict[str, list[Touch]]:
        """For each prompt's file the commits that changed it, oldest first: those that lead to
        `head` and not to `since`. Raises UsageError like `listing`."""
        found: dict[str, list[Touch]] = {}
        if not head or head == since:
            return found
        exclude = [_id(since)] if self.has(since) else []
        walker = self.repo.get_walker(
            include=[_id(head)], exclude=exclude, order="topo", reverse=True
        )
        visits = Visits()
        for entry in walker:
            visits.commit()
            self._note_touches(entry.commit, found, visits)
        return found

    def _note_touches(self, commit: Commit, found: dict[str, list[Touch]], visits: Visits) -> None:
        parents = self.repo.get_parents(commit.id, commit)
        before = self._tree(parents[0].decode()) if parents and parents[0] in self.repo else None
        info: CommitInfo | None = None
        for path, blob in self._changes(before, self._tree_of(commit), "", visits):
            touches = found.setdefault(path, [])
            if touches and touches[-1].blob == blob:
                # A merge that brings what its side branch had already.
                continue
            info = info or _info(commit)
            touches.append(Touch(info, blob))

    def commit(self, parent: str, new: NewCommit, modes: Mapping[str, File]) -> str:
        """A commit on top of `parent` that no branch points at yet."""
        from dulwich.object_store import commit_tree_changes
        from dulwich.objects import Blob, Commit, Tree

        store = self.repo.object_store
        changes: list[tuple[bytes, int | None, ObjectID | None]] = []
        for path, content in new.files.items():
            where = self.full(path)
            if content is None:
                changes.append((where, None, None))
                continue
            blob = Blob.from_string(content)
            store.add_object(blob)
            mode = modes[path].mode if path in modes and modes[path].is_plain else REGULAR
            changes.append((where, mode, blob.id))
        root = self._commit(parent).tree if parent else Tree()
        made = Commit()
        made.tree = commit_tree_changes(store, root, changes)
        made.parents = [_id(parent)] if parent else []
        made.author = _identity(new.author)
        made.committer = self.identity().encode()
        made.author_time = int(new.at.timestamp())
        made.commit_time = int(datetime.now(UTC).timestamp())
        made.author_timezone = made.commit_timezone = 0
        made.encoding = b"UTF-8"
        made.message = f"{new.message.strip() or 'Change prompts'}\n".encode(errors="replace")
        store.add_object(made)
        return made.id.decode()

    def identity(self) -> str:
        """Who commits here, by git's own settings."""
        from dulwich.repo import get_user_identity

        given = get_user_identity(self.repo.get_config_stack()).decode(errors="replace")
        return _identity(given).decode()

    def move(self, old: str, new: str) -> bool:
        """The branch from one commit to another; not where it stands elsewhere."""
        from dulwich.protocol import ZERO_SHA

        expected = _id(old) if old else ZERO_SHA
        return self.repo.refs.set_if_equals(self.ref, expected, _id(new), message=b"burnish: sync")

    def _commit(self, commit: str) -> Commit:
        from dulwich.objects import Commit

        found = self.repo.object_store[_id(commit)]
        if not isinstance(found, Commit):
            raise Conflict(f"{commit[:12]} is no commit", hint="check the repository with git fsck")
        return found

    def _tree(self, commit: str) -> Tree | None:
        return self._tree_of(self._commit(commit))

    def _tree_of(self, commit: Commit) -> Tree | None:
        """That of the folder; None where the commit has no such folder."""
        tree = self._subtree(commit.tree)
        for part in self._folder:
            if tree is None or part not in tree:
                return None
            mode, found = tree[part]
            tree = self._subtree(found) if stat.S_ISDIR(mode) else None
        return tree

    def _subtree(self, tree: ObjectID) -> Tree | None:
        from dulwich.objects import Tree

        found = self.repo.object_store[tree]
        return found if isinstance(found, Tree) else None

    def _below(
        self, tree: Tree | None, folder: str, unsafe: list[str], visits: Visits, depth: int = 0
    ) -> Iterator[tuple[str, File]]:
        if tree is None:
            return
        visits.folder()
        for name, mode, found in tree.iteritems():
            visits.entry()
            path = _joined(folder, name)
            if path is None or depth > _MAX_DEPTH:
                unsafe.append(f"{folder}{name.decode(errors='backslashreplace')}")
            elif stat.S_ISDIR(mode):
                below = self._subtree(found)
                yield from self._below(below, f"{path}/", unsafe, visits, depth + 1)
            else:
                yield path, File(mode, found.decode())

    def _changes(
        self, old: Tree | None, new: Tree | None, folder: str, visits: Visits, depth: int = 0
    ) -> Iterator[tuple[str, str]]:
        """Paths of prompts' files and their new blobs, without going into folders that are the
        same in both."""
        visits.folder()
        before = {} if old is None else {name: (mode, at) for name, mode, at in old.iteritems()}
        after = {} if new is None else {name: (mode, at) for name, mode, at in new.iteritems()}
        for name in sorted({*before, *after}):
            was, now = before.get(name), after.get(name)
            path = _joined(folder, name)
            if was == now or path is None or depth > _MAX_DEPTH:
                continue
            trees = [self._subtree(e[1]) if e and stat.S_ISDIR(e[0]) else None for e in (was, now)]
            if any(trees):
                yield from self._changes(trees[0], trees[1], f"{path}/", visits, depth + 1)
            here = [e[1] if e and stat.S_ISREG(e[0]) else b"" for e in (was, now)]
            if here[0] != here[1] and is_prompt_path(path):
                yield path, here[1].decode()


def branch_of(ref: bytes) -> str:
    """The branch that a whole name of a reference means."""
    try:
        return ref.removeprefix(HEADS).strip().decode()
    except UnicodeDecodeError:
        raise UsageError(
            f"the branch {ref.decode(errors='backslashreplace')} has a name that is no UTF-8",
            hint="rename it (git branch -m), then sync again",
        ) from None


def is_prompt_path(path: str) -> bool:
    return path.endswith(SUFFIX) and not is_hidden(path)


def _joined(folder: str, name: bytes) -> str | None:
    try:
        text = name.decode()
    except UnicodeDecodeError:
        return None
    return f"{folder}{text}" if is_safe(text) else None


def _id(commit: str) -> ObjectID:
    if not _OBJECT.fullmatch(commit):
        raise Conflict(
            f"{commit[:12]!r} names no object", hint="check the repository with git fsck"
        )
    return cast("ObjectID", commit.encode())


def _info(commit: Commit) -> CommitInfo:
    return CommitInfo(
        id=commit.id.decode(),
        author=_author(_text(commit.author, commit.encoding)),
        message=_text(commit.message, commit.encoding).strip().replace("\0", ""),
        at=_time(commit.author_time),
    )


def _text(content: bytes, encoding: bytes | None) -> str:
    try:
        text = content.decode((encoding or b"utf-8").decode("ascii"))
    except (UnicodeDecodeError, LookupError, ValueError):
        return content.decode(errors="replace")
    # Some encodings can spell halves of characters, which nothing can keep.
    return text.encode(errors="replace").decode()


def _time(seconds: int) -> datetime:
    try:
        return datetime.fromtimestamp(seconds, UTC)
    except (OverflowError, ValueError, OSError):
        return _EPOCH


def _author(identity: str) -> str:
    """`Ann <ann@example.com>`, or the name alone where no address is given."""
    identity = _CONTROL.sub(" ", identity)
    found = _IDENTITY.match(identity)
    if not found:
        return identity.strip()
    return f"{found[1]} <{found[2]}>".strip() if found[2] else found[1]


def _identity(author: str) -> bytes:
    found = _IDENTITY.match(author)
    name, address = (found[1], found[2]) if found else (author, "")
    clean = [" ".join(_NOT_IN_IDENTITY.sub(" ", part).split()) for part in (name, address)]
    return f"{clean[0] or clean[1] or 'unknown'} <{clean[1]}>".encode(errors="replace")
