"""Burnish turns a raw idea into a prompt that is measured to work, and keeps it working.

    import burnish

    with burnish.open() as p:
        made = p.generate("summarise support tickets for the weekly report")
        print(made.text)

Names are loaded when they are first used, so `import burnish` costs next to nothing.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from burnish._version import __version__

if TYPE_CHECKING:
    from burnish.errors import (
        BurnishError,
        Conflict,
        MissingExtra,
        NotFound,
        RenderLimit,
        SettingsError,
        StoreError,
        StructureLost,
        TemplateRefused,
        UsageError,
        VariableError,
    )
    from burnish.generation.archetype import Archetype
    from burnish.generation.persona import Persona
    from burnish.generation.result import Generation
    from burnish.intents.intent import Classification
    from burnish.opening import open, open_async  # noqa: A004 - the verb users expect
    from burnish.platform import AsyncPlatform
    from burnish.prompts.prompt import Label, Message, Prompt, PromptVersion, Variable
    from burnish.settings import Settings
    from burnish.sync_platform import Platform
    from burnish.techniques import Recommendation, Technique

_HOME = {
    "burnish.errors": (
        "BurnishError Conflict MissingExtra NotFound RenderLimit SettingsError StoreError"
        " StructureLost TemplateRefused UsageError VariableError"
    ),
    "burnish.generation.archetype": "Archetype",
    "burnish.generation.persona": "Persona",
    "burnish.generation.result": "Generation",
    "burnish.intents.intent": "Classification",
    "burnish.opening": "open open_async",
    "burnish.platform": "AsyncPlatform",
    "burnish.prompts.prompt": "Label Message Prompt PromptVersion Variable",
    "burnish.settings": "Settings",
    "burnish.sync_platform": "Platform",
    "burnish.techniques": "Recommendation Technique",
}
_MODULE_OF = {name: module for module, names in _HOME.items() for name in names.split()}

__all__ = [
    "Archetype",
    "AsyncPlatform",
    "BurnishError",
    "Classification",
    "Conflict",
    "Generation",
    "Label",
    "Message",
    "MissingExtra",
    "NotFound",
    "Persona",
    "Platform",
    "Prompt",
    "PromptVersion",
    "Recommendation",
    "RenderLimit",
    "Settings",
    "SettingsError",
    "StoreError",
    "StructureLost",
    "Technique",
    "TemplateRefused",
    "UsageError",
    "Variable",
    "VariableError",
    "__version__",
    "open",
    "open_async",
]


def __getattr__(name: str) -> Any:
    if name not in _MODULE_OF:
        raise AttributeError(f"module 'burnish' has no attribute {name!r}")
    value = getattr(importlib.import_module(_MODULE_OF[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return __all__
