"""From what a person names to the repository that is meant."""

from __future__ import annotations

import importlib
import os
import re
import tempfile
from collections.abc import Generator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, cast
from urllib.parse import unquote, urlsplit

from burnish.errors import Conflict, MissingExtra, NotFound, UsageError
from burnish.library.sync.remote import Remote, is_address, is_bare
from burnish.library.sync.repository import HEADS, Repository, branch_of
from burnish.library.sync.target import Target
from burnish.library.sync.work_tree import WorkTree

if TYPE_CHECKING:
    from dulwich.refs import Ref
    from dulwich.repo import Repo

_OURS = "burnish"
# Addresses by which git runs a command.
_HELPER = re.compile(r"\w+::")


@contextmanager
def opened(given: str, home: Path, *, dry_run: bool) -> Generator[Target]:
    """A folder, which becomes a git repository where it is in none, or the address of a
    repository. Raises UsageError and NotFound for what is neither."""
    try:
        importlib.import_module("dulwich")
    except ImportError:
        raise MissingExtra("dulwich", "git") from None
    given = _local(given.strip())
    if not given or _HELPER.match(given):
        raise UsageError(
            f"{given[:40]!r} is neither a folder nor an address",
            hint="name a folder, such as ./prompts, or https://…, ssh://…, user@host:path",
        )
    if ".git" in Path(given).absolute().parts:
        raise UsageError(f"{given} is git's own data", hint="name the folder that it belongs to")
    if is_address(given):
        target = Remote(given, home)
        try:
            yield target
        finally:
            target.close()
        return
    path = Path(given).expanduser()
    _check_folder(path)
    with ExitStack() as stack:
        yield _work_tree(path, dry_run=dry_run, stack=stack)


def _local(given: str) -> str:
    """The path that a file:// address means."""
    if not given.lower().startswith("file://"):
        return given
    path = unquote(urlsplit(given).path)
    if not is_bare(Path(path)):
        raise NotFound(
            f"there is no bare repository at {path}",
            hint="make one (git init --bare), or name a folder without file://",
            subject=path,
        )
    return path


def _check_folder(path: Path) -> None:
    if path.exists() and not path.is_dir():
        raise UsageError(
            f"{path} is a file", hint="name a folder, or use burnish import for one file"
        )
    if not path.exists() and path.suffix == ".git":
        raise NotFound(f"there is no repository at {path}", hint="make it first: git init --bare")


def _work_tree(path: Path, *, dry_run: bool, stack: ExitStack) -> WorkTree:
    from dulwich.errors import NotGitRepository
    from dulwich.repo import Repo

    root = Path(os.path.realpath(path))
    if not dry_run:
        root.mkdir(parents=True, exist_ok=True)
    try:
        repo = Repo.discover(str(root))
    except NotGitRepository:
        repo = _made(root, dry_run=dry_run, stack=stack)
        folder = ""
    else:
        if repo.bare:
            raise UsageError(
                f"{root} is inside a bare repository", hint=f"name the repository: {repo.path}"
            )
        folder = root.relative_to(os.path.realpath(repo.path)).as_posix()
    stack.callback(repo.close)
    if _is_sha256(repo):
        raise UsageError(
            f"the repository of {root} names its objects by SHA-256, which cannot be synced yet",
            hint="use one made with git init --object-format=sha1",
        )
    repository = Repository(repo, _branch(repo, root), "" if folder == "." else folder)
    return WorkTree(repository, root, Path(repo.controldir()) / _OURS)


def _made(root: Path, *, dry_run: bool, stack: ExitStack) -> Repo:
    from dulwich.errors import NotGitRepository
    from dulwich.repo import Repo

    elsewhere = tempfile.TemporaryDirectory(
        dir=None if dry_run else root, prefix=".burnish-", ignore_cleanup_errors=True
    )
    stack.enter_context(elsewhere)
    made = Repo.init(elsewhere.name, default_branch=b"main")
    if dry_run:
        # Nothing is made where the prompts will be.
        return made
    made.close()
    # Whole at once: another sync may begin just now, and this one may be killed.
    with suppress(OSError):
        (Path(elsewhere.name) / ".git").rename(root / ".git")
    try:
        return Repo(str(root))
    except NotGitRepository:
        raise Conflict(
            f"{root / '.git'} is there and is no git repository",
            hint="move it away, then sync again",
        ) from None


def _is_sha256(repo: Repo) -> bool:
    try:
        return repo.get_config().get(("extensions",), "objectformat").lower() == b"sha256"
    except KeyError:
        return False


def _branch(repo: Repo, root: Path) -> str:
    named = repo.refs.read_ref(cast("Ref", b"HEAD")) or b""
    if not named.startswith(b"ref: " + HEADS):
        raise Conflict(
            f"{root} stands on no branch (detached HEAD)",
            hint="go to one with git switch, then sync again",
        )
    return branch_of(named.removeprefix(b"ref: "))
