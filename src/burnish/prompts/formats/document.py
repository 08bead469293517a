"""What files of prompts say, whichever tool wrote them."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import msgspec

from burnish.errors import UsageError
from burnish.prompts.prompt import MAIN, Message, Variable


class Fault(UsageError):
    """What is wrong with a file, and in which line; 0 for the whole file."""

    def __init__(self, what: str, line: int = 0) -> None:
        super().__init__(what, hint="correct the file and try again")
        self.line = line


class VersionFile(msgspec.Struct, frozen=True, kw_only=True):
    """One version. `parents` are revisions of the same prompt, such as "3", or references such as
    `name@3`; `number` is the version as the file's own tool counts or names it."""

    messages: tuple[Message, ...]
    variables: tuple[Variable, ...] = ()
    config: dict[str, Any] = {}
    author: str = ""
    message: str = ""
    created_at: datetime | None = None
    revision: int | None = None
    parents: tuple[str, ...] = ()
    metadata: dict[str, Any] = {}
    number: str = ""
    branch: str = MAIN
    archived_at: datetime | None = None


class ExampleFile(msgspec.Struct, frozen=True, kw_only=True):
    """Values to try a prompt with. `checks` are the assertions of the tool that wrote them."""

    inputs: dict[str, Any] = {}
    expected: Any = None
    checks: tuple[dict[str, Any], ...] = ()
    description: str = ""
    tags: tuple[str, ...] = ()


class PromptFile(msgspec.Struct, frozen=True, kw_only=True):
    """One prompt. `versions` stand oldest first; a label points at one of them by its place, from
    1, and so does a branch at its newest version. `fixed` are the labels that never move.
    `category`, `tags` and `description` are None where the file leaves them out. `notes` tell
    what a reader should know: what has another form now, and what is not used."""

    name: str
    versions: tuple[VersionFile, ...]
    category: str | None = None
    tags: tuple[str, ...] | None = None
    description: str | None = None
    owner: str = ""
    labels: dict[str, int] = {}
    fixed: tuple[str, ...] = ()
    branches: dict[str, int] = {}
    examples: tuple[ExampleFile, ...] = ()
    notes: tuple[str, ...] = ()
    line: int = 0
    format: str = ""

    @property
    def latest(self) -> VersionFile:
        return self.versions[-1]


class Problem(msgspec.Struct, frozen=True, kw_only=True):
    """One item that could not be read. `at` says where in the file, such as `prompts[3]`."""

    problem: str
    line: int = 0
    at: str = ""


class Reading(msgspec.Struct, frozen=True, kw_only=True):
    prompts: tuple[PromptFile, ...] = ()
    problems: tuple[Problem, ...] = ()
