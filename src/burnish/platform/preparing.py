"""Prompts as examples are put to them, and the way to the model for what comes of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from burnish.evals.prepared import Prepared
from burnish.models.model import ModelRequest
from burnish.models.question import Question
from burnish.prompts.config import read_config

if TYPE_CHECKING:
    from burnish.evals.answering import Ask
    from burnish.library.prompts import AsyncPrompts
    from burnish.models.budget import Budget
    from burnish.models.question import Answer
    from burnish.platform.live import Live
    from burnish.prompts.prompt import Message
    from burnish.storage.evaluation import Evaluation


async def prepared(
    prompts: AsyncPrompts,
    reference: str,
    parameters: dict[str, Any],
    messages: tuple[Message, ...] | None = None,
) -> Prepared:
    """A version with what it includes; with `messages`, as if these were its own. `parameters` win
    over those of its config."""
    whole = await prompts.expand(reference, messages=messages)
    config = read_config(whole.version.config)
    usual = ModelRequest(
        model="", messages=(), temperature=config.temperature, max_tokens=config.max_tokens
    )
    return Prepared(
        reference=f"{whole.prompt.name}@{whole.version.revision}",
        name=whole.prompt.name,
        version_id=whole.version.id,
        messages=whole.version.messages,
        variables=whole.version.variables,
        parameters=msgspec.structs.replace(usual, **parameters),
        model=config.model or "",
    )


def asker(live: Live, evaluation: Evaluation, budget: Budget) -> Ask:
    """Asks as the evaluation says, within the budget."""

    async def ask(
        prepared: Prepared, model: str, messages: tuple[Message, ...], repeat: int
    ) -> Answer:
        parameters = msgspec.structs.replace(prepared.parameters, sample=repeat)
        return await live.calls.complete(
            Question(
                model=model,
                messages=messages,
                parameters=parameters,
                budget=budget,
                fresh=evaluation.fresh,
                alone=True,
                kind="evaluation",
                prompt=prepared.name,
                version_id=prepared.version_id,
                trace_id=evaluation.id,
            )
        )

    return ask
