"""A prompt as an evaluation asks it: looked up once, rendered for each example."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

import msgspec

from burnish.models.model import ModelRequest
from burnish.prompts.prompt import Message, Variable
from burnish.prompts.render import Renderer


class Prepared(msgspec.Struct, frozen=True, kw_only=True):
    """`reference` is pinned. `messages` have in them what they include; `parameters` are those of
    the version's config and of the evaluation, which wins."""

    reference: str
    name: str
    version_id: str
    messages: tuple[Message, ...]
    variables: tuple[Variable, ...]
    parameters: ModelRequest
    model: str = ""

    def values(self, inputs: Mapping[str, Any]) -> dict[str, Any]:
        """Those inputs that are variables of the prompt: examples may have more, for others."""
        known = {variable.name for variable in self.variables}
        return {name: value for name, value in inputs.items() if name in known}


async def rendered(
    prepared: Prepared, inputs: Mapping[str, Any], renderer: Renderer
) -> tuple[Message, ...]:
    """Raises VariableError and RenderLimit. A value is never rendered itself."""
    values = prepared.values(inputs)
    if renderer.needs_isolation(prepared.messages):
        made = await asyncio.to_thread(
            renderer.messages, prepared.messages, prepared.variables, values
        )
    else:
        made = renderer.messages(prepared.messages, prepared.variables, values)
    return tuple(made)
