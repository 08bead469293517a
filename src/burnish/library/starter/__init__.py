"""Ready prompts of our own writing: one YAML file each, in the folder of its category."""

from __future__ import annotations

from burnish.library.starter.install import AsyncStarter, Installed, InstallReport
from burnish.library.starter.load import load_starter
from burnish.library.starter.starter_prompt import StarterPrompt, StarterTest

__all__ = [
    "AsyncStarter",
    "InstallReport",
    "Installed",
    "StarterPrompt",
    "StarterTest",
    "load_starter",
]
