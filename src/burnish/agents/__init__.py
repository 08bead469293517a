"""Stored prompts for code that is there already: a decorator and a mixin."""

from burnish.agents.decorator import Decorator, PromptedAgent, prompted
from burnish.agents.texts import AsyncResult, Filled, Result

__all__ = ["AsyncResult", "Decorator", "Filled", "PromptedAgent", "Result", "prompted"]
