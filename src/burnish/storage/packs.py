"""Packs of prompts as the store keeps them: what was installed, and which prompts came with it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Protocol

import msgspec

from burnish.storage.store import Draft, Edit, Entry


class Pack(msgspec.Struct, frozen=True, kw_only=True):
    """An installed pack. `checksum` is that of all its files, `source` where it was fetched (no
    names, no keys), `commit` the git commit it was, `key` the fingerprint of the key that signed
    it (empty: unsigned, or not checked). Names in the pack stand below the folder `prefix`."""

    name: str
    version: str
    title: str = ""
    description: str = ""
    authors: tuple[str, ...] = ()
    licence: str = ""
    homepage: str = ""
    checksum: str
    source: str
    commit: str = ""
    key: str = ""
    prefix: str = ""
    installed_by: str = ""
    installed_at: datetime


class PackPrompt(msgspec.Struct, frozen=True, kw_only=True):
    """`name` is that in the pack. `revision` and `content_hash` are the version that the pack
    brought; `created` tells whether the pack brought the prompt itself too, `listed` whether the
    pack's newest version still has it."""

    pack: str
    name: str
    prompt_id: str
    revision: int
    content_hash: str
    created: bool
    listed: bool = True


class PackRevision(msgspec.Struct, frozen=True, kw_only=True):
    """A change to a prompt: `draft` on top of `expected_revision`, or an edit alone."""

    prompt_id: str
    expected_revision: int
    draft: Draft | None
    edit: Edit = Edit()


class PackChange(msgspec.Struct, frozen=True, kw_only=True):
    """All that an installation writes. `prompts` replace those that the pack had before, and
    `was` is the checksum it must still have (empty: it must not be there)."""

    pack: Pack
    was: str = ""
    new: tuple[Entry, ...] = ()
    revisions: tuple[PackRevision, ...] = ()
    prompts: tuple[PackPrompt, ...] = ()


class Packs(Protocol):
    async def install(self, change: PackChange) -> None:
        """All of it, or nothing. Raises Conflict where a name was taken, a prompt changed, or the
        pack itself was installed or taken away meanwhile."""
        ...

    async def by_name(self, name: str) -> Pack | None: ...

    async def all(self) -> list[Pack]:
        """In the order of their names."""
        ...

    async def prompts(self, pack: str) -> list[PackPrompt]:
        """In the order of their names."""
        ...

    async def remove(
        self, pack: Pack, untouched: Sequence[PackPrompt], at: datetime
    ) -> list[PackPrompt]:
        """Takes the pack away and deletes those prompts with it, in one step. Gives those that it
        left, because somebody changed, labelled, branched, included or deleted them meanwhile.
        Raises Conflict where the pack itself changed meanwhile."""
        ...


def included_elsewhere(including: Mapping[str, frozenset[str]]) -> dict[str, frozenset[str]]:
    """Of prompts that are to go together, those that must stay since others include them, with
    these others. `including` names the prompts that include each of them."""
    going, found = dict(including), dict[str, frozenset[str]]()
    while held := {name: by - going.keys() for name, by in going.items() if by - going.keys()}:
        found |= held
        for name in held:
            del going[name]
    return found
