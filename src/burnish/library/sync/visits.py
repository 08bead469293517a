"""How much of a repository's trees is gone through: a few small ones that name one another many
times over are millions of folders, which nobody keeps and no reader comes to the end of."""

from __future__ import annotations

import math
import time

from burnish.errors import Unavailable, UsageError

_MAX_ENTRIES = 1_000_000
# Each is read from the repository and taken apart, however often it is met.
_MAX_FOLDERS = 100_000
# A commit changes few folders; one that brings or takes away very many is a rare thing.
_CHANGED_FOLDERS = 100


class Visits:
    def __init__(self, folders: int = _MAX_FOLDERS, until: float = math.inf) -> None:
        """`until` is a moment of the monotonic clock."""
        self._folders = folders
        self._entries = max(folders, _MAX_ENTRIES)
        self._until = until

    def commit(self) -> None:
        """One more of a history, so that a long one may be read."""
        self._folders += _CHANGED_FOLDERS

    def folder(self) -> None:
        """Raises UsageError for one folder too many, Unavailable after the moment."""
        self._folders -= 1
        if self._folders < 0:
            raise _too_large("folders")
        if time.monotonic() > self._until:
            raise Unavailable(
                "the repository takes too long to read",
                hint="set packs.timeout_s higher, or try again",
            )

    def entry(self) -> None:
        """Raises UsageError for one entry too many."""
        self._entries -= 1
        if self._entries < 0:
            raise _too_large("files")


def _too_large(what: str) -> UsageError:
    return UsageError(
        f"the repository has too many {what}",
        hint="name one folder of it; if it is not known to be so large, do not use it",
    )
