"""A stored prompt, rendered and answered by a model."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from burnish.errors import UsageError
from burnish.generation.answer_rules import AnswerRules
from burnish.generation.wish import checked_cost
from burnish.library.prompts import AsyncPrompts
from burnish.library.units import Attributes
from burnish.models.model import ModelRequest
from burnish.models.question import Answer, Question
from burnish.platform.live import Live
from burnish.prompts.config import read_config
from burnish.prompts.prompt import PromptVersion
from burnish.settings import Settings

Ran = Callable[[str, str, Answer], None]
"""Told the experiment and the unit that an answer was for."""


class Completing:
    def __init__(self, settings: Settings, live: Live, prompts: AsyncPrompts, ran: Ran) -> None:
        self._settings = settings
        self._live = live
        self._prompts = prompts
        self._ran = ran

    async def complete(
        self,
        reference: str,
        values: Mapping[str, Any] | None,
        *,
        model: str,
        temperature: float | None,
        max_tokens: int | None,
        fallbacks: tuple[str, ...],
        max_cost_usd: float | None,
        fresh: bool,
        unit: str | None,
        attributes: Attributes | None,
    ) -> Answer:
        fetched = await self._prompts.get(reference, unit=unit, attributes=attributes)
        config = read_config(fetched.version.config)
        checked_cost(max_cost_usd)
        rendered = await self._prompts.fill(fetched, values)
        rules = AnswerRules.of(fetched.version.config, values or {})
        question = Question(
            model=self._model(model or config.model or "", fetched.version),
            messages=rendered.messages,
            fallbacks=fallbacks,
            parameters=ModelRequest(
                model="",
                messages=(),
                temperature=config.temperature if temperature is None else temperature,
                max_tokens=config.max_tokens if max_tokens is None else max_tokens,
            ),
            check=rules.problem if rules.any else None,
            budget=self._live.budget(max_cost_usd),
            fresh=fresh,
            prompt=fetched.prompt.name,
            version_id=fetched.version.id,
        )
        answer = await self._live.calls.complete(question)
        if unit is not None and fetched.experiment:
            self._ran(fetched.experiment, unit, answer)
        return answer

    def _model(self, named: str, version: PromptVersion) -> str:
        registry = self._live.registry
        usual = self._settings.generation.model
        named = named or (registry.automatic() if usual == "auto" else usual)
        if named == "offline":
            raise UsageError(
                "running a prompt takes a model, and none is set up",
                hint="name one with --model provider:model; see burnish models list",
                subject=version.id,
            )
        return registry.full_name(named)
