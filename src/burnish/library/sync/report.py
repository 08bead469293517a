"""What a sync did, or would do."""

from __future__ import annotations

from typing import Literal

import msgspec

from burnish.prompts.merge import MergeConflict

Outcome = Literal["imported", "exported", "merged", "deleted", "removed", "conflict", "bad"]


class SyncedPrompt(msgspec.Struct, frozen=True, kw_only=True):
    """What became of one prompt. `imported`: git's commits are versions now; `exported`: versions
    are commits now; `merged`: both. `deleted`: its file was gone, so it was deleted in the
    library; `removed`: the other way round. `was` is its name before, where it was renamed. A
    `conflict` has its `conflicts`, in which `ours` is the library's side and `theirs` that of
    git; `bad` has a `problem`, and its line where one is to blame (else 0). Neither was changed
    on any side."""

    name: str
    file: str
    outcome: Outcome
    versions: int = 0
    commits: int = 0
    revision: int | None = None
    was: str = ""
    conflicts: tuple[MergeConflict, ...] = ()
    problem: str = ""
    line: int = 0


class SyncReport(msgspec.Struct, frozen=True, kw_only=True):
    """`prompts` are those that changed or could not, in the order of their names; `commit` is
    where the branch stands. `ignored` are Markdown files without front matter, which are taken
    for no prompts."""

    target: str
    branch: str
    commit: str = ""
    dry_run: bool = False
    prompts: tuple[SyncedPrompt, ...] = ()
    versions: int = 0
    commits: int = 0
    unchanged: int = 0
    conflicts: int = 0
    bad: int = 0
    ignored: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
