"""Sets of prompts to share: a folder or a zip with a manifest, SHA-256 sums and a signature."""

from burnish.library.packs.report import (
    BuiltPack,
    InstalledPack,
    ListedPack,
    PackConflict,
    PackPreview,
    PackReport,
    UninstallReport,
)
from burnish.library.packs.room import AsyncPacks, PackRules
from burnish.library.packs.source import Bounds

__all__ = [
    "AsyncPacks",
    "Bounds",
    "BuiltPack",
    "InstalledPack",
    "ListedPack",
    "PackConflict",
    "PackPreview",
    "PackReport",
    "PackRules",
    "UninstallReport",
]
