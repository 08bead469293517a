"""The port to all that is kept of one person."""

from __future__ import annotations

from typing import Protocol

from burnish.storage.account import User

# Stands wherever somebody's name stood who was erased.
ERASED = "[erased]"


class Persons(Protocol):
    async def erase(self, user: User) -> int:
        """Their account, sessions and runs, what they wrote in feedback, and their name wherever
        it stands beside what was done. All or nothing; tells in how many places it was.

        Texts of prompts and of examples are nobody's own: what they hold stays."""
        ...
