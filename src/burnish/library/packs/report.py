"""What packs answer with."""

from __future__ import annotations

from typing import Literal

import msgspec

from burnish.library.packs.signature import Signature
from burnish.prompts.prompt import Message, Variable
from burnish.storage.packs import Pack

PackConflict = Literal["skip", "overwrite", "new-revision"]
PackOutcome = Literal["new", "revised", "edited", "unchanged", "skipped"]
PromptState = Literal["same", "changed", "deleted"]


class BuiltPack(msgspec.Struct, frozen=True, kw_only=True):
    """`files` are the paths in the pack; `key` is the fingerprint of the key that signed it."""

    path: str
    name: str
    version: str
    checksum: str
    prompts: int
    files: tuple[str, ...]
    key: str = ""
    notes: tuple[str, ...] = ()


class PlannedPrompt(msgspec.Struct, frozen=True, kw_only=True):
    """`name` is that in the library, `packed` that in the pack; `why` tells why one is skipped.
    `revision` is None while it is only planned."""

    name: str
    packed: str
    outcome: PackOutcome
    revision: int | None = None
    why: str = ""


class PreviewedPrompt(msgspec.Struct, frozen=True, kw_only=True):
    """A prompt of a pack with all that it says, and what installing it would do."""

    plan: PlannedPrompt
    messages: tuple[Message, ...]
    variables: tuple[Variable, ...]
    description: str = ""
    category: str = ""
    tags: tuple[str, ...] = ()
    model: str = ""
    tests: int = 0


class PackPreview(msgspec.Struct, frozen=True, kw_only=True):
    """A pack before it is installed. `installed` is the version that the library has of it;
    `refused` tells why it cannot be installed, where that is so."""

    name: str
    version: str
    title: str = ""
    description: str = ""
    authors: tuple[str, ...] = ()
    licence: str = ""
    homepage: str = ""
    checksum: str
    signature: Signature
    source: str
    commit: str = ""
    installed: str = ""
    prompts: tuple[PreviewedPrompt, ...]
    readme: str = ""
    notes: tuple[str, ...] = ()
    refused: tuple[str, ...] = ()


class PackReport(msgspec.Struct, frozen=True, kw_only=True):
    """What an installation did. `was` is the version before; `left` are prompts that the pack
    had before and has no more, which stay."""

    name: str
    version: str
    was: str = ""
    checksum: str
    signature: Signature
    source: str
    commit: str = ""
    prompts: tuple[PlannedPrompt, ...]
    left: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    dry_run: bool = False

    def count(self, outcome: PackOutcome) -> int:
        return sum(each.outcome == outcome for each in self.prompts)


class InstalledPrompt(msgspec.Struct, frozen=True, kw_only=True):
    """`revision` is the one that the pack brought, `latest` the newest now. `state` tells whether
    the prompt still says what the pack brought; `created` whether it came with the pack."""

    name: str
    packed: str
    revision: int
    latest: int
    state: PromptState
    created: bool
    listed: bool


class InstalledPack(msgspec.Struct, frozen=True, kw_only=True):
    pack: Pack
    prompts: tuple[InstalledPrompt, ...]

    @property
    def intact(self) -> bool:
        return all(each.state == "same" for each in self.prompts)


class ListedPack(msgspec.Struct, frozen=True, kw_only=True):
    pack: Pack
    prompts: int


class KeptPrompt(msgspec.Struct, frozen=True, kw_only=True):
    name: str
    why: str


class UninstallReport(msgspec.Struct, frozen=True, kw_only=True):
    """`removed` can be restored like any deleted prompt; `kept` are yours from now on; `gone` were
    deleted before."""

    name: str
    version: str
    removed: tuple[str, ...]
    kept: tuple[KeptPrompt, ...]
    gone: tuple[str, ...] = ()
    dry_run: bool = False
