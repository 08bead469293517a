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
    from burnish.agents import AsyncResult, Filled, PromptedAgent, Result, prompted
    from burnish.errors import (
        AllModelsFailed,
        BudgetExceeded,
        BurnishError,
        Conflict,
        MissingExtra,
        ModelFailed,
        NotFound,
        NotPermitted,
        NotShown,
        OutputRejected,
        RenderLimit,
        SettingsError,
        StoreError,
        StructureLost,
        TemplateRefused,
        Unavailable,
        UsageError,
        VariableError,
    )
    from burnish.evals.custom import scorer
    from burnish.evals.scorers.kind import ScorerKind
    from burnish.generation.archetype import Archetype
    from burnish.generation.event import GenerationEvent
    from burnish.generation.persona import Persona
    from burnish.generation.result import Generation
    from burnish.intents.intent import Classification
    from burnish.models.fake import Fake
    from burnish.models.model import (
        Capabilities,
        Chunk,
        Model,
        ModelReply,
        ModelRequest,
        Usage,
    )
    from burnish.models.preset import Preset
    from burnish.models.question import Answer, CallEvent
    from burnish.opening import open, open_async  # noqa: A004 - the verb users expect
    from burnish.optimizers.budget import Budget
    from burnish.optimizers.optimizer import Optimizer
    from burnish.platform import AsyncPlatform
    from burnish.platform.optimizing import Optimize
    from burnish.prompts.prompt import (
        Label,
        Message,
        Prompt,
        PromptVersion,
        Variable,
    )
    from burnish.rest.client import AsyncClient, Client
    from burnish.settings import Settings
    from burnish.storage.example import ScorerSpec
    from burnish.storage.result import Score
    from burnish.storage.run import Run
    from burnish.sync_platform import Platform
    from burnish.techniques import Recommendation, Technique

_HOME = {
    "burnish.agents": "AsyncResult Filled PromptedAgent Result prompted",
    "burnish.errors": (
        "AllModelsFailed BudgetExceeded BurnishError Conflict MissingExtra ModelFailed NotFound"
        " NotPermitted NotShown OutputRejected RenderLimit SettingsError StoreError StructureLost"
        " TemplateRefused Unavailable UsageError VariableError"
    ),
    "burnish.evals.custom": "scorer",
    "burnish.evals.scorers.kind": "ScorerKind",
    "burnish.generation.archetype": "Archetype",
    "burnish.generation.event": "GenerationEvent",
    "burnish.generation.persona": "Persona",
    "burnish.generation.result": "Generation",
    "burnish.intents.intent": "Classification",
    "burnish.models.fake": "Fake",
    "burnish.models.model": "Capabilities Chunk Model ModelReply ModelRequest Usage",
    "burnish.models.preset": "Preset",
    "burnish.models.question": "Answer CallEvent",
    "burnish.opening": "open open_async",
    "burnish.optimizers.budget": "Budget",
    "burnish.optimizers.optimizer": "Optimizer",
    "burnish.platform": "AsyncPlatform",
    "burnish.platform.optimizing": "Optimize",
    "burnish.prompts.prompt": "Label Message Prompt PromptVersion Variable",
    "burnish.rest.client": "AsyncClient Client",
    "burnish.settings": "Settings",
    "burnish.storage.example": "ScorerSpec",
    "burnish.storage.result": "Score",
    "burnish.storage.run": "Run",
    "burnish.sync_platform": "Platform",
    "burnish.techniques": "Recommendation Technique",
}
_MODULE_OF = {name: module for module, names in _HOME.items() for name in names.split()}

__all__ = [
    "AllModelsFailed",
    "Answer",
    "Archetype",
    "AsyncClient",
    "AsyncPlatform",
    "AsyncResult",
    "Budget",
    "BudgetExceeded",
    "BurnishError",
    "CallEvent",
    "Capabilities",
    "Chunk",
    "Classification",
    "Client",
    "Conflict",
    "Fake",
    "Filled",
    "Generation",
    "GenerationEvent",
    "Label",
    "Message",
    "MissingExtra",
    "Model",
    "ModelFailed",
    "ModelReply",
    "ModelRequest",
    "NotFound",
    "NotPermitted",
    "NotShown",
    "Optimize",
    "Optimizer",
    "OutputRejected",
    "Persona",
    "Platform",
    "Preset",
    "Prompt",
    "PromptVersion",
    "PromptedAgent",
    "Recommendation",
    "RenderLimit",
    "Result",
    "Run",
    "Score",
    "ScorerKind",
    "ScorerSpec",
    "Settings",
    "SettingsError",
    "StoreError",
    "StructureLost",
    "Technique",
    "TemplateRefused",
    "Unavailable",
    "Usage",
    "UsageError",
    "Variable",
    "VariableError",
    "__version__",
    "open",
    "open_async",
    "prompted",
    "scorer",
]


def __getattr__(name: str) -> Any:
    if name not in _MODULE_OF:
        raise AttributeError(f"module 'burnish' has no attribute {name!r}")
    value = getattr(importlib.import_module(_MODULE_OF[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return __all__
