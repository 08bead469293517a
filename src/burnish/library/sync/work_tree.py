"""A folder of prompts that people edit, in a git repository.

What they changed and did not commit is committed first, as theirs. A commit is made in this order:
a note of what will be written, the branch, the files, git's index. Whoever finds the note later
finishes what it says.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from burnish import shapes
from burnish.errors import Conflict, UsageError
from burnish.library.sync.file_form import IN_LFS, MAX_FILE_BYTES, has_front_matter, is_pointer
from burnish.library.sync.paths import is_safe
from burnish.library.sync.repository import File, Listing, NewCommit, Repository, is_prompt_path
from burnish.library.sync.state import write_whole
from burnish.library.sync.target import Bad, Seen

if TYPE_CHECKING:
    from dulwich.index import Index

_UNFINISHED = ("MERGE_HEAD", "CHERRY_PICK_HEAD", "REVERT_HEAD", "rebase-merge", "rebase-apply")
_MAX_FILES = 200_000
_LINKED = "is, or lies behind, a symbolic link"
_BACK = "finish it with git (or git merge --abort), then sync again"


class _Note(msgspec.Struct, frozen=True, kw_only=True):
    """What is being written: for each path the blob before and after, empty for no file."""

    new: str
    files: dict[str, tuple[str, str]]


class WorkTree:
    def __init__(self, repository: Repository, root: Path, data: Path) -> None:
        """`root` is the folder of prompts, `data` a folder of one's own in the repository's."""
        self.repository = repository
        self.root = root
        self.data = data
        self._bad: list[Bad] = []
        self._odd: list[str] = []

    def look(self, *, dry_run: bool) -> Seen:
        """Raises Conflict for a repository in the middle of something else."""
        self._check_quiet()
        if not dry_run:
            self._finish()
        repository, self._bad, self._odd = self.repository, [], []
        head = repository.head()
        listing = repository.listing(head)
        edits = self._edits(listing)
        if edits and not dry_run:
            made = NewCommit(
                files=edits,
                author=repository.identity(),
                message=_edited(edits),
                at=datetime.now(UTC),
            )
            new = repository.commit(head, made, listing.files)
            if not self.publish(head, new, dict.fromkeys(edits)):
                raise Conflict(f"{self.root} was committed to meanwhile", hint="sync again")
            head, listing, edits = new, repository.listing(new), {}
        return Seen(
            head=head,
            listing=listing,
            edits=self._held(edits),
            bad=tuple(self._bad),
            odd=tuple(self._odd),
        )

    def publish(self, old: str, new: str, files: Mapping[str, bytes | None]) -> bool:
        """Moves the branch and writes the files; False where the branch stands elsewhere by now."""
        for path in files:
            self._check_way(path)
        was, now = (self.repository.listing(commit).files for commit in (old, new))
        pairs = {path: (_blob(was, path), _blob(now, path)) for path in files}
        self.data.mkdir(parents=True, exist_ok=True)
        write_whole(self._journal, msgspec.json.encode(_Note(new=new, files=pairs)))
        if not self.repository.move(old, new):
            self._journal.unlink(missing_ok=True)
            return False
        self._finish()
        return True

    @property
    def _journal(self) -> Path:
        return self.data / "writing.json"

    def _finish(self) -> None:
        try:
            note = shapes.decode(self._journal.read_bytes(), _Note)
        except (FileNotFoundError, msgspec.DecodeError):
            return
        if note.new == self.repository.head():
            for path, (was, now) in note.files.items():
                self._write(path, was, now)
            self._update_index(note)
        self._journal.unlink(missing_ok=True)

    def _write(self, path: str, was: str, now: str) -> None:
        """Only over what was there before: what a person wrote meanwhile stays."""
        if not is_prompt_path(path) or not all(is_safe(part) for part in path.split("/")):
            return
        self._check_way(path)
        there = self._read(path)
        here = {""} if there is None else {_hash(there), _hash(_unix(there))}
        if now in here or was not in here:
            return
        file = self.root / path
        if not now:
            file.unlink(missing_ok=True)
            _drop_empty(file.parent, self.root)
            return
        content = self.repository.blob(now)
        if there is not None and _hash(there) != was:
            content = content.replace(b"\n", b"\r\n")  # as the folder has its line ends
        write_whole(file, content)

    def _check_way(self, path: str) -> None:
        """Raises Conflict where something that is not in git stands in the file's place."""
        file = self.root / path
        above = [folder for folder in file.parents if folder.is_relative_to(self.root)]
        if self._linked(path):
            what = f"{path} {_LINKED}"
        elif file.is_dir() or any(each.exists() and not each.is_dir() for each in above):
            what = f"something stands where {path} goes"
        else:
            return
        raise Conflict(what, hint="move it away, then sync again", subject=path)

    def _update_index(self, note: _Note) -> None:
        from dulwich.index import index_entry_from_stat

        index = self._index()
        modes = self.repository.listing(note.new).files
        for path, (_, now) in note.files.items():
            key = self.repository.full(path)
            if not now:
                if key in index:
                    del index[key]
                continue
            try:
                found = (self.root / path).lstat()
            except OSError:
                continue
            mode = modes[path].mode if path in modes else stat.S_IFREG | 0o644
            index[key] = index_entry_from_stat(found, now.encode(), mode=mode)
        index.write()

    def _index(self) -> Index:
        """Raises Conflict for one of a kind that is not known, or damaged."""
        import struct

        from dulwich.errors import ChecksumMismatch

        try:
            return self.repository.repo.open_index()
        except (ChecksumMismatch, struct.error, AssertionError, ValueError) as error:
            # What dulwich raises for bytes that it does not understand.
            raise Conflict(
                f"git's index of {self.root} cannot be read ({str(error)[:100]})",
                hint="if it is split or sparse: git update-index --no-split-index,"
                " git sparse-checkout init --no-sparse-index; else delete it, then git reset",
            ) from None

    def _check_quiet(self) -> None:
        control = Path(self.repository.repo.controldir())
        for name in _UNFINISHED:
            if (control / name).exists():
                raise Conflict(f"{self.root} is in the middle of something ({name})", hint=_BACK)
        if self.repository.repo.has_index() and self._index().has_conflicts():
            raise Conflict(f"{self.root} has files that are not merged", hint=_BACK)

    def _edits(self, listing: Listing) -> dict[str, bytes | None]:
        """What stands in the folder otherwise than in the newest commit."""
        known = {p: f for p, f in listing.files.items() if f.is_plain and is_prompt_path(p)}
        away = self._sparse()
        edits: dict[str, bytes | None] = {}
        for path, file in known.items():
            if self._linked(path):
                self._bad.append(Bad(path, _LINKED))
            elif path not in away:
                self._note_edit(path, file.blob, edits)
        gone = [path for path, content in edits.items() if content is None]
        if len(gone) > 1 and len(gone) == len(known):
            raise Conflict(
                f"none of the {len(gone)} prompts of the last commit is in {self.root}",
                hint="bring them back (git checkout .), or commit that they are gone, with git",
            )
        for path in self._untracked(set(listing.files)):
            self._note_edit(path, "", edits)
        return edits

    def _note_edit(self, path: str, blob: str, edits: dict[str, bytes | None]) -> None:
        there = self._read(path)
        if there is None:
            if blob:
                edits[path] = None
            return
        if not has_front_matter(there) and (not blob or len(there) > MAX_FILE_BYTES):
            self._bad.append(Bad(path, ""))
            return
        if len(there) > MAX_FILE_BYTES:
            self._bad.append(Bad(path, f"has more than {MAX_FILE_BYTES // 1024 // 1024} MiB"))
            return
        if blob and _hash(there) == blob:
            return
        before = self.repository.blob(blob) if blob else b""
        if is_pointer(before) and not is_pointer(there):
            self._bad.append(Bad(path, IN_LFS))
            return
        unix = _unix(there)
        # Editors on Windows may change every line end; the commit keeps those that were there.
        content = there if b"\r\n" in before else unix
        if _hash(content) != blob:
            edits[path] = content

    def _untracked(self, known: set[str]) -> Iterator[str]:
        from dulwich.ignore import IgnoreFilterManager

        ignored = IgnoreFilterManager.from_repo(self.repository.repo)
        count = 0
        for folder, folders, names in os.walk(self.root):
            here = Path(folder).relative_to(self.root).as_posix()
            prefix = "" if here == "." else f"{here}/"
            folders[:] = [
                name
                for name in sorted(folders)
                if not name.startswith(".") and not (Path(folder) / name / ".git").exists()
            ]
            for name in sorted(names):
                path = prefix + name
                count += 1
                if count > _MAX_FILES:
                    raise UsageError(
                        f"{self.root} has more than {_MAX_FILES} files",
                        hint="sync a folder that holds prompts alone",
                    )
                if path in known or not is_prompt_path(path) or self._linked(path):
                    continue
                if not _is_text(path):
                    self._odd.append(os.fsencode(path).decode(errors="backslashreplace"))
                    continue
                if not ignored.is_ignored(self.repository.full(path).decode()):
                    yield path

    def _held(self, edits: dict[str, bytes | None]) -> dict[str, str]:
        held: dict[str, str] = {}
        for path, content in edits.items():
            held[path] = "" if content is None else _hash(content)
            if content is not None:
                self.repository.hold(held[path], content)
        return held

    def _read(self, path: str) -> bytes | None:
        """At most one byte more than a prompt may have. Links are not followed."""
        flags = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_BINARY", 0)
        flags |= getattr(os, "O_NONBLOCK", 0)  # a pipe of that name would keep us waiting
        try:
            with os.fdopen(os.open(self.root / path, flags), "rb") as file:
                if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
                    return None
                return file.read(MAX_FILE_BYTES + 1)
        except OSError:
            return None

    def _linked(self, path: str) -> bool:
        place = self.root
        for part in path.split("/"):
            place = place / part
            if place.is_symlink():
                return True
        return False

    def _sparse(self) -> set[str]:
        """Files that git keeps out of the folder on purpose."""
        repo = self.repository.repo
        if not repo.has_index():
            return set()
        prefix = self.repository.full("")
        return {
            key.removeprefix(prefix).decode(errors="replace")
            for key, entry in self._index().items()
            if key.startswith(prefix) and getattr(entry, "skip_worktree", False)
        }


def _edited(edits: Mapping[str, bytes | None]) -> str:
    if len(edits) > 1:
        return f"Edit {len(edits)} prompts"
    path, content = next(iter(edits.items()))
    return f"{'Delete' if content is None else 'Edit'} {path}"


def _blob(files: Mapping[str, File], path: str) -> str:
    return files[path].blob if path in files else ""


def _hash(content: bytes) -> str:
    from dulwich.objects import Blob

    return Blob.from_string(content).id.decode()


def _unix(content: bytes) -> bytes:
    return content.replace(b"\r\n", b"\n")


def _is_text(path: str) -> bool:
    """Bytes that are no UTF-8 stand in a path as halves of characters."""
    return not any("\ud800" <= character <= "\udfff" for character in path)


def _drop_empty(folder: Path, root: Path) -> None:
    while folder != root:
        try:
            folder.rmdir()
        except OSError:
            return
        folder = folder.parent
